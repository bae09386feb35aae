using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>Blocks of 256 weights to bytes and float32 factors (BlockLayout) with portable 128-bit vectors.</summary>
/// <remarks>
/// SAFETY: pointers only; blocks holds groupCount / 8 blocks, quants and factors as many chunks. A scale of 6 or 8 bits
/// times a float16 is exact in float32.
/// </remarks>
internal static unsafe class UnpackKBodies
{
    private const ulong LowSixBits = 0x3f3f3f3f_3f3f3f3f;
    private const ulong LowNibbles = 0x0f0f0f0f_0f0f0f0f;
    private const ulong BitPairs = 0x30303030_30303030;

    /// <summary>Q4_K: nibbles, minimums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Q4(byte* block, int groupCount, byte* quants, float* factors)
    {
        Vector128<byte> mask = Vector128.Create(PackedLayout.NibbleMask);
        for (int group = 0; group < groupCount; group += BlockLayout.Groups)
        {
            byte* source = block + DenseBlock.QuantsOffsetK;
            for (int at = 0; at < BlockLayout.Groups; at += 2)
            {
                byte* target = quants + BlockLayout.Offset(at);
                Vector128<byte> first = Vector128.Load(source), second = Vector128.Load(source + 16);
                (first & mask).Store(target);
                (second & mask).Store(target + BlockLayout.HalfStep);
                (Right(first, 4) & mask).Store(target + BlockLayout.GroupStep);
                (Right(second, 4) & mask).Store(target + BlockLayout.GroupStep + BlockLayout.HalfStep);
                source += DenseBlock.Length;
            }

            Factors(block, factors);
            block += DenseBlock.BytesQ4K;
            quants += BlockLayout.Quants;
            factors += BlockLayout.Factors;
        }
    }

    /// <summary>Q5_K: 0 … 31, minimums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Q5(byte* block, int groupCount, byte* quants, float* factors)
    {
        Vector128<byte> mask = Vector128.Create(PackedLayout.NibbleMask);
        Vector128<byte> fifth = Vector128.Create((byte)(1 << PackedLayout.NibbleBits));
        for (int group = 0; group < groupCount; group += BlockLayout.Groups)
        {
            byte* source = block + DenseBlock.QuantsOffsetK;
            // The bits of the pair of groups that is next are the lowest two.
            Vector128<byte> bits = Vector128.Load(source), bits1 = Vector128.Load(source + 16);
            for (int at = 0; at < BlockLayout.Groups; at += 2)
            {
                source += DenseBlock.Length;
                byte* target = quants + BlockLayout.Offset(at);
                Vector128<byte> first = Vector128.Load(source), second = Vector128.Load(source + 16);
                ((first & mask) | (Left(bits, 4) & fifth)).Store(target);
                ((second & mask) | (Left(bits1, 4) & fifth)).Store(target + BlockLayout.HalfStep);
                target += BlockLayout.GroupStep;
                ((Right(first, 4) & mask) | (Left(bits, 3) & fifth)).Store(target);
                ((Right(second, 4) & mask) | (Left(bits1, 3) & fifth)).Store(target + BlockLayout.HalfStep);
                bits = Right(bits, 2);
                bits1 = Right(bits1, 2);
            }

            Factors(block, factors);
            block += DenseBlock.BytesQ5K;
            quants += BlockLayout.Quants;
            factors += BlockLayout.Factors;
        }
    }

    /// <summary>Q6_K: 0 … 63, and a scale for each half of a group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Q6(byte* block, int groupCount, byte* quants, float* factors)
    {
        Vector128<byte> mask = Vector128.Create(PackedLayout.NibbleMask);
        Vector128<byte> pair = Vector128.Create((byte)(3 << PackedLayout.NibbleBits));
        for (int group = 0; group < groupCount; group += BlockLayout.Groups)
        {
            // Two halves of 128 weights, in each two halves of four groups.
            for (int at = 0; at < 4; at++)
            {
                byte* source = block + (at / 2 * 64) + (at % 2 * 16);
                byte* target = quants + BlockLayout.Offset(at / 2 * 4) + (at % 2 * BlockLayout.HalfStep);
                Vector128<byte> first = Vector128.Load(source), second = Vector128.Load(source + DenseBlock.Length);
                Vector128<byte> high = Vector128.Load(block + DenseBlock.PairsOffsetQ6K + (at * 16));
                ((first & mask) | (Left(high, 4) & pair)).Store(target);
                ((second & mask) | (Left(high, 2) & pair)).Store(target + BlockLayout.GroupStep);
                ((Right(first, 4) & mask) | (high & pair)).Store(target + (2 * BlockLayout.GroupStep));
                ((Right(second, 4) & mask) | (Right(high, 2) & pair)).Store(target + (3 * BlockLayout.GroupStep));
            }

            FactorsOfHalves(block, factors);
            block += DenseBlock.BytesQ6K;
            quants += BlockLayout.Quants;
            factors += BlockLayout.Factors;
        }
    }

    /// <summary>
    /// The 6-bit scales and minimums of a Q4_K or Q5_K block, a byte each: lower holds the scales of groups 0–3, then
    /// their minimums, upper those of groups 4–7.
    /// </summary>
    /// <remarks>
    /// Groups 0–3 are in the low six bits of bytes g and g + 4; groups 4–7 in the nibbles of byte g + 4 and, above
    /// them, the top bit pairs of bytes g − 4 and g.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void SixBits(byte* block, out ulong lower, out ulong upper)
    {
        ulong packed = *(ulong*)(block + DenseBlock.ScalesOffsetK);
        ulong nibbles = *(uint*)(block + DenseBlock.ScalesOffsetK + sizeof(ulong));
        lower = packed & LowSixBits;
        upper = ((nibbles | (nibbles << (32 - PackedLayout.NibbleBits))) & LowNibbles) | (packed >> 2 & BitPairs);
    }

    // d and −dmin, in elements 0 and 1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ScaleAndMinimum(byte* block)
    {
        Vector128<int> halves = Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(int*)block).AsInt16());
        Vector128<int> sign = Vector128.Create(0, int.MinValue, 0, 0);
        return (HalfConversion.ToSingle(halves).AsInt32() ^ sign).AsSingle();
    }

    // d·scale and −dmin·minimum of the eight groups of a Q4_K or Q5_K block.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Factors(byte* block, float* factors)
    {
        Vector128<float> both = ScaleAndMinimum(block);
        SixBits(block, out ulong lower, out ulong upper);
        Eight((uint)lower | (upper << 32), Vector128.Create(both.ToScalar()), factors);
        ulong minimums = (lower >> 32) | ((upper >> 32) << 32);
        Eight(minimums, Vector128.Create(both.GetElement(1)), factors + BlockLayout.Groups);
    }

    // d·scale of 8 first halves, then of 8 second ones, of a Q6_K block.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FactorsOfHalves(byte* block, float* factors)
    {
        Vector128<float> factor =
            Vector128.Create(HalfConversion.ToSingle(*(ushort*)(block + DenseBlock.ScaleOffsetQ6K)));
        Vector128<short> pairs = Vector128.Load((short*)(block + DenseBlock.ScalesOffsetQ6K));
        Vector128<short> first = Vector128.ShiftRightArithmetic(Vector128.ShiftLeft(pairs, 8), 8);
        Vector128<short> second = Vector128.ShiftRightArithmetic(pairs, 8);
        (Vector128.ConvertToSingle(Vector128.WidenLower(first)) * factor).Store(factors);
        (Vector128.ConvertToSingle(Vector128.WidenUpper(first)) * factor).Store(factors + 4);
        (Vector128.ConvertToSingle(Vector128.WidenLower(second)) * factor).Store(factors + 8);
        (Vector128.ConvertToSingle(Vector128.WidenUpper(second)) * factor).Store(factors + 12);
    }

    // Eight bytes of six bits each, times a factor.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Eight(ulong bytes, Vector128<float> factor, float* y)
    {
        Vector128<short> wide = Vector128.WidenLower(Vector128.CreateScalar(bytes).AsSByte());
        (Vector128.ConvertToSingle(Vector128.WidenLower(wide)) * factor).Store(y);
        (Vector128.ConvertToSingle(Vector128.WidenUpper(wide)) * factor).Store(y + 4);
    }

    // Bits of neighbouring bytes come along: the caller masks them.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Right(Vector128<byte> v, int count) =>
        Vector128.ShiftRightLogical(v.AsUInt16(), count).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Left(Vector128<byte> v, int count) =>
        Vector128.ShiftLeft(v.AsUInt16(), count).AsByte();
}
