using System.Runtime.InteropServices;
using MoREdge.Kernels;
using MoREdge.Tensors;

namespace MoREdge.Tests.Kernels;

public sealed class DenseProductTests
{
    private static readonly int[] RowCounts = [1, 4, 7, 9];
    private static readonly int[] PlainCols = [1, 7, 33, 172, 1030];
    private static readonly int[] BlockCols = [32, 576, 1056];
    private static readonly int[] TokenCounts = [1, 2, 5, 33];

    public static IEnumerable<object[]> SetsTimesTypes() => KernelSets.Times(
        [[ElementType.F32], [ElementType.F16], [ElementType.BF16], [ElementType.Q8_0], [ElementType.Q4_0]]);

    [Theory]
    [MemberData(nameof(SetsTimesTypes))]
    public void MatMulDense_AnySupportedSet_MatchesReferenceAndIgnoresBatching(string name, ElementType type)
    {
        KernelSet set = KernelSets.Get(name);
        foreach (int rows in RowCounts)
        {
            foreach (int cols in ElementTypes.BlockLength(type) == 1 ? PlainCols : BlockCols)
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

    [Fact]
    public void DequantizeRow_BlockTypes_AreTheHandWorkedWeights()
    {
        using AlignedBuffer buffer = new(34);
        Span<byte> block = buffer.Span<byte>(0, 34);
        MemoryMarshal.Write(block, (Half)(-0.5f));
        // Q8_0: byte k is element k. Q4_0: low nibble of byte 3 is element 3, its high nibble element 19.
        block[2 + 3] = 0xf1;
        float[] row = new float[32];
        foreach (KernelSet set in KernelSelector.Supported)
        {
            set.DequantizeRow(View(buffer, ElementType.Q8_0, 1, 32), 0, row);
            Assert.Equal(7.5f, row[3]);
            set.DequantizeRow(View(buffer, ElementType.Q4_0, 1, 32), 0, row);
            Assert.Equal(3.5f, row[3]);
            Assert.Equal(-3.5f, row[19]);
            Assert.Equal(4f, row[0]);
        }
    }

    [Fact]
    public void DequantizeRow_TypeThatDoesNotRun_SaysSo()
    {
        using AlignedBuffer buffer = new(210);
        foreach (KernelSet set in KernelSelector.Supported)
        {
            Assert.Throws<ArgumentException>(
                () => set.DequantizeRow(View(buffer, ElementType.Q6_K, 1, 256), 0, new float[256]));
        }
    }

    // SAFETY: the buffer holds the rows.
    private static unsafe DenseMatrix View(AlignedBuffer buffer, ElementType type, int rows, int cols) =>
        new(buffer.Data, type, rows, cols);
}
