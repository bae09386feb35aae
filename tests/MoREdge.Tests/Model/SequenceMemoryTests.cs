using MoREdge.Model;
using MoREdge.Tensors;

namespace MoREdge.Tests.Model;

/// <summary>What a token costs in memory.</summary>
public sealed class SequenceMemoryTests
{
    /// <summary>Key and value of one token in one slot, float16.</summary>
    private const int SlotTokenBytes = 2 * TinyModel.KvHeadCount * TinyModel.HeadDim * sizeof(ushort);

    [Theory]
    [InlineData("expert", "recursion", 1)]
    [InlineData("expert", "shared", 1)]
    [InlineData("expert", "hybrid", 2)]
    [InlineData("token", "recursion", 2)]
    [InlineData("none", "shared", 1)]
    public void Decode_WarmSequence_AllocatesNothing(string type, string kv, int threads)
    {
        using TinyModel model = TinyModel.Recursive(type, "middle_cycle", 3, 2, kv: kv).Load(threads: threads);
        using Sequence sequence = model.Network.CreateSequence(new SequenceOptions());
        AssertDecodesWithoutAllocation(sequence);
    }

    [Fact]
    public void Decode_OrdinaryDecoder_AllocatesNothing()
    {
        using TinyModel model = TinyModel.Decoder("qwen2", 3, biases: true).Load(threads: 2);
        using Sequence sequence = model.Network.CreateSequence(new SequenceOptions());
        AssertDecodesWithoutAllocation(sequence);
    }

    [Theory]
    [InlineData("recursion")]
    [InlineData("hybrid")]
    public void Decode_Int8Cache_AllocatesNothing(string kv)
    {
        using TinyModel model = TinyModel.Recursive("expert", "middle_cycle", 3, 2, kv: kv).Load(threads: 2);
        using Sequence sequence = model.Network.CreateSequence(new SequenceOptions { KvFormat = KvFormat.Q8 });
        AssertDecodesWithoutAllocation(sequence);
    }

    [Fact]
    public void Int8Cache_BytesPerToken_PadKeysToGroupsAndAddScales()
    {
        using TinyModel model = TinyModel.Decoder("llama", 2).Load();
        using Sequence sequence = model.Network.CreateSequence(new SequenceOptions { KvFormat = KvFormat.Q8 });

        sequence.Prefill(TinyModel.RandomIds(5, seed: 1));

        // A key of 8 columns takes a group of 32 and its scale, a value its 8 columns and the scale.
        int slotBytes = TinyModel.KvHeadCount * (32 + 2 + TinyModel.HeadDim + 2);
        Assert.Equal(slotBytes, sequence.KvBytesPerSlotToken);
        Assert.Equal(5 * 2 * slotBytes, sequence.KvBytesUsed);
    }

    [Fact]
    public void KvSharing_BytesPerToken_EqualTheFormula()
    {
        // Spec section 4: recursive sharing keeps B + 2 slots, whatever a token's depth.
        using TinyModel model = TinyModel.Recursive("expert", "middle_cycle", 3, 2, kv: "shared").Load();
        using Sequence sequence = model.Network.CreateSequence(new SequenceOptions { KvFormat = KvFormat.F16 });

        sequence.Prefill(TinyModel.RandomIds(50, seed: 1));

        Assert.Equal(50L * (2 + 2) * SlotTokenBytes, sequence.KvBytesUsed);
        Assert.Equal((2 + 2) * SlotTokenBytes, sequence.KvBytesPerTokenMax);
    }

    [Fact]
    public void RecursionWise_BytesUsed_CountTheSelectedTokens()
    {
        using TinyModel model = TinyModel.Recursive("expert", "middle_cycle", 3, 2).Load();
        using Sequence sequence = model.Network.CreateSequence(
            new SequenceOptions { KvFormat = KvFormat.F16, Routing = RoutingMode.TopK });

        sequence.Prefill(TinyModel.RandomIds(60, seed: 1));

        // Prefix and suffix keep all 60, the two layers of each recursion keep 60, 40 and 20.
        Assert.Equal((60 + 60 + (2 * (60 + 40 + 20))) * SlotTokenBytes, sequence.KvBytesUsed);
        Assert.Equal((2 + (3 * 2)) * SlotTokenBytes, sequence.KvBytesPerTokenMax);
    }

    [Fact]
    public void Sequence_Float32Model_KeepsFloat32Cache()
    {
        using TinyModel model = TinyModel.Decoder("llama", 2, tied: false).Load();
        using Sequence sequence = model.Network.CreateSequence(new SequenceOptions());
        Assert.Equal(KvFormat.F32, sequence.KvFormat);
        Assert.Equal(2 * 2 * SlotTokenBytes, sequence.KvBytesPerTokenMax);
    }

    private static void AssertDecodesWithoutAllocation(Sequence sequence)
    {
        sequence.Prefill(TinyModel.RandomIds(20, seed: 2));
        for (int i = 0; i < 30; i++)
        {
            sequence.Decode(i);
        }

        // Workers run the same Execute methods as this thread, which takes ranges of every piece of work too.
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 30; i++)
        {
            sequence.Decode(i);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
