using MoREdge.Model;
using MoREdge.Model.Speculation;
using MoREdge.Tensors;
using MoREdge.Tests.Kernels;

namespace MoREdge.Tests.Model;

/// <summary>Drafts change when tokens are computed, never what comes out.</summary>
public sealed class SpeculationTests
{
    private static readonly SequenceOptions On = new() { Speculation = SpeculationMode.On };

    /// <summary>Depth rule, cache policy and which layers share weights; whether there is a draft head.</summary>
    public static IEnumerable<object[]> Cases() => KernelSets.Times(
    [
        ["expert", "recursion", "middle_cycle", false], ["expert", "shared", "middle_cycle", false],
        ["token", "recursion", "middle_cycle", false], ["token", "shared", "middle_cycle", false],
        ["none", "recursion", "middle_cycle", false], ["none", "shared", "cycle", false],
        ["expert", "recursion", "cycle", false],
        ["expert", "recursion", "middle_cycle", true], ["expert", "shared", "middle_cycle", true],
        ["token", "recursion", "middle_cycle", true], ["token", "shared", "middle_cycle", true],
        ["none", "recursion", "middle_cycle", true], ["none", "shared", "cycle", true],
        ["expert", "recursion", "cycle", true],
    ]);

    /// <summary>
    /// A text that follows the model's own choices for a while and then leaves them, is cut and goes on.
    /// </summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void Decode_AnyText_HasTheBitsOfAnUnspeculatedOne(
        string set, string type, string kv, string sharing, bool hasDraftHead)
    {
        using TinyModel model = Create(type, kv, sharing, hasDraftHead).Load(KernelSets.Get(set), threads: 2);
        for (int seed = 0; seed < 3; seed++)
        {
            KvFormat format = (KvFormat)seed;
            using Sequence plain = model.Network.CreateSequence(new SequenceOptions { KvFormat = format });
            using Sequence drafting = model.Network.CreateSequence(
                new SequenceOptions { KvFormat = format, Speculation = SpeculationMode.On });
            Random random = new(seed);

            // A third of the drafts is what the text will be, whatever the model thinks of it.
            int[] future = TinyModel.RandomIds(400, seed);
            drafting.DraftOverride = (position, draft, isSecond) =>
                isSecond && random.Next(5) == 0 ? -1
                : random.Next(3) == (isSecond ? 1 : 0) ? future[position]
                : draft;
            Run(plain, drafting, future, new Random(seed));
            Assert.InRange(drafting.Speculation.AcceptanceRate, 0.05, 0.95);
            Assert.Equal(hasDraftHead, drafting.Speculation.SecondKept > 0);
            Assert.Equal(hasDraftHead, drafting.Speculation.SecondDrafted > drafting.Speculation.SecondKept);
        }
    }

    [Theory]
    [InlineData("expert", false)]
    [InlineData("token", false)]
    [InlineData("none", false)]
    [InlineData("expert", true)]
    [InlineData("token", true)]
    public void Decode_GreedyText_IsTheUnspeculatedOne(string type, bool hasDraftHead)
    {
        using TinyModel model = Create(type, "recursion", "middle_cycle", hasDraftHead).Load();
        using Sequence plain = model.Network.CreateSequence(new SequenceOptions());
        using Sequence drafting = model.Network.CreateSequence(On);

        Assert.Equal(Greedy(plain, 200), Greedy(drafting, 200));
        Assert.True(drafting.Speculation.Drafted > 0);
        Assert.Equal(0, plain.Speculation.Drafted);
        Assert.Equal(hasDraftHead, drafting.Speculation.SecondDrafted > 0);
        Assert.Equal(plain.Depths.Histogram.ToArray(), drafting.Depths.Histogram.ToArray());
    }

    /// <summary>A head that sees no difference between tokens does not start any.</summary>
    [Fact]
    public void Decode_SecondDraftsThatAreGuesses_AreNotBegun()
    {
        using TinyModel model = Create("expert", "recursion", "middle_cycle", hasDraftHead: true);
        Array.Clear(model.Values("output_norm.weight"));
        model.Load();
        using Sequence drafting = model.Network.CreateSequence(On);
        Greedy(drafting, 40);
        Assert.True(drafting.Speculation.Drafted > 0);
        Assert.Equal(0, drafting.Speculation.SecondDrafted);
    }

    /// <summary>
    /// With every draft right, the three recursions of three tokens share each pass over the block of two layers, and a
    /// token leaves in each. With every draft wrong, two drafts per token run a prefix and a suffix layer in vain. With
    /// second drafts that are right, the tokens of a pass are twice as many; with wrong ones they are as without.
    /// </summary>
    [Theory]
    [InlineData(1, null, 1 + 2 + 1)]
    [InlineData(0, null, 1 + (3 * 2) + 1 + (2 * 2))]
    [InlineData(1, 1, (1 + 2 + 1) / 2)]
    [InlineData(1, 0, 1 + 2 + 1)]
    public void Decode_DraftsRightOrWrong_SharesPasses(int rate, int? secondRate, int layersPerToken)
    {
        using TinyModel model = Create("none", "recursion", "middle_cycle", secondRate is not null).Load();
        using Sequence sequence = model.Network.CreateSequence(On);
        int[] ids = TinyModel.RandomIds(310, seed: 4);
        sequence.DraftOverride = (position, _, isSecond) =>
            (ids[position] + 1 - (isSecond ? secondRate!.Value : rate)) % TinyModel.VocabSize;
        sequence.Prefill(ids.AsSpan(0, 1));
        long before = 0;
        for (int i = 1; i <= 300; i++)
        {
            before = i == 5 ? sequence.LayerCount : before;
            sequence.Decode(ids[i]);
        }

        Assert.Equal(rate, sequence.Speculation.AcceptanceRate);
        Assert.Equal(layersPerToken, (sequence.LayerCount - before) / 296.0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Decode_ToTheEndOfTheContext_DraftsNothingBehindIt(bool hasDraftHead)
    {
        using TinyModel model = Create("none", "recursion", "middle_cycle", hasDraftHead).Load();
        for (int length = 2; length < 11; length++)
        {
            using Sequence plain = model.Network.CreateSequence(new SequenceOptions { ContextLength = length });
            using Sequence drafting = model.Network.CreateSequence(
                new SequenceOptions { ContextLength = length, Speculation = SpeculationMode.On });
            int[] ids = TinyModel.RandomIds(length + 1, seed: length);
            drafting.DraftOverride = (position, _, _) => ids[position];
            plain.Prefill(ids.AsSpan(0, 1));
            drafting.Prefill(ids.AsSpan(0, 1));
            for (int i = 1; i < length; i++)
            {
                AssertRow(plain.Decode(ids[i]), drafting.Decode(ids[i]));
            }

            Assert.Equal(plain.KvBytesUsed, drafting.KvBytesUsed);
            Assert.Throws<ArgumentException>(() => { drafting.Decode(0); });
        }
    }

    [Theory]
    [InlineData("expert", "recursion", false)]
    [InlineData("token", "shared", false)]
    [InlineData("expert", "recursion", true)]
    public void Decode_WarmSequence_AllocatesNothing(string type, string kv, bool hasDraftHead)
    {
        using TinyModel model = Create(type, kv, "middle_cycle", hasDraftHead).Load(threads: 2);
        using Sequence sequence = model.Network.CreateSequence(On);
        long allocated = 0;
        for (int i = 0; i < 120; i++)
        {
            allocated = i == 60 ? GC.GetAllocatedBytesForCurrentThread() : allocated;
            sequence.Decode(i % 7);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - allocated);
    }

    [Fact]
    public void Options_WhereNothingCanBeDrafted_AreRefusedOrGiveWay()
    {
        using TinyModel decoder = TinyModel.Decoder("llama", 2).Load();
        using TinyModel hybrid = TinyModel.Recursive("expert", "middle_cycle", 3, 2, kv: "hybrid").Load();
        Assert.Throws<ArgumentException>(() => decoder.Network.CreateSequence(On));
        Assert.Throws<ArgumentException>(() => hybrid.Network.CreateSequence(On));
        using TinyModel untied = Untied().Load();
        using TinyModel sequential = Create("none", "recursion", "middle_sequence").Load();
        Assert.Throws<ArgumentException>(() => untied.Network.CreateSequence(On));
        Assert.Throws<ArgumentException>(() => sequential.Network.CreateSequence(On));
        SequenceOptions auto = new() { Speculation = SpeculationMode.Auto };
        using Sequence ordinary = decoder.Network.CreateSequence(auto);
        using Sequence overlaid = hybrid.Network.CreateSequence(auto);
        ordinary.Decode(1);
        overlaid.Decode(1);
        Assert.Equal((0, 0), (ordinary.Speculation.Drafted, overlaid.Speculation.Drafted));
    }

    [Theory]
    [MemberData(nameof(Trials))]
    public void Auto_AfterATrial_KeepsTheFastestLevel(double[] seconds, int[] tokens, int expected)
    {
        const int TurnSteps = 8;
        int trialSteps = 2 * TurnSteps * seconds.Length;
        SpeculationSwitch auto = new(SpeculationMode.Auto, (DraftLevel)(seconds.Length - 1), TurnSteps);
        for (int trial = 0; trial < 2; trial++)
        {
            int[] steps = new int[seconds.Length];
            for (int step = 0; step < trialSteps; step++)
            {
                auto.Begin();
                int level = (int)auto.Level;
                steps[level]++;
                auto.End(seconds[level], tokens[level]);
            }

            Assert.All(steps, count => Assert.Equal(2 * TurnSteps, count));
            for (int step = 0; step < 31 * trialSteps; step++)
            {
                auto.Begin();
                Assert.Equal((DraftLevel)expected, auto.Level);
                auto.End(seconds: 1, tokens: 1);
            }
        }
    }

    /// <summary>Seconds and tokens of a step at each level, and the level that is the fastest.</summary>
    public static TheoryData<double[], int[], int> Trials() => new()
    {
        { [1.0, 0.5], [1, 1], 1 },
        { [1.0, 0.99], [1, 1], 0 },
        { [1.0, 2.0], [1, 1], 0 },
        { [1.0, 2.0], [1, 3], 1 },
        { [1.0, 0.9], [2, 1], 0 },
        { [1.0, 0.8, 0.6], [1, 1, 1], 2 },
        { [1.0, 0.8, 0.9], [1, 1, 1], 1 },
        { [1.0, 0.8, 0.79], [1, 1, 1], 1 },
        { [1.0, 1.2, 0.9], [1, 1, 1], 2 },
        { [1.0, 1.2, 1.1], [1, 1, 1], 0 },
        { [1.0, 0.99, 0.97], [1, 1, 1], 2 },
        { [1.0, 1.5, 1.8], [1, 2, 2], 1 },
    };

    /// <summary>The draft that nothing is under way for yet comes once in the turns of each level.</summary>
    [Fact]
    public void Auto_Trial_BeginsBothKindsOfDraftsOnce()
    {
        SpeculationSwitch auto = new(SpeculationMode.Auto, DraftLevel.Second, turnSteps: 1);
        List<int> levels = [];
        for (int turn = 0; turn < 6; turn++)
        {
            auto.Begin();
            levels.Add((int)auto.Level);
            auto.End(seconds: 1, tokens: 1);
        }

        Assert.Equal([0, 1, 2, 0, 2, 1], levels);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Auto_AnyText_HasTheBitsOfAnUnspeculatedOne(bool hasDraftHead)
    {
        using TinyModel model = Create("expert", "recursion", "middle_cycle", hasDraftHead).Load();
        using Sequence plain = model.Network.CreateSequence(new SequenceOptions());
        using Sequence auto = model.Network.CreateSequence(new SequenceOptions { Speculation = SpeculationMode.Auto });
        Run(plain, auto, TinyModel.RandomIds(400, seed: 2), new Random(2));
        Assert.True(auto.Speculation.Drafted > 0, "A trial drafts.");
    }

    /// <summary>Turns of eight tokens: none, first drafts, all.</summary>
    [Fact]
    public void Auto_ModelWithADraftHead_TriesItsDraftsApart()
    {
        using TinyModel model = Create("none", "recursion", "middle_cycle", hasDraftHead: true).Load();
        using Sequence auto = model.Network.CreateSequence(new SequenceOptions { Speculation = SpeculationMode.Auto });
        int[] ids = TinyModel.RandomIds(25, seed: 6);
        auto.DraftOverride = (position, _, _) => ids[Math.Min(position, 24)];
        List<(long Drafted, long Second)> fared = [];
        for (int i = 0; i < 24; i++)
        {
            auto.Decode(ids[i]);
            if (i % 8 == 7)
            {
                fared.Add((auto.Speculation.Drafted, auto.Speculation.SecondDrafted));
            }
        }

        Assert.Equal((0, 0), fared[0]);
        Assert.True(fared[1].Drafted > 0);
        Assert.Equal(0, fared[1].Second);
        Assert.True(fared[2].Second > 0);
    }

    private static TinyModel Create(string type, string kv, string sharing, bool hasDraftHead = false)
    {
        TinyModel model = TinyModel.Recursive(type, sharing, 3, 2, kv: kv);
        return hasDraftHead ? model.WithDraftHead() : model;
    }

    private static TinyModel Untied()
    {
        TinyModel model = Create("expert", "recursion", "middle_cycle");
        for (int recursion = 0; recursion < 3; recursion++)
        {
            model.AddBlock(1, recursion, biases: false);
            model.AddBlock(2, recursion, biases: false);
        }

        return model;
    }

    private static void Run(Sequence plain, Sequence drafting, int[] future, Random random)
    {
        ReadOnlySpan<float> expected = plain.Prefill(future.AsSpan(0, 9));
        AssertRow(expected, drafting.Prefill(future.AsSpan(0, 9)));
        for (int step = 0; step < 120; step++)
        {
            int likeliest = IndexOfLargest(expected);
            int id = step % 20 < 12 ? future[plain.Position] : likeliest;
            expected = plain.Decode(id);
            AssertRow(expected, drafting.Decode(id));
            Assert.Equal(plain.LastDepths.ToArray(), drafting.LastDepths.ToArray());
            Assert.Equal(plain.Position, drafting.Position);
            if (step % 17 == 16)
            {
                int position = random.Next(1, plain.Position);
                plain.Truncate(position);
                drafting.Truncate(position);
                Assert.Equal(plain.KvBytesUsed, drafting.KvBytesUsed);
                expected = plain.Prefill(future.AsSpan(position, 5));
                AssertRow(expected, drafting.Prefill(future.AsSpan(position, 5)));
            }

            if (step == 60)
            {
                plain.DepthMax = 2;
                drafting.DepthMax = 2;
            }
        }

        Assert.Equal(plain.Depths.Histogram.ToArray(), drafting.Depths.Histogram.ToArray());
    }

    [Fact]
    public void DraftOverride_IdOutsideTheVocabulary_LeavesTheDraft()
    {
        using TinyModel model = Create("none", "recursion", "middle_cycle").Load();
        using Sequence plain = model.Network.CreateSequence(new SequenceOptions());
        using Sequence drafting = model.Network.CreateSequence(On);
        drafting.DraftOverride = (position, _, _) => position % 2 == 0 ? int.MaxValue : -1;

        Assert.Equal(Greedy(plain, 12), Greedy(drafting, 12));
        Assert.True(drafting.Speculation.Drafted > 0);
    }

    private static int[] Greedy(Sequence sequence, int count)
    {
        int[] ids = new int[count];
        int id = 1;
        for (int i = 0; i < count; i++)
        {
            id = IndexOfLargest(sequence.Decode(id));
            ids[i] = id;
        }

        return ids;
    }

    private static int IndexOfLargest(ReadOnlySpan<float> values)
    {
        int best = 0;
        for (int i = 1; i < values.Length; i++)
        {
            best = values[i] > values[best] ? i : best;
        }

        return best;
    }

    private static void AssertRow(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual) =>
        Assert.True(expected.SequenceEqual(actual), "The logits differ.");
}
