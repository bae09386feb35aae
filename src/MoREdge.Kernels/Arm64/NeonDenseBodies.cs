using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>Four rows of floats times one token on ARM64, converted in registers.</summary>
/// <remarks>
/// SAFETY: pointers only, as DenseBodies states them. Pointers advance, and by 16 columns, so that loads pair up. The
/// bits of a float16, at float32's place, are 2⁻¹¹² times its value: the inputs are multiplied with 2¹¹² instead of the
/// weights, once for four rows, which leaves every product, and so its rounding, as it is.
/// </remarks>
internal static unsafe class NeonDenseBodies
{
    // Columns at a time.
    private const int Step = 16;

    /// <summary>Rows of float16; false when one may be infinite or NaN, or a sum is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool Half(byte* w, long stride, float* x, int count, float* sums)
    {
        byte* w1 = w + stride, w2 = w1 + stride, w3 = w2 + stride;
        Vector128<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        Vector128<short> any = default;
        Vector128<float> factor = NeonTile.Pin(HalfBits.Rebias);
        Vector128<int> keep = NeonTile.Pin(HalfBits.ShiftedMask);
        int left = count;
        for (; left >= Step; left -= Step)
        {
            Vector128<float> x0 = AdvSimd.LoadVector128(x), x1 = AdvSimd.LoadVector128(x + 4);
            Vector128<float> x2 = AdvSimd.LoadVector128(x + 8), x3 = AdvSimd.LoadVector128(x + 12);
            x0 = AdvSimd.Multiply(x0, factor);
            x1 = AdvSimd.Multiply(x1, factor);
            x2 = AdvSimd.Multiply(x2, factor);
            x3 = AdvSimd.Multiply(x3, factor);
            sum0 = AddHalves(w, x0, x1, x2, x3, sum0, keep, ref any);
            sum1 = AddHalves(w1, x0, x1, x2, x3, sum1, keep, ref any);
            sum2 = AddHalves(w2, x0, x1, x2, x3, sum2, keep, ref any);
            sum3 = AddHalves(w3, x0, x1, x2, x3, sum3, keep, ref any);
            x += Step;
            w += Step * sizeof(ushort);
            w1 += Step * sizeof(ushort);
            w2 += Step * sizeof(ushort);
            w3 += Step * sizeof(ushort);
        }

        // Weights below 2 never set all bits of an exponent between them; where others do, or an input was too large to
        // be scaled, the caller works twice.
        bool isKnown = IsFinite(any, sum0 + sum1 + (sum2 + sum3));
        sums[0] = End(w, x, left, sum0, ElementType.F16);
        sums[1] = End(w1, x, left, sum1, ElementType.F16);
        sums[2] = End(w2, x, left, sum2, ElementType.F16);
        sums[3] = End(w3, x, left, sum3, ElementType.F16);
        return isKnown;
    }

    /// <summary>Rows of float32 or, as ushort, of bfloat16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool Rows<TWeight>(byte* w, long stride, float* x, int count, float* sums)
        where TWeight : unmanaged
    {
        byte* w1 = w + stride, w2 = w1 + stride, w3 = w2 + stride;
        Vector128<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        int left = count;
        for (; left >= Step; left -= Step)
        {
            Vector128<float> x0 = AdvSimd.LoadVector128(x), x1 = AdvSimd.LoadVector128(x + 4);
            Vector128<float> x2 = AdvSimd.LoadVector128(x + 8), x3 = AdvSimd.LoadVector128(x + 12);
            sum0 = Add(w, x0, x1, x2, x3, sum0, sizeof(TWeight) == sizeof(float));
            sum1 = Add(w1, x0, x1, x2, x3, sum1, sizeof(TWeight) == sizeof(float));
            sum2 = Add(w2, x0, x1, x2, x3, sum2, sizeof(TWeight) == sizeof(float));
            sum3 = Add(w3, x0, x1, x2, x3, sum3, sizeof(TWeight) == sizeof(float));
            x += Step;
            w += Step * sizeof(TWeight);
            w1 += Step * sizeof(TWeight);
            w2 += Step * sizeof(TWeight);
            w3 += Step * sizeof(TWeight);
        }

        ElementType type = sizeof(TWeight) == sizeof(float) ? ElementType.F32 : ElementType.BF16;
        sums[0] = End(w, x, left, sum0, type);
        sums[1] = End(w1, x, left, sum1, type);
        sums[2] = End(w2, x, left, sum2, type);
        sums[3] = End(w3, x, left, sum3, type);
        return true;
    }

    // 16 columns of a row.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Add(
        byte* w, Vector128<float> x0, Vector128<float> x1, Vector128<float> x2, Vector128<float> x3,
        Vector128<float> sum, bool isSingle)
    {
        if (isSingle)
        {
            Vector128<float> w0 = AdvSimd.LoadVector128((float*)w), w1 = AdvSimd.LoadVector128((float*)w + 4);
            Vector128<float> w2 = AdvSimd.LoadVector128((float*)w + 8), w3 = AdvSimd.LoadVector128((float*)w + 12);
            sum = AdvSimd.FusedMultiplyAdd(AdvSimd.FusedMultiplyAdd(sum, w0, x0), w1, x1);
            return AdvSimd.FusedMultiplyAdd(AdvSimd.FusedMultiplyAdd(sum, w2, x2), w3, x3);
        }

        Vector128<short> lower = AdvSimd.LoadVector128((short*)w), upper = AdvSimd.LoadVector128((short*)w + 8);
        sum = AdvSimd.FusedMultiplyAdd(sum, AdvSimd.Arm64.ZipLow(Vector128<short>.Zero, lower).AsSingle(), x0);
        sum = AdvSimd.FusedMultiplyAdd(sum, AdvSimd.Arm64.ZipHigh(Vector128<short>.Zero, lower).AsSingle(), x1);
        sum = AdvSimd.FusedMultiplyAdd(sum, AdvSimd.Arm64.ZipLow(Vector128<short>.Zero, upper).AsSingle(), x2);
        return AdvSimd.FusedMultiplyAdd(sum, AdvSimd.Arm64.ZipHigh(Vector128<short>.Zero, upper).AsSingle(), x3);
    }

    // 16 columns of a row of float16, which are 2⁻¹¹² times their values here.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> AddHalves(
        byte* w, Vector128<float> x0, Vector128<float> x1, Vector128<float> x2, Vector128<float> x3,
        Vector128<float> sum, Vector128<int> keep, ref Vector128<short> any)
    {
        Vector128<short> lower = AdvSimd.LoadVector128((short*)w), upper = AdvSimd.LoadVector128((short*)w + 8);
        any |= lower | upper;

        // The upper half first: the lower one then ends the register, which is copied otherwise.
        Vector128<int> w1 = AdvSimd.ShiftLeftLogicalWideningUpper(lower, HalfBits.MantissaShift);
        Vector128<int> w0 = AdvSimd.ShiftLeftLogicalWideningLower(lower.GetLower(), HalfBits.MantissaShift);
        Vector128<int> w3 = AdvSimd.ShiftLeftLogicalWideningUpper(upper, HalfBits.MantissaShift);
        Vector128<int> w2 = AdvSimd.ShiftLeftLogicalWideningLower(upper.GetLower(), HalfBits.MantissaShift);
        sum = AdvSimd.FusedMultiplyAdd(sum, (w0 & keep).AsSingle(), x0);
        sum = AdvSimd.FusedMultiplyAdd(sum, (w1 & keep).AsSingle(), x1);
        sum = AdvSimd.FusedMultiplyAdd(sum, (w2 & keep).AsSingle(), x2);
        return AdvSimd.FusedMultiplyAdd(sum, (w3 & keep).AsSingle(), x3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool IsFinite(Vector128<short> any, Vector128<float> sum)
    {
        Vector128<short> infinity = Vector128.Create((short)HalfBits.Infinity);
        return Vector128.Equals(any & infinity, infinity) == Vector128<short>.Zero
            && float.IsFinite(Vector128.Sum(sum));
    }

    // The last columns of a row, fewer than 16: four at a time, then one by one, as Vector128DenseBodies sums them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float End(byte* w, float* x, int count, Vector128<float> sum, ElementType type)
    {
        if (count == 0)
        {
            // The others end with + 0, too, which a sum of −0 shows.
            return Vector128.Sum(sum) + 0f;
        }

        int i = 0, size = type == ElementType.F32 ? sizeof(float) : sizeof(ushort);
        for (; i + 4 <= count; i += 4)
        {
            sum = Vector128.FusedMultiplyAdd(
                Vector128DenseBodies.Four(w + ((long)i * size), type), Vector128.Load(x + i), sum);
        }

        return Vector128.Sum(sum) + Vector128DenseBodies.Tail(w, x, i, count, type);
    }
}
