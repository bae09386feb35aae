using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>One tile of packed weights times four tokens on ARMv8.0 (Cortex-A53, A72).</summary>
/// <remarks>
/// SAFETY: reads groupCount groups of one tile and of each token (tokens lie groupCount groups apart), writes 8 floats
/// per token, yStride apart; PackedDriver holds that promise. Tokens go two by two: with more, the sums do not fit in
/// the 32 registers; the second pass finds the tile in the first-level cache.
/// </remarks>
internal static unsafe class NeonMatMul
{
    /// <summary>y (4, 8) = x (4, groups·32) · Q8G32 tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Q8(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, float* y, long yStride)
    {
        Q8TwoTokens((sbyte*)quants, scales, x, xScales, groupCount, y, (nint)yStride);
        nint next = (nint)groupCount * 2;
        x += next * PackedLayout.GroupSize;
        Q8TwoTokens((sbyte*)quants, scales, x, xScales + next, groupCount, y + (yStride * 2), (nint)yStride);
    }

    /// <summary>y (4, 8) = x (4, groups·32) · Q4G32 tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Q4(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, float* y, long yStride)
    {
        Q4TwoTokens(quants, scales, x, xScales, xSums, groupCount, y, (nint)yStride);
        nint next = (nint)groupCount * 2;
        x += next * PackedLayout.GroupSize;
        Q4TwoTokens(quants, scales, x, xScales + next, xSums + next, groupCount, y + (yStride * 2), (nint)yStride);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Q8TwoTokens(
        sbyte* p, ushort* scales, sbyte* x, float* xScales, int groupCount, float* y, nint yStride)
    {
        sbyte* z = x + ((nint)groupCount * PackedLayout.GroupSize);
        float* zScales = xScales + groupCount;
        Vector128<float> factor = NeonTile.Pin(HalfBits.Rebias);
        Vector128<int> keep = NeonTile.Pin(HalfBits.ShiftedMask);
        Vector128<float> y0 = Vector128<float>.Zero, y1 = y0, y2 = y0, y3 = y0;
        NeonInt16.QuadSums a = default, b = default;
        for (nint group = 0; group < groupCount; group++)
        {
            Vector128<int> x0 = AdvSimd.LoadVector128((int*)x), x1 = AdvSimd.LoadVector128((int*)x + 4);
            Vector128<int> z0 = AdvSimd.LoadVector128((int*)z), z1 = AdvSimd.LoadVector128((int*)z + 4);
            NeonInt16.AddQuads(p, 0, x0, z0, 0, 1, ref a, ref b, isFirst: true);
            NeonInt16.AddQuads(p, 64, x0, z0, 2, 3, ref a, ref b, isFirst: false);
            NeonInt16.AddQuads(p, 128, x1, z1, 0, 1, ref a, ref b, isFirst: false);
            NeonInt16.AddQuads(p, 192, x1, z1, 2, 3, ref a, ref b, isFirst: false);
            Vector64<float> xScale = NeonTile.Scalar(xScales + group), zScale = NeonTile.Scalar(zScales + group);
            Vector128<ushort> halves = AdvSimd.LoadVector128(scales);
            Vector128<float> upper = NeonTile.ScalesUpper(halves, keep, factor);
            Vector128<float> lower = NeonTile.ScalesLower(halves, keep, factor);
            y0 = NeonTile.Accumulate(y0, NeonInt16.Rows(a.Rows01, a.Rows23), lower, xScale);
            y1 = NeonTile.Accumulate(y1, NeonInt16.Rows(a.Rows45, a.Rows67), upper, xScale);
            y2 = NeonTile.Accumulate(y2, NeonInt16.Rows(b.Rows01, b.Rows23), lower, zScale);
            y3 = NeonTile.Accumulate(y3, NeonInt16.Rows(b.Rows45, b.Rows67), upper, zScale);
            p += NeonTile.Q8Bytes;
            x += PackedLayout.GroupSize;
            z += PackedLayout.GroupSize;
            scales += PackedLayout.TileRows;
        }

        AdvSimd.Arm64.StorePair(y, y0, y1);
        AdvSimd.Arm64.StorePair(y + yStride, y2, y3);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Q4TwoTokens(
        byte* p, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, float* y, nint yStride)
    {
        sbyte* z = x + ((nint)groupCount * PackedLayout.GroupSize);
        nint next = groupCount;
        Vector128<float> factor = NeonTile.Pin(HalfBits.Rebias);
        Vector128<int> keep = NeonTile.Pin(HalfBits.ShiftedMask);
        Vector128<byte> mask = NeonTile.Pin(PackedLayout.NibbleMask);
        Vector128<int> zero = NeonTile.Pin(PackedLayout.Q4ZeroPoint);
        Vector128<float> y0 = Vector128<float>.Zero, y1 = y0, y2 = y0, y3 = y0;
        NeonInt16.NibbleSums a = default, b = default;
        for (nint group = 0; group < groupCount; group++)
        {
            Vector128<int> x0 = AdvSimd.LoadVector128((int*)x), x1 = AdvSimd.LoadVector128((int*)x + 4);
            Vector128<int> z0 = AdvSimd.LoadVector128((int*)z), z1 = AdvSimd.LoadVector128((int*)z + 4);
            AddPair(p, 0, 0, mask, x0, x1, z0, z1, ref a, ref b);
            AddPair(p, 32, 1, mask, x0, x1, z0, z1, ref a, ref b);
            AddPair(p, 64, 2, mask, x0, x1, z0, z1, ref a, ref b);
            AddPair(p, 96, 3, mask, x0, x1, z0, z1, ref a, ref b);
            Vector128<ushort> halves = AdvSimd.LoadVector128(scales);
            Vector128<float> upper = NeonTile.ScalesUpper(halves, keep, factor);
            Vector128<float> lower = NeonTile.ScalesLower(halves, keep, factor);
            Vector64<float> xScale = NeonTile.Scalar(xScales + group);
            Vector64<int> xSum = NeonTile.Scalar(xSums + group);
            Vector128<int> rows = NeonTile.CancelZeroPoint(NeonInt16.Rows(a.Rows01, a.Rows23), zero, xSum);
            y0 = NeonTile.Accumulate(y0, rows, lower, xScale);
            rows = NeonTile.CancelZeroPoint(NeonInt16.Rows(a.Rows45, a.Rows67), zero, xSum);
            y1 = NeonTile.Accumulate(y1, rows, upper, xScale);
            xScale = NeonTile.Scalar(xScales + next + group);
            xSum = NeonTile.Scalar(xSums + next + group);
            rows = NeonTile.CancelZeroPoint(NeonInt16.Rows(b.Rows01, b.Rows23), zero, xSum);
            y2 = NeonTile.Accumulate(y2, rows, lower, xScale);
            rows = NeonTile.CancelZeroPoint(NeonInt16.Rows(b.Rows45, b.Rows67), zero, xSum);
            y3 = NeonTile.Accumulate(y3, rows, upper, xScale);
            p += NeonTile.Q4Bytes;
            x += PackedLayout.GroupSize;
            z += PackedLayout.GroupSize;
            scales += PackedLayout.TileRows;
        }

        AdvSimd.Arm64.StorePair(y, y0, y1);
        AdvSimd.Arm64.StorePair(y + yStride, y2, y3);
    }

    // Quad pair `quad` of the tile for both tokens; quad 0 starts the sums.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddPair(
        byte* p,
        int at,
        [ConstantExpected(Max = (byte)3)] byte quad,
        Vector128<byte> mask,
        Vector128<int> x0,
        Vector128<int> x1,
        Vector128<int> z0,
        Vector128<int> z1,
        ref NeonInt16.NibbleSums a,
        ref NeonInt16.NibbleSums b)
    {
        Vector128<byte> w0 = AdvSimd.LoadVector128(p + at), w1 = AdvSimd.LoadVector128(p + (at + 16));
        Vector128<sbyte> x = NeonTile.Quad(x0, quad), z = NeonTile.Quad(z0, quad);
        Vector128<sbyte> n0 = AdvSimd.And(w0, mask).AsSByte(), n1 = AdvSimd.And(w1, mask).AsSByte();
        NeonInt16.AddNibbles(n0, n1, x, z, ref a, ref b, isFirst: quad == 0);
        Vector128<sbyte> h0 = AdvSimd.ShiftRightLogical(w0, 4).AsSByte();
        Vector128<sbyte> h1 = AdvSimd.ShiftRightLogical(w1, 4).AsSByte();
        Vector128<sbyte> xHigh = NeonTile.Quad(x1, quad), zHigh = NeonTile.Quad(z1, quad);
        NeonInt16.AddNibbles(h0, h1, xHigh, zHigh, ref a, ref b, isFirst: false);
    }
}
