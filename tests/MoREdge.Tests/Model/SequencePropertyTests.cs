using MoREdge.Model;
using MoREdge.ModelFile;

namespace MoREdge.Tests.Model;

/// <summary>What must hold for every text: chunking, causality, tying, rollback (spec section 10).</summary>
public sealed class SequencePropertyTests
{
    public static TheoryData<string, string> CausalModels() => new()
    {
        { "expert", "recursion" }, { "expert", "shared" }, { "expert", "hybrid" }, { "token", "recursion" },
        { "token", "shared" }, { "none", "recursion" }, { "none", "shared" },
    };

    /// <summary>
    /// All but the hybrid cache: its fresh rows last for one pass, so a later pass sees the first recursion's rows
    /// instead.
    /// </summary>
    public static TheoryData<string, string> ChunkInvariantModels() => new()
    {
        { "expert", "recursion" }, { "expert", "shared" }, { "token", "recursion" }, { "token", "shared" },
        { "none", "recursion" }, { "none", "shared" },
    };

    [Theory]
    [MemberData(nameof(ChunkInvariantModels))]
    public void CausalModel_WholeChunkedAndDecoded_AgreeBitForBit(string type, string kv)
    {
        using TinyModel model = Create(type, kv);
        // Longer than a forward pass (256 rows) and than a layer's row block (64), and no multiple of either.
        int[] ids = TinyModel.RandomIds(301, seed: 3);
        float[][] whole = model.Score(ids);

        using Sequence sequence = model.Network.CreateSequence(new SequenceOptions());
        AssertRow(whole[36], sequence.Prefill(ids.AsSpan(0, 37)));
        AssertRow(whole[37], sequence.Decode(ids[37]));
        AssertRow(whole[298], sequence.Prefill(ids.AsSpan(38, 261)));
        AssertRow(whole[299], sequence.Decode(ids[299]));
        AssertRow(whole[300], sequence.Decode(ids[300]));
    }

    [Theory]
    [MemberData(nameof(CausalModels))]
    public void CausalModel_OtherFuture_LeavesPastLogits(string type, string kv)
    {
        using TinyModel model = Create(type, kv);
        int[] ids = TinyModel.RandomIds(40, seed: 4);
        float[][] before = model.Score(ids);
        int[] changed = [.. ids[..25], .. TinyModel.RandomIds(15, seed: 99)];

        float[][] after = model.Score(changed);

        for (int t = 0; t < 25; t++)
        {
            AssertRow(before[t], after[t]);
        }
    }

    [Fact]
    public void TopKMode_OtherFuture_ChangesPastLogits()
    {
        using TinyModel model = Create("expert", "recursion");
        SequenceOptions topK = new() { Routing = RoutingMode.TopK };
        int[] ids = TinyModel.RandomIds(40, seed: 4);
        float[][] before = model.Score(ids, topK);

        float[][] after = model.Score([.. ids[..25], .. TinyModel.RandomIds(15, seed: 99)], topK);

        Assert.NotEqual(before[24], after[24]);
    }

    [Fact]
    public void TopKMode_PromptOfT_KeepsTruncatedCapacity()
    {
        using TinyModel model = Create("expert", "recursion");
        int[] ids = TinyModel.RandomIds(50, seed: 8);
        int[] depths = new int[ids.Length];

        model.Score(ids, new SequenceOptions { Routing = RoutingMode.TopK }, depths);

        // Capacities 1, 2/3, 1/3 of 50 tokens: 50, ⌊33.3⌋, ⌊16.7⌋.
        Assert.Equal([50, 33, 16], CountDeeper(depths, 3));
    }

    /// <summary>The input of a router is divided by it; halves are exact.</summary>
    [Theory]
    [InlineData("expert")]
    [InlineData("token")]
    public void Temperature_OfTwo_IsHalfTheWeightsOfTheRouter(string type)
    {
        using TinyModel cool = TinyModel.Recursive(type, "middle_cycle", 3, 2);
        using TinyModel half = TinyModel.Recursive(type, "middle_cycle", 3, 2);
        cool.Set("temp", GgufValue.FromFloat64(2));
        for (int r = 0; r < (type == "token" ? 1 : 3); r++)
        {
            float[] weights = half.Values(
                type == "token"
                    ? TensorNames.TokenRouter(TensorNames.RouterLinear)
                    : TensorNames.ExpertRouter(r, TensorNames.RouterLinear));
            for (int i = 0; i < weights.Length; i++)
            {
                weights[i] /= 2;
            }
        }

        int[] ids = TinyModel.RandomIds(40, seed: 14);
        Assert.Equal(half.Load().Score(ids), cool.Load().Score(ids));
    }

    /// <summary>Rows that a pass replaced, and put back, are none of the next text's.</summary>
    [Theory]
    [MemberData(nameof(CausalModels))]
    public void Truncate_ToNothing_LeavesNoTraceInAnotherText(string type, string kv)
    {
        using TinyModel model = Create(type, kv);
        int[] ids = TinyModel.RandomIds(60, seed: 15);
        using Sequence fresh = model.Network.CreateSequence(new SequenceOptions());
        using Sequence used = model.Network.CreateSequence(new SequenceOptions());
        used.Prefill(TinyModel.RandomIds(50, seed: 16));
        used.Truncate(0);
        AssertRow(fresh.Prefill(ids.AsSpan(0, 40)).ToArray(), used.Prefill(ids.AsSpan(0, 40)));
        for (int i = 40; i < ids.Length; i++)
        {
            AssertRow(fresh.Decode(ids[i]).ToArray(), used.Decode(ids[i]));
        }
    }

    /// <summary>Routers of zeros: a logit at the threshold is kept, of equal tokens the earlier ones.</summary>
    [Fact]
    public void ExpertChoice_EqualLogits_KeepsTheEarlierTokens()
    {
        using TinyModel model = TinyModel.Recursive("expert", "middle_cycle", 3, 2);
        for (int r = 0; r < 3; r++)
        {
            Array.Clear(model.Values(TensorNames.ExpertRouter(r, TensorNames.RouterLinear)));
        }

        model.Set("thresholds", GgufValue.FromFloat64s(0, 0, 0));
        int[] ids = TinyModel.RandomIds(6, seed: 12);
        int[] depths = new int[ids.Length];
        model.Load().Score(ids, new SequenceOptions { Routing = RoutingMode.Threshold }, depths);
        Assert.Equal([3, 3, 3, 3, 3, 3], depths);

        model.Score(ids, new SequenceOptions { Routing = RoutingMode.TopK }, depths);
        Assert.Equal([3, 3, 2, 2, 1, 1], depths);
    }

    [Fact]
    public void TokenChoice_EqualScores_TakesTheShallowestUnlessItRunsAll()
    {
        using TinyModel model = TinyModel.Recursive("token", "middle_cycle", 3, 2);
        Array.Clear(model.Values(TensorNames.TokenRouter(TensorNames.RouterLinear)));
        int[] ids = TinyModel.RandomIds(6, seed: 12);
        int[] depths = new int[ids.Length];
        model.Load().Score(ids, depths: depths);
        Assert.All(depths, depth => Assert.Equal(1, depth));

        model.Score(ids, new SequenceOptions { Routing = RoutingMode.Full }, depths);
        Assert.All(depths, depth => Assert.Equal(3, depth));
    }

    /// <summary>All pass the first recursion to leave keys; what it gives those who skip it is not taken.</summary>
    [Fact]
    public void SharedCache_FirstRecursionThatTokensSkip_StoresAllOfThem()
    {
        using TinyModel model = TinyModel.Recursive("expert", "middle_cycle", 3, 2, kv: "shared");
        model.Set("capacity", GgufValue.FromFloat64s(0.5, 0.5, 0.25));
        int[] ids = TinyModel.RandomIds(40, seed: 13);
        int[] depths = new int[ids.Length];
        float[][] expected = model.Load().Score(ids, depths: depths);
        Assert.Contains(0, depths);
        Assert.Contains(3, depths);

        using Sequence sequence = model.Network.CreateSequence(new SequenceOptions());
        for (int i = 0; i < ids.Length; i++)
        {
            AssertRow(expected[i], sequence.Decode(ids[i]));
        }

        using Sequence full = model.Network.CreateSequence(new SequenceOptions { Routing = RoutingMode.Full });
        full.Prefill(ids);
        Assert.Equal(full.KvBytesUsed, sequence.KvBytesUsed);
    }

    [Theory]
    [InlineData("expert")]
    [InlineData("token")]
    public void DepthBias_Growing_MakesTokensShallower(string type)
    {
        using TinyModel model = Create(type, "recursion");
        int[] ids = TinyModel.RandomIds(300, seed: 6);
        double depth = double.PositiveInfinity;
        foreach (float steps in new[] { 0f, 0.5f, 1, 1000 })
        {
            using Sequence sequence = model.Network.CreateSequence(new SequenceOptions());
            sequence.Prefill(ids);
            sequence.Truncate(0);
            Assert.True(sequence.RouterDistance > 0);
            sequence.DepthBias = steps * sequence.RouterDistance;
            sequence.Depths.Clear();
            sequence.Prefill(ids);
            Assert.True(sequence.Depths.Mean < depth, $"{sequence.Depths.Mean} is not below {depth}.");
            depth = sequence.Depths.Mean;
        }

        Assert.Equal(1, depth);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void DepthBias_NotFinite_IsRefused(float bias)
    {
        using TinyModel model = Create("token", "recursion");
        using Sequence sequence = model.Network.CreateSequence(new SequenceOptions());
        sequence.DepthBias = 0.5f;

        Assert.Throws<ArgumentException>(() => sequence.DepthBias = bias);

        Assert.Equal(0.5f, sequence.DepthBias);
        sequence.DepthBias = float.MaxValue;
        sequence.Prefill([1, 2, 3]);
        Assert.Equal(1, sequence.Depths.Mean);
    }

    [Fact]
    public void DepthBias_TokenChoiceThatRunsAll_SaysWhatToDo()
    {
        using TinyModel model = Create("token", "recursion");
        using Sequence sequence = model.Network.CreateSequence(new SequenceOptions { Routing = RoutingMode.Full });

        ArgumentException fault = Assert.Throws<ArgumentException>(() => sequence.DepthBias = 0.5f);

        // Threshold is no mode of these models.
        Assert.EndsWith("; leave it to the routers.", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TopKThresholdMode_DecodedToken_UsesThreshold()
    {
        using TinyModel model = Create("expert", "recursion");
        int[] ids = TinyModel.RandomIds(20, seed: 8);
        using Sequence hybrid =
            model.Network.CreateSequence(new SequenceOptions { Routing = RoutingMode.TopKThreshold });
        using Sequence topK = model.Network.CreateSequence(new SequenceOptions { Routing = RoutingMode.TopK });
        hybrid.Prefill(ids);
        topK.Prefill(ids);
        Assert.Equal(topK.LastDepths.ToArray(), hybrid.LastDepths.ToArray());
        bool shallow = false;
        for (int id = 0; id < 20; id++)
        {
            topK.Decode(id);
            hybrid.Decode(id);
            Assert.Equal(3, topK.LastDepths[0]);
            shallow |= hybrid.LastDepths[0] < 3;
        }

        Assert.True(shallow, "With random routers some of 20 tokens must stop early.");
    }

    [Fact]
    public void UntiedAttention_EqualWeights_GivesTiedLogits()
    {
        using TinyModel tied = TinyModel.Recursive("expert", "middle_cycle", 3, 2);
        using TinyModel untied = TinyModel.Recursive("expert", "middle_cycle", 3, 2);
        string[] attention =
            [
                TensorNames.AttentionQuery,
                TensorNames.AttentionKey,
                TensorNames.AttentionValue,
                TensorNames.AttentionOutput,
            ];
        for (int block = 1; block <= 2; block++)
        {
            foreach (string name in attention)
            {
                float[] values = untied.Values(TensorNames.Block(block, name));
                untied.Remove(TensorNames.Block(block, name));
                for (int r = 0; r < 3; r++)
                {
                    string own = TensorNames.BlockRecursion(block, r, name);
                    untied.Add(own, values.Length / 32, 32);
                    values.CopyTo(untied.Values(own), 0);
                }
            }
        }

        int[] ids = TinyModel.RandomIds(30, seed: 6);
        Assert.Equal(tied.Load().Score(ids), untied.Load().Score(ids));
    }

    [Theory]
    [MemberData(nameof(ChunkInvariantModels))]
    public void Truncate_ThenContinue_EqualsFreshSequence(string type, string kv)
    {
        using TinyModel model = Create(type, kv);
        int[] ids = TinyModel.RandomIds(60, seed: 7);
        float[][] fresh = model.Score(ids);
        using Sequence sequence = model.Network.CreateSequence(new SequenceOptions());
        sequence.Prefill(TinyModel.RandomIds(45, seed: 70));
        sequence.Truncate(0);
        sequence.Prefill(ids.AsSpan(0, 50));
        sequence.Prefill(TinyModel.RandomIds(30, seed: 71));

        sequence.Truncate(50);

        Assert.Equal(50, sequence.Position);
        AssertRow(fresh[59], sequence.Prefill(ids.AsSpan(50)));
    }

    [Fact]
    public void Prefill_Cancelled_LeavesSequenceAsBefore()
    {
        using TinyModel model = Create("expert", "recursion");
        int[] ids = TinyModel.RandomIds(300, seed: 9);
        float[][] fresh = model.Score(ids);
        using Sequence sequence = model.Network.CreateSequence(new SequenceOptions());
        sequence.Prefill(ids.AsSpan(0, 20));
        long bytes = sequence.KvBytesUsed;
        using CancellationTokenSource source = new();

        Assert.Throws<OperationCanceledException>(
            () => sequence.Prefill(ids.AsSpan(20), _ => source.Cancel(), source.Token));

        Assert.Equal(20, sequence.Position);
        Assert.Equal(bytes, sequence.KvBytesUsed);
        AssertRow(fresh[299], sequence.Prefill(ids.AsSpan(20)));
    }

    [Theory]
    [MemberData(nameof(CausalModels))]
    public void DepthMax_CapsEveryToken_AndFullCapChangesNothing(string type, string kv)
    {
        using TinyModel model = Create(type, kv);
        int[] ids = TinyModel.RandomIds(40, seed: 10);
        int[] depths = new int[ids.Length];

        float[][] capped = model.Score(ids, new SequenceOptions { DepthMax = 2 }, depths);

        Assert.All(depths, depth => Assert.InRange(depth, 0, 2));
        Assert.Equal(model.Score(ids), model.Score(ids, new SequenceOptions { DepthMax = 3 }));
        Assert.NotEqual(model.Score(ids), capped);
    }

    [Fact]
    public void Threads_AnyCount_GiveTheSameBits()
    {
        int[] ids = TinyModel.RandomIds(100, seed: 11);
        using TinyModel one = Create("expert", "recursion");
        using TinyModel three = TinyModel.Recursive("expert", "middle_cycle", 3, 2).Load(threads: 3);
        Assert.Equal(one.Score(ids), three.Score(ids));
    }

    private static TinyModel Create(string type, string kv) =>
        TinyModel.Recursive(type, "middle_cycle", recursions: 3, baseDepth: 2, kv: kv).Load();

    private static int[] CountDeeper(int[] depths, int recursions)
    {
        int[] counts = new int[recursions];
        foreach (int depth in depths)
        {
            for (int r = 0; r < depth; r++)
            {
                counts[r]++;
            }
        }

        return counts;
    }

    private static void AssertRow(float[] expected, ReadOnlySpan<float> actual) =>
        Assert.Equal(expected, actual.ToArray());
}
