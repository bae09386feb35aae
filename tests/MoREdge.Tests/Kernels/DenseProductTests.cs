using MoREdge.Kernels;
using MoREdge.Tensors;

namespace MoREdge.Tests.Kernels;

public sealed class DenseProductTests
{
    private static readonly int[] RowCounts = [1, 4, 7, 9];
    private static readonly int[] PlainCols = [1, 7, 33, 172, 1030];
    private static readonly int[] TokenCounts = [1, 2, 3, 5, 33, 61];

    public static IEnumerable<object[]> SetsTimesTypes() => KernelSets.Times(
        [[ElementType.F32], [ElementType.F16], [ElementType.BF16]]);

    public static IEnumerable<object[]> SetNames() => KernelSets.Times([[]]);

    [Theory]
    [MemberData(nameof(SetsTimesTypes))]
    public void MatMulDense_AnySupportedSet_MatchesReferenceAndIgnoresBatching(string name, ElementType type)
    {
        KernelSet set = KernelSets.Get(name);
        foreach (int rows in RowCounts)
        {
            foreach (int cols in PlainCols)
            {
                foreach (int tokens in TokenCounts)
                {
                    KernelDifference difference = KernelComparison.Dense(set, type, rows, cols, tokens);
                    Assert.True(difference.Passed, $"{name}: {difference}");
                }
            }
        }
    }

    [Fact]
    public void MatMulDense_SmallMatrix_IsTheHandWorkedProduct()
    {
        using AlignedBuffer buffer = new(6 * sizeof(float));
        new float[] { 1, 2, 3, -4, 5, 0.5f }.CopyTo(buffer.Span<float>(0, 6));
        using AlignedBuffer input = new(3 * sizeof(float));
        new float[] { 10, 100, 1000 }.CopyTo(input.Span<float>(0, 3));
        using AlignedBuffer output = new(2 * sizeof(float));
        foreach (KernelSet set in KernelSelector.Supported)
        {
            DenseMatrix w = View(buffer, ElementType.F32, 2, 3);
            set.MatMulDense(w, FloatMatrix.Over(input, 1, 3), FloatMatrix.Over(output, 1, 2), 0, 2);
            Assert.Equal([3210f, 960f], output.Span<float>(0, 2));
        }
    }

    /// <summary>Subnormal, infinite and NaN weights too, alone with a token and among others.</summary>
    [Theory]
    [MemberData(nameof(SetNames))]
    public void MatMulDense_EveryFloat16_IsExact(string name)
    {
        const int Count = 1 << 16, Cols = 13;
        KernelSet set = KernelSets.Get(name);
        using AlignedBuffer weights = new((long)Count * Cols * sizeof(ushort));
        using AlignedBuffer input = new(2 * Cols * sizeof(float));
        using AlignedBuffer output = new(2L * Count * sizeof(float));
        Span<ushort> bits = weights.Span<ushort>(0, Count * Cols);
        bits.Clear();
        input.Span<float>(0, 2 * Cols).Clear();
        foreach (int place in (int[])[0, 8, Cols - 1])
        {
            for (int i = 0; i < Count; i++)
            {
                bits[(i * Cols) + place] = (ushort)i;
            }

            FloatMatrix x = FloatMatrix.Over(input, 2, Cols), y = FloatMatrix.Over(output, 2, Count);
            x.Row(0)[place] = 1;
            x.Row(1)[place] = 1;
            DenseMatrix w = View(weights, ElementType.F16, Count, Cols);
            foreach (int tokens in (int[])[1, 2])
            {
                y.Row(0).Clear();
                set.MatMulDense(w, x.Slice(0, tokens), y.Slice(0, tokens), 0, Count);
                for (int i = 0; i < Count; i++)
                {
                    Assert.Equal((float)BitConverter.UInt16BitsToHalf((ushort)i), y.Row(0)[i]);
                }
            }

            bits.Clear();
            x.Row(0).Clear();
            x.Row(1).Clear();
        }
    }

    // SAFETY: the buffer holds the rows.
    private static unsafe DenseMatrix View(AlignedBuffer buffer, ElementType type, int rows, int cols) =>
        new(buffer.Data, type, rows, cols);
}
