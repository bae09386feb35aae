using MoREdge.Model;
using MoREdge.ModelFile;

namespace MoREdge.Tests.Model;

/// <summary>The unrolling examples of spec section 1.2 and the slots of section 4.</summary>
public sealed class LayerScheduleTests
{
    [Theory]
    [InlineData(SharingKind.MiddleCycle, "0 1 2 1 2 1 2 3")]
    [InlineData(SharingKind.MiddleSequence, "0 1 1 1 2 2 2 3")]
    [InlineData(SharingKind.Cycle, "0 1 0 1 0 1")]
    [InlineData(SharingKind.Sequence, "0 0 0 1 1 1")]
    public void Unrolling_SpecExample_UsesTheseBlocks(SharingKind sharing, string blocks)
    {
        LayerSchedule schedule = new(Config(sharing), KvPolicy.RecursionWise);
        Assert.Equal(blocks, Join(schedule, call => call.Block));
    }

    [Theory]
    [InlineData(SharingKind.MiddleCycle, KvPolicy.RecursionWise, "0 1 2 3 4 5 6 7", 8)]
    [InlineData(SharingKind.MiddleCycle, KvPolicy.SharedFromFirst, "0 1 2 1 2 1 2 3", 4)]
    [InlineData(SharingKind.Cycle, KvPolicy.RecursionWise, "0 1 2 3 4 5", 6)]
    [InlineData(SharingKind.Cycle, KvPolicy.SharedFromFirst, "0 1 0 1 0 1", 2)]
    [InlineData(SharingKind.Sequence, KvPolicy.SharedFromFirst, "0 0 0 1 1 1", 2)]
    public void Slots_Policy_AreNumberedInUnrolledOrder(SharingKind sharing, KvPolicy policy, string slots, int count)
    {
        LayerSchedule schedule = new(Config(sharing), policy);
        Assert.Equal(slots, Join(schedule, call => call.Slot));
        Assert.Equal(count, schedule.SlotCount);
    }

    [Theory]
    [InlineData(SharingKind.MiddleCycle, "1 1 1 0 0 0 0 1")]
    [InlineData(SharingKind.Sequence, "1 0 0 1 0 0")]
    public void SharedCache_EachBlock_IsWrittenByItsFirstCallOnly(SharingKind sharing, string writes)
    {
        LayerSchedule schedule = new(Config(sharing), KvPolicy.SharedFromFirst);
        Assert.Equal(writes, Join(schedule, call => call.WritesCache ? 1 : 0));
    }

    [Fact]
    public void OrdinaryDecoder_AnyDepth_IsAllPrefix()
    {
        using TinyModel model = TinyModel.Decoder("llama", 4, tied: false).Load();
        LayerSchedule schedule = new(model.Network.Config, KvPolicy.RecursionWise);
        Assert.Equal(4, schedule.Prefix.Length);
        Assert.Empty(schedule.Loop);
        Assert.Empty(schedule.Suffix);
    }

    private static ModelConfig Config(SharingKind sharing) => new()
    {
        Architecture = Architectures.Recursive,
        ModelDim = 32,
        FfnDim = 48,
        HeadCount = 4,
        KvHeadCount = 2,
        HeadDim = 8,
        VocabSize = 64,
        ContextLength = 64,
        BlockCount = 4,
        RmsNormEpsilon = 1e-5f,
        RopeTheta = 10000,
        RopePairing = RopePairing.HalfSplit,
        Recursion = new RecursionConfig
        {
            DepthRule = DepthRule.Fixed,
            RecursionCount = 3,
            BaseDepth = 2,
            Sharing = sharing,
        },
    };

    private static string Join(LayerSchedule schedule, Func<LayerCall, int> value)
    {
        List<int> values = [];
        foreach (LayerCall[] calls in (LayerCall[][])[schedule.Prefix, .. schedule.Loop, schedule.Suffix])
        {
            values.AddRange(Array.ConvertAll(calls, call => value(call)));
        }

        return string.Join(' ', values);
    }
}
