using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using MoREdge.Tensors;
using static MoREdge.Kernels.NeonDotMatMul;

namespace MoREdge.Kernels;

/// <summary>A chunk of 8 rows of blocks, turned into a tile, times a panel of tokens with sdot (ARMv8.2).</summary>
/// <remarks>
/// SAFETY: reads one tile and the records of a panel, adds to tokens·64 floats; BlockPanelDriver promises that and
/// says how they lie. As in NeonDotMatMul, half of the registers hold one group of the tile; the tokens stream past.
/// </remarks>
internal static unsafe class NeonDotTiles
{
    // Four quads of a group.
    private const int HalfBytes = NeonTile.Q8Bytes / 2;

    /// <summary>All types but Q6_K, of whose constants zero point and minimum matter here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Chunk<TFormat>(byte* tile, float* factors, byte* record, int tokens, float* sums)
        where TFormat : unmanaged, IBlockFormat
    {
        sbyte* x = (sbyte*)record;
        float* xScales = (float*)(record + ((long)tokens * BlockLayout.ScalesOffset));
        int* xSums = (int*)(record + ((long)tokens * BlockLayout.SumsOffset));
        for (int group = 0; group < BlockLayout.Groups; group++)
        {
            Load((sbyte*)tile, out Quads lower0, out Quads upper0);
            Load((sbyte*)tile + HalfBytes, out Quads lower1, out Quads upper1);
            Vector128<float> lower = AdvSimd.LoadVector128(factors), upper = AdvSimd.LoadVector128(factors + 4);
            Vector128<float> minimum = AdvSimd.LoadVector128(factors + PackedLayout.TileRows);
            Vector128<float> minimum4 = AdvSimd.LoadVector128(factors + (PackedLayout.TileRows + 4));
            for (int token = tokens; token > 0; token -= PanelLayout.TokenStep)
            {
                Vector128<float> xs = AdvSimd.LoadVector128(xScales);
                Vector128<int> xSum = AdvSimd.LoadVector128(xSums);
                Token(
                    x, sums, 0, sizeof(TFormat), xs, xSum, 0,
                    lower0, upper0, lower1, upper1, lower, upper, minimum, minimum4);
                Token(
                    x, sums, 1, sizeof(TFormat), xs, xSum, 1,
                    lower0, upper0, lower1, upper1, lower, upper, minimum, minimum4);
                Token(
                    x, sums, 2, sizeof(TFormat), xs, xSum, 2,
                    lower0, upper0, lower1, upper1, lower, upper, minimum, minimum4);
                Token(
                    x, sums, 3, sizeof(TFormat), xs, xSum, 3,
                    lower0, upper0, lower1, upper1, lower, upper, minimum, minimum4);
                x += PanelLayout.TokenStep * PackedLayout.GroupSize;
                xScales += PanelLayout.TokenStep;
                xSums += PanelLayout.TokenStep;
                sums += PanelLayout.TokenStep * PackedLayout.TileRows;
            }

            tile += NeonTile.Q8Bytes;
            factors += BlockLayout.Factors;
        }
    }

    /// <summary>Q6_K: two scales a group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void ChunkSix(byte* tile, float* factors, byte* record, int tokens, float* sums)
    {
        sbyte* x = (sbyte*)record;
        float* xScales = (float*)(record + ((long)tokens * BlockLayout.ScalesOffset));
        int* xSums = (int*)(record + ((long)tokens * BlockLayout.SumsOffset));
        int* xFirsts = (int*)(record + ((long)tokens * BlockLayout.FirstSumsOffset));
        for (int group = 0; group < BlockLayout.Groups; group++)
        {
            Load((sbyte*)tile, out Quads lower0, out Quads upper0);
            Load((sbyte*)tile + HalfBytes, out Quads lower1, out Quads upper1);
            Vector128<float> lower = AdvSimd.LoadVector128(factors), upper = AdvSimd.LoadVector128(factors + 4);
            Vector128<float> second = AdvSimd.LoadVector128(factors + PackedLayout.TileRows);
            Vector128<float> second4 = AdvSimd.LoadVector128(factors + (PackedLayout.TileRows + 4));
            for (int token = tokens; token > 0; token -= PanelLayout.TokenStep)
            {
                Vector128<float> xs = AdvSimd.LoadVector128(xScales);
                Vector128<int> xFirst = AdvSimd.LoadVector128(xFirsts);
                Vector128<int> xSecond = AdvSimd.LoadVector128(xSums) - xFirst;
                TokenSix(
                    x, sums, 0, xs, xFirst, xSecond, 0, lower0, upper0, lower1, upper1, lower, upper, second, second4);
                TokenSix(
                    x, sums, 1, xs, xFirst, xSecond, 1, lower0, upper0, lower1, upper1, lower, upper, second, second4);
                TokenSix(
                    x, sums, 2, xs, xFirst, xSecond, 2, lower0, upper0, lower1, upper1, lower, upper, second, second4);
                TokenSix(
                    x, sums, 3, xs, xFirst, xSecond, 3, lower0, upper0, lower1, upper1, lower, upper, second, second4);
                x += PanelLayout.TokenStep * PackedLayout.GroupSize;
                xScales += PanelLayout.TokenStep;
                xSums += PanelLayout.TokenStep;
                xFirsts += PanelLayout.TokenStep;
                sums += PanelLayout.TokenStep * PackedLayout.TileRows;
            }

            tile += NeonTile.Q8Bytes;
            factors += BlockLayout.Factors;
        }
    }

    // One group of one token.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Token(
        sbyte* x, float* y, int token, int format, Vector128<float> xs, Vector128<int> xSum,
        [ConstantExpected(Max = (byte)3)] byte index, in Quads lower0, in Quads upper0, in Quads lower1,
        in Quads upper1, Vector128<float> lower, Vector128<float> upper, Vector128<float> minimum,
        Vector128<float> minimum4)
    {
        Vector128<int> start = Vector128<int>.Zero;
        if ((format & FormatSize.ZeroPoint) != 0)
        {
            start = AdvSimd.MultiplyBySelectedScalar(
                Vector128.Create(-(format >> FormatSize.ZeroPointShift)), xSum, index);
        }

        RowSums sums;
        sums.Lower = start;
        sums.Upper = start;
        Add(ref sums, lower0, upper0, AdvSimd.LoadVector128(x + (token * PackedLayout.GroupSize)));
        Add(ref sums, lower1, upper1, AdvSimd.LoadVector128(x + ((token * PackedLayout.GroupSize) + 16)));
        y += token * PackedLayout.TileRows;
        Vector128<float> y0 = AdvSimd.LoadVector128(y), y1 = AdvSimd.LoadVector128(y + 4);
        y0 = NeonTile.Accumulate(y0, sums.Lower, lower, xs, index);
        y1 = NeonTile.Accumulate(y1, sums.Upper, upper, xs, index);
        if ((format & FormatSize.HasMinimum) != 0)
        {
            // The sums are scaled, float32.
            y0 = AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(y0, minimum, xSum.AsSingle(), index);
            y1 = AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(y1, minimum4, xSum.AsSingle(), index);
        }

        AdvSimd.Arm64.StorePair(y, y0, y1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TokenSix(
        sbyte* x, float* y, int token, Vector128<float> xs, Vector128<int> xFirst, Vector128<int> xSecond,
        [ConstantExpected(Max = (byte)3)] byte index, in Quads lower0, in Quads upper0, in Quads lower1,
        in Quads upper1, Vector128<float> lower, Vector128<float> upper, Vector128<float> second,
        Vector128<float> second4)
    {
        RowSums sums;
        sums.Lower =
            AdvSimd.MultiplyBySelectedScalar(Vector128.Create(-DenseBlock.Q6ZeroPoint), xFirst, index);
        sums.Upper = sums.Lower;
        Add(ref sums, lower0, upper0, AdvSimd.LoadVector128(x + (token * PackedLayout.GroupSize)));
        y += token * PackedLayout.TileRows;
        Vector128<float> y0 = AdvSimd.LoadVector128(y), y1 = AdvSimd.LoadVector128(y + 4);
        y0 = NeonTile.Accumulate(y0, sums.Lower, lower, xs, index);
        y1 = NeonTile.Accumulate(y1, sums.Upper, upper, xs, index);
        sums.Lower =
            AdvSimd.MultiplyBySelectedScalar(Vector128.Create(-DenseBlock.Q6ZeroPoint), xSecond, index);
        sums.Upper = sums.Lower;
        Add(ref sums, lower1, upper1, AdvSimd.LoadVector128(x + ((token * PackedLayout.GroupSize) + 16)));
        y0 = NeonTile.Accumulate(y0, sums.Lower, second, xs, index);
        y1 = NeonTile.Accumulate(y1, sums.Upper, second4, xs, index);
        AdvSimd.Arm64.StorePair(y, y0, y1);
    }
}
