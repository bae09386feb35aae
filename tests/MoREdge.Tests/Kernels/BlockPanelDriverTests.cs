using MoREdge.Kernels;
using MoREdge.Tensors;

namespace MoREdge.Tests.Kernels;

/// <summary>
/// The loops that turn rows of blocks into tiles, which only ARM64 sets use, with bodies as plain as the contract: on
/// every processor.
/// </summary>
public sealed unsafe class BlockPanelDriverTests
{
    // Rows and columns that leave a row, a tile and a chunk incomplete, and one panel too many.
    [Theory]
    [InlineData(ElementType.Q8_0, 17, 32)]
    [InlineData(ElementType.Q4_0, 33, 576)]
    [InlineData(ElementType.Q5_0, 16, 2400)]
    [InlineData(ElementType.Q4_1, 19, 224)]
    [InlineData(ElementType.Q4_K, 16, 768)]
    [InlineData(ElementType.Q6_K, 24, 2304)]
    [InlineData(ElementType.Q6_K, 16, 11520)]
    public void MatMul_AnyTokenCount_IsTheReferenceBitForBit(ElementType type, int rows, int cols)
    {
        foreach (int tokens in (int[])(cols > 4096 ? [21] : [1, 2, 4, 5, 7, 63, 64, 65, 130]))
        {
            KernelDifference difference =
                BlockComparison.Run(new PanelKernels(), type, rows, cols, tokens, isHostile: tokens == 7);
            Assert.True(difference.Worst == 0, difference.ToString());
        }
    }

    private sealed class PanelKernels() : Vector128Kernels(isFused: true)
    {
        public override void MatMulBlocks(
            in DenseMatrix w, in QuantizedRows x, in FloatMatrix y, int rowStart, int rowEnd)
        {
            if (BlockPanelDriver.Fits(w.Cols))
            {
                int whole = (rowEnd - rowStart) / PackedLayout.TileRows * PackedLayout.TileRows;
                BlockPanelDriver.MatMul(
                    w, x, y, rowStart, rowStart + whole, PortableBlocks.Unpack(w.Type), &Turn, Body(w.Type));
                rowStart += whole;
            }

            base.MatMulBlocks(w, x, y, rowStart, rowEnd);
        }

        private static delegate*<byte*, float*, byte*, int, float*, void> Body(ElementType type) => type switch
        {
            ElementType.Q8_0 => &Signed,
            ElementType.Q4_0 => &Four,
            ElementType.Q5_0 => &Five,
            ElementType.Q6_K => &Six,
            _ => &Minimum,
        };

        private static void Signed(byte* tile, float* factors, byte* record, int tokens, float* sums) =>
            Chunk(tile, factors, record, tokens, sums, 0, hasMinimum: false);

        private static void Four(byte* tile, float* factors, byte* record, int tokens, float* sums) =>
            Chunk(tile, factors, record, tokens, sums, PackedLayout.Q4ZeroPoint, hasMinimum: false);

        private static void Five(byte* tile, float* factors, byte* record, int tokens, float* sums) =>
            Chunk(tile, factors, record, tokens, sums, DenseBlock.Q5ZeroPoint, hasMinimum: false);

        private static void Minimum(byte* tile, float* factors, byte* record, int tokens, float* sums) =>
            Chunk(tile, factors, record, tokens, sums, 0, hasMinimum: true);

        // quants (row, 256) to (group, quad, row, 4), factors (row, 16) to (group, 16).
        private static void Turn(byte* quants, float* factors, byte* tile, float* turned)
        {
            for (int i = 0; i < PackedLayout.TileRows * BlockLayout.Quants; i++)
            {
                int row = i % PackedLayout.TileRows, col = i / PackedLayout.TileRows % DenseBlock.Length;
                int group = i / PackedLayout.TileRows / DenseBlock.Length;
                int from = BlockLayout.Offset(group) + (col / 16 * BlockLayout.HalfStep) + (col % 16);
                tile[At(group, row, col)] = quants[(row * BlockLayout.Quants) + from];
            }

            for (int i = 0; i < PackedLayout.TileRows * BlockLayout.Factors; i++)
            {
                int row = i % PackedLayout.TileRows, part = i / PackedLayout.TileRows % 2;
                int group = i / PackedLayout.TileRows / 2;
                turned[(group * BlockLayout.Factors) + (part * PackedLayout.TileRows) + row] =
                    factors[(row * BlockLayout.Factors) + (part * BlockLayout.Groups) + group];
            }
        }

        private static int At(int group, int row, int col) =>
            (group * DenseBlock.Length * PackedLayout.TileRows) + (col / PackedLayout.QuadSize * PackedLayout.QuadBytes)
                + (row * PackedLayout.QuadSize) + (col % PackedLayout.QuadSize);

        private static void Chunk(
            byte* tile, float* factors, byte* record, int tokens, float* sums, int zeroPoint, bool hasMinimum)
        {
            for (int i = 0; i < BlockLayout.Groups * tokens * PackedLayout.TileRows; i++)
            {
                int row = i % PackedLayout.TileRows, at = i / PackedLayout.TileRows, group = at / tokens;
                byte* sum = record + (tokens * BlockLayout.SumsOffset) + (at * sizeof(int));
                bool isSigned = zeroPoint == 0 && !hasMinimum;
                int integer = Products(tile, record, group, row, at, 0, DenseBlock.Length, isSigned);
                integer -= zeroPoint == 0 ? 0 : zeroPoint * *(int*)sum;
                float* scales = factors + (group * BlockLayout.Factors) + row;
                sums[i] = MathF.FusedMultiplyAdd(integer, *scales * Scale(record, tokens, at), sums[i]);
                if (hasMinimum)
                {
                    sums[i] = MathF.FusedMultiplyAdd(scales[PackedLayout.TileRows], *(float*)sum, sums[i]);
                }
            }
        }

        private static void Six(byte* tile, float* factors, byte* record, int tokens, float* sums)
        {
            for (int i = 0; i < BlockLayout.Groups * tokens * PackedLayout.TileRows; i++)
            {
                int row = i % PackedLayout.TileRows, at = i / PackedLayout.TileRows, group = at / tokens;
                int first = ((int*)(record + (tokens * BlockLayout.FirstSumsOffset)))[at];
                int second = ((int*)(record + (tokens * BlockLayout.SumsOffset)))[at] - first;
                float* scales = factors + (group * BlockLayout.Factors) + row;
                float xScale = Scale(record, tokens, at);
                int integer = Products(tile, record, group, row, at, 0, 16, false) - (DenseBlock.Q6ZeroPoint * first);
                sums[i] = MathF.FusedMultiplyAdd(integer, *scales * xScale, sums[i]);
                integer = Products(tile, record, group, row, at, 16, 32, false) - (DenseBlock.Q6ZeroPoint * second);
                sums[i] = MathF.FusedMultiplyAdd(integer, scales[PackedLayout.TileRows] * xScale, sums[i]);
            }
        }

        private static float Scale(byte* record, int tokens, int at) =>
            ((float*)(record + (tokens * BlockLayout.ScalesOffset)))[at];

        private static int Products(
            byte* tile, byte* record, int group, int row, int at, int start, int end, bool isSigned)
        {
            int integer = 0;
            for (int k = start; k < end; k++)
            {
                byte quant = tile[At(group, row, k)];
                integer += (isSigned ? (sbyte)quant : quant) * ((sbyte*)record)[(at * DenseBlock.Length) + k];
            }

            return integer;
        }
    }
}
