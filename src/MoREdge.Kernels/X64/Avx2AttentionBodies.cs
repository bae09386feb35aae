using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>Blocked attention for AVX2 and FMA: three queries, or one, share every key and value.</summary>
/// <remarks>
/// SAFETY: pointers only; shapes as AttentionDriver states them. float16 is converted without a look at infinities and
/// NaN, which the driver sends through Convert. A block of registers keeps at least eight multiply-adds in flight: four
/// cycles of latency times two per cycle.
/// </remarks>
internal static unsafe class Avx2AttentionBodies
{
    /// <summary>Scores of whole tiles of 8 positions (see AttentionDriver).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Scores(
        float** queries, int rows, byte* keys, ElementType type, int cols, int tileCount, float scale, float** scores)
    {
        if (rows == 1)
        {
            if (type == ElementType.F16)
            {
                ScoresOfOne(queries[0], keys, isHalf: true, cols, tileCount, scale, scores[0]);
            }
            else
            {
                ScoresOfOne(queries[0], keys, isHalf: false, cols, tileCount, scale, scores[0]);
            }
        }
        else if (type == ElementType.F16)
        {
            ScoresOfThree(queries, keys, isHalf: true, cols, tileCount, scale, scores);
        }
        else
        {
            ScoresOfThree(queries, keys, isHalf: false, cols, tileCount, scale, scores);
        }
    }

    /// <summary>Mixes values of consecutive positions (see AttentionDriver).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Mix(
        float** weights, int rows, byte* values, ElementType type, int cols, long rowBytes, int count, float** outputs,
        bool accumulate)
    {
        int d = 0;
        if (rows == 3)
        {
            for (; d + 32 <= cols; d += 32)
            {
                MixThreeWide(weights, values, type, d, rowBytes, count, outputs, accumulate);
            }
        }

        for (int row = 0; row < rows; row++)
        {
            int column = d;
            for (; column + 64 <= cols; column += 64)
            {
                MixOneWide(weights[row], values, type, column, rowBytes, count, outputs[row], accumulate);
            }

            for (; column + 8 <= cols; column += 8)
            {
                MixEight(weights[row], values, type, column, rowBytes, count, outputs[row] + column, accumulate);
            }

            Vector128AttentionBodies.MixTail(
                weights[row], values, type, column, cols, rowBytes, count, outputs[row], accumulate, fused: true);
        }
    }

    /// <summary>float16 or signed bytes to float32, exactly, infinities and NaN included.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Convert(byte* source, ElementType type, int count, float* target)
    {
        int i = 0;
        if (type == ElementType.I8)
        {
            for (; i + 8 <= count; i += 8)
            {
                Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32((sbyte*)source + i)).Store(target + i);
            }

            Vector128CacheBodies.Bytes((sbyte*)source + i, count - i, target + i);
            return;
        }

        for (; i + 8 <= count; i += 8)
        {
            Avx2FloatBodies.Half((ushort*)source + i).Store(target + i);
        }

        DequantizeBodies.Half((ushort*)source + i, count - i, target + i);
    }

    // Three tiles for three queries: nine chains of multiply-adds.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ScoresOfThree(
        float** queries, byte* keys, bool isHalf, int cols, int tileCount, float scale, float** scores)
    {
        float* q0 = queries[0], q1 = queries[1], q2 = queries[2];
        long step = isHalf ? 16 : 32;
        long tileBytes = cols * step;
        for (int tile = 0; tile < tileCount; tile += 3)
        {
            // The last block repeats its last tile when there are too few: a score never depends on its neighbours.
            int second = Math.Min(tile + 1, tileCount - 1), third = Math.Min(tile + 2, tileCount - 1);
            byte* key0 = keys + (tile * tileBytes), key1 = keys + (second * tileBytes);
            byte* key2 = keys + (third * tileBytes);
            Vector256<float> sum00 = default, sum01 = default, sum02 = default;
            Vector256<float> sum10 = default, sum11 = default, sum12 = default;
            Vector256<float> sum20 = default, sum21 = default, sum22 = default;
            for (nint d = 0; d < cols; d++)
            {
                Vector256<float> a = Vector256.Create(q0[d]);
                Vector256<float> b = Vector256.Create(q1[d]);
                Vector256<float> c = Vector256.Create(q2[d]);
                Vector256<float> key = LoadKey(key0, isHalf);
                sum00 = Fma.MultiplyAdd(a, key, sum00);
                sum10 = Fma.MultiplyAdd(b, key, sum10);
                sum20 = Fma.MultiplyAdd(c, key, sum20);
                key = LoadKey(key1, isHalf);
                sum01 = Fma.MultiplyAdd(a, key, sum01);
                sum11 = Fma.MultiplyAdd(b, key, sum11);
                sum21 = Fma.MultiplyAdd(c, key, sum21);
                key = LoadKey(key2, isHalf);
                sum02 = Fma.MultiplyAdd(a, key, sum02);
                sum12 = Fma.MultiplyAdd(b, key, sum12);
                sum22 = Fma.MultiplyAdd(c, key, sum22);
                key0 += step;
                key1 += step;
                key2 += step;
            }

            Vector256<float> factor = Vector256.Create(scale);
            StoreThree(sum00 * factor, sum01 * factor, sum02 * factor, scores[0], tile, second, third);
            StoreThree(sum10 * factor, sum11 * factor, sum12 * factor, scores[1], tile, second, third);
            StoreThree(sum20 * factor, sum21 * factor, sum22 * factor, scores[2], tile, second, third);
        }
    }

    // Four tiles for one query: four chains, which the conversion of float16 hides.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ScoresOfOne(
        float* query, byte* keys, bool isHalf, int cols, int tileCount, float scale, float* scores)
    {
        long step = isHalf ? 16 : 32;
        long tileBytes = cols * step;
        for (int tile = 0; tile < tileCount; tile += 4)
        {
            int last = tileCount - 1;
            int second = Math.Min(tile + 1, last), third = Math.Min(tile + 2, last), fourth = Math.Min(tile + 3, last);
            byte* key0 = keys + (tile * tileBytes), key1 = keys + (second * tileBytes);
            byte* key2 = keys + (third * tileBytes), key3 = keys + (fourth * tileBytes);
            Vector256<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
            for (nint d = 0; d < cols; d++)
            {
                Vector256<float> q = Vector256.Create(query[d]);
                sum0 = Fma.MultiplyAdd(q, LoadKey(key0, isHalf), sum0);
                sum1 = Fma.MultiplyAdd(q, LoadKey(key1, isHalf), sum1);
                sum2 = Fma.MultiplyAdd(q, LoadKey(key2, isHalf), sum2);
                sum3 = Fma.MultiplyAdd(q, LoadKey(key3, isHalf), sum3);
                key0 += step;
                key1 += step;
                key2 += step;
                key3 += step;
            }

            Vector256<float> factor = Vector256.Create(scale);
            StoreThree(sum0 * factor, sum1 * factor, sum2 * factor, scores, tile, second, third);
            (sum3 * factor).Store(scores + (fourth * 8L));
        }
    }

    // 32 columns for three queries: twelve chains.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MixThreeWide(
        float** weights, byte* values, ElementType type, int d, long rowBytes, int count, float** outputs,
        bool accumulate)
    {
        if (type == ElementType.F16)
        {
            MixThree(weights, values + (d * 2L), ElementType.F16, d, rowBytes, count, outputs, accumulate);
        }
        else if (type == ElementType.F32)
        {
            MixThree(weights, values + (d * 4L), ElementType.F32, d, rowBytes, count, outputs, accumulate);
        }
        else
        {
            MixThree(weights, values + d, ElementType.I8, d, rowBytes, count, outputs, accumulate);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MixThree(
        float** weights, byte* row, ElementType type, int d, long rowBytes, int count, float** outputs, bool accumulate)
    {
        float* w0 = weights[0], w1 = weights[1], w2 = weights[2];
        float* o0 = outputs[0] + d, o1 = outputs[1] + d, o2 = outputs[2] + d;
        Vector256<float> sum00 = Start(o0, accumulate), sum01 = Start(o0 + 8, accumulate);
        Vector256<float> sum02 = Start(o0 + 16, accumulate), sum03 = Start(o0 + 24, accumulate);
        Vector256<float> sum10 = Start(o1, accumulate), sum11 = Start(o1 + 8, accumulate);
        Vector256<float> sum12 = Start(o1 + 16, accumulate), sum13 = Start(o1 + 24, accumulate);
        Vector256<float> sum20 = Start(o2, accumulate), sum21 = Start(o2 + 8, accumulate);
        Vector256<float> sum22 = Start(o2 + 16, accumulate), sum23 = Start(o2 + 24, accumulate);
        for (nint j = 0; j < count; j++)
        {
            Vector256<float> a = Vector256.Create(w0[j]), b = Vector256.Create(w1[j]), c = Vector256.Create(w2[j]);
            Vector256<float> value = LoadValue(row, type, 0);
            sum00 = Fma.MultiplyAdd(a, value, sum00);
            sum10 = Fma.MultiplyAdd(b, value, sum10);
            sum20 = Fma.MultiplyAdd(c, value, sum20);
            value = LoadValue(row, type, 8);
            sum01 = Fma.MultiplyAdd(a, value, sum01);
            sum11 = Fma.MultiplyAdd(b, value, sum11);
            sum21 = Fma.MultiplyAdd(c, value, sum21);
            value = LoadValue(row, type, 16);
            sum02 = Fma.MultiplyAdd(a, value, sum02);
            sum12 = Fma.MultiplyAdd(b, value, sum12);
            sum22 = Fma.MultiplyAdd(c, value, sum22);
            value = LoadValue(row, type, 24);
            sum03 = Fma.MultiplyAdd(a, value, sum03);
            sum13 = Fma.MultiplyAdd(b, value, sum13);
            sum23 = Fma.MultiplyAdd(c, value, sum23);
            row += rowBytes;
        }

        StoreFour(sum00, sum01, sum02, sum03, o0);
        StoreFour(sum10, sum11, sum12, sum13, o1);
        StoreFour(sum20, sum21, sum22, sum23, o2);
    }

    // 64 columns for one query: eight chains.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MixOneWide(
        float* weights, byte* values, ElementType type, int d, long rowBytes, int count, float* output, bool accumulate)
    {
        if (type == ElementType.F16)
        {
            MixOne(weights, values + (d * 2L), ElementType.F16, rowBytes, count, output + d, accumulate);
        }
        else if (type == ElementType.F32)
        {
            MixOne(weights, values + (d * 4L), ElementType.F32, rowBytes, count, output + d, accumulate);
        }
        else
        {
            MixOne(weights, values + d, ElementType.I8, rowBytes, count, output + d, accumulate);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MixOne(
        float* weights, byte* row, ElementType type, long rowBytes, int count, float* output, bool accumulate)
    {
        Vector256<float> sum0 = Start(output, accumulate), sum1 = Start(output + 8, accumulate);
        Vector256<float> sum2 = Start(output + 16, accumulate), sum3 = Start(output + 24, accumulate);
        Vector256<float> sum4 = Start(output + 32, accumulate), sum5 = Start(output + 40, accumulate);
        Vector256<float> sum6 = Start(output + 48, accumulate), sum7 = Start(output + 56, accumulate);
        for (nint j = 0; j < count; j++)
        {
            Vector256<float> weight = Vector256.Create(weights[j]);
            sum0 = Fma.MultiplyAdd(weight, LoadValue(row, type, 0), sum0);
            sum1 = Fma.MultiplyAdd(weight, LoadValue(row, type, 8), sum1);
            sum2 = Fma.MultiplyAdd(weight, LoadValue(row, type, 16), sum2);
            sum3 = Fma.MultiplyAdd(weight, LoadValue(row, type, 24), sum3);
            sum4 = Fma.MultiplyAdd(weight, LoadValue(row, type, 32), sum4);
            sum5 = Fma.MultiplyAdd(weight, LoadValue(row, type, 40), sum5);
            sum6 = Fma.MultiplyAdd(weight, LoadValue(row, type, 48), sum6);
            sum7 = Fma.MultiplyAdd(weight, LoadValue(row, type, 56), sum7);
            row += rowBytes;
        }

        StoreFour(sum0, sum1, sum2, sum3, output);
        StoreFour(sum4, sum5, sum6, sum7, output + 32);
    }

    // 8 columns for one query.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MixEight(
        float* weights, byte* values, ElementType type, int d, long rowBytes, int count, float* output, bool accumulate)
    {
        Vector256<float> sum = Start(output, accumulate);
        for (nint j = 0; j < count; j++)
        {
            Vector256<float> value = LoadValue(values + (j * rowBytes), type, d);
            sum = Fma.MultiplyAdd(Vector256.Create(weights[j]), value, sum);
        }

        sum.Store(output);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Start(float* output, bool accumulate) =>
        accumulate ? Vector256.Load(output) : Vector256<float>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreThree(
        Vector256<float> a, Vector256<float> b, Vector256<float> c, float* scores, int first, int second, int third)
    {
        a.Store(scores + (first * 8L));
        b.Store(scores + (second * 8L));
        c.Store(scores + (third * 8L));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreFour(
        Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d, float* output)
    {
        a.Store(output);
        b.Store(output + 8);
        c.Store(output + 16);
        d.Store(output + 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> LoadKey(byte* key, bool isHalf) =>
        isHalf ? Finite((short*)key) : Vector256.Load((float*)key);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> LoadValue(byte* row, ElementType type, int at)
    {
        if (type == ElementType.F32)
        {
            return Vector256.Load((float*)row + at);
        }

        return type == ElementType.F16
            ? Finite((short*)row + at)
            : Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32((sbyte*)row + at));
    }

    // Eight float16 that are neither infinite nor NaN: half the instructions of Avx2FloatBodies.Half.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Finite(short* halves)
    {
        Vector256<int> shifted = Avx2.ShiftLeftLogical(Avx2.ConvertToVector256Int32(halves), HalfBits.MantissaShift);
        return (shifted & Vector256.Create(HalfBits.ShiftedMask)).AsSingle() * Vector256.Create(HalfBits.Rebias);
    }
}
