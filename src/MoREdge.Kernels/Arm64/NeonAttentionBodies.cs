using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>Blocked attention for three queries; all else takes the portable bodies. The same bits.</summary>
/// <remarks>
/// SAFETY: pointers only; shapes as AttentionDriver states them. Two things have no portable name: a multiply-add takes
/// one lane of a vector of query elements or weights, so that four of them are one load and no copy; and eight float16
/// are widened from one register, past the integer registers.
/// </remarks>
internal static unsafe class NeonAttentionBodies
{
    private const int Queries = 3;

    // Elements of a query, or weights, that are loaded at a time.
    private const int Lanes = 4;

    /// <summary>Scores of whole tiles of 8 positions (see AttentionDriver).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Scores(
        float** queries, int rows, byte* keys, ElementType type, int cols, int tileCount, float scale, float** scores)
    {
        if (rows != Queries)
        {
            Vector128AttentionBodies.Scores(queries, rows, keys, type, cols, tileCount, scale, scores);
            return;
        }

        for (int tile = 0; tile < tileCount; tile += 2)
        {
            // The last pair repeats a tile when their number is odd.
            int second = tile + 1 < tileCount ? tile + 1 : tile;
            if (type == ElementType.F16)
            {
                TilePair(queries, keys, isHalf: true, cols, tile, second, scale, scores);
            }
            else
            {
                TilePair(queries, keys, isHalf: false, cols, tile, second, scale, scores);
            }
        }
    }

    /// <summary>Mixes values of consecutive positions (see AttentionMixDriver).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Mix(
        float** weights, int step, int rows, byte* values, int stride, ElementType type, int cols, int count,
        float** outputs, bool accumulate)
    {
        if (rows != Queries)
        {
            Vector128AttentionBodies.Mix(
                weights, step, rows, values, stride, type, cols, count, outputs, accumulate);
            return;
        }

        int d = 0;
        for (; d + 16 <= cols; d += 16)
        {
            float** own = Vector128AttentionBodies.Own(weights, step, d);
            if (type == ElementType.F16)
            {
                MixHalf(own, values + (d * 2), d, stride, count, outputs, accumulate);
            }
            else if (type == ElementType.F32)
            {
                MixSingle(own, values + (d * 4), d, stride, count, outputs, accumulate);
            }
            else
            {
                MixBytes(own, values + d, d, stride, count, outputs, accumulate);
            }
        }

        for (int row = 0; row < Queries && d < cols; row++)
        {
            Vector128AttentionBodies.MixTail(
                weights + row, step, values, stride, type, d, cols, count, outputs[row], accumulate, fused: true);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TilePair(
        float** queries, byte* keys, bool isHalf, int cols, int first, int second, float scale, float** scores)
    {
        nint elementBytes = isHalf ? sizeof(ushort) : sizeof(float);
        nint tileBytes = cols * PackedLayout.TileRows * elementBytes;
        byte* key = keys + (first * tileBytes), next = keys + (second * tileBytes);
        float* q0 = queries[0], q1 = queries[1], q2 = queries[2];
        Vector128<float> factor = NeonTile.Pin(HalfBits.Rebias);
        Vector128<int> keep = NeonTile.Pin(HalfBits.ShiftedMask);
        Sums a = default, b = default, c = default;
        int d = cols;
        for (; d >= Lanes; d -= Lanes)
        {
            Vector128<float> x = AdvSimd.LoadVector128(q0), y = AdvSimd.LoadVector128(q1);
            Vector128<float> z = AdvSimd.LoadVector128(q2);
            Add(Keys(key, next, 0, isHalf, keep, factor), x, y, z, 0, ref a, ref b, ref c);
            Add(Keys(key, next, 1, isHalf, keep, factor), x, y, z, 1, ref a, ref b, ref c);
            Add(Keys(key, next, 2, isHalf, keep, factor), x, y, z, 2, ref a, ref b, ref c);
            Add(Keys(key, next, 3, isHalf, keep, factor), x, y, z, 3, ref a, ref b, ref c);
            key += Lanes * PackedLayout.TileRows * elementBytes;
            next += Lanes * PackedLayout.TileRows * elementBytes;
            q0 += Lanes;
            q1 += Lanes;
            q2 += Lanes;
        }

        for (; d > 0; d--)
        {
            Vector128<float> x = Vector128.CreateScalarUnsafe(*q0++), y = Vector128.CreateScalarUnsafe(*q1++);
            Vector128<float> z = Vector128.CreateScalarUnsafe(*q2++);
            Add(Keys(key, next, 0, isHalf, keep, factor), x, y, z, 0, ref a, ref b, ref c);
            key += PackedLayout.TileRows * elementBytes;
            next += PackedLayout.TileRows * elementBytes;
        }

        StoreTiles(a, scale, scores[0], first, second);
        StoreTiles(b, scale, scores[1], first, second);
        StoreTiles(c, scale, scores[2], first, second);
    }

    // Element `at` of 8 positions of two tiles.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Sums Keys(
        byte* key, byte* next, int at, bool isHalf, Vector128<int> keep, Vector128<float> factor)
    {
        Sums keys;
        if (isHalf)
        {
            Vector128<ushort> first = AdvSimd.LoadVector128((ushort*)key + (at * 8));
            Vector128<ushort> second = AdvSimd.LoadVector128((ushort*)next + (at * 8));
            keys.V1 = NeonTile.ScalesUpper(first, keep, factor);
            keys.V3 = NeonTile.ScalesUpper(second, keep, factor);
            keys.V0 = NeonTile.ScalesLower(first, keep, factor);
            keys.V2 = NeonTile.ScalesLower(second, keep, factor);
        }
        else
        {
            keys.V0 = AdvSimd.LoadVector128((float*)key + (at * 8));
            keys.V1 = AdvSimd.LoadVector128((float*)key + ((at * 8) + 4));
            keys.V2 = AdvSimd.LoadVector128((float*)next + (at * 8));
            keys.V3 = AdvSimd.LoadVector128((float*)next + ((at * 8) + 4));
        }

        return keys;
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void MixHalf(
        float** weights, byte* row, int d, int stride, int count, float** outputs, bool accumulate) =>
        MixSixteen(weights, row, ElementType.F16, d, stride * sizeof(ushort), count, outputs, accumulate);

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void MixSingle(
        float** weights, byte* row, int d, int stride, int count, float** outputs, bool accumulate) =>
        MixSixteen(weights, row, ElementType.F32, d, stride * sizeof(float), count, outputs, accumulate);

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void MixBytes(
        float** weights, byte* row, int d, int stride, int count, float** outputs, bool accumulate) =>
        MixSixteen(weights, row, ElementType.I8, d, stride, count, outputs, accumulate);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MixSixteen(
        float** weights, byte* row, ElementType type, int d, nint rowBytes, int count, float** outputs, bool accumulate)
    {
        float* w0 = weights[0], w1 = weights[1], w2 = weights[2];
        Vector128<float> factor = NeonTile.Pin(HalfBits.Rebias);
        Vector128<int> keep = NeonTile.Pin(HalfBits.ShiftedMask);
        Sums a = Load(outputs[0] + d, accumulate), b = Load(outputs[1] + d, accumulate);
        Sums c = Load(outputs[2] + d, accumulate);
        for (; count >= Lanes; count -= Lanes)
        {
            Vector128<float> x = AdvSimd.LoadVector128(w0), y = AdvSimd.LoadVector128(w1);
            Vector128<float> z = AdvSimd.LoadVector128(w2);
            Add(Values(row, type, keep, factor), x, y, z, 0, ref a, ref b, ref c);
            row += rowBytes;
            Add(Values(row, type, keep, factor), x, y, z, 1, ref a, ref b, ref c);
            row += rowBytes;
            Add(Values(row, type, keep, factor), x, y, z, 2, ref a, ref b, ref c);
            row += rowBytes;
            Add(Values(row, type, keep, factor), x, y, z, 3, ref a, ref b, ref c);
            row += rowBytes;
            w0 += Lanes;
            w1 += Lanes;
            w2 += Lanes;
        }

        for (; count > 0; count--, row += rowBytes)
        {
            Vector128<float> x = Vector128.CreateScalarUnsafe(*w0++), y = Vector128.CreateScalarUnsafe(*w1++);
            Vector128<float> z = Vector128.CreateScalarUnsafe(*w2++);
            Add(Values(row, type, keep, factor), x, y, z, 0, ref a, ref b, ref c);
        }

        Store(a, outputs[0] + d);
        Store(b, outputs[1] + d);
        Store(c, outputs[2] + d);
    }

    // Sixteen columns of one position.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Sums Values(byte* row, ElementType type, Vector128<int> keep, Vector128<float> factor)
    {
        Sums values;
        if (type == ElementType.F32)
        {
            return Load((float*)row, isPresent: true);
        }

        if (type == ElementType.F16)
        {
            Vector128<ushort> first = AdvSimd.LoadVector128((ushort*)row);
            Vector128<ushort> second = AdvSimd.LoadVector128((ushort*)row + 8);
            values.V1 = NeonTile.ScalesUpper(first, keep, factor);
            values.V3 = NeonTile.ScalesUpper(second, keep, factor);
            values.V0 = NeonTile.ScalesLower(first, keep, factor);
            values.V2 = NeonTile.ScalesLower(second, keep, factor);
            return values;
        }

        Vector128<sbyte> bytes = AdvSimd.LoadVector128((sbyte*)row);
        Vector128<short> upper = AdvSimd.SignExtendWideningUpper(bytes);
        Vector128<short> lower = AdvSimd.SignExtendWideningLower(bytes.GetLower());
        values.V3 = AdvSimd.ConvertToSingle(AdvSimd.SignExtendWideningUpper(upper));
        values.V1 = AdvSimd.ConvertToSingle(AdvSimd.SignExtendWideningUpper(lower));
        values.V2 = AdvSimd.ConvertToSingle(AdvSimd.SignExtendWideningLower(upper.GetLower()));
        values.V0 = AdvSimd.ConvertToSingle(AdvSimd.SignExtendWideningLower(lower.GetLower()));
        return values;
    }

    // Four vectors for three queries: twelve chains of multiply-adds.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(
        in Sums v,
        Vector128<float> x,
        Vector128<float> y,
        Vector128<float> z,
        [ConstantExpected(Max = (byte)3)] byte index,
        ref Sums a,
        ref Sums b,
        ref Sums c)
    {
        AddOne(v, x, index, ref a);
        AddOne(v, y, index, ref b);
        AddOne(v, z, index, ref c);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddOne(
        in Sums v, Vector128<float> x, [ConstantExpected(Max = (byte)3)] byte index, ref Sums sums)
    {
        sums.V0 = AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(sums.V0, v.V0, x, index);
        sums.V1 = AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(sums.V1, v.V1, x, index);
        sums.V2 = AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(sums.V2, v.V2, x, index);
        sums.V3 = AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(sums.V3, v.V3, x, index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Sums Load(float* source, bool isPresent)
    {
        Sums sums = default;
        if (isPresent)
        {
            sums.V0 = AdvSimd.LoadVector128(source);
            sums.V1 = AdvSimd.LoadVector128(source + 4);
            sums.V2 = AdvSimd.LoadVector128(source + 8);
            sums.V3 = AdvSimd.LoadVector128(source + 12);
        }

        return sums;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(in Sums sums, float* target)
    {
        AdvSimd.Arm64.StorePair(target, sums.V0, sums.V1);
        AdvSimd.Arm64.StorePair(target + 8, sums.V2, sums.V3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreTiles(in Sums sums, float scale, float* scores, int first, int second)
    {
        Vector128<float> factor = Vector128.Create(scale);
        float* target = scores + ((nint)first * PackedLayout.TileRows);
        AdvSimd.Arm64.StorePair(target, AdvSimd.Multiply(sums.V0, factor), AdvSimd.Multiply(sums.V1, factor));
        target = scores + ((nint)second * PackedLayout.TileRows);
        AdvSimd.Arm64.StorePair(target, AdvSimd.Multiply(sums.V2, factor), AdvSimd.Multiply(sums.V3, factor));
    }

    // Sixteen floats: positions of two tiles, or columns. Four fields: the most that stay in registers.
    private struct Sums
    {
        internal Vector128<float> V0, V1, V2, V3;
    }
}
