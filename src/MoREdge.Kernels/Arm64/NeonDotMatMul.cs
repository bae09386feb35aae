using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>One tile of packed weights times four tokens with sdot (ARMv8.2 dot product).</summary>
/// <remarks>
/// SAFETY: as in <see cref="NeonMatMul"/>. Eight integer and eight float32 sums fill half of the registers; a load of
/// weights serves four tokens.
/// </remarks>
internal static unsafe class NeonDotMatMul
{
    /// <summary>y (4, 8) = x (4, groups·32) · Q8G32 tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Q8(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, float* y, long yStride)
    {
        nint next = groupCount;
        sbyte* p = (sbyte*)quants, x1 = x + (next * PackedLayout.GroupSize);
        sbyte* x2 = x1 + (next * PackedLayout.GroupSize), x3 = x2 + (next * PackedLayout.GroupSize);
        float* scales1 = xScales + next, scales2 = scales1 + next, scales3 = scales2 + next;
        Vector128<float> factor = NeonTile.Pin(HalfBits.Rebias);
        Vector128<int> keep = NeonTile.Pin(HalfBits.ShiftedMask);
        TokenPair y01 = default, y23 = default;
        for (nint group = 0; group < groupCount; group++)
        {
            IntegerPair a = default, b = default;
            Vector128<sbyte> v0 = AdvSimd.LoadVector128(x), v1 = AdvSimd.LoadVector128(x1);
            Vector128<sbyte> v2 = AdvSimd.LoadVector128(x2), v3 = AdvSimd.LoadVector128(x3);
            Add(p, 0, v0, v1, v2, v3, 0, ref a, ref b);
            Add(p, 32, v0, v1, v2, v3, 1, ref a, ref b);
            Add(p, 64, v0, v1, v2, v3, 2, ref a, ref b);
            Add(p, 96, v0, v1, v2, v3, 3, ref a, ref b);
            (v0, v1) = (AdvSimd.LoadVector128(x + 16), AdvSimd.LoadVector128(x1 + 16));
            (v2, v3) = (AdvSimd.LoadVector128(x2 + 16), AdvSimd.LoadVector128(x3 + 16));
            Add(p, 128, v0, v1, v2, v3, 0, ref a, ref b);
            Add(p, 160, v0, v1, v2, v3, 1, ref a, ref b);
            Add(p, 192, v0, v1, v2, v3, 2, ref a, ref b);
            Add(p, 224, v0, v1, v2, v3, 3, ref a, ref b);
            Vector128<ushort> halves = AdvSimd.LoadVector128(scales);
            Vector128<float> upper = NeonTile.ScalesUpper(halves, keep, factor);
            Vector128<float> lower = NeonTile.ScalesLower(halves, keep, factor);
            Accumulate(ref y01, a, lower, upper, NeonTile.Scalar(xScales + group), NeonTile.Scalar(scales1 + group));
            Accumulate(ref y23, b, lower, upper, NeonTile.Scalar(scales2 + group), NeonTile.Scalar(scales3 + group));
            p += NeonTile.Q8Bytes;
            x += PackedLayout.GroupSize;
            x1 += PackedLayout.GroupSize;
            x2 += PackedLayout.GroupSize;
            x3 += PackedLayout.GroupSize;
            scales += PackedLayout.TileRows;
        }

        Store(y, (nint)yStride, y01, y23);
    }

    /// <summary>y (4, 8) = x (4, groups·32) · Q4G32 tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Q4(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, float* y, long yStride)
    {
        nint next = groupCount;
        sbyte* x1 = x + (next * PackedLayout.GroupSize);
        sbyte* x2 = x1 + (next * PackedLayout.GroupSize), x3 = x2 + (next * PackedLayout.GroupSize);
        float* scales1 = xScales + next, scales2 = scales1 + next, scales3 = scales2 + next;
        int* sums1 = xSums + next, sums2 = sums1 + next, sums3 = sums2 + next;
        Vector128<float> factor = NeonTile.Pin(HalfBits.Rebias);
        Vector128<int> keep = NeonTile.Pin(HalfBits.ShiftedMask);
        Vector128<byte> mask = NeonTile.Pin(PackedLayout.NibbleMask);
        Vector128<int> zero = NeonTile.Pin(PackedLayout.Q4ZeroPoint);
        TokenPair y01 = default, y23 = default;
        for (nint group = 0; group < groupCount; group++)
        {
            IntegerPair a = default, b = default;
            Vector128<sbyte> v0 = AdvSimd.LoadVector128(x), h0 = AdvSimd.LoadVector128(x + 16);
            Vector128<sbyte> v1 = AdvSimd.LoadVector128(x1), h1 = AdvSimd.LoadVector128(x1 + 16);
            Vector128<sbyte> v2 = AdvSimd.LoadVector128(x2), h2 = AdvSimd.LoadVector128(x2 + 16);
            Vector128<sbyte> v3 = AdvSimd.LoadVector128(x3), h3 = AdvSimd.LoadVector128(x3 + 16);
            AddNibbles(quants, 0, mask, v0, v1, v2, v3, h0, h1, h2, h3, 0, ref a, ref b);
            AddNibbles(quants, 32, mask, v0, v1, v2, v3, h0, h1, h2, h3, 1, ref a, ref b);
            AddNibbles(quants, 64, mask, v0, v1, v2, v3, h0, h1, h2, h3, 2, ref a, ref b);
            AddNibbles(quants, 96, mask, v0, v1, v2, v3, h0, h1, h2, h3, 3, ref a, ref b);
            Vector64<int> sum0 = NeonTile.Scalar(xSums + group), sum1 = NeonTile.Scalar(sums1 + group);
            Vector64<int> sum2 = NeonTile.Scalar(sums2 + group), sum3 = NeonTile.Scalar(sums3 + group);
            CancelZeroPoint(ref a, zero, sum0, sum1);
            CancelZeroPoint(ref b, zero, sum2, sum3);
            Vector128<ushort> halves = AdvSimd.LoadVector128(scales);
            Vector128<float> upper = NeonTile.ScalesUpper(halves, keep, factor);
            Vector128<float> lower = NeonTile.ScalesLower(halves, keep, factor);
            Accumulate(ref y01, a, lower, upper, NeonTile.Scalar(xScales + group), NeonTile.Scalar(scales1 + group));
            Accumulate(ref y23, b, lower, upper, NeonTile.Scalar(scales2 + group), NeonTile.Scalar(scales3 + group));
            quants += NeonTile.Q4Bytes;
            x += PackedLayout.GroupSize;
            x1 += PackedLayout.GroupSize;
            x2 += PackedLayout.GroupSize;
            x3 += PackedLayout.GroupSize;
            scales += PackedLayout.TileRows;
        }

        Store(y, (nint)yStride, y01, y23);
    }

    // One quad of 8 rows for four tokens, whose quads lie in v0 to v3.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(
        sbyte* p,
        int at,
        Vector128<sbyte> v0,
        Vector128<sbyte> v1,
        Vector128<sbyte> v2,
        Vector128<sbyte> v3,
        [ConstantExpected(Max = (byte)3)] byte quad,
        ref IntegerPair a,
        ref IntegerPair b)
    {
        Vector128<sbyte> w0 = AdvSimd.LoadVector128(p + at), w1 = AdvSimd.LoadVector128(p + (at + 16));
        AddQuad(w0, w1, v0, v1, quad, ref a);
        AddQuad(w0, w1, v2, v3, quad, ref b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddQuad(
        Vector128<sbyte> w0,
        Vector128<sbyte> w1,
        Vector128<sbyte> first,
        Vector128<sbyte> second,
        [ConstantExpected(Max = (byte)3)] byte quad,
        ref IntegerPair sums)
    {
        sums.FirstLower = Dp.DotProductBySelectedQuadruplet(sums.FirstLower, w0, first, quad);
        sums.FirstUpper = Dp.DotProductBySelectedQuadruplet(sums.FirstUpper, w1, first, quad);
        sums.SecondLower = Dp.DotProductBySelectedQuadruplet(sums.SecondLower, w0, second, quad);
        sums.SecondUpper = Dp.DotProductBySelectedQuadruplet(sums.SecondUpper, w1, second, quad);
    }

    // One quad pair of 8 rows for four tokens: low nibbles with v, high nibbles with h.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddNibbles(
        byte* p,
        int at,
        Vector128<byte> mask,
        Vector128<sbyte> v0,
        Vector128<sbyte> v1,
        Vector128<sbyte> v2,
        Vector128<sbyte> v3,
        Vector128<sbyte> h0,
        Vector128<sbyte> h1,
        Vector128<sbyte> h2,
        Vector128<sbyte> h3,
        [ConstantExpected(Max = (byte)3)] byte quad,
        ref IntegerPair a,
        ref IntegerPair b)
    {
        Vector128<byte> w0 = AdvSimd.LoadVector128(p + at), w1 = AdvSimd.LoadVector128(p + (at + 16));
        Vector128<sbyte> low0 = AdvSimd.And(w0, mask).AsSByte(), low1 = AdvSimd.And(w1, mask).AsSByte();
        AddQuad(low0, low1, v0, v1, quad, ref a);
        AddQuad(low0, low1, v2, v3, quad, ref b);
        Vector128<sbyte> high0 = AdvSimd.ShiftRightLogical(w0, 4).AsSByte();
        Vector128<sbyte> high1 = AdvSimd.ShiftRightLogical(w1, 4).AsSByte();
        AddQuad(high0, high1, h0, h1, quad, ref a);
        AddQuad(high0, high1, h2, h3, quad, ref b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CancelZeroPoint(
        ref IntegerPair sums, Vector128<int> zero, Vector64<int> firstSum, Vector64<int> secondSum)
    {
        sums.FirstLower = NeonTile.CancelZeroPoint(sums.FirstLower, zero, firstSum);
        sums.FirstUpper = NeonTile.CancelZeroPoint(sums.FirstUpper, zero, firstSum);
        sums.SecondLower = NeonTile.CancelZeroPoint(sums.SecondLower, zero, secondSum);
        sums.SecondUpper = NeonTile.CancelZeroPoint(sums.SecondUpper, zero, secondSum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Accumulate(
        ref TokenPair y,
        in IntegerPair sums,
        Vector128<float> lower,
        Vector128<float> upper,
        Vector64<float> firstScale,
        Vector64<float> secondScale)
    {
        y.FirstLower = NeonTile.Accumulate(y.FirstLower, sums.FirstLower, lower, firstScale);
        y.FirstUpper = NeonTile.Accumulate(y.FirstUpper, sums.FirstUpper, upper, firstScale);
        y.SecondLower = NeonTile.Accumulate(y.SecondLower, sums.SecondLower, lower, secondScale);
        y.SecondUpper = NeonTile.Accumulate(y.SecondUpper, sums.SecondUpper, upper, secondScale);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* y, nint stride, in TokenPair first, in TokenPair second)
    {
        AdvSimd.Arm64.StorePair(y, first.FirstLower, first.FirstUpper);
        AdvSimd.Arm64.StorePair(y + stride, first.SecondLower, first.SecondUpper);
        AdvSimd.Arm64.StorePair(y + (stride * 2), second.FirstLower, second.FirstUpper);
        AdvSimd.Arm64.StorePair(y + (stride * 3), second.SecondLower, second.SecondUpper);
    }

    // Sums of two tokens, rows 0–3 and 4–7. Four fields: the most that the compiler keeps in registers.
    private struct IntegerPair
    {
        internal Vector128<int> FirstLower, FirstUpper, SecondLower, SecondUpper;
    }

    private struct TokenPair
    {
        internal Vector128<float> FirstLower, FirstUpper, SecondLower, SecondUpper;
    }
}
