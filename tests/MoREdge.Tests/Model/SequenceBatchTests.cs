using MoREdge.Model;
using MoREdge.ModelFile;
using MoREdge.Tensors;
using MoREdge.Tests.Kernels;

namespace MoREdge.Tests.Model;

/// <summary>A batch gives every text the bits that it gets alone, whatever runs beside it, joins or leaves.</summary>
public sealed class SequenceBatchTests
{
    /// <summary>Depth rule, cache policy and which layers share weights.</summary>
    public static IEnumerable<object[]> Cases() => KernelSets.Times(
    [
        ["expert", "recursion", "middle_cycle"], ["expert", "shared", "middle_cycle"],
        ["token", "recursion", "middle_cycle"], ["token", "shared", "middle_cycle"],
        ["none", "recursion", "middle_sequence"], ["none", "shared", "cycle"], ["expert", "recursion", "cycle"],
        ["untied", "shared", "cycle"],
        ["decoder", "recursion", "none"],
    ]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void RandomArrivals_EveryText_GetsTheBitsOfASequence(string set, string type, string kv, string sharing)
    {
        using TinyModel model = Create(type, kv, sharing).Load(KernelSets.Get(set), threads: 2);
        for (int seed = 0; seed < 3; seed++)
        {
            KvFormat format = (KvFormat)seed;
            new BatchRun(model, new SequenceOptions { KvFormat = format, ContextLength = 300 }, seed).Run();
        }
    }

    /// <summary>
    /// Depth rule, cache policy and which layers share weights, of models that can draft; whether they have a draft
    /// head.
    /// </summary>
    public static IEnumerable<object[]> DraftingCases() => KernelSets.Times(
    [
        ["expert", "recursion", "middle_cycle", false], ["expert", "shared", "middle_cycle", false],
        ["token", "recursion", "middle_cycle", false], ["token", "shared", "middle_cycle", false],
        ["none", "recursion", "middle_cycle", false], ["none", "shared", "cycle", false],
        ["expert", "recursion", "cycle", false],
        ["expert", "recursion", "middle_cycle", true], ["token", "shared", "middle_cycle", true],
    ]);

    /// <summary>However many texts a batch holds, few of them draft at a time.</summary>
    [Fact]
    public void WorkspaceBytes_ForDrafts_DoNotGrowWithTheTextsThatDoNotDraft()
    {
        using TinyModel model = Create("expert", "recursion", "cycle").WithDraftHead().Load();
        long Bytes(int sequences, SpeculationMode mode)
        {
            using SequenceBatch batch = model.Network.CreateBatch(
                new SequenceOptions { Speculation = mode }, new BatchOptions { SequencesMax = sequences });
            return batch.WorkspaceBytes;
        }

        long few = Bytes(8, SpeculationMode.On) - Bytes(8, SpeculationMode.Off);
        long many = Bytes(64, SpeculationMode.On) - Bytes(64, SpeculationMode.Off);

        Assert.True(few > 0);
        Assert.Equal(few, many);
    }

    [Theory]
    [MemberData(nameof(DraftingCases))]
    public void RandomArrivals_WithDrafts_EveryTextGetsTheBitsOfASequence(
        string set, string type, string kv, string sharing, bool hasDraftHead)
    {
        TinyModel unloaded = Create(type, kv, sharing);
        using TinyModel model = (hasDraftHead ? unloaded.WithDraftHead() : unloaded)
            .Load(KernelSets.Get(set), threads: 2);
        for (int seed = 0; seed < 4; seed++)
        {
            SpeculationMode mode = seed < 3 ? SpeculationMode.On : SpeculationMode.Auto;
            KvFormat format = (KvFormat)(seed % 3);
            BatchRun run = new(
                model, new SequenceOptions { KvFormat = format, ContextLength = 300, Speculation = mode }, seed);
            run.Run();
            if (mode == SpeculationMode.On)
            {
                Assert.InRange(run.Drafts.AcceptanceRate, 0.3, 0.95);
                Assert.Equal(hasDraftHead, run.Drafts.SecondKept > 0);
                Assert.Equal(hasDraftHead, run.Drafts.SecondDrafted > run.Drafts.SecondKept);
            }
        }
    }

    [Theory]
    [InlineData("expert")]
    [InlineData("token")]
    public void FullRouting_RandomArrivals_GetsTheBitsOfASequence(string type)
    {
        using TinyModel model = Create(type, "recursion", "middle_cycle").Load();
        new BatchRun(model, new SequenceOptions { Routing = RoutingMode.Full }, seed: 1).Run();
    }

    [Theory]
    [InlineData("expert", "recursion", SpeculationMode.Off)]
    [InlineData("token", "shared", SpeculationMode.Off)]
    [InlineData("decoder", "recursion", SpeculationMode.Off)]
    [InlineData("expert", "recursion", SpeculationMode.On)]
    [InlineData("token", "shared", SpeculationMode.Auto)]
    public void Tick_WarmBatch_AllocatesNothing(string type, string kv, SpeculationMode speculation)
    {
        using TinyModel model = Create(type, kv, "middle_cycle").Load(threads: 2);
        using SequenceBatch batch = model.Network.CreateBatch(
            new SequenceOptions { Speculation = speculation },
            new BatchOptions { SequencesMax = 4, PromptRowsMax = 8 });
        BatchSequence[] sequences = new BatchSequence[4];
        int[] prompt = TinyModel.RandomIds(90, seed: 5);
        for (int i = 0; i < sequences.Length; i++)
        {
            sequences[i] = batch.Add(tokensMax: 200);
        }

        long allocated = 0;
        for (int tick = 0; tick < 120; tick++)
        {
            allocated = tick == 60 ? GC.GetAllocatedBytesForCurrentThread() : allocated;
            foreach (BatchSequence sequence in sequences)
            {
                if (!sequence.IsUnderWay)
                {
                    // One text is a prompt that goes on beside the tokens of the others.
                    int count = sequence == sequences[0] && sequence.Position < 80 ? 10 : 1;
                    batch.Feed(sequence, prompt.AsSpan(sequence.Position % 80, count));
                }
            }

            batch.Tick();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - allocated);
    }

    /// <summary>A first and a last layer of their own, and a block of two that is run three times.</summary>
    [Theory]
    [InlineData("expert", 2)]
    [InlineData("untied", 3 * 2)]
    public void Tick_TextsInDifferentRecursions_ShareOnePassOverTheBlock(string type, int blockLayers)
    {
        using TinyModel model = Create(type, "recursion", "middle_cycle").Load();
        using SequenceBatch batch = model.Network.CreateBatch(
            new SequenceOptions { Routing = RoutingMode.Full }, new BatchOptions { SequencesMax = 4 });
        BatchSequence[] sequences = [batch.Add(50), batch.Add(50), batch.Add(50), batch.Add(50)];
        long layers = 0;
        for (int tick = 0; tick < 12; tick++)
        {
            // One begins with each tick: three stand in three recursions.
            batch.Feed(sequences[tick % 4], tick < 4 ? [1, 2, 3, 4] : [tick]);
            long before = batch.LayerCount;
            batch.Tick();
            layers = batch.LayerCount - before;
        }

        Assert.Equal(1 + blockLayers + 1, layers);
        Assert.Equal(type == "untied" ? 0 : 2, Array.FindAll(sequences, sequence => sequence.IsUnderWay).Length);
    }

    /// <summary>With every draft right, two texts share each pass, and a token of each leaves in it.</summary>
    [Fact]
    public void Tick_TwoTextsThatDraft_SharePassesAndLeaveInEach()
    {
        using TinyModel model = Create("none", "recursion", "middle_cycle").Load();
        using SequenceBatch batch = model.Network.CreateBatch(
            new SequenceOptions { Speculation = SpeculationMode.On }, new BatchOptions { SequencesMax = 6 });
        int[] ids = TinyModel.RandomIds(100, seed: 4);
        BatchSequence[] sequences = [batch.Add(100), batch.Add(100)];
        Array.ForEach(sequences, sequence => sequence.DraftOverride = (position, _, _) => ids[position]);
        for (int tick = 0; tick < 40; tick++)
        {
            foreach (BatchSequence sequence in sequences)
            {
                if (!sequence.IsUnderWay)
                {
                    batch.Feed(sequence, [ids[sequence.Position]]);
                }
            }

            long layers = batch.LayerCount;
            batch.Tick();
            Assert.Equal(tick < 4 ? layers : layers + 1 + 2 + 1, tick < 4 ? layers : batch.LayerCount);
            Assert.Equal(tick < 2 ? 0 : 2, batch.Left.Length);
        }

        Assert.Equal(1, sequences[1].Speculation.AcceptanceRate);
        Assert.Equal(38 + 38, sequences[0].Position + sequences[1].Position);
    }

    [Fact]
    public void Feed_WithFiveTexts_DraftsNothing()
    {
        using TinyModel model = Create("none", "recursion", "middle_cycle").Load();
        using SequenceBatch batch = model.Network.CreateBatch(
            new SequenceOptions { Speculation = SpeculationMode.On }, new BatchOptions { SequencesMax = 6 });
        List<BatchSequence> sequences = [];
        for (int count = 1; count <= 5; count++)
        {
            sequences.Add(batch.Add(60));
            long before = sequences[0].Speculation.Drafted;
            for (int token = 0; token < 6; token++)
            {
                sequences.ForEach(sequence => batch.Feed(sequence, [token]));
                Drain(batch, [.. sequences]);
            }

            Assert.Equal(count < 5, sequences[0].Speculation.Drafted > before + 1);
        }
    }

    [Fact]
    public void Feed_LongPrompts_ShareTheRowsOfATick()
    {
        using TinyModel model = Create("expert", "recursion", "middle_cycle").Load();
        using SequenceBatch batch = model.Network.CreateBatch(
            new SequenceOptions(), new BatchOptions { SequencesMax = 3, PromptRowsMax = 16 });
        int[] ids = TinyModel.RandomIds(20, seed: 1);
        BatchSequence first = batch.Add(100);
        BatchSequence second = batch.Add(100);
        BatchSequence third = batch.Add(100);

        Assert.Equal(12, batch.Feed(first, ids.AsSpan(0, 12)));
        Assert.Equal(4, batch.Feed(second, ids));
        Assert.Equal(0, batch.Feed(third, ids));
        Assert.Equal(1, batch.Feed(third, ids.AsSpan(0, 1)));
        Assert.False(batch.PromptRowsLeft > 0);
        Drain(batch, first, second, third);

        Assert.Equal((12, 4, 1), (first.Position, second.Position, third.Position));
        Assert.Throws<InvalidOperationException>(() => batch.Logits(second).Length);
    }

    [Fact]
    public void Add_BeyondTheLimits_IsRefused()
    {
        using TinyModel model = Create("expert", "recursion", "middle_cycle").Load();
        using SequenceBatch batch = model.Network.CreateBatch(
            new SequenceOptions { ContextLength = 50 }, new BatchOptions { SequencesMax = 1 });
        Assert.Throws<ArgumentException>(() => batch.Add(51));
        Assert.Throws<ArgumentException>(() => batch.Add(50, depthMax: 4));
        BatchSequence sequence = batch.Add(10);
        Assert.Equal(batch.KvBytes(10), sequence.KvBytesReserved);
        Assert.Throws<InvalidOperationException>(() => batch.Add(10));
        Assert.Throws<ArgumentException>(() => batch.Feed(sequence, TinyModel.RandomIds(11, seed: 1)));
        Assert.Throws<ArgumentException>(() => batch.Feed(sequence, [TinyModel.VocabSize]));
        batch.Feed(sequence, [1, 2, 3]);
        Assert.Throws<InvalidOperationException>(() => batch.Feed(sequence, [1]));
        batch.Remove(sequence);
        Assert.Equal(0, batch.SequenceCount);
        Assert.Throws<InvalidOperationException>(() => batch.Remove(sequence));
        Assert.Equal(0, batch.Add(50).Position);
    }

    [Theory]
    [InlineData(RoutingMode.TopK)]
    [InlineData(RoutingMode.TopKThreshold)]
    public void Create_TopKRouting_IsRefused(RoutingMode routing)
    {
        using TinyModel model = Create("expert", "recursion", "middle_cycle").Load();
        ArgumentException fault = Assert.Throws<ArgumentException>(
            () => model.Network.CreateBatch(new SequenceOptions { Routing = routing }, new BatchOptions()));
        Assert.Contains("batch", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_HybridCacheOrEmptyLimits_IsRefused()
    {
        using TinyModel model = Create("expert", "hybrid", "middle_cycle").Load();
        SequenceOptions shared = new() { KvPolicy = KvPolicy.SharedFromFirst };
        Assert.Throws<ArgumentException>(() => model.Network.CreateBatch(new SequenceOptions(), new BatchOptions()));
        Assert.Throws<ArgumentException>(
            () => model.Network.CreateBatch(shared, new BatchOptions { SequencesMax = 0 }));
        Assert.Throws<ArgumentException>(
            () => model.Network.CreateBatch(shared, new BatchOptions { PromptRowsMax = 0 }));
        model.Network.CreateBatch(shared, new BatchOptions()).Dispose();
    }

    /// <summary>How many draft is decided before all have come.</summary>
    [Fact]
    public void Add_MoreThanDraftWhileOthersAreFed_IsServed()
    {
        using TinyModel model = Create("expert", "recursion", "middle_cycle").Load();
        SequenceOptions drafting = new() { Speculation = SpeculationMode.On };
        using SequenceBatch batch = model.Network.CreateBatch(drafting, new BatchOptions { SequencesMax = 8 });
        using Sequence alone = model.Network.CreateSequence(new SequenceOptions());
        BatchSequence[] sequences = new BatchSequence[7];
        for (int i = 0; i < sequences.Length; i++)
        {
            sequences[i] = batch.Add(tokensMax: 50);
            batch.Feed(sequences[i], [i + 1]);
        }

        while (Array.Exists(sequences, sequence => sequence.IsUnderWay))
        {
            batch.Tick();
            foreach (BatchSequence left in batch.Left)
            {
                alone.Truncate(0);
                int id = Array.IndexOf(sequences, left) + 1;
                Assert.True(alone.Prefill([id]).SequenceEqual(batch.Logits(left)), $"The logits of text {id} differ.");
            }
        }
    }

    [Fact]
    public void Feed_SequenceOfALargerBatch_IsRefused()
    {
        using TinyModel model = Create("decoder", "recursion", "none").Load();
        using SequenceBatch large = model.Network.CreateBatch(new(), new BatchOptions { SequencesMax = 4 });
        using SequenceBatch small = model.Network.CreateBatch(new(), new BatchOptions { SequencesMax = 1 });
        large.Add(10);
        BatchSequence other = large.Add(10);

        Assert.Throws<InvalidOperationException>(() => small.Feed(other, [1]));
    }

    [Fact]
    public void Use_AfterDispose_IsRefused()
    {
        using TinyModel model = Create("decoder", "recursion", "none").Load();
        SequenceBatch batch = model.Network.CreateBatch(new SequenceOptions(), new BatchOptions());
        BatchSequence text = batch.Add(10);
        Sequence sequence = model.Network.CreateSequence(new SequenceOptions());
        sequence.Prefill([1, 2]);

        batch.Dispose();
        sequence.Dispose();

        Assert.Throws<ObjectDisposedException>(() => batch.Feed(text, [1]));
        Assert.Throws<ObjectDisposedException>(batch.Tick);
        Assert.Throws<ObjectDisposedException>(() => batch.Add(10));
        Assert.Throws<ObjectDisposedException>(() => sequence.Decode(3).Length);
        Assert.Throws<ObjectDisposedException>(() => sequence.Truncate(1));
        Assert.Throws<ObjectDisposedException>(sequence.Mark);
    }

    [Fact]
    public void Create_DraftsWhereRecursionsHaveOwnWeights_IsRefusedAsForASequence()
    {
        using TinyModel model = Create("untied", "recursion", "middle_cycle").Load();
        SequenceOptions drafting = new() { Speculation = SpeculationMode.On };

        Assert.Throws<ArgumentException>(() => model.Network.CreateSequence(drafting));
        Assert.Throws<ArgumentException>(() => model.Network.CreateBatch(drafting, new BatchOptions()));
    }

    private static void Drain(SequenceBatch batch, params BatchSequence[] sequences)
    {
        while (Array.Exists(sequences, sequence => sequence.IsUnderWay))
        {
            batch.Tick();
        }
    }

    private static TinyModel Create(string type, string kv, string sharing)
    {
        if (type == "decoder")
        {
            return TinyModel.Decoder("qwen2", 3, biases: true);
        }

        bool isUntied = type == "untied";
        TinyModel model = TinyModel.Recursive(isUntied ? "expert" : type, sharing, 3, 2, kv: kv);
        for (int r = 0; r < 3 && isUntied; r++)
        {
            // The first layer of the block has a query projection of each recursion's own; the second is shared.
            model.Add(TensorNames.BlockRecursion(sharing == "cycle" ? 0 : 1, r, TensorNames.AttentionQuery), 32, 32);
        }

        return model;
    }
}
