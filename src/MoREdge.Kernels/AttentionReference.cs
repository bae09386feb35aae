using System.Diagnostics;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>The scalar reference of the cache: store a row, score queries against keys, mix values.</summary>
/// <remarks>
/// Query i of a (rows, heads · HeadDim) matrix is head i % heads of row i / heads. SAFETY: pointers stay inside the
/// views, whose indices are asserted.
/// </remarks>
internal static unsafe class AttentionReference
{
    /// <summary>Stores x (cols) as position <paramref name="row"/>; false when an infinity or NaN was stored.</summary>
    internal static bool StoreKey(ReadOnlySpan<float> x, in KeyRows keys, int row)
    {
        Debug.Assert(x.Length == keys.Cols && (uint)row < (uint)keys.Rows, "One key of the cache.");
        int tile = row / PackedLayout.TileRows;
        int lane = row % PackedLayout.TileRows;
        if (keys.Format == KvFormat.Q8)
        {
            return StoreKeyQ8(x, keys, tile, lane);
        }

        bool isFinite = true;
        for (int d = 0; d < x.Length; d++)
        {
            long index = ((((long)tile * keys.Cols) + d) * PackedLayout.TileRows) + lane;
            isFinite &= StoreElement(x[d], keys.Data, keys.Format, index);
        }

        return isFinite;
    }

    /// <summary>As <see cref="StoreKey"/> for values.</summary>
    internal static bool StoreValue(ReadOnlySpan<float> x, in ValueRows values, int row)
    {
        Debug.Assert(x.Length == values.Cols, "One value of the cache.");
        bool isFinite = true;
        byte* target = values.Row(row);
        for (int d = 0; d < x.Length && values.Format != KvFormat.Q8; d++)
        {
            isFinite &= StoreElement(x[d], target, values.Format, d);
        }

        for (int group = 0; group < values.GroupCount && values.Format == KvFormat.Q8; group++)
        {
            int start = group * PackedLayout.GroupSize;
            int count = Math.Min(PackedLayout.GroupSize, x.Length - start);
            ushort scale = QuantizeGroup(x.Slice(start, count), (sbyte*)target + start);
            values.Scales[((long)group * values.ScaleStride) + row] = scale;
            isFinite &= !HalfBits.IsSpecial(scale);
        }

        return isFinite;
    }

    /// <summary>The fp16 scale of a group of at most 32 values, and its quants.</summary>
    /// <remarks>
    /// 0 where every value would round to 0 at the smallest normal scale, 2⁻¹⁴; NaN, with quants 0, where a value is
    /// not finite or beyond 127 times the largest float16.
    /// </remarks>
    internal static ushort QuantizeGroup(ReadOnlySpan<float> x, sbyte* quants)
    {
        float magnitude = 0f;
        foreach (float value in x)
        {
            // MathF.Max propagates NaN.
            magnitude = MathF.Max(magnitude, MathF.Abs(value));
        }

        ushort bits = CacheScale.Bits(magnitude);
        float scale = (float)BitConverter.UInt16BitsToHalf(bits);
        for (int k = 0; k < x.Length; k++)
        {
            quants[k] = scale > 0f ? (sbyte)MathF.Round(x[k] / scale) : (sbyte)0;
        }

        return bits;
    }

    /// <summary>scores[i, j] = scale · (Σ_d query[i, d] · key[j, d]), one chain of fused multiply-adds.</summary>
    internal static void Scores(
        in FloatMatrix queries, in KeyRows keys, int count, float scale, in FloatMatrix scores)
    {
        int heads = queries.Cols / keys.Cols;
        for (int i = 0; i < queries.Rows * heads; i++)
        {
            ReadOnlySpan<float> query = queries.Row(i / heads).Slice(i % heads * keys.Cols, keys.Cols);
            Span<float> output = scores.Row(i);
            for (int j = 0; j < count; j++)
            {
                float sum = 0f;
                for (int d = 0; d < query.Length; d++)
                {
                    sum = MathF.FusedMultiplyAdd(query[d], KeyElement(keys, j, d), sum);
                }

                output[j] = sum * scale;
            }
        }
    }

    /// <summary>
    /// output[i, d] (+)= Σ_j weights[i, j] · value[j, d] for d of [start, start + cols), a fused multiply-add per
    /// position.
    /// </summary>
    internal static void Mix(
        in FloatMatrix weights, in ValueRows values, int count, in FloatMatrix output, bool accumulate, int start,
        int cols)
    {
        int heads = output.Cols / values.Cols;
        for (int i = 0; i < output.Rows * heads; i++)
        {
            Span<float> target = output.Row(i / heads).Slice((i % heads * values.Cols) + start, cols);
            ReadOnlySpan<float> factors = weights.Row(i);
            if (!accumulate)
            {
                target.Clear();
            }

            for (int j = 0; j < count; j++)
            {
                for (int d = 0; d < target.Length; d++)
                {
                    float factor = factors[j] * ValueScale(values, j, start + d);
                    target[d] = MathF.FusedMultiplyAdd(factor, ValueQuant(values, j, start + d), target[d]);
                }
            }
        }
    }

    /// <summary>Column d of F16 or F32 key j.</summary>
    internal static float KeyElement(in KeyRows keys, int j, int d)
    {
        int tile = j / PackedLayout.TileRows;
        long index = ((((long)tile * keys.Cols) + d) * PackedLayout.TileRows) + (j % PackedLayout.TileRows);
        return Element(keys.Data, keys.Format, index);
    }

    // The scale of column d of value j; 1 for values that have none.
    private static float ValueScale(in ValueRows values, int j, int d)
    {
        long group = d / PackedLayout.GroupSize;
        return values.Format == KvFormat.Q8
            ? Element((byte*)values.Scales, KvFormat.F16, (group * values.ScaleStride) + j)
            : 1f;
    }

    private static float ValueQuant(in ValueRows values, int j, int d) => Element(values.Row(j), values.Format, d);

    private static bool StoreKeyQ8(ReadOnlySpan<float> x, in KeyRows keys, int tile, int lane)
    {
        bool isFinite = true;
        int groupCount = keys.Packed(keys.Rows).Layout.GroupCount;
        sbyte* quants = stackalloc sbyte[PackedLayout.GroupSize];
        for (int group = 0; group < groupCount; group++)
        {
            new Span<sbyte>(quants, PackedLayout.GroupSize).Clear();
            int start = group * PackedLayout.GroupSize;
            ushort scale = QuantizeGroup(x[start..Math.Min(start + PackedLayout.GroupSize, x.Length)], quants);
            long index = ((long)tile * groupCount) + group;
            keys.Scales[(index * PackedLayout.TileRows) + lane] = scale;
            isFinite &= !HalfBits.IsSpecial(scale);
            int* quads = (int*)(keys.Data + (index * PackedLayout.TileGroupBytes(QuantFormat.Q8G32)));
            for (int quad = 0; quad < PackedLayout.GroupSize / PackedLayout.QuadSize; quad++)
            {
                quads[(quad * PackedLayout.TileRows) + lane] = ((int*)quants)[quad];
            }
        }

        return isFinite;
    }

    private static bool StoreElement(float x, byte* data, KvFormat format, long index)
    {
        if (format == KvFormat.F32)
        {
            ((float*)data)[index] = x;
            return true;
        }

        ushort half = BitConverter.HalfToUInt16Bits((Half)x);
        ((ushort*)data)[index] = half;
        return !HalfBits.IsSpecial(half);
    }

    private static float Element(byte* data, KvFormat format, long index) => format switch
    {
        KvFormat.F32 => ((float*)data)[index],
        KvFormat.F16 => (float)((Half*)data)[index],
        _ => ((sbyte*)data)[index],
    };
}
