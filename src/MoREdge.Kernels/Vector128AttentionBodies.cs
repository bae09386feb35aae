using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MoREdge.Kernels;

/// <summary>Cache bodies with portable 128-bit vectors; float16 rows are converted in registers.</summary>
/// <remarks>SAFETY: pointers only; rows are contiguous, cols elements each, and count of them exist.</remarks>
internal static unsafe class Vector128AttentionBodies
{
    /// <summary>float32 to float16, rounded to nearest even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void StoreHalf(float* x, int count, ushort* target)
    {
        int i = 0;
        for (; i + 8 <= count; i += 8)
        {
            Vector128<int> lower = HalfConversion.ToHalf(Vector128.Load(x + i));
            Vector128<int> upper = HalfConversion.ToHalf(Vector128.Load(x + i + 4));
            Vector128.Narrow(lower.AsUInt32(), upper.AsUInt32()).Store(target + i);
        }

        for (; i < count; i++)
        {
            target[i] = BitConverter.HalfToUInt16Bits((Half)x[i]);
        }
    }

    /// <summary>scores[j] = scale·Σ query·key[j].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Scores(
        float* query, byte* keys, bool isHalf, int cols, int count, float scale, float* scores, bool fused)
    {
        long rowBytes = (long)cols * (isHalf ? sizeof(ushort) : sizeof(float));
        for (int j = 0; j < count; j++)
        {
            Vector128<float> even = default, odd = default;
            int d = 0;
            for (; d + 8 <= cols; d += 8)
            {
                even = Vector128FloatBodies.MultiplyAdd(Vector128.Load(query + d), Load(keys, isHalf, d), even, fused);
                odd = Vector128FloatBodies.MultiplyAdd(
                    Vector128.Load(query + d + 4), Load(keys, isHalf, d + 4), odd, fused);
            }

            float sum = Vector128.Sum(even + odd);
            for (; d < cols; d++)
            {
                sum += query[d] * Element(keys, isHalf, d);
            }

            scores[j] = scale * sum;
            keys += rowBytes;
        }
    }

    /// <summary>output[d] = Σ_j weights[j]·value[j,d], one multiply-add per position in ascending order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Mix(
        float* weights, byte* values, bool isHalf, int cols, int count, float* output, bool fused)
    {
        long rowBytes = (long)cols * (isHalf ? sizeof(ushort) : sizeof(float));
        int d = 0;
        for (; d + 16 <= cols; d += 16)
        {
            Vector128<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
            byte* row = values;
            for (int j = 0; j < count; j++)
            {
                Vector128<float> weight = Vector128.Create(weights[j]);
                sum0 = Vector128FloatBodies.MultiplyAdd(weight, Load(row, isHalf, d), sum0, fused);
                sum1 = Vector128FloatBodies.MultiplyAdd(weight, Load(row, isHalf, d + 4), sum1, fused);
                sum2 = Vector128FloatBodies.MultiplyAdd(weight, Load(row, isHalf, d + 8), sum2, fused);
                sum3 = Vector128FloatBodies.MultiplyAdd(weight, Load(row, isHalf, d + 12), sum3, fused);
                row += rowBytes;
            }

            sum0.Store(output + d);
            sum1.Store(output + d + 4);
            sum2.Store(output + d + 8);
            sum3.Store(output + d + 12);
        }

        MixTail(weights, values, isHalf, d, cols, count, output, fused);
    }

    /// <summary>Columns [start, cols) of <see cref="Mix"/>, one by one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void MixTail(
        float* weights, byte* values, bool isHalf, int start, int cols, int count, float* output, bool fused)
    {
        long rowBytes = (long)cols * (isHalf ? sizeof(ushort) : sizeof(float));
        for (int d = start; d < cols; d++)
        {
            float sum = 0f;
            for (int j = 0; j < count; j++)
            {
                float value = Element(values + (j * rowBytes), isHalf, d);
                sum = fused ? MathF.FusedMultiplyAdd(weights[j], value, sum) : sum + (weights[j] * value);
            }

            output[d] = sum;
        }
    }

    /// <summary>Element <paramref name="d"/> of a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Element(byte* row, bool isHalf, int d) =>
        isHalf ? HalfConversion.ToSingle(((ushort*)row)[d]) : ((float*)row)[d];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Load(byte* row, bool isHalf, int d)
    {
        if (!isHalf)
        {
            return Vector128.Load((float*)row + d);
        }

        Vector128<short> halves = Vector128.CreateScalar(*(long*)((ushort*)row + d)).AsInt16();
        return HalfConversion.ToSingle(Vector128.WidenLower(halves));
    }
}
