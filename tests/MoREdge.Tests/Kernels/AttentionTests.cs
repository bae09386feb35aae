using MoREdge.Kernels;
using MoREdge.Tensors;

namespace MoREdge.Tests.Kernels;

public sealed class AttentionTests
{
    public static IEnumerable<object[]> SetsTimesHeadDims() =>
        KernelSets.Times([[1], [4], [6], [8], [12], [16], [32], [48], [64], [80], [100], [128]]);

    public static IEnumerable<object[]> Sets() => KernelSets.Times([[]]);

    [Theory]
    [MemberData(nameof(SetsTimesHeadDims))]
    public void Attention_AnySupportedSet_MatchesReference(string name, int headDim)
    {
        foreach (int count in (int[])[1, 2, 3, 4, 5, 33])
        {
            foreach (ElementType type in (ElementType[])[ElementType.F16, ElementType.F32])
            {
                KernelDifference difference = KernelComparison.Attention(KernelSets.Get(name), type, headDim, count);
                Assert.True(difference.Passed, $"{name}: {difference}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Attention_TwoPositions_AreTheHandWorkedSums(string name)
    {
        KernelSet set = KernelSets.Get(name);
        using AlignedBuffer buffer = new(2 * 2 * sizeof(float));
        foreach (ElementType type in (ElementType[])[ElementType.F16, ElementType.F32])
        {
            KvRows rows = KvRows.Over(buffer, 0, type, 2, 2);
            set.StoreKv([1, 2], rows, 0);
            set.StoreKv([-3, 0.5f], rows, 1);
            float[] scores = [9, 9, 9];
            set.AttentionScores([4, 10], rows, 2, 0.5f, scores);
            Assert.Equal([12f, -3.5f, 9f], scores);
            float[] output = [7, 7];
            set.AttentionMix([0.25f, 0.5f], rows, 2, output);
            Assert.Equal([-1.25f, 0.75f], output);
            set.AttentionMix([], rows, 0, output);
            Assert.Equal([0f, 0f], output);
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void StoreKv_EveryHalfAndItsNeighbourhood_RoundsToNearestEven(string name)
    {
        using AlignedBuffer buffer = new(8 * sizeof(ushort));
        KvRows rows = KvRows.Over(buffer, 0, ElementType.F16, 1, 8);
        float[] x = new float[8];
        KernelSet set = KernelSets.Get(name);
        for (int bits = 0; bits <= ushort.MaxValue; bits++)
        {
            // The half, the tie above it, and the float32 on either side of both.
            float value = (float)BitConverter.UInt16BitsToHalf((ushort)bits);
            float tie = value + ((float)Half.BitIncrement((Half)value) - value) / 2;
            x[0] = value;
            x[1] = MathF.BitIncrement(value);
            x[2] = MathF.BitDecrement(value);
            x[3] = tie;
            x[4] = MathF.BitIncrement(tie);
            x[5] = MathF.BitDecrement(tie);
            x[6] = -tie;
            x[7] = value * 2;
            set.StoreKv(x, rows, 0);
            Span<Half> stored = buffer.Span<Half>(0, 8);
            for (int i = 0; i < 8; i++)
            {
                Half expected = (Half)x[i];
                bool same = Half.IsNaN(expected)
                    ? Half.IsNaN(stored[i])
                    : BitConverter.HalfToUInt16Bits(expected) == BitConverter.HalfToUInt16Bits(stored[i]);
                Assert.True(same, $"{name}: {x[i]:R} became {stored[i]}, not {expected}.");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void AttentionMix_EveryHalf_ConvertsExactly(string name)
    {
        // A weight of 1 and one position: the output is the stored value.
        const int Cols = 1 << 16;
        using AlignedBuffer buffer = new(Cols * sizeof(ushort));
        Span<ushort> halves = buffer.Span<ushort>(0, Cols);
        for (int i = 0; i < Cols; i++)
        {
            halves[i] = (ushort)i;
        }

        float[] output = new float[Cols];
        KernelSets.Get(name).AttentionMix([1f], KvRows.Over(buffer, 0, ElementType.F16, 1, Cols), 1, output);
        for (int i = 0; i < Cols; i++)
        {
            float expected = (float)BitConverter.UInt16BitsToHalf((ushort)i);
            Assert.True(expected == output[i] || (float.IsNaN(expected) && float.IsNaN(output[i])), $"{name}: {i:x4}");
        }
    }
}
