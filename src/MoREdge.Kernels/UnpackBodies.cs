using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>Blocks of 32 weights to bytes and float32 factors (BlockLayout) with portable 128-bit vectors.</summary>
/// <remarks>
/// SAFETY: pointers only; blocks holds groupCount blocks, quants and factors whole chunks. A float16 waits as an
/// integer in the place of its float32 until the end: converting several at a time is a fifth of the work.
/// </remarks>
internal static unsafe class UnpackBodies
{
    /// <summary>Q8_0: signed quants.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Q8(byte* block, int groupCount, byte* quants, float* factors)
    {
        ClearTail(groupCount, quants, factors);
        for (int group = 0; group < groupCount; group++)
        {
            byte* target = quants + BlockLayout.Offset(group);
            Vector128.Load(block + DenseBlock.BlockScaleBytes).Store(target);
            Vector128.Load(block + DenseBlock.BlockScaleBytes + 16).Store(target + BlockLayout.HalfStep);
            *Factor(factors, group) = *(short*)block;
            block += DenseBlock.BytesQ8;
        }

        ConvertFactors(groupCount, BlockLayout.Groups, factors);
    }

    /// <summary>Q4_0: nibbles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Q4(byte* block, int groupCount, byte* quants, float* factors)
    {
        ClearTail(groupCount, quants, factors);
        for (int group = 0; group < groupCount; group++)
        {
            Nibbles(block + DenseBlock.BlockScaleBytes, quants + BlockLayout.Offset(group));
            *Factor(factors, group) = *(short*)block;
            block += DenseBlock.BytesQ4;
        }

        ConvertFactors(groupCount, BlockLayout.Groups, factors);
    }

    /// <summary>Q4_1: nibbles, minimums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Q4Minimum(byte* block, int groupCount, byte* quants, float* factors)
    {
        ClearTail(groupCount, quants, factors);
        for (int group = 0; group < groupCount; group++)
        {
            Nibbles(block + (2 * DenseBlock.BlockScaleBytes), quants + BlockLayout.Offset(group));
            *Factor(factors, group) = *(short*)block;
            *Factor(factors + BlockLayout.Groups, group) = *(short*)(block + DenseBlock.BlockScaleBytes);
            block += DenseBlock.BytesQ4Minimum;
        }

        ConvertFactors(groupCount, BlockLayout.Factors, factors);
    }

    /// <summary>Q5_0: 0 … 31.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Q5(byte* block, int groupCount, byte* quants, float* factors)
    {
        ClearTail(groupCount, quants, factors);
        for (int group = 0; group < groupCount; group++)
        {
            Fives(block + DenseBlock.BlockScaleBytes, quants + BlockLayout.Offset(group));
            *Factor(factors, group) = *(short*)block;
            block += DenseBlock.BytesQ5;
        }

        ConvertFactors(groupCount, BlockLayout.Groups, factors);
    }

    /// <summary>Q5_1: 0 … 31, minimums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Q5Minimum(byte* block, int groupCount, byte* quants, float* factors)
    {
        ClearTail(groupCount, quants, factors);
        for (int group = 0; group < groupCount; group++)
        {
            Fives(block + (2 * DenseBlock.BlockScaleBytes), quants + BlockLayout.Offset(group));
            *Factor(factors, group) = *(short*)block;
            *Factor(factors + BlockLayout.Groups, group) = *(short*)(block + DenseBlock.BlockScaleBytes);
            block += DenseBlock.BytesQ5Minimum;
        }

        ConvertFactors(groupCount, BlockLayout.Factors, factors);
    }

    /// <summary>float16 bits in the places of the first count factors of each chunk become float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void ConvertFactors(int groupCount, int count, float* factors)
    {
        for (int group = 0; group < groupCount; group += BlockLayout.Groups)
        {
            for (int i = 0; i < count; i += 4)
            {
                HalfConversion.ToSingle(Vector128.Load((int*)factors + i)).Store(factors + i);
            }

            factors += BlockLayout.Factors;
        }
    }

    // Zeros for the groups that the last chunk lacks.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ClearTail(int groupCount, byte* quants, float* factors)
    {
        if (groupCount % BlockLayout.Groups != 0)
        {
            int chunk = groupCount / BlockLayout.Groups;
            quants += chunk * BlockLayout.Quants;
            factors += chunk * BlockLayout.Factors;
            for (int i = 0; i < BlockLayout.Quants; i += 16)
            {
                Vector128<byte>.Zero.Store(quants + i);
            }

            for (int i = 0; i < BlockLayout.Factors; i += 4)
            {
                Vector128<float>.Zero.Store(factors + i);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int* Factor(float* factors, int group) =>
        (int*)factors + (group / BlockLayout.Groups * BlockLayout.Factors) + (group % BlockLayout.Groups);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Nibbles(byte* source, byte* target)
    {
        Vector128<byte> mask = Vector128.Create(PackedLayout.NibbleMask);
        Vector128<byte> pairs = Vector128.Load(source);
        (pairs & mask).Store(target);
        (Upper(pairs) & mask).Store(target + BlockLayout.HalfStep);
    }

    // Four bytes of fifth bits, then nibbles.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fives(byte* source, byte* target)
    {
        Vector128<byte> mask = Vector128.Create(PackedLayout.NibbleMask);
        Vector128<byte> pairs = Vector128.Load(source + DenseBlock.FifthBitsBytes);
        ((pairs & mask) | FifthBits(*(ushort*)source)).Store(target);
        ((Upper(pairs) & mask) | FifthBits(*(ushort*)(source + 2))).Store(target + BlockLayout.HalfStep);
    }

    // Bit i becomes 16 in byte i.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> FifthBits(ushort bits)
    {
        // Each byte of the pair eight times, and of each copy one bit.
        Vector128<byte> copies = Vector128.Shuffle(
            Vector128.CreateScalarUnsafe((short)bits).AsByte(),
            Vector128.Create(0L, 0x0101010101010101).AsByte());
        Vector128<byte> bit = Vector128.Create(unchecked((long)0x8040201008040201)).AsByte();
        return Vector128.Equals(copies & bit, bit) & Vector128.Create((byte)(1 << PackedLayout.NibbleBits));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Upper(Vector128<byte> pairs) =>
        Vector128.ShiftRightLogical(pairs.AsUInt16(), PackedLayout.NibbleBits).AsByte();
}
