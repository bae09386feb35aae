using MoREdge.Model;
using MoREdge.ModelFile;
using MoREdge.Tensors;
using MoREdge.Tests.Kernels;

namespace MoREdge.Tests.Model;

/// <summary>
/// What must hold for every text whatever the family: it does not matter how it is cut, what runs beside it, or whether
/// tokens were taken back. The numbers themselves are compared with the reference package in the golden tests.
/// </summary>
public sealed class FamilyPropertyTests
{
    public static IEnumerable<object[]> FamiliesTimesKernels() =>
        KernelSets.Times([.. Array.ConvertAll(TinyFamilies.Names, name => new object[] { name })]);

    public static TheoryData<string> Families() => [.. TinyFamilies.Names];

    /// <summary>Blocks of a loop are read several times.</summary>
    public static TheoryData<string> FamiliesWithoutALoop() =>
        [.. TinyFamilies.Names.Except(["huginn", "nanbeige", "ouro"])];

    [Theory]
    [MemberData(nameof(FamiliesTimesKernels))]
    public void RandomArrivals_EveryText_GetsTheBitsOfASequence(string set, string family)
    {
        using TinyModel model = TinyFamilies.Create(family).Load(KernelSets.Get(set), threads: 2);
        for (int seed = 0; seed < 3; seed++)
        {
            KvFormat format = (KvFormat)(seed % 3);
            new BatchRun(model, new SequenceOptions { KvFormat = format, ContextLength = 300 }, seed).Run();
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Text_WholeChunkedAndDecoded_AgreesBitForBit(string family)
    {
        using TinyModel model = TinyFamilies.Create(family).Load();
        int[] ids = TinyModel.RandomIds(301, seed: 3);
        AssertCutsDoNotMatter(model, ids, new SequenceOptions());
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Truncate_AndContinue_GivesTheBitsOfAFreshText(string family)
    {
        using TinyModel model = TinyFamilies.Create(family).Load();
        int[] ids = TinyModel.RandomIds(60, seed: 5);
        int[] other = TinyModel.RandomIds(60, seed: 6);
        float[][] expected = model.Score([.. ids[..23], .. other[..20]]);
        using Sequence sequence = model.Network.CreateSequence(new SequenceOptions());
        sequence.Prefill(ids);
        sequence.Decode(other[40]);
        sequence.Truncate(23);

        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(expected[23 + i], sequence.Decode(other[i]).ToArray());
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void MemoryEstimate_IsWhatASequenceTakes(string family)
    {
        using TinyModel model = TinyFamilies.Create(family).Load(threads: 2);
        SequenceOptions options = new() { ContextLength = 100 };
        using GgufFile file = GgufFile.Open(model.FilePath);
        MemoryEstimate estimate = new(file, options, threadCount: 2);
        using Sequence sequence = model.Network.CreateSequence(options);

        Assert.Equal(sequence.WorkspaceBytes, estimate.WorkspaceBytes);
        Assert.Equal(sequence.KvBytesReserved, estimate.KvBytes);
        Assert.Equal(model.Network.WeightBytesPerToken(2, sequence.KvPolicy), estimate.WeightBytesPerToken(2), 0.02);
    }

    /// <summary>Every tensor of a block, of the experts the chosen ones; both ends; no norm of the output.</summary>
    [Theory]
    [MemberData(nameof(FamiliesWithoutALoop))]
    public void WeightBytes_WithoutALoop_AreThoseOfTheFile(string family)
    {
        using TinyModel model = TinyFamilies.Create(family).Load();
        ModelConfig config = model.Network.Config;
        using GgufFile file = GgufFile.Open(model.FilePath);
        long embedding = file.RequireTensor(TensorNames.TokenEmbedding).ByteCount;
        double expected = ((double)embedding / config.VocabSize)
            + (file.TryGetTensor(TensorNames.Output, out GgufTensor? head) ? head.ByteCount : embedding);
        foreach (GgufTensor tensor in file.Tensors)
        {
            bool isOfBlock = tensor.Name.StartsWith("blk.", StringComparison.Ordinal);
            bool isOfExperts = config.Experts is not null && TensorNames.IsOfExperts(tensor.Name);
            expected += !isOfBlock ? 0
                : isOfExperts ? (double)tensor.ByteCount * config.Experts!.UsedCount / config.Experts.Count
                : tensor.ByteCount;
        }

        double bytes = model.Network.WeightBytesPerToken(config.DepthCount, KvPolicy.RecursionWise);
        Assert.Equal(expected, bytes, 1e-6);
    }

    /// <summary>Each loop of Huginn begins with its adapter.</summary>
    [Fact]
    public void WeightBytes_OfALoopWithAnAdapter_GrowByItWithEveryLoop()
    {
        using TinyModel model = TinyFamilies.Create("huginn").Load();
        using GgufFile file = GgufFile.Open(model.FilePath);
        double loopBytes = 0;
        foreach (GgufTensor tensor in file.Tensors)
        {
            // Two blocks of the prelude, two of the loop, one of the coda.
            bool isOfLoop = tensor.Name.StartsWith(TensorNames.Block(2, ""), StringComparison.Ordinal)
                || tensor.Name.StartsWith(TensorNames.Block(3, ""), StringComparison.Ordinal)
                || tensor.Name == TensorNames.LoopAdapter;
            loopBytes += isOfLoop ? tensor.ByteCount : 0;
        }

        double more = model.Network.WeightBytesPerToken(2, KvPolicy.RecursionWise)
            - model.Network.WeightBytesPerToken(1, KvPolicy.RecursionWise);
        Assert.Equal(loopBytes, more, 1e-6);
    }

    /// <summary>Two tokens that are further apart than a window of every layer allows to see.</summary>
    [Fact]
    public void Window_TokenBehindIt_ChangesNothing()
    {
        using TinyModel model = TinyFamilies.Create("phi3").Load();
        int[] ids = TinyModel.RandomIds(90, seed: 7);
        int[] changed = [ids[0] ^ 1, .. ids[1..]];

        float[][] before = model.Score(ids);
        float[][] after = model.Score(changed);

        // Two layers with a window of 21 see 20 tokens back each.
        Assert.NotEqual(before[40], after[40]);
        for (int position = 41; position < 90; position++)
        {
            Assert.Equal(before[position], after[position]);
        }
    }

    [Fact]
    public void SkippedLayers_KeysOfThoseThatRun_AreAllThereIs()
    {
        using TinyModel model = TinyFamilies.Create("mod").Load();
        int[] depths = new int[90];
        int[] ids = TinyModel.RandomIds(90, seed: 12);
        using Sequence sequence = model.Network.CreateSequence(new SequenceOptions());
        sequence.Score(ids, (_, _) => { }, depths);

        int ran = 0;
        Array.ForEach(depths, depth => ran += depth);
        Assert.InRange(ran, 1, (2 * 90) - 1);
        Assert.Equal(((2 * 90) + ran) * sequence.KvBytesPerSlotToken, sequence.KvBytesUsed);
    }

    [Theory]
    [InlineData(1e9, 0)]
    [InlineData(-1e9, 2)]
    public void SkippedLayers_NobodyOrEverybody_ByTheThreshold(double threshold, int depth)
    {
        using TinyModel model = TinyFamilies.Create("mod");
        model.Set(
            SkipKeys.Thresholds,
            GgufValue.FromFloat64s(0, threshold, 0, threshold));
        model.Load();
        int[] depths = new int[20];
        float[][] logits = model.Score(TinyModel.RandomIds(20, seed: 13), null, depths);
        float[][] full = model.Score(
            TinyModel.RandomIds(20, seed: 13), new SequenceOptions { Routing = RoutingMode.Full });

        Assert.All(depths, ran => Assert.Equal(depth, ran));
        Assert.Equal(depth == 2, logits[19].AsSpan().SequenceEqual(full[19]));
    }

    /// <summary>A weight that depends on later tokens fits no causal mode, and a batch has no other.</summary>
    [Fact]
    public void SkippedLayers_WeighedAgainstEachOther_RunWithTopKOnly()
    {
        using TinyModel model = TinyFamilies.Create("mod");
        model.Set(SkipKeys.Score, GgufValue.FromString("softmax_chosen"));
        model.Load();

        using (Sequence natural = model.Network.CreateSequence(new SequenceOptions()))
        {
            Assert.Equal(RoutingMode.TopK, natural.Routing);
        }

        AssertRefused(model, new SequenceOptions { Routing = RoutingMode.Threshold });
        AssertRefused(model, new SequenceOptions { Routing = RoutingMode.Full });
        Assert.Throws<ArgumentException>(() => model.Network.CreateBatch(new SequenceOptions(), new BatchOptions()));
    }

    [Fact]
    public void SkippedLayers_RuleOfAPredictorThatIsNotThere_IsRefused()
    {
        using TinyModel model = TinyFamilies.Create("mod");
        model.Set(SkipKeys.Decode, GgufValue.FromString("predictor"));

        ModelFileException refusal = Assert.Throws<ModelFileException>(() => model.Load());

        Assert.Equal(ModelFileError.MissingTensor, refusal.Error);
    }

    [Fact]
    public void ExitGate_EveryDepth_IsTaken()
    {
        using TinyModel model = TinyFamilies.Create("ouro").Load();
        int[] depths = new int[200];
        int[] ids = TinyModel.RandomIds(200, seed: 8);
        model.Score(ids, new SequenceOptions { Routing = RoutingMode.Threshold }, depths);

        Assert.Contains(1, depths);
        Assert.Contains(2, depths);
    }

    /// <summary>A gate of zeros: half of what is left leaves behind every recursion, 0.75 behind the second.</summary>
    [Fact]
    public void ExitGate_ProbabilityThatEqualsTheThreshold_Leaves()
    {
        using TinyModel model = TinyFamilies.Create("ouro");
        Array.Clear(model.Values(TensorNames.ExitGate));
        Array.Clear(model.Values(TensorNames.ExitGateBias));
        int[] depths = new int[10];
        model.Load().Score(
            TinyModel.RandomIds(10, seed: 8), new SequenceOptions { Routing = RoutingMode.Threshold }, depths);

        Assert.All(depths, depth => Assert.Equal(2, depth));
    }

    [Theory]
    [InlineData(RoutingMode.Threshold)]
    [InlineData(RoutingMode.Full)]
    public void ExitGate_CutAnyhow_AgreesBitForBit(RoutingMode routing)
    {
        using TinyModel model = TinyFamilies.Create("ouro").Load();
        AssertCutsDoNotMatter(model, TinyModel.RandomIds(301, seed: 9), new SequenceOptions { Routing = routing });
        new BatchRun(model, new SequenceOptions { Routing = routing, ContextLength = 300 }, seed: 4).Run();
    }

    [Fact]
    public void StateSeed_SameSeed_SameText_OtherSeed_AnotherOne()
    {
        using TinyModel model = TinyFamilies.Create("huginn").Load();
        int[] ids = TinyModel.RandomIds(301, seed: 10);
        SequenceOptions seeded = new() { StateSeed = 5 };
        AssertCutsDoNotMatter(model, ids, seeded);

        float[][] five = model.Score(ids[..20], seeded);
        Assert.NotEqual(five[19], model.Score(ids[..20], new SequenceOptions { StateSeed = 6 })[19]);
        Assert.NotEqual(five[19], model.Score(ids[..20])[19]);
    }

    [Theory]
    [InlineData("ouro")]
    [InlineData("huginn")]
    [InlineData("nanbeige")]
    public void LatestKeys_DepthCapThatChanges_SeesEveryToken(string family)
    {
        using TinyModel model = TinyFamilies.Create(family).Load();
        int[] ids = TinyModel.RandomIds(30, seed: 11);
        using Sequence sequence = model.Network.CreateSequence(new SequenceOptions { Routing = null });
        sequence.DepthMax = 1;
        sequence.Prefill(ids.AsSpan(0, 20));
        sequence.DepthMax = 3;
        float[] deep = sequence.Decode(ids[20]).ToArray();
        long perSlot = sequence.KvBytesPerSlotToken;

        // Every slot holds every token, though most ran one recursion.
        Assert.Equal(21 * sequence.KvBytesPerTokenMax, sequence.KvBytesUsed);
        Assert.True(perSlot > 0);
        Assert.All(deep, logit => Assert.True(float.IsFinite(logit)));
    }

    [Fact]
    public void Options_ThatALoopDoesNotHave_AreRefused()
    {
        using TinyModel looped = TinyFamilies.Create("nanbeige").Load();
        using TinyModel exits = TinyFamilies.Create("ouro").Load();
        using TinyModel decoder = TinyFamilies.Create("phi3").Load();
        AssertRefused(decoder, new SequenceOptions { KvPolicy = KvPolicy.SharedLatest });
        AssertRefused(decoder, new SequenceOptions { StateSeed = 1 });
        AssertRefused(looped, new SequenceOptions { StateSeed = 1 });
        AssertRefused(looped, new SequenceOptions { Routing = RoutingMode.Threshold });
        AssertRefused(looped, new SequenceOptions { Speculation = SpeculationMode.On });
        AssertRefused(
            exits, new SequenceOptions { KvPolicy = KvPolicy.SharedLatest, Routing = RoutingMode.Threshold });
        Assert.Throws<ArgumentException>(() => looped.Network.CreateBatch(
            new SequenceOptions { KvPolicy = KvPolicy.SharedLatest }, new BatchOptions()));
    }

    [Theory]
    [InlineData("nanbeige", RoutingMode.Full, "Every token runs all of this model")]
    [InlineData("phi3", RoutingMode.Full, "Every token runs all of this model")]
    [InlineData("ouro", RoutingMode.TopK, "its routing modes are full and threshold")]
    [InlineData("mod", RoutingMode.TopKThreshold, "its routing modes are threshold, topk and full")]
    public void Routing_ThatAModelDoesNotKnow_IsRefusedWithThoseItKnows(string family, RoutingMode mode, string part)
    {
        using TinyModel model = TinyFamilies.Create(family).Load();

        ArgumentException fault = Assert.Throws<ArgumentException>(
            () => model.Network.CreateSequence(new SequenceOptions { Routing = mode }));

        Assert.Contains(part, fault.Message, StringComparison.Ordinal);
    }

    private static void AssertRefused(TinyModel model, SequenceOptions options) =>
        Assert.Throws<ArgumentException>(() => model.Network.CreateSequence(options));

    private static void AssertCutsDoNotMatter(TinyModel model, int[] ids, SequenceOptions options)
    {
        float[][] whole = model.Score(ids, options);
        using Sequence sequence = model.Network.CreateSequence(options);
        Assert.Equal(whole[36], sequence.Prefill(ids.AsSpan(0, 37)).ToArray());
        Assert.Equal(whole[37], sequence.Decode(ids[37]).ToArray());
        Assert.Equal(whole[298], sequence.Prefill(ids.AsSpan(38, 261)).ToArray());
        Assert.Equal(whole[299], sequence.Decode(ids[299]).ToArray());
        Assert.Equal(whole[300], sequence.Decode(ids[300]).ToArray());
    }
}
