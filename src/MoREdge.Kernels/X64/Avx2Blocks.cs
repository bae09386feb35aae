using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>A chunk of eight blocks of 32 weights in registers, as BlockLayout says: w0 … w7 and its factors.</summary>
/// <remarks>
/// SAFETY: reads the eight blocks that its caller owns. References to locals stay registers once inlined; a structure
/// of so many fields would not.
/// </remarks>
internal static unsafe class Avx2Blocks
{
    /// <summary>Q8_0: signed quants.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Q8(
        byte* block, out Vector256<byte> w0, out Vector256<byte> w1, out Vector256<byte> w2, out Vector256<byte> w3,
        out Vector256<byte> w4, out Vector256<byte> w5, out Vector256<byte> w6, out Vector256<byte> w7)
    {
        const int Step = 4 * DenseBlock.BytesQ8;
        w0 = Both(block, DenseBlock.BlockScaleBytes, Step);
        w1 = Both(block, DenseBlock.BlockScaleBytes + 16, Step);
        w2 = Both(block, DenseBlock.BytesQ8 + DenseBlock.BlockScaleBytes, Step);
        w3 = Both(block, DenseBlock.BytesQ8 + DenseBlock.BlockScaleBytes + 16, Step);
        w4 = Both(block, (2 * DenseBlock.BytesQ8) + DenseBlock.BlockScaleBytes, Step);
        w5 = Both(block, (2 * DenseBlock.BytesQ8) + DenseBlock.BlockScaleBytes + 16, Step);
        w6 = Both(block, (3 * DenseBlock.BytesQ8) + DenseBlock.BlockScaleBytes, Step);
        w7 = Both(block, (3 * DenseBlock.BytesQ8) + DenseBlock.BlockScaleBytes + 16, Step);
    }

    /// <summary>Nibbles of Q4_0, Q4_1: those of a block at the given offset in it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Nibbles(
        byte* block, int at, int blockBytes, out Vector256<byte> w0, out Vector256<byte> w1, out Vector256<byte> w2,
        out Vector256<byte> w3, out Vector256<byte> w4, out Vector256<byte> w5, out Vector256<byte> w6,
        out Vector256<byte> w7)
    {
        Vector256<byte> mask = Vector256.Create(PackedLayout.NibbleMask);
        Vector256<byte> pairs = Both(block, at, 4 * blockBytes);
        w0 = pairs & mask;
        w1 = Right(pairs, PackedLayout.NibbleBits) & mask;
        pairs = Both(block, at + blockBytes, 4 * blockBytes);
        w2 = pairs & mask;
        w3 = Right(pairs, PackedLayout.NibbleBits) & mask;
        pairs = Both(block, at + (2 * blockBytes), 4 * blockBytes);
        w4 = pairs & mask;
        w5 = Right(pairs, PackedLayout.NibbleBits) & mask;
        pairs = Both(block, at + (3 * blockBytes), 4 * blockBytes);
        w6 = pairs & mask;
        w7 = Right(pairs, PackedLayout.NibbleBits) & mask;
    }

    /// <summary>Q5_0, Q5_1: 0 … 31; fifth bits, then nibbles of a block at the given offset in it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Fives(
        byte* block, int at, int blockBytes, out Vector256<byte> w0, out Vector256<byte> w1, out Vector256<byte> w2,
        out Vector256<byte> w3, out Vector256<byte> w4, out Vector256<byte> w5, out Vector256<byte> w6,
        out Vector256<byte> w7)
    {
        Nibbles(
            block, at + DenseBlock.FifthBitsBytes, blockBytes,
            out w0, out w1, out w2, out w3, out w4, out w5, out w6, out w7);
        Vector256<byte> bits = FifthBits(block, at, 4 * blockBytes);
        w0 |= FirstFifths(bits);
        w1 |= SecondFifths(bits);
        bits = FifthBits(block, at + blockBytes, 4 * blockBytes);
        w2 |= FirstFifths(bits);
        w3 |= SecondFifths(bits);
        bits = FifthBits(block, at + (2 * blockBytes), 4 * blockBytes);
        w4 |= FirstFifths(bits);
        w5 |= SecondFifths(bits);
        bits = FifthBits(block, at + (3 * blockBytes), 4 * blockBytes);
        w6 |= FirstFifths(bits);
        w7 |= SecondFifths(bits);
    }

    /// <summary>
    /// Eight float16 that lie step bytes apart, the first at an offset, as float32; where finite ones are expected, an
    /// infinity or NaN becomes 2¹⁶ or more.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Singles(byte* block, int at, int step, bool expectFinite)
    {
        Vector128<short> halves = Vector128.CreateScalarUnsafe(*(short*)(block + at));
        halves = Sse2.Insert(halves, *(short*)(block + at + step), 1);
        halves = Sse2.Insert(halves, *(short*)(block + at + (2 * step)), 2);
        halves = Sse2.Insert(halves, *(short*)(block + at + (3 * step)), 3);
        halves = Sse2.Insert(halves, *(short*)(block + at + (4 * step)), 4);
        halves = Sse2.Insert(halves, *(short*)(block + at + (5 * step)), 5);
        halves = Sse2.Insert(halves, *(short*)(block + at + (6 * step)), 6);
        halves = Sse2.Insert(halves, *(short*)(block + at + (7 * step)), 7);
        Vector256<int> shifted = Vector256.ShiftLeft(Avx2.ConvertToVector256Int32(halves), HalfBits.MantissaShift)
            & Vector256.Create(HalfBits.ShiftedMask);
        Vector256<int> bits = (shifted.AsSingle() * Vector256.Create(HalfBits.Rebias)).AsInt32();
        if (expectFinite)
        {
            return bits.AsSingle();
        }

        Vector256<int> special = Vector256.GreaterThan(
            bits & Vector256.Create(int.MaxValue), Vector256.Create(HalfConversion.FiniteMax));
        return (bits | (special & Vector256.Create(HalfConversion.InfinityBits))).AsSingle();
    }

    /// <summary>Sixteen bytes at an offset, and sixteen that lie step bytes behind them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<byte> Both(byte* block, int at, int step) =>
        Vector256.Create(Vector128.Load(block + at), Vector128.Load(block + at + step));

    /// <summary>Shifts bits; those of neighbouring bytes come along, and the caller masks them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<byte> Right(Vector256<byte> v, int count) =>
        Vector256.ShiftRightLogical(v.AsUInt16(), count).AsByte();

    /// <inheritdoc cref="Right"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<byte> Left(Vector256<byte> v, int count) =>
        Vector256.ShiftLeft(v.AsUInt16(), count).AsByte();

    // The 32 fifth bits of two blocks, each four times.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> FifthBits(byte* block, int at, int step) => Vector256.Create(
        Vector128.Create(*(int*)(block + at)), Vector128.Create(*(int*)(block + at + step))).AsByte();

    // The fifth bits of 16 weights: each byte eight times, and of each copy one bit; 16 where it is set.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> FirstFifths(Vector256<byte> bits) =>
        Fifths(bits, Vector256.Create(0L, 0x0101010101010101, 0L, 0x0101010101010101).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> SecondFifths(Vector256<byte> bits) => Fifths(
        bits,
        Vector256.Create(0x0202020202020202, 0x0303030303030303, 0x0202020202020202, 0x0303030303030303).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Fifths(Vector256<byte> bits, Vector256<byte> copies)
    {
        Vector256<byte> bit = Vector256.Create(0x8040201008040201).AsByte();
        return Vector256.Equals(Avx2.Shuffle(bits, copies) & bit, bit)
            & Vector256.Create((byte)(1 << PackedLayout.NibbleBits));
    }
}
