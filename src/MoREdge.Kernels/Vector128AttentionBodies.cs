using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>Blocked attention with portable 128-bit vectors: three queries, or one, share keys and values.</summary>
/// <remarks>
/// SAFETY: pointers only; shapes as AttentionDriver states them. float16 is converted without a look at infinities and
/// NaN, which the driver sends through a conversion of its own.
/// </remarks>
internal static unsafe class Vector128AttentionBodies
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
                ScoresOfOne(queries[0], keys, isHalf: true, cols, tileCount, scale, scores[0], fused: true);
            }
            else
            {
                ScoresOfOne(queries[0], keys, isHalf: false, cols, tileCount, scale, scores[0], fused: true);
            }
        }
        else if (type == ElementType.F16)
        {
            ScoresOfThree(queries, keys, isHalf: true, cols, tileCount, scale, scores, fused: true);
        }
        else
        {
            ScoresOfThree(queries, keys, isHalf: false, cols, tileCount, scale, scores, fused: true);
        }
    }

    /// <summary><see cref="Scores"/> with product and sum rounded apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void ScoresSplit(
        float** queries, int rows, byte* keys, ElementType type, int cols, int tileCount, float scale, float** scores)
    {
        for (int row = 0; row < rows; row++)
        {
            if (type == ElementType.F16)
            {
                ScoresOfOne(queries[row], keys, isHalf: true, cols, tileCount, scale, scores[row], fused: false);
            }
            else
            {
                ScoresOfOne(queries[row], keys, isHalf: false, cols, tileCount, scale, scores[row], fused: false);
            }
        }
    }

    /// <summary>Mixes values of consecutive positions (see AttentionMixDriver).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Mix(
        float** weights, int step, int rows, byte* values, int stride, ElementType type, int cols, int count,
        float** outputs, bool accumulate)
    {
        int d = 0;
        for (; d + 16 <= cols && rows == 3; d += 16)
        {
            if (type == ElementType.F16)
            {
                MixThree(Own(weights, step, d), values, ElementType.F16, d, stride, count, outputs, accumulate);
            }
            else if (type == ElementType.F32)
            {
                MixThree(Own(weights, step, d), values, ElementType.F32, d, stride, count, outputs, accumulate);
            }
            else
            {
                MixThree(Own(weights, step, d), values, ElementType.I8, d, stride, count, outputs, accumulate);
            }
        }

        for (int row = 0; row < rows; row++)
        {
            MixOne(weights + row, step, values, stride, type, d, cols, count, outputs[row], accumulate, fused: true);
        }
    }

    /// <summary><see cref="Mix"/> with product and sum rounded apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void MixSplit(
        float** weights, int step, int rows, byte* values, int stride, ElementType type, int cols, int count,
        float** outputs, bool accumulate)
    {
        for (int row = 0; row < rows; row++)
        {
            MixOne(
                weights + row, step, values, stride, type, 0, cols, count, outputs[row], accumulate, fused: false);
        }
    }

    // Two tiles for three queries: twelve chains of multiply-adds.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ScoresOfThree(
        float** queries, byte* keys, bool isHalf, int cols, int tileCount, float scale, float** scores, bool fused)
    {
        float* q0 = queries[0], q1 = queries[1], q2 = queries[2];
        long tileBytes = cols * 8L * (isHalf ? 2 : 4);
        for (int tile = 0; tile < tileCount; tile += 2)
        {
            // The last pair repeats a tile when their number is odd.
            int second = tile + 1 < tileCount ? tile + 1 : tile;
            byte* key = keys + (tile * tileBytes), next = keys + (second * tileBytes);
            Vector128<float> sum00 = default, sum01 = default, sum02 = default, sum03 = default;
            Vector128<float> sum10 = default, sum11 = default, sum12 = default, sum13 = default;
            Vector128<float> sum20 = default, sum21 = default, sum22 = default, sum23 = default;
            for (nint d = 0; d < cols; d++)
            {
                Vector128<float> k0 = Load(key, isHalf, 0), k1 = Load(key, isHalf, 4);
                Vector128<float> k2 = Load(next, isHalf, 0), k3 = Load(next, isHalf, 4);
                Vector128<float> q = Vector128.Create(q0[d]);
                sum00 = Add(q, k0, sum00, fused);
                sum01 = Add(q, k1, sum01, fused);
                sum02 = Add(q, k2, sum02, fused);
                sum03 = Add(q, k3, sum03, fused);
                q = Vector128.Create(q1[d]);
                sum10 = Add(q, k0, sum10, fused);
                sum11 = Add(q, k1, sum11, fused);
                sum12 = Add(q, k2, sum12, fused);
                sum13 = Add(q, k3, sum13, fused);
                q = Vector128.Create(q2[d]);
                sum20 = Add(q, k0, sum20, fused);
                sum21 = Add(q, k1, sum21, fused);
                sum22 = Add(q, k2, sum22, fused);
                sum23 = Add(q, k3, sum23, fused);
                key += isHalf ? 16 : 32;
                next += isHalf ? 16 : 32;
            }

            StoreTiles(sum00, sum01, sum02, sum03, scale, scores[0], tile, second);
            StoreTiles(sum10, sum11, sum12, sum13, scale, scores[1], tile, second);
            StoreTiles(sum20, sum21, sum22, sum23, scale, scores[2], tile, second);
        }
    }

    // Four tiles for one query: eight chains.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ScoresOfOne(
        float* query, byte* keys, bool isHalf, int cols, int tileCount, float scale, float* scores, bool fused)
    {
        long tileBytes = cols * 8L * (isHalf ? 2 : 4);
        for (int tile = 0; tile < tileCount; tile += 4)
        {
            int last = tileCount - 1;
            int t1 = tile + 1 < last ? tile + 1 : last, t2 = tile + 2 < last ? tile + 2 : last;
            int t3 = tile + 3 < last ? tile + 3 : last;
            byte* key0 = keys + (tile * tileBytes), key1 = keys + (t1 * tileBytes);
            byte* key2 = keys + (t2 * tileBytes), key3 = keys + (t3 * tileBytes);
            Vector128<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
            Vector128<float> sum4 = default, sum5 = default, sum6 = default, sum7 = default;
            for (nint d = 0; d < cols; d++)
            {
                Vector128<float> q = Vector128.Create(query[d]);
                sum0 = Add(q, Load(key0, isHalf, 0), sum0, fused);
                sum1 = Add(q, Load(key0, isHalf, 4), sum1, fused);
                sum2 = Add(q, Load(key1, isHalf, 0), sum2, fused);
                sum3 = Add(q, Load(key1, isHalf, 4), sum3, fused);
                sum4 = Add(q, Load(key2, isHalf, 0), sum4, fused);
                sum5 = Add(q, Load(key2, isHalf, 4), sum5, fused);
                sum6 = Add(q, Load(key3, isHalf, 0), sum6, fused);
                sum7 = Add(q, Load(key3, isHalf, 4), sum7, fused);
                key0 += isHalf ? 16 : 32;
                key1 += isHalf ? 16 : 32;
                key2 += isHalf ? 16 : 32;
                key3 += isHalf ? 16 : 32;
            }

            StoreTiles(sum0, sum1, sum2, sum3, scale, scores, tile, t1);
            StoreTiles(sum4, sum5, sum6, sum7, scale, scores, t2, t3);
        }
    }

    // Sixteen columns for three queries: twelve chains.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MixThree(
        float** weights, byte* values, ElementType type, int d, int stride, int count, float** outputs, bool accumulate)
    {
        long rowBytes = stride * ElementBytes(type);
        byte* row = values + (d * ElementBytes(type));
        float* w0 = weights[0], w1 = weights[1], w2 = weights[2];
        float* o0 = outputs[0] + d, o1 = outputs[1] + d, o2 = outputs[2] + d;
        Vector128<float> sum00 = Start(o0, accumulate), sum01 = Start(o0 + 4, accumulate);
        Vector128<float> sum02 = Start(o0 + 8, accumulate), sum03 = Start(o0 + 12, accumulate);
        Vector128<float> sum10 = Start(o1, accumulate), sum11 = Start(o1 + 4, accumulate);
        Vector128<float> sum12 = Start(o1 + 8, accumulate), sum13 = Start(o1 + 12, accumulate);
        Vector128<float> sum20 = Start(o2, accumulate), sum21 = Start(o2 + 4, accumulate);
        Vector128<float> sum22 = Start(o2 + 8, accumulate), sum23 = Start(o2 + 12, accumulate);
        for (nint j = 0; j < count; j++)
        {
            Vector128<float> a = Vector128.Create(w0[j]), b = Vector128.Create(w1[j]), c = Vector128.Create(w2[j]);
            Vector128<float> v = LoadValue(row, type, 0);
            sum00 = Vector128.FusedMultiplyAdd(a, v, sum00);
            sum10 = Vector128.FusedMultiplyAdd(b, v, sum10);
            sum20 = Vector128.FusedMultiplyAdd(c, v, sum20);
            v = LoadValue(row, type, 4);
            sum01 = Vector128.FusedMultiplyAdd(a, v, sum01);
            sum11 = Vector128.FusedMultiplyAdd(b, v, sum11);
            sum21 = Vector128.FusedMultiplyAdd(c, v, sum21);
            v = LoadValue(row, type, 8);
            sum02 = Vector128.FusedMultiplyAdd(a, v, sum02);
            sum12 = Vector128.FusedMultiplyAdd(b, v, sum12);
            sum22 = Vector128.FusedMultiplyAdd(c, v, sum22);
            v = LoadValue(row, type, 12);
            sum03 = Vector128.FusedMultiplyAdd(a, v, sum03);
            sum13 = Vector128.FusedMultiplyAdd(b, v, sum13);
            sum23 = Vector128.FusedMultiplyAdd(c, v, sum23);
            row += rowBytes;
        }

        StoreFour(sum00, sum01, sum02, sum03, o0);
        StoreFour(sum10, sum11, sum12, sum13, o1);
        StoreFour(sum20, sum21, sum22, sum23, o2);
    }

    // Columns [d, cols) for one query.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MixOne(
        float** weights, int step, byte* values, int stride, ElementType type, int d, int cols, int count,
        float* output, bool accumulate, bool fused)
    {
        for (; d + 16 <= cols; d += 16)
        {
            float* own = *Own(weights, step, d);
            if (type == ElementType.F16)
            {
                MixSixteen(own, values, ElementType.F16, d, stride, count, output, accumulate, fused);
            }
            else if (type == ElementType.F32)
            {
                MixSixteen(own, values, ElementType.F32, d, stride, count, output, accumulate, fused);
            }
            else
            {
                MixSixteen(own, values, ElementType.I8, d, stride, count, output, accumulate, fused);
            }
        }

        long rowBytes = stride * ElementBytes(type);
        for (; d + 4 <= cols; d += 4)
        {
            float* own = *Own(weights, step, d);
            Vector128<float> sum = Start(output + d, accumulate);
            for (nint j = 0; j < count; j++)
            {
                sum = Add(Vector128.Create(own[j]), LoadValue(values + (j * rowBytes), type, d), sum, fused);
            }

            sum.Store(output + d);
        }

        MixTail(weights, step, values, stride, type, d, cols, count, output, accumulate, fused);
    }

    /// <summary>Columns [start, cols) of a mix for one query, one by one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void MixTail(
        float** weights, int step, byte* values, int stride, ElementType type, int start, int cols, int count,
        float* output, bool accumulate, bool fused)
    {
        long rowBytes = stride * ElementBytes(type);
        for (int d = start; d < cols; d++)
        {
            // Lane 0 of a vector: the fused multiply-add of the vectors, without a second name for it.
            float* own = *Own(weights, step, d);
            Vector128<float> sum = Vector128.CreateScalarUnsafe(accumulate ? output[d] : 0f);
            for (nint j = 0; j < count; j++)
            {
                Vector128<float> value = LoadOne(values + (j * rowBytes), type, d);
                sum = Add(Vector128.CreateScalarUnsafe(own[j]), value, sum, fused);
            }

            output[d] = sum.ToScalar();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MixSixteen(
        float* weights, byte* values, ElementType type, int d, int stride, int count, float* output, bool accumulate,
        bool fused)
    {
        long rowBytes = stride * ElementBytes(type);
        byte* row = values + (d * ElementBytes(type));
        output += d;
        Vector128<float> sum0 = Start(output, accumulate), sum1 = Start(output + 4, accumulate);
        Vector128<float> sum2 = Start(output + 8, accumulate), sum3 = Start(output + 12, accumulate);
        for (nint j = 0; j < count; j++)
        {
            Vector128<float> weight = Vector128.Create(weights[j]);
            sum0 = Add(weight, LoadValue(row, type, 0), sum0, fused);
            sum1 = Add(weight, LoadValue(row, type, 4), sum1, fused);
            sum2 = Add(weight, LoadValue(row, type, 8), sum2, fused);
            sum3 = Add(weight, LoadValue(row, type, 12), sum3, fused);
            row += rowBytes;
        }

        StoreFour(sum0, sum1, sum2, sum3, output);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Start(float* output, bool accumulate) =>
        accumulate ? Vector128.Load(output) : Vector128<float>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreTiles(
        Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d, float scale, float* scores,
        int first, int second)
    {
        Vector128<float> factor = Vector128.Create(scale);
        (a * factor).Store(scores + (first * 8L));
        (b * factor).Store(scores + (first * 8L) + 4);
        (c * factor).Store(scores + (second * 8L));
        (d * factor).Store(scores + (second * 8L) + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreFour(
        Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d, float* output)
    {
        a.Store(output);
        b.Store(output + 4);
        c.Store(output + 8);
        d.Store(output + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Add(Vector128<float> a, Vector128<float> b, Vector128<float> sum, bool fused) =>
        fused ? Vector128.FusedMultiplyAdd(a, b, sum) : sum + (a * b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long ElementBytes(ElementType type) =>
        type == ElementType.F32 ? 4 : type == ElementType.F16 ? 2 : 1;

    /// <summary>The weights of the group of column <paramref name="d"/> (see AttentionMixDriver).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float** Own(float** weights, int step, int d) => weights + (d / PackedLayout.GroupSize * step);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Load(byte* row, bool isHalf, int at) =>
        isHalf
            ? Finite(Vector128.CreateScalarUnsafe(((long*)row)[at / 4]).AsInt16())
            : Vector128.Load((float*)row + at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> LoadValue(byte* row, ElementType type, int at)
    {
        if (type == ElementType.F32)
        {
            return Vector128.Load((float*)row + at);
        }

        if (type == ElementType.F16)
        {
            return Finite(Vector128.CreateScalarUnsafe(*(long*)((ushort*)row + at)).AsInt16());
        }

        Vector128<sbyte> bytes = Vector128.CreateScalarUnsafe(*(int*)(row + at)).AsSByte();
        return Vector128.ConvertToSingle(Vector128.WidenLower(Vector128.WidenLower(bytes)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> LoadOne(byte* row, ElementType type, int at)
    {
        if (type == ElementType.F32)
        {
            return Vector128.CreateScalarUnsafe(((float*)row)[at]);
        }

        return type == ElementType.F16
            ? Finite(Vector128.CreateScalarUnsafe(((short*)row)[at]))
            : Vector128.ConvertToSingle(Vector128.CreateScalarUnsafe((int)((sbyte*)row)[at]));
    }

    // The lower four float16 that are neither infinite nor NaN: half the instructions of HalfConversion.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Finite(Vector128<short> halves)
    {
        Vector128<int> shifted = Vector128.ShiftLeft(Vector128.WidenLower(halves), HalfBits.MantissaShift);
        return (shifted & Vector128.Create(HalfBits.ShiftedMask)).AsSingle() * Vector128.Create(HalfBits.Rebias);
    }
}
