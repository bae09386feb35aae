using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>Packed weights times one token on ARMv8.0 (Cortex-A53, A72): products are taken in int16.</summary>
/// <remarks>
/// SAFETY: reads tileCount·groupCount groups of quants and scales, groupCount groups of x, writes tileCount·8 floats;
/// PackedDriver holds that promise. Two tiles go together because they share the copies of x, and because an in-order
/// core needs independent sums to hide the latency of a multiplication.
/// </remarks>
internal static unsafe class NeonMatVec
{
    /// <summary>y (8·tileCount) = Q8G32 tiles · x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Q8(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, int tileCount, float* y)
    {
        for (; tileCount >= 2; tileCount -= 2)
        {
            Q8TwoTiles((sbyte*)quants, (byte*)scales, x, xScales, groupCount, y);
            quants += (nint)groupCount * (NeonTile.Q8Bytes * 2);
            scales += (nint)groupCount * (PackedLayout.TileRows * 2);
            y += PackedLayout.TileRows * 2;
        }

        if (tileCount > 0)
        {
            Q8OneTile((sbyte*)quants, (byte*)scales, x, xScales, groupCount, y);
        }
    }

    /// <summary>y (8·tileCount) = Q4G32 tiles · x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Q4(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, int tileCount, float* y)
    {
        for (; tileCount >= 2; tileCount -= 2)
        {
            Q4TwoTiles(quants, (byte*)scales, x, xScales, xSums, groupCount, y);
            quants += (nint)groupCount * (NeonTile.Q4Bytes * 2);
            scales += (nint)groupCount * (PackedLayout.TileRows * 2);
            y += PackedLayout.TileRows * 2;
        }

        if (tileCount > 0)
        {
            Q4OneTile(quants, (byte*)scales, x, xScales, xSums, groupCount, y);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Q8TwoTiles(sbyte* p, byte* scales, sbyte* x, float* xScales, int groupCount, float* y)
    {
        sbyte* q = p + ((nint)groupCount * NeonTile.Q8Bytes);
        nint nextScales = (nint)groupCount * PackedLayout.TileScaleBytes;
        Vector128<float> factor = NeonTile.Pin(HalfBits.Rebias);
        Vector128<int> keep = NeonTile.Pin(HalfBits.ShiftedMask);
        Vector128<float> y0 = Vector128<float>.Zero, y1 = y0, y2 = y0, y3 = y0;
        NeonInt16.QuadSums a = default, b = default;
        for (nint group = 0; group < groupCount; group++)
        {
            Vector128<int> x0 = AdvSimd.LoadVector128((int*)x), x1 = AdvSimd.LoadVector128((int*)x + 4);
            NeonInt16.AddQuads(p, q, 0, NeonTile.Quad(x0, 0), NeonTile.Quad(x0, 1), ref a, ref b, isFirst: true);
            NeonInt16.AddQuads(p, q, 64, NeonTile.Quad(x0, 2), NeonTile.Quad(x0, 3), ref a, ref b, isFirst: false);
            NeonInt16.AddQuads(p, q, 128, NeonTile.Quad(x1, 0), NeonTile.Quad(x1, 1), ref a, ref b, isFirst: false);
            NeonInt16.AddQuads(p, q, 192, NeonTile.Quad(x1, 2), NeonTile.Quad(x1, 3), ref a, ref b, isFirst: false);
            Vector64<float> xScale = NeonTile.Scalar(xScales + group);
            Vector128<ushort> halves = AdvSimd.LoadVector128((ushort*)scales);
            Vector128<float> upper = NeonTile.ScalesUpper(halves, keep, factor);
            Vector128<float> lower = NeonTile.ScalesLower(halves, keep, factor);
            y0 = NeonTile.Accumulate(y0, NeonInt16.Rows(a.Rows01, a.Rows23), lower, xScale);
            y1 = NeonTile.Accumulate(y1, NeonInt16.Rows(a.Rows45, a.Rows67), upper, xScale);
            halves = AdvSimd.LoadVector128((ushort*)(scales + nextScales));
            upper = NeonTile.ScalesUpper(halves, keep, factor);
            lower = NeonTile.ScalesLower(halves, keep, factor);
            y2 = NeonTile.Accumulate(y2, NeonInt16.Rows(b.Rows01, b.Rows23), lower, xScale);
            y3 = NeonTile.Accumulate(y3, NeonInt16.Rows(b.Rows45, b.Rows67), upper, xScale);
            p += NeonTile.Q8Bytes;
            q += NeonTile.Q8Bytes;
            x += PackedLayout.GroupSize;
            scales += PackedLayout.TileScaleBytes;
        }

        AdvSimd.Arm64.StorePair(y, y0, y1);
        AdvSimd.Arm64.StorePair(y + PackedLayout.TileRows, y2, y3);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Q8OneTile(sbyte* p, byte* scales, sbyte* x, float* xScales, int groupCount, float* y)
    {
        Vector128<float> factor = NeonTile.Pin(HalfBits.Rebias);
        Vector128<int> keep = NeonTile.Pin(HalfBits.ShiftedMask);
        Vector128<float> y0 = Vector128<float>.Zero, y1 = y0;
        NeonInt16.QuadSums sums = default;
        for (nint group = 0; group < groupCount; group++)
        {
            Vector128<int> x0 = AdvSimd.LoadVector128((int*)x), x1 = AdvSimd.LoadVector128((int*)x + 4);
            NeonInt16.AddQuads(p, 0, NeonTile.Quad(x0, 0), NeonTile.Quad(x0, 1), ref sums, isFirst: true);
            NeonInt16.AddQuads(p, 64, NeonTile.Quad(x0, 2), NeonTile.Quad(x0, 3), ref sums, isFirst: false);
            NeonInt16.AddQuads(p, 128, NeonTile.Quad(x1, 0), NeonTile.Quad(x1, 1), ref sums, isFirst: false);
            NeonInt16.AddQuads(p, 192, NeonTile.Quad(x1, 2), NeonTile.Quad(x1, 3), ref sums, isFirst: false);
            Vector64<float> xScale = NeonTile.Scalar(xScales + group);
            Vector128<ushort> halves = AdvSimd.LoadVector128((ushort*)scales);
            Vector128<float> upper = NeonTile.ScalesUpper(halves, keep, factor);
            Vector128<float> lower = NeonTile.ScalesLower(halves, keep, factor);
            y0 = NeonTile.Accumulate(y0, NeonInt16.Rows(sums.Rows01, sums.Rows23), lower, xScale);
            y1 = NeonTile.Accumulate(y1, NeonInt16.Rows(sums.Rows45, sums.Rows67), upper, xScale);
            p += NeonTile.Q8Bytes;
            x += PackedLayout.GroupSize;
            scales += PackedLayout.TileScaleBytes;
        }

        AdvSimd.Arm64.StorePair(y, y0, y1);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Q4TwoTiles(
        byte* p, byte* scales, sbyte* x, float* xScales, int* xSums, int groupCount, float* y)
    {
        byte* q = p + ((nint)groupCount * NeonTile.Q4Bytes);
        nint nextScales = (nint)groupCount * PackedLayout.TileScaleBytes;
        Vector128<float> factor = NeonTile.Pin(HalfBits.Rebias);
        Vector128<int> keep = NeonTile.Pin(HalfBits.ShiftedMask);
        Vector128<byte> mask = NeonTile.Pin(PackedLayout.NibbleMask);
        Vector128<int> zero = NeonTile.Pin(PackedLayout.Q4ZeroPoint);
        Vector128<float> y0 = Vector128<float>.Zero, y1 = y0, y2 = y0, y3 = y0;
        NeonInt16.NibbleSums a = default, b = default;
        for (nint group = 0; group < groupCount; group++)
        {
            Vector128<int> x0 = AdvSimd.LoadVector128((int*)x), x1 = AdvSimd.LoadVector128((int*)x + 4);
            NeonInt16.AddNibbles(p, q, 0, mask, x0, x1, 0, ref a, ref b, isFirst: true);
            NeonInt16.AddNibbles(p, q, 32, mask, x0, x1, 1, ref a, ref b, isFirst: false);
            NeonInt16.AddNibbles(p, q, 64, mask, x0, x1, 2, ref a, ref b, isFirst: false);
            NeonInt16.AddNibbles(p, q, 96, mask, x0, x1, 3, ref a, ref b, isFirst: false);
            Vector64<float> xScale = NeonTile.Scalar(xScales + group);
            Vector64<int> xSum = NeonTile.Scalar(xSums + group);
            Vector128<ushort> halves = AdvSimd.LoadVector128((ushort*)scales);
            Vector128<float> upper = NeonTile.ScalesUpper(halves, keep, factor);
            Vector128<float> lower = NeonTile.ScalesLower(halves, keep, factor);
            Vector128<int> rows = NeonTile.CancelZeroPoint(NeonInt16.Rows(a.Rows01, a.Rows23), zero, xSum);
            y0 = NeonTile.Accumulate(y0, rows, lower, xScale);
            rows = NeonTile.CancelZeroPoint(NeonInt16.Rows(a.Rows45, a.Rows67), zero, xSum);
            y1 = NeonTile.Accumulate(y1, rows, upper, xScale);
            halves = AdvSimd.LoadVector128((ushort*)(scales + nextScales));
            upper = NeonTile.ScalesUpper(halves, keep, factor);
            lower = NeonTile.ScalesLower(halves, keep, factor);
            rows = NeonTile.CancelZeroPoint(NeonInt16.Rows(b.Rows01, b.Rows23), zero, xSum);
            y2 = NeonTile.Accumulate(y2, rows, lower, xScale);
            rows = NeonTile.CancelZeroPoint(NeonInt16.Rows(b.Rows45, b.Rows67), zero, xSum);
            y3 = NeonTile.Accumulate(y3, rows, upper, xScale);
            p += NeonTile.Q4Bytes;
            q += NeonTile.Q4Bytes;
            x += PackedLayout.GroupSize;
            scales += PackedLayout.TileScaleBytes;
        }

        AdvSimd.Arm64.StorePair(y, y0, y1);
        AdvSimd.Arm64.StorePair(y + PackedLayout.TileRows, y2, y3);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Q4OneTile(
        byte* p, byte* scales, sbyte* x, float* xScales, int* xSums, int groupCount, float* y)
    {
        Vector128<float> factor = NeonTile.Pin(HalfBits.Rebias);
        Vector128<int> keep = NeonTile.Pin(HalfBits.ShiftedMask);
        Vector128<byte> mask = NeonTile.Pin(PackedLayout.NibbleMask);
        Vector128<int> zero = NeonTile.Pin(PackedLayout.Q4ZeroPoint);
        Vector128<float> y0 = Vector128<float>.Zero, y1 = y0;
        NeonInt16.NibbleSums sums = default;
        for (nint group = 0; group < groupCount; group++)
        {
            Vector128<int> x0 = AdvSimd.LoadVector128((int*)x), x1 = AdvSimd.LoadVector128((int*)x + 4);
            NeonInt16.AddNibbles(p, 0, mask, NeonTile.Quad(x0, 0), NeonTile.Quad(x1, 0), ref sums, isFirst: true);
            NeonInt16.AddNibbles(p, 32, mask, NeonTile.Quad(x0, 1), NeonTile.Quad(x1, 1), ref sums, isFirst: false);
            NeonInt16.AddNibbles(p, 64, mask, NeonTile.Quad(x0, 2), NeonTile.Quad(x1, 2), ref sums, isFirst: false);
            NeonInt16.AddNibbles(p, 96, mask, NeonTile.Quad(x0, 3), NeonTile.Quad(x1, 3), ref sums, isFirst: false);
            Vector64<float> xScale = NeonTile.Scalar(xScales + group);
            Vector64<int> xSum = NeonTile.Scalar(xSums + group);
            Vector128<ushort> halves = AdvSimd.LoadVector128((ushort*)scales);
            Vector128<float> upper = NeonTile.ScalesUpper(halves, keep, factor);
            Vector128<float> lower = NeonTile.ScalesLower(halves, keep, factor);
            Vector128<int> rows = NeonTile.CancelZeroPoint(NeonInt16.Rows(sums.Rows01, sums.Rows23), zero, xSum);
            y0 = NeonTile.Accumulate(y0, rows, lower, xScale);
            rows = NeonTile.CancelZeroPoint(NeonInt16.Rows(sums.Rows45, sums.Rows67), zero, xSum);
            y1 = NeonTile.Accumulate(y1, rows, upper, xScale);
            p += NeonTile.Q4Bytes;
            x += PackedLayout.GroupSize;
            scales += PackedLayout.TileScaleBytes;
        }

        AdvSimd.Arm64.StorePair(y, y0, y1);
    }
}
