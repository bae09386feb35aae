using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>Packed weights times one token with sdot (ARMv8.2 dot product: Cortex-A76, Pi 5, Jetson Orin).</summary>
/// <remarks>
/// SAFETY: as in <see cref="NeonMatVec"/>. sdot multiplies one quad of x with four rows and needs no copies of x; two
/// tiles give four independent sums, which hides its latency.
/// </remarks>
internal static unsafe class NeonDotMatVec
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
    private static void Q8TwoTiles(
        sbyte* p, byte* scales, sbyte* x, float* xScales, int groupCount, float* y)
    {
        sbyte* q = p + ((nint)groupCount * NeonTile.Q8Bytes);
        nint nextScales = (nint)groupCount * PackedLayout.TileScaleBytes;
        Vector128<float> factor = NeonTile.Pin(HalfBits.Rebias);
        Vector128<int> keep = NeonTile.Pin(HalfBits.ShiftedMask);
        Vector128<float> y0 = Vector128<float>.Zero, y1 = y0, y2 = y0, y3 = y0;
        for (nint group = 0; group < groupCount; group++)
        {
            Vector128<sbyte> x0 = AdvSimd.LoadVector128(x), x1 = AdvSimd.LoadVector128(x + 16);
            Vector128<int> a0 = Vector128<int>.Zero, a1 = a0, b0 = a0, b1 = a0;
            Add(p, q, 0, x0, 0, ref a0, ref a1, ref b0, ref b1);
            Add(p, q, 32, x0, 1, ref a0, ref a1, ref b0, ref b1);
            Add(p, q, 64, x0, 2, ref a0, ref a1, ref b0, ref b1);
            Add(p, q, 96, x0, 3, ref a0, ref a1, ref b0, ref b1);
            Add(p, q, 128, x1, 0, ref a0, ref a1, ref b0, ref b1);
            Add(p, q, 160, x1, 1, ref a0, ref a1, ref b0, ref b1);
            Add(p, q, 192, x1, 2, ref a0, ref a1, ref b0, ref b1);
            Add(p, q, 224, x1, 3, ref a0, ref a1, ref b0, ref b1);
            Vector64<float> xScale = NeonTile.Scalar(xScales + group);
            Vector128<ushort> halves = AdvSimd.LoadVector128((ushort*)scales);
            y1 = NeonTile.Accumulate(y1, a1, NeonTile.ScalesUpper(halves, keep, factor), xScale);
            y0 = NeonTile.Accumulate(y0, a0, NeonTile.ScalesLower(halves, keep, factor), xScale);
            halves = AdvSimd.LoadVector128((ushort*)(scales + nextScales));
            y3 = NeonTile.Accumulate(y3, b1, NeonTile.ScalesUpper(halves, keep, factor), xScale);
            y2 = NeonTile.Accumulate(y2, b0, NeonTile.ScalesLower(halves, keep, factor), xScale);
            p += NeonTile.Q8Bytes;
            q += NeonTile.Q8Bytes;
            x += PackedLayout.GroupSize;
            scales += PackedLayout.TileScaleBytes;
        }

        AdvSimd.Arm64.StorePair(y, y0, y1);
        AdvSimd.Arm64.StorePair(y + PackedLayout.TileRows, y2, y3);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Q8OneTile(
        sbyte* p, byte* scales, sbyte* x, float* xScales, int groupCount, float* y)
    {
        Vector128<float> factor = NeonTile.Pin(HalfBits.Rebias);
        Vector128<int> keep = NeonTile.Pin(HalfBits.ShiftedMask);
        Vector128<float> y0 = Vector128<float>.Zero, y1 = y0;
        for (nint group = 0; group < groupCount; group++)
        {
            Vector128<sbyte> x0 = AdvSimd.LoadVector128(x), x1 = AdvSimd.LoadVector128(x + 16);
            Vector128<int> a0 = Vector128<int>.Zero, a1 = a0;
            Add(p, 0, x0, 0, ref a0, ref a1);
            Add(p, 32, x0, 1, ref a0, ref a1);
            Add(p, 64, x0, 2, ref a0, ref a1);
            Add(p, 96, x0, 3, ref a0, ref a1);
            Add(p, 128, x1, 0, ref a0, ref a1);
            Add(p, 160, x1, 1, ref a0, ref a1);
            Add(p, 192, x1, 2, ref a0, ref a1);
            Add(p, 224, x1, 3, ref a0, ref a1);
            Vector64<float> xScale = NeonTile.Scalar(xScales + group);
            Vector128<ushort> halves = AdvSimd.LoadVector128((ushort*)scales);
            y1 = NeonTile.Accumulate(y1, a1, NeonTile.ScalesUpper(halves, keep, factor), xScale);
            y0 = NeonTile.Accumulate(y0, a0, NeonTile.ScalesLower(halves, keep, factor), xScale);
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
        Vector128<int> zero = NeonTile.Pin(-PackedLayout.Q4ZeroPoint);
        Vector128<float> y0 = Vector128<float>.Zero, y1 = y0, y2 = y0, y3 = y0;
        for (nint group = 0; group < groupCount; group++)
        {
            Vector128<sbyte> x0 = AdvSimd.LoadVector128(x), x1 = AdvSimd.LoadVector128(x + 16);
            // Every row starts with −8·Σx, which turns nibbles into nibbles − 8.
            Vector128<int> a0 = AdvSimd.MultiplyBySelectedScalar(zero, NeonTile.Scalar(xSums + group), 0);
            Vector128<int> a1 = a0, b0 = a0, b1 = a0;
            AddNibbles(p, q, 0, mask, x0, x1, 0, ref a0, ref a1, ref b0, ref b1);
            AddNibbles(p, q, 32, mask, x0, x1, 1, ref a0, ref a1, ref b0, ref b1);
            AddNibbles(p, q, 64, mask, x0, x1, 2, ref a0, ref a1, ref b0, ref b1);
            AddNibbles(p, q, 96, mask, x0, x1, 3, ref a0, ref a1, ref b0, ref b1);
            Vector64<float> xScale = NeonTile.Scalar(xScales + group);
            Vector128<ushort> halves = AdvSimd.LoadVector128((ushort*)scales);
            y1 = NeonTile.Accumulate(y1, a1, NeonTile.ScalesUpper(halves, keep, factor), xScale);
            y0 = NeonTile.Accumulate(y0, a0, NeonTile.ScalesLower(halves, keep, factor), xScale);
            halves = AdvSimd.LoadVector128((ushort*)(scales + nextScales));
            y3 = NeonTile.Accumulate(y3, b1, NeonTile.ScalesUpper(halves, keep, factor), xScale);
            y2 = NeonTile.Accumulate(y2, b0, NeonTile.ScalesLower(halves, keep, factor), xScale);
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
        Vector128<int> zero = NeonTile.Pin(-PackedLayout.Q4ZeroPoint);
        Vector128<float> y0 = Vector128<float>.Zero, y1 = y0;
        for (nint group = 0; group < groupCount; group++)
        {
            Vector128<sbyte> x0 = AdvSimd.LoadVector128(x), x1 = AdvSimd.LoadVector128(x + 16);
            Vector128<int> a0 = AdvSimd.MultiplyBySelectedScalar(zero, NeonTile.Scalar(xSums + group), 0);
            Vector128<int> a1 = a0;
            AddNibbles(p, 0, mask, x0, x1, 0, ref a0, ref a1);
            AddNibbles(p, 32, mask, x0, x1, 1, ref a0, ref a1);
            AddNibbles(p, 64, mask, x0, x1, 2, ref a0, ref a1);
            AddNibbles(p, 96, mask, x0, x1, 3, ref a0, ref a1);
            Vector64<float> xScale = NeonTile.Scalar(xScales + group);
            Vector128<ushort> halves = AdvSimd.LoadVector128((ushort*)scales);
            y1 = NeonTile.Accumulate(y1, a1, NeonTile.ScalesUpper(halves, keep, factor), xScale);
            y0 = NeonTile.Accumulate(y0, a0, NeonTile.ScalesLower(halves, keep, factor), xScale);
            p += NeonTile.Q4Bytes;
            x += PackedLayout.GroupSize;
            scales += PackedLayout.TileScaleBytes;
        }

        AdvSimd.Arm64.StorePair(y, y0, y1);
    }

    // One quad of one tile: 4 columns of 8 rows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(
        sbyte* p,
        int at,
        Vector128<sbyte> x,
        [ConstantExpected(Max = (byte)3)] byte quad,
        ref Vector128<int> sum0,
        ref Vector128<int> sum1)
    {
        Vector128<sbyte> w0 = AdvSimd.LoadVector128(p + at), w1 = AdvSimd.LoadVector128(p + (at + 16));
        sum0 = Dp.DotProductBySelectedQuadruplet(sum0, w0, x, quad);
        sum1 = Dp.DotProductBySelectedQuadruplet(sum1, w1, x, quad);
    }

    // One quad of two tiles.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(
        sbyte* p,
        sbyte* q,
        int at,
        Vector128<sbyte> x,
        [ConstantExpected(Max = (byte)3)] byte quad,
        ref Vector128<int> a0,
        ref Vector128<int> a1,
        ref Vector128<int> b0,
        ref Vector128<int> b1)
    {
        Vector128<sbyte> w0 = AdvSimd.LoadVector128(p + at), w1 = AdvSimd.LoadVector128(p + (at + 16));
        Vector128<sbyte> v0 = AdvSimd.LoadVector128(q + at), v1 = AdvSimd.LoadVector128(q + (at + 16));
        a0 = Dp.DotProductBySelectedQuadruplet(a0, w0, x, quad);
        a1 = Dp.DotProductBySelectedQuadruplet(a1, w1, x, quad);
        b0 = Dp.DotProductBySelectedQuadruplet(b0, v0, x, quad);
        b1 = Dp.DotProductBySelectedQuadruplet(b1, v1, x, quad);
    }

    // One quad pair of one tile; the high nibbles hold the quad that lies in x1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddNibbles(
        byte* p,
        int at,
        Vector128<byte> mask,
        Vector128<sbyte> x0,
        Vector128<sbyte> x1,
        [ConstantExpected(Max = (byte)3)] byte quad,
        ref Vector128<int> sum0,
        ref Vector128<int> sum1)
    {
        Vector128<byte> w0 = AdvSimd.LoadVector128(p + at), w1 = AdvSimd.LoadVector128(p + (at + 16));
        sum0 = Dp.DotProductBySelectedQuadruplet(sum0, AdvSimd.And(w0, mask).AsSByte(), x0, quad);
        sum1 = Dp.DotProductBySelectedQuadruplet(sum1, AdvSimd.And(w1, mask).AsSByte(), x0, quad);
        sum0 = Dp.DotProductBySelectedQuadruplet(sum0, AdvSimd.ShiftRightLogical(w0, 4).AsSByte(), x1, quad);
        sum1 = Dp.DotProductBySelectedQuadruplet(sum1, AdvSimd.ShiftRightLogical(w1, 4).AsSByte(), x1, quad);
    }

    // One quad pair of two tiles.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddNibbles(
        byte* p,
        byte* q,
        int at,
        Vector128<byte> mask,
        Vector128<sbyte> x0,
        Vector128<sbyte> x1,
        [ConstantExpected(Max = (byte)3)] byte quad,
        ref Vector128<int> a0,
        ref Vector128<int> a1,
        ref Vector128<int> b0,
        ref Vector128<int> b1)
    {
        AddNibbles(p, at, mask, x0, x1, quad, ref a0, ref a1);
        AddNibbles(q, at, mask, x0, x1, quad, ref b0, ref b1);
    }
}
