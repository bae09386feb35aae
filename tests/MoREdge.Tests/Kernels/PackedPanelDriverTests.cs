using MoREdge.Kernels;
using MoREdge.Tensors;

namespace MoREdge.Tests.Kernels;

/// <summary>
/// The panel loops, which only ARM64 sets use, with a body as plain as the contract: on every processor.
/// </summary>
public sealed unsafe class PackedPanelDriverTests
{
    // 2,080 columns are 65 groups: more than a panel of 64 tokens holds, so that rows are summed in two parts.
    [Theory]
    [InlineData(QuantFormat.Q8G32, 1, 31)]
    [InlineData(QuantFormat.Q8G32, 17, 576)]
    [InlineData(QuantFormat.Q8G32, 24, 2080)]
    [InlineData(QuantFormat.Q4G32, 9, 33)]
    [InlineData(QuantFormat.Q4G32, 16, 2080)]
    public void MatMul_AnyTokenCount_IsTheReferenceBitForBit(QuantFormat format, int rows, int cols)
    {
        foreach (int tokens in (int[])[1, 2, 3, 4, 7, 63, 64, 65, 130])
        {
            KernelDifference difference = KernelComparison.Packed(new PanelKernels(), format, rows, cols, tokens);
            Assert.True(difference.Worst == 0, difference.ToString());
        }
    }

    private sealed class PanelKernels : KernelSet
    {
        public override void MatMulQ8(
            in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd) =>
            PackedPanelDriver.MatMul(w, x, y, tileStart, tileEnd, &Vector128PackedBodies.MatVecQ8, &PanelQ8);

        public override void MatMulQ4(
            in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd) =>
            PackedPanelDriver.MatMul(w, x, y, tileStart, tileEnd, &Vector128PackedBodies.MatVecQ4, &PanelQ4);

        private static void PanelQ8(
            byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groups, int tokens, float* sums) =>
            Panel(QuantFormat.Q8G32, quants, scales, x, xScales, xSums, groups, tokens, sums);

        private static void PanelQ4(
            byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groups, int tokens, float* sums) =>
            Panel(QuantFormat.Q4G32, quants, scales, x, xScales, xSums, groups, tokens, sums);

        private static void Panel(
            QuantFormat format,
            byte* quants,
            ushort* scales,
            sbyte* x,
            float* xScales,
            int* xSums,
            int groups,
            int tokens,
            float* sums)
        {
            Assert.Equal(0, tokens % PanelLayout.TokenStep);
            for (int i = 0; i < groups * tokens * PackedLayout.TileRows; i++)
            {
                int row = i % PackedLayout.TileRows;
                int at = i / PackedLayout.TileRows;
                int group = at / tokens;
                int zeroPoint = format == QuantFormat.Q4G32 ? PackedLayout.Q4ZeroPoint : 0;
                int integer = -zeroPoint * xSums[at];
                for (int k = 0; k < PackedLayout.GroupSize; k++)
                {
                    integer += Quant(format, quants, group, row, k) * x[(at * PackedLayout.GroupSize) + k];
                }

                float scale = (float)BitConverter.UInt16BitsToHalf(scales[(group * PackedLayout.TileRows) + row]);
                float* sum = sums + (at % tokens * PackedLayout.TileRows) + row;
                *sum = MathF.FusedMultiplyAdd(integer, scale * xScales[at], *sum);
            }
        }

        // A signed byte, or an unsigned nibble.
        private static int Quant(QuantFormat format, byte* quants, int group, int row, int k)
        {
            quants += group * PackedLayout.TileGroupBytes(format);
            int quad = k / PackedLayout.QuadSize;
            int lane = (row * PackedLayout.QuadSize) + (k % PackedLayout.QuadSize);
            if (format == QuantFormat.Q8G32)
            {
                return (sbyte)quants[(quad * PackedLayout.QuadBytes) + lane];
            }

            int pair = quants[(quad % PackedLayout.QuadPairs * PackedLayout.QuadBytes) + lane];
            return quad < PackedLayout.QuadPairs
                ? pair & PackedLayout.NibbleMask
                : pair >> PackedLayout.NibbleBits;
        }
    }
}
