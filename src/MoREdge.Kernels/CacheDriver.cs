using System.Diagnostics;
using System.Runtime.CompilerServices;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>
/// The loops around the portable cache bodies: groups, the last, partial one padded with zeros, and the places of a key
/// in its tile. Bit for bit what the reference stores.
/// </summary>
/// <remarks>SAFETY: pointers stay inside the views and the row that is stored, whose sizes are asserted.</remarks>
internal static unsafe class CacheDriver
{
    /// <summary>Stores an F16 or Q8 key of at most <see cref="AttentionDriver.HeadDimMax"/> columns.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool StoreKey(ReadOnlySpan<float> x, in KeyRows keys, int row)
    {
        Debug.Assert(x.Length == keys.Cols && (uint)row < (uint)keys.Rows, "One key of the cache.");
        int lane = row % PackedLayout.TileRows;
        int tile = row / PackedLayout.TileRows;
        fixed (float* source = x)
        {
            if (keys.Format == KvFormat.Q8)
            {
                return StoreKeyQ8(source, x.Length, keys, tile, lane);
            }

            ushort* halves = stackalloc ushort[AttentionDriver.HeadDimMax];
            bool isFinite = Vector128CacheBodies.StoreHalf(source, x.Length, halves);
            ushort* target = (ushort*)(keys.Data + (tile * keys.TileBytes)) + lane;
            for (nint d = 0; d < x.Length; d++)
            {
                target[d * PackedLayout.TileRows] = halves[d];
            }

            return isFinite;
        }
    }

    /// <summary>Stores an F16 or Q8 value.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool StoreValue(ReadOnlySpan<float> x, in ValueRows values, int row)
    {
        Debug.Assert(x.Length == values.Cols, "One value of the cache.");
        byte* target = values.Row(row);
        fixed (float* source = x)
        {
            if (values.Format == KvFormat.F16)
            {
                return Vector128CacheBodies.StoreHalf(source, x.Length, (ushort*)target);
            }

            sbyte* quants = stackalloc sbyte[PackedLayout.GroupSize];
            bool isFinite = true;
            for (int group = 0; group < values.GroupCount; group++)
            {
                int start = group * PackedLayout.GroupSize;
                int count = Math.Min(PackedLayout.GroupSize, x.Length - start);
                ushort scale = QuantizeGroup(source + start, count, quants);
                new ReadOnlySpan<sbyte>(quants, count).CopyTo(new Span<sbyte>(target + start, count));
                values.Scales[((long)group * values.ScaleStride) + row] = scale;
                isFinite &= !HalfBits.IsSpecial(scale);
            }

            return isFinite;
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool StoreKeyQ8(float* x, int cols, in KeyRows keys, int tile, int lane)
    {
        int* quads = stackalloc int[PackedLayout.GroupSize / PackedLayout.QuadSize];
        int groupCount = (cols + PackedLayout.GroupSize - 1) / PackedLayout.GroupSize;
        bool isFinite = true;
        for (int group = 0; group < groupCount; group++)
        {
            int start = group * PackedLayout.GroupSize;
            ushort scale = QuantizeGroup(x + start, Math.Min(PackedLayout.GroupSize, cols - start), (sbyte*)quads);
            long index = ((long)tile * groupCount) + group;
            keys.Scales[(index * PackedLayout.TileRows) + lane] = scale;
            isFinite &= !HalfBits.IsSpecial(scale);
            int* target = (int*)(keys.Data + (index * PackedLayout.TileGroupBytes(QuantFormat.Q8G32))) + lane;
            for (int quad = 0; quad < PackedLayout.GroupSize / PackedLayout.QuadSize; quad++)
            {
                target[quad * PackedLayout.TileRows] = quads[quad];
            }
        }

        return isFinite;
    }

    // The quants past the end of a partial group are 0.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ushort QuantizeGroup(float* x, int count, sbyte* quants)
    {
        float* padded = stackalloc float[PackedLayout.GroupSize];
        if (count < PackedLayout.GroupSize)
        {
            new Span<float>(padded, PackedLayout.GroupSize).Clear();
            new ReadOnlySpan<float>(x, count).CopyTo(new Span<float>(padded, count));
            x = padded;
        }

        ushort bits = CacheScale.Bits(BitConverter.Int32BitsToSingle(Vector128CacheBodies.MagnitudeBits(x)));
        float scale = HalfConversion.ToSingle(bits);
        if (scale > 0f)
        {
            Vector128CacheBodies.Quantize(x, scale, quants);
        }
        else
        {
            new Span<sbyte>(quants, PackedLayout.GroupSize).Clear();
        }

        return bits;
    }
}
