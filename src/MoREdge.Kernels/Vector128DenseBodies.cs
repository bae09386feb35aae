using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>Four rows of floats times one token with portable 128-bit vectors, converted in registers, fused.</summary>
/// <remarks>SAFETY: pointers only, as DenseBodies states them.</remarks>
internal static unsafe class Vector128DenseBodies
{
    /// <summary>Rows of float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool Single(byte* w, long stride, float* x, int count, float* sums) =>
        One(w, stride, x, count, sums, ElementType.F32);

    /// <summary>Rows of float16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool Half(byte* w, long stride, float* x, int count, float* sums) =>
        One(w, stride, x, count, sums, ElementType.F16);

    /// <summary>Rows of bfloat16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool BFloat16(byte* w, long stride, float* x, int count, float* sums) =>
        One(w, stride, x, count, sums, ElementType.BF16);

    /// <summary>The dot product of elements [start, count) of a row, as Vector128FloatBodies.Tail sums it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float Tail(byte* w, float* x, int start, int count, ElementType type)
    {
        float sum = 0;
        for (int i = start; i < count; i++)
        {
            float weight = type switch
            {
                ElementType.F32 => ((float*)w)[i],
                ElementType.F16 => HalfConversion.ToSingle(((ushort*)w)[i]),
                _ => BitConverter.UInt32BitsToSingle((uint)((ushort*)w)[i] << 16),
            };
            sum += weight * x[i];
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool One(byte* w, long stride, float* x, int count, float* sums, ElementType type)
    {
        int size = type == ElementType.F32 ? sizeof(float) : sizeof(ushort);
        byte* w1 = w + stride, w2 = w1 + stride, w3 = w2 + stride;
        Vector128<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        int i = 0;
        for (; i + 8 <= count; i += 8)
        {
            long at = (long)i * size;
            Vector128<float> first = Vector128.Load(x + i), second = Vector128.Load(x + i + 4);
            sum0 = AddEight(w + at, first, second, sum0, type);
            sum1 = AddEight(w1 + at, first, second, sum1, type);
            sum2 = AddEight(w2 + at, first, second, sum2, type);
            sum3 = AddEight(w3 + at, first, second, sum3, type);
        }

        if (i + 4 <= count)
        {
            long at = (long)i * size;
            Vector128<float> input = Vector128.Load(x + i);
            sum0 = Vector128.FusedMultiplyAdd(Four(w + at, type), input, sum0);
            sum1 = Vector128.FusedMultiplyAdd(Four(w1 + at, type), input, sum1);
            sum2 = Vector128.FusedMultiplyAdd(Four(w2 + at, type), input, sum2);
            sum3 = Vector128.FusedMultiplyAdd(Four(w3 + at, type), input, sum3);
            i += 4;
        }

        sums[0] = Vector128.Sum(sum0) + Tail(w, x, i, count, type);
        sums[1] = Vector128.Sum(sum1) + Tail(w1, x, i, count, type);
        sums[2] = Vector128.Sum(sum2) + Tail(w2, x, i, count, type);
        sums[3] = Vector128.Sum(sum3) + Tail(w3, x, i, count, type);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> AddEight(
        byte* w, Vector128<float> first, Vector128<float> second, Vector128<float> sum, ElementType type)
    {
        if (type == ElementType.F32)
        {
            sum = Vector128.FusedMultiplyAdd(Vector128.Load((float*)w), first, sum);
            return Vector128.FusedMultiplyAdd(Vector128.Load((float*)w + 4), second, sum);
        }

        if (type == ElementType.BF16)
        {
            (Vector128<uint> lower, Vector128<uint> upper) = Vector128.Widen(Vector128.Load((ushort*)w));
            sum = Vector128.FusedMultiplyAdd(Vector128.ShiftLeft(lower, 16).AsSingle(), first, sum);
            return Vector128.FusedMultiplyAdd(Vector128.ShiftLeft(upper, 16).AsSingle(), second, sum);
        }

        (Vector128<int> low, Vector128<int> high) = Vector128.Widen(Vector128.Load((short*)w));
        sum = Vector128.FusedMultiplyAdd(HalfConversion.ToSingle(low), first, sum);
        return Vector128.FusedMultiplyAdd(HalfConversion.ToSingle(high), second, sum);
    }

    /// <summary>Four weights as float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> Four(byte* w, ElementType type) => type switch
    {
        ElementType.F32 => Vector128.Load((float*)w),
        ElementType.F16 =>
            HalfConversion.ToSingle(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(long*)w).AsInt16())),
        _ => Vector128.ShiftLeft(
            Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(long*)w).AsUInt16()), 16).AsSingle(),
    };
}
