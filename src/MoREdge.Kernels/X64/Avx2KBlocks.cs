using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using MoREdge.Tensors;
using static MoREdge.Kernels.Avx2Blocks;

namespace MoREdge.Kernels;

/// <summary>A block of 256 weights in registers, as BlockLayout says: w0 … w7 and its factors.</summary>
/// <remarks>SAFETY: reads the block that its caller owns; references as in Avx2Blocks.</remarks>
internal static unsafe class Avx2KBlocks
{
    // Nibbles of the second half of a block behind those of the first.
    private const int HalfBytes = DenseBlock.LengthK / 4;

    // One in the exponent of a float16; smaller magnitudes are subnormal.
    private const uint ExponentStep = 0x0400;

    // One more than the largest exponent reaches it.
    private const uint SignOfHalf = 0x8000;

    /// <summary>The 128 bytes of nibbles of Q4_K and Q5_K, at an offset.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Nibbles(
        byte* block, int at, out Vector256<byte> w0, out Vector256<byte> w1, out Vector256<byte> w2,
        out Vector256<byte> w3, out Vector256<byte> w4, out Vector256<byte> w5, out Vector256<byte> w6,
        out Vector256<byte> w7)
    {
        Vector256<byte> mask = Vector256.Create(PackedLayout.NibbleMask);
        Vector256<byte> pairs = Both(block, at, HalfBytes);
        w0 = pairs & mask;
        w2 = Right(pairs, PackedLayout.NibbleBits) & mask;
        pairs = Both(block, at + 16, HalfBytes);
        w1 = pairs & mask;
        w3 = Right(pairs, PackedLayout.NibbleBits) & mask;
        pairs = Both(block, at + 32, HalfBytes);
        w4 = pairs & mask;
        w6 = Right(pairs, PackedLayout.NibbleBits) & mask;
        pairs = Both(block, at + 48, HalfBytes);
        w5 = pairs & mask;
        w7 = Right(pairs, PackedLayout.NibbleBits) & mask;
    }

    /// <summary>Q5_K: 0 … 31; 32 bytes of fifth bits, of which bit g belongs to group g, then nibbles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Fives(
        byte* block, out Vector256<byte> w0, out Vector256<byte> w1, out Vector256<byte> w2, out Vector256<byte> w3,
        out Vector256<byte> w4, out Vector256<byte> w5, out Vector256<byte> w6, out Vector256<byte> w7)
    {
        Nibbles(
            block, DenseBlock.QuantsOffsetK + DenseBlock.Length,
            out w0, out w1, out w2, out w3, out w4, out w5, out w6, out w7);
        Vector256<byte> fifth = Vector256.Create((byte)(1 << PackedLayout.NibbleBits));
        Vector256<byte> bits = FifthBits(block + DenseBlock.QuantsOffsetK);
        w0 |= Left(bits, 4) & fifth;
        w2 |= Left(bits, 3) & fifth;
        w4 |= Left(bits, 2) & fifth;
        w6 |= Left(bits, 1) & fifth;
        bits = FifthBits(block + DenseBlock.QuantsOffsetK + 16);
        w1 |= Left(bits, 4) & fifth;
        w3 |= Left(bits, 3) & fifth;
        w5 |= Left(bits, 2) & fifth;
        w7 |= Left(bits, 1) & fifth;
    }

    /// <summary>Q6_K: 0 … 63.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Sixes(
        byte* block, out Vector256<byte> w0, out Vector256<byte> w1, out Vector256<byte> w2, out Vector256<byte> w3,
        out Vector256<byte> w4, out Vector256<byte> w5, out Vector256<byte> w6, out Vector256<byte> w7)
    {
        Vector256<byte> mask = Vector256.Create(PackedLayout.NibbleMask);
        Vector256<byte> pair = Vector256.Create((byte)(3 << PackedLayout.NibbleBits));
        Vector256<byte> high = Both(block, DenseBlock.PairsOffsetQ6K, DenseBlock.Length);
        Vector256<byte> first = Both(block, 0, HalfBytes), second = Both(block, 32, HalfBytes);
        w0 = (first & mask) | (Left(high, 4) & pair);
        w2 = (second & mask) | (Left(high, 2) & pair);
        w4 = (Right(first, 4) & mask) | (high & pair);
        w6 = (Right(second, 4) & mask) | (Right(high, 2) & pair);
        high = Both(block, DenseBlock.PairsOffsetQ6K + 16, DenseBlock.Length);
        first = Both(block, 16, HalfBytes);
        second = Both(block, 48, HalfBytes);
        w1 = (first & mask) | (Left(high, 4) & pair);
        w3 = (second & mask) | (Left(high, 2) & pair);
        w5 = (Right(first, 4) & mask) | (high & pair);
        w7 = (Right(second, 4) & mask) | (Right(high, 2) & pair);
    }

    /// <summary>
    /// d·scale and −dmin·minimum of the eight groups of a Q4_K or Q5_K block without <see cref="SpecialBits"/>.
    /// </summary>
    /// <remarks>
    /// The 6-bit integers are taken apart in general registers, whose units are idle here, and the vector units busy.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Factors(byte* block, out Vector256<float> scale, out Vector256<float> minimum)
    {
        // The scales, which come along, are not read.
        Vector128<int> halves = Vector128.ShiftLeft(
            Sse41.ConvertToVector128Int32((ushort*)block), HalfBits.MantissaShift);
        Vector128<float> both = Single(halves.ToVector256Unsafe()).GetLower();
        UnpackKBodies.SixBits(block, out ulong lower, out ulong upper);
        Vector128<byte> integers = Sse2.UnpackLow(
            Vector128.CreateScalarUnsafe(lower).AsUInt32(), Vector128.CreateScalarUnsafe(upper).AsUInt32()).AsByte();
        scale = Eight(integers) * Avx2.BroadcastScalarToVector256(both);
        minimum = Eight(Sse2.ShiftRightLogical128BitLane(integers, BlockLayout.Groups))
            * Avx2.BroadcastScalarToVector256(Sse3.MoveHighAndDuplicate(-both));
    }

    /// <summary>
    /// Not 0 if d or dmin of a Q4_K or Q5_K block is negative, an infinity or NaN, as no quantizer's is.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint SpecialBits(byte* block)
    {
        // One more than the largest exponent reaches the sign.
        uint both = *(uint*)block;
        return (both | (both + (ExponentStep | (ExponentStep << 16)))) & 0x8000_8000;
    }

    /// <summary>Not 0 if d of a Q6_K block is an infinity or NaN, as no quantizer's is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint SpecialBitsOfHalves(byte* block) =>
        ((uint)(*(ushort*)(block + DenseBlock.ScaleOffsetQ6K) & short.MaxValue) + ExponentStep) & SignOfHalf;

    /// <summary>
    /// d·scale of the first halves of the groups of a Q6_K block without <see cref="SpecialBitsOfHalves"/>, and of the
    /// second ones.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void FactorsOfHalves(byte* block, out Vector256<float> first, out Vector256<float> second)
    {
        // d is the upper half of the last four bytes.
        Vector256<int> bits = Avx2.BroadcastScalarToVector256((int*)(block + DenseBlock.BytesQ6K - sizeof(int)));
        Vector256<int> magnitude = Vector256.ShiftRightLogical(bits, 16 - HalfBits.MantissaShift)
            & Vector256.Create(short.MaxValue << HalfBits.MantissaShift);
        Vector256<int> sign = bits & Vector256.Create(int.MinValue);
        Vector256<float> factor = (Single(magnitude).AsInt32() | sign).AsSingle();
        Vector256<int> pairs = Avx2.ConvertToVector256Int32((short*)(block + DenseBlock.ScalesOffsetQ6K));
        Vector256<int> low = Vector256.ShiftRightArithmetic(Vector256.ShiftLeft(pairs, 24), 24);
        first = Avx.ConvertToVector256Single(low) * factor;
        second = Avx.ConvertToVector256Single(Vector256.ShiftRightArithmetic(pairs, 8)) * factor;
    }

    // Magnitudes of float16, at float32's place, as float32; infinities and NaN become finite. Many a d is subnormal,
    // and a float32 that is costs a Zen 4 core 50 cycles to multiply: here it gets a leading one, f = 2⁻¹⁵ + d / 2,
    // and 2·f − 2⁻¹⁴ is d, which is less than f exactly then.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Single(Vector256<int> magnitude)
    {
        Vector256<float> f = (magnitude + Vector256.Create(HalfBits.BiasStep)).AsSingle();
        return Avx.Min(f, Fma.MultiplySubtract(f, Vector256.Create(2f), Vector256.Create(HalfBits.SmallestNormal)));
    }

    // Bits of groups 0 … 3 lowest in one half of the register, of groups 4 … 7 in the other.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> FifthBits(byte* source)
    {
        Vector128<byte> bits = Vector128.Load(source);
        return Vector256.Create(bits, Vector128.ShiftRightLogical(bits.AsUInt16(), 4).AsByte());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Eight(Vector128<byte> bytes) =>
        Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32(bytes));
}
