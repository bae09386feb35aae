using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>Parts of a chunk of blocks in registers: weights, factors, sums of their products.</summary>
/// <remarks>
/// SAFETY: reads inside the chunk of blocks that its caller owns. `format` (see FormatSize) and `dot` are constants
/// where this is inlined; they are passed on, because the compiler inlines only so many methods.
/// Without sdot, products of weights of few bits stay in int16 as long as they fit: 16·15·127, 8·31·127 and 4·63·127
/// do, of Q8_0 2·128·127.
/// </remarks>
internal static unsafe class NeonBlocks
{
    // 16 fifth bits: each byte eight times, and of each copy one bit.
    private const long FirstCopies = 0x0101010101010101, OneBitEach = unchecked((long)0x8040201008040201);

    /// <summary>Groups group and group + 1 (even): their first and second halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Two(
        byte* block, int group, int format, out Vector128<sbyte> first0,
        out Vector128<sbyte> second0, out Vector128<sbyte> first1, out Vector128<sbyte> second1)
    {
        if ((format & FormatSize.Block) >= DenseBlock.BytesQ4K)
        {
            TwoLarge(block, group, format, out first0, out second0, out first1, out second1);
            return;
        }

        int at = (format & FormatSize.HasMinimum) != 0 ? 2 * DenseBlock.BlockScaleBytes : DenseBlock.BlockScaleBytes;
        Small(block, at + (group * (format & FormatSize.Block)), format, out first0, out second0);
        Small(block, at + ((group + 1) * (format & FormatSize.Block)), format, out first1, out second1);
    }

    /// <summary>
    /// The first or second halves (half 0, 1) of groups 0 … 3 or 4 … 7 (part 0, 1) of a Q6_K block.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Sixes(
        byte* block, int half, int part, out Vector128<sbyte> w0, out Vector128<sbyte> w1, out Vector128<sbyte> w2,
        out Vector128<sbyte> w3)
    {
        int at = (16 * half) + (64 * part);
        int pairs = DenseBlock.PairsOffsetQ6K + (16 * half) + (DenseBlock.Length * part);
        Vector128<byte> first = AdvSimd.LoadVector128(block + at);
        Vector128<byte> second = AdvSimd.LoadVector128(block + (at + DenseBlock.Length));
        Vector128<byte> high = AdvSimd.LoadVector128(block + pairs);
        Vector128<byte> higher = AdvSimd.ShiftRightLogical(high, 2);
        w0 = WithHigh(Nibble(first), high & Vector128.Create((byte)3));
        w1 = WithHigh(Nibble(second), higher & Vector128.Create((byte)3));
        w2 = WithLow(high & Vector128.Create((byte)(3 << PackedLayout.NibbleBits)), first);
        w3 = WithLow(higher & Vector128.Create((byte)(3 << PackedLayout.NibbleBits)), second);
    }

    /// <summary>
    /// Products of a group, in lanes that Pair and Total add up: int32, or for few bits without sdot int16. With sdot
    /// they are added to start.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<int> Group(
        Vector128<int> start, Vector128<sbyte> first, Vector128<sbyte> second, Vector128<sbyte> x, Vector128<sbyte> z,
        int format, bool dot)
    {
        if (dot)
        {
            return Dp.DotProduct(Dp.DotProduct(start, first, x), second, z);
        }

        Vector128<short> products = AdvSimd.MultiplyWideningUpper(first, x);
        products = AdvSimd.MultiplyWideningLowerAndAdd(products, first.GetLower(), x.GetLower());
        if ((format & FormatSize.Quant) == FormatSize.Eight)
        {
            Vector128<short> others = AdvSimd.MultiplyWideningUpper(second, z);
            others = AdvSimd.MultiplyWideningLowerAndAdd(others, second.GetLower(), z.GetLower());
            return AdvSimd.AddPairwiseWideningAndAdd(AdvSimd.AddPairwiseWidening(products), others);
        }

        products = AdvSimd.MultiplyWideningUpperAndAdd(products, second, z);
        return AdvSimd.MultiplyWideningLowerAndAdd(products, second.GetLower(), z.GetLower()).AsInt32();
    }

    /// <summary>As Group, for half a group of Q6_K.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<int> HalfGroup(
        Vector128<int> start, Vector128<sbyte> w, Vector128<sbyte> x, bool dot)
    {
        if (dot)
        {
            return Dp.DotProduct(start, w, x);
        }

        Vector128<short> products = AdvSimd.MultiplyWideningUpper(w, x);
        return AdvSimd.MultiplyWideningLowerAndAdd(products, w.GetLower(), x.GetLower()).AsInt32();
    }

    /// <summary>Neighbouring lanes of two groups, added.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<int> Pair(Vector128<int> even, Vector128<int> odd, int format, bool dot)
    {
        if (dot || (format & FormatSize.Quant) == FormatSize.Eight)
        {
            return AdvSimd.Arm64.AddPairwise(even, odd);
        }

        Vector128<short> sums = AdvSimd.Arm64.AddPairwise(even.AsInt16(), odd.AsInt16());
        return (format & FormatSize.Quant) == FormatSize.Four ? sums.AsInt32() : AdvSimd.AddPairwiseWidening(sums);
    }

    /// <summary>The sums of four groups of two pairs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<int> Total(Vector128<int> a, Vector128<int> b, int format, bool dot) =>
        dot || (format & FormatSize.Quant) != FormatSize.Four
            ? AdvSimd.Arm64.AddPairwise(a, b)
            : AdvSimd.AddPairwiseWidening(AdvSimd.Arm64.AddPairwise(a.AsInt16(), b.AsInt16()));

    /// <summary>
    /// The scales and minimums of the eight groups of a chunk; squares grows by 2³² at least for an infinity or NaN,
    /// and for a negative d or dmin of Q4_K and Q5_K.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Factors(
        byte* block, int format, ref Vector128<float> squares, out Vector128<float> scale,
        out Vector128<float> scale4, out Vector128<float> minimum, out Vector128<float> minimum4)
    {
        minimum = default;
        minimum4 = default;
        if ((format & FormatSize.Block) >= DenseBlock.BytesQ4K)
        {
            FactorsOfLarge(block, ref squares, out scale, out scale4, out minimum, out minimum4);
            return;
        }

        Vector128<short> lower = FourPairs(block, 0, format & FormatSize.Block);
        Vector128<short> upper = FourPairs(
            block, 4 * (format & FormatSize.Block), format & FormatSize.Block);
        if ((format & FormatSize.HasMinimum) != 0)
        {
            minimum = Single(AdvSimd.ShiftLeftLogicalWideningUpper(lower, HalfBits.MantissaShift), ref squares);
            minimum4 = Single(AdvSimd.ShiftLeftLogicalWideningUpper(upper, HalfBits.MantissaShift), ref squares);
        }

        scale = Single(
            AdvSimd.ShiftLeftLogicalWideningLower(lower.GetLower(), HalfBits.MantissaShift), ref squares);
        scale4 = Single(
            AdvSimd.ShiftLeftLogicalWideningLower(upper.GetLower(), HalfBits.MantissaShift), ref squares);
    }

    /// <summary>d·scale of the first halves of the groups of a Q6_K block, and of the second ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void FactorsOfHalves(
        byte* block, ref Vector128<float> squares, out Vector128<float> first, out Vector128<float> first4,
        out Vector128<float> second, out Vector128<float> second4)
    {
        // Two scales come along, in the lower half.
        byte* last = block + (DenseBlock.ScaleOffsetQ6K - DenseBlock.BlockScaleBytes);
        Vector128<float> d = Single(AdvSimd.ShiftRightArithmetic(Lone(last).AsInt32(), 3), ref squares);
        Vector128<short> pairs =
            AdvSimd.LoadVector128((sbyte*)(block + DenseBlock.ScalesOffsetQ6K)).AsInt16();
        Vector128<short> even = AdvSimd.ShiftRightArithmetic(AdvSimd.ShiftLeftLogical(pairs, 8), 8);
        Vector128<short> odd = AdvSimd.ShiftRightArithmetic(pairs, 8);
        first4 = Scaled(AdvSimd.SignExtendWideningUpper(even), d, 0);
        first = Scaled(AdvSimd.SignExtendWideningLower(even.GetLower()), d, 0);
        second4 = Scaled(AdvSimd.SignExtendWideningUpper(odd), d, 0);
        second = Scaled(AdvSimd.SignExtendWideningLower(odd.GetLower()), d, 0);
    }

    // The weights of a block of 32, which begin at an offset.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Small(
        byte* block, int at, int format, out Vector128<sbyte> first, out Vector128<sbyte> second)
    {
        if ((format & FormatSize.Quant) == FormatSize.Eight)
        {
            first = AdvSimd.LoadVector128((sbyte*)block + at);
            second = AdvSimd.LoadVector128((sbyte*)block + (at + 16));
            return;
        }

        int bits = (format & FormatSize.Quant) == FormatSize.Five ? DenseBlock.FifthBitsBytes : 0;
        Vector128<byte> pairs = AdvSimd.LoadVector128(block + (at + bits));
        if ((format & FormatSize.Quant) == FormatSize.Five)
        {
            Vector128<byte> fifths = Lone(block + at).AsByte();
            first = (Nibble(pairs) | Fifths(fifths, Vector128.Create(0L, FirstCopies))).AsSByte();
            second = WithLow(Fifths(fifths, Vector128.Create(2 * FirstCopies, 3 * FirstCopies)), pairs);
            return;
        }

        first = Nibble(pairs).AsSByte();
        second = AdvSimd.ShiftRightLogical(pairs, PackedLayout.NibbleBits).AsSByte();
    }

    // 16 where a bit is set.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Fifths(Vector128<byte> bits, Vector128<long> copies)
    {
        Vector128<byte> set = AdvSimd.CompareTest(
            AdvSimd.Arm64.VectorTableLookup(bits, copies.AsByte()), Vector128.Create(OneBitEach).AsByte());
        return set & Vector128.Create((byte)(1 << PackedLayout.NibbleBits));
    }

    // Two groups of a Q4_K or Q5_K block share bytes of nibbles.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TwoLarge(
        byte* block, int group, int format, out Vector128<sbyte> first0, out Vector128<sbyte> second0,
        out Vector128<sbyte> first1, out Vector128<sbyte> second1)
    {
        int bits = (format & FormatSize.Quant) == FormatSize.Five ? DenseBlock.Length : 0;
        int at = DenseBlock.QuantsOffsetK + (group / 2 * DenseBlock.Length) + bits;
        Vector128<byte> first = AdvSimd.LoadVector128(block + at), second = AdvSimd.LoadVector128(block + (at + 16));
        if ((format & FormatSize.Quant) == FormatSize.Five)
        {
            Vector128<byte> fifths = AdvSimd.LoadVector128(block + DenseBlock.QuantsOffsetK);
            Vector128<byte> fifths1 = AdvSimd.LoadVector128(block + (DenseBlock.QuantsOffsetK + 16));
            first0 = (Nibble(first) | FifthOf(fifths, group)).AsSByte();
            second0 = (Nibble(second) | FifthOf(fifths1, group)).AsSByte();
            first1 = WithLow(FifthOf(fifths, group + 1), first);
            second1 = WithLow(FifthOf(fifths1, group + 1), second);
            return;
        }

        first0 = Nibble(first).AsSByte();
        second0 = Nibble(second).AsSByte();
        first1 = AdvSimd.ShiftRightLogical(first, PackedLayout.NibbleBits).AsSByte();
        second1 = AdvSimd.ShiftRightLogical(second, PackedLayout.NibbleBits).AsSByte();
    }

    // Bit `group` of each byte, at the place of a fifth bit.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> FifthOf(Vector128<byte> bits, int group)
    {
        Vector128<byte> moved = group == 4
            ? bits
            : group < 4
                ? Vector128.ShiftLeft(bits, 4 - group)
                : Vector128.ShiftRightLogical(bits, group - 4);
        return moved & Vector128.Create((byte)(1 << PackedLayout.NibbleBits));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Nibble(Vector128<byte> v) => v & Vector128.Create(PackedLayout.NibbleMask);

    // A nibble, and more bits above it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<sbyte> WithHigh(Vector128<byte> nibble, Vector128<byte> bits) =>
        AdvSimd.ShiftLeftAndInsert(nibble, bits, PackedLayout.NibbleBits).AsSByte();

    // Bits in their place, and the high one of two nibbles below them.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<sbyte> WithLow(Vector128<byte> bits, Vector128<byte> nibbles) =>
        AdvSimd.ShiftRightAndInsert(bits, nibbles, PackedLayout.NibbleBits).AsSByte();

    // The first two bytes of four blocks, then the next two.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> FourPairs(byte* block, int at, int bytes)
    {
        Vector128<short> a = AdvSimd.Arm64.ZipLow(
            Lone(block + at).AsInt16(), Lone(block + (at + bytes)).AsInt16());
        Vector128<short> b = AdvSimd.Arm64.ZipLow(
            Lone(block + (at + (2 * bytes))).AsInt16(), Lone(block + (at + (3 * bytes))).AsInt16());
        return AdvSimd.Arm64.ZipLow(a.AsInt32(), b.AsInt32()).AsInt16();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Lone(byte* p) => Vector128.CreateScalarUnsafe(*(float*)p);

    // Four finite float16 that were sign-extended and shifted left by 13; an infinity or NaN becomes 2¹⁶ or more.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Single(Vector128<int> shifted, ref Vector128<float> squares)
    {
        Vector128<int> bits = shifted & Vector128.Create(HalfBits.ShiftedMask);
        Vector128<float> value = AdvSimd.Multiply(bits.AsSingle(), Vector128.Create(HalfBits.Rebias));
        squares = AdvSimd.FusedMultiplyAdd(squares, value, value);
        return value;
    }

    // d·scale and −dmin·minimum of the eight groups of a Q4_K or Q5_K block. A negative d or dmin, which no quantizer
    // writes, becomes an infinity.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FactorsOfLarge(
        byte* block, ref Vector128<float> squares, out Vector128<float> scale, out Vector128<float> scale4,
        out Vector128<float> minimum, out Vector128<float> minimum4)
    {
        Vector128<short> halves = Lone(block).AsInt16();
        Vector128<int> bits = AdvSimd.ShiftLeftLogicalWideningLower(halves.GetLower(), HalfBits.MantissaShift);
        Vector128<float> both = AdvSimd.Multiply(
            bits.AsSingle(), Vector128.Create(HalfBits.Rebias, -HalfBits.Rebias, 0f, 0f));
        squares = AdvSimd.FusedMultiplyAdd(squares, both, both);
        UnpackKBodies.SixBits(block, out ulong lower, out ulong upper);
        Vector128<sbyte> integers = AdvSimd.Arm64.ZipLow(
            Vector128.CreateScalarUnsafe((long)lower).AsInt32(),
            Vector128.CreateScalarUnsafe((long)upper).AsInt32()).AsSByte();
        Vector128<short> minimums = AdvSimd.SignExtendWideningUpper(integers);
        Vector128<short> scales = AdvSimd.SignExtendWideningLower(integers.GetLower());
        minimum4 = Scaled(AdvSimd.SignExtendWideningUpper(minimums), both, 1);
        minimum = Scaled(AdvSimd.SignExtendWideningLower(minimums.GetLower()), both, 1);
        scale4 = Scaled(AdvSimd.SignExtendWideningUpper(scales), both, 0);
        scale = Scaled(AdvSimd.SignExtendWideningLower(scales.GetLower()), both, 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Scaled(
        Vector128<int> integers, Vector128<float> factors, [ConstantExpected(Max = (byte)3)] byte index) =>
        AdvSimd.MultiplyBySelectedScalar(AdvSimd.ConvertToSingle(integers), factors, index);
}
