using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>Row-major weights to float32 with portable 128-bit vectors; exact, so every set may share it.</summary>
/// <remarks>SAFETY: pointers only; the source and y hold count elements.</remarks>
internal static unsafe class DequantizeBodies
{
    /// <summary>float16 to float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Half(ushort* source, int count, float* y)
    {
        int i = 0;
        for (; i + 8 <= count; i += 8)
        {
            (Vector128<int> lower, Vector128<int> upper) = Vector128.Widen(Vector128.Load((short*)source + i));
            HalfConversion.ToSingle(lower).Store(y + i);
            HalfConversion.ToSingle(upper).Store(y + i + 4);
        }

        for (; i < count; i++)
        {
            y[i] = HalfConversion.ToSingle(source[i]);
        }
    }

    /// <summary>bfloat16 to float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void BFloat16(ushort* source, int count, float* y)
    {
        int i = 0;
        for (; i + 8 <= count; i += 8)
        {
            (Vector128<uint> lower, Vector128<uint> upper) = Vector128.Widen(Vector128.Load(source + i));
            Vector128.ShiftLeft(lower, 16).AsSingle().Store(y + i);
            Vector128.ShiftLeft(upper, 16).AsSingle().Store(y + i + 4);
        }

        for (; i < count; i++)
        {
            y[i] = BitConverter.UInt32BitsToSingle((uint)source[i] << 16);
        }
    }

    /// <summary>Q8_0 blocks to float32; count is a multiple of 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void BlocksQ8(byte* block, int count, float* y)
    {
        for (int i = 0; i < count; i += DenseBlock.Length)
        {
            Vector128<float> scale = Vector128.Create(HalfConversion.ToSingle(*(ushort*)block));
            Sixteen(Vector128.Load((sbyte*)block + DenseBlock.BlockScaleBytes), scale, y + i);
            Sixteen(Vector128.Load((sbyte*)block + DenseBlock.BlockScaleBytes + 16), scale, y + i + 16);
            block += DenseBlock.BytesQ8;
        }
    }

    /// <summary>Q4_0 blocks to float32; count is a multiple of 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void BlocksQ4(byte* block, int count, float* y)
    {
        Vector128<sbyte> zero = Vector128.Create((sbyte)PackedLayout.Q4ZeroPoint);
        Vector128<byte> mask = Vector128.Create(PackedLayout.NibbleMask);
        for (int i = 0; i < count; i += DenseBlock.Length)
        {
            Vector128<float> scale = Vector128.Create(HalfConversion.ToSingle(*(ushort*)block));
            Vector128<byte> pairs = Vector128.Load(block + DenseBlock.BlockScaleBytes);
            Sixteen((pairs & mask).AsSByte() - zero, scale, y + i);
            Vector128<ushort> shifted = Vector128.ShiftRightLogical(pairs.AsUInt16(), PackedLayout.NibbleBits);
            Vector128<byte> high = shifted.AsByte() & mask;
            Sixteen(high.AsSByte() - zero, scale, y + i + 16);
            block += DenseBlock.BytesQ4;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sixteen(Vector128<sbyte> quants, Vector128<float> scale, float* y)
    {
        (Vector128<short> lower, Vector128<short> upper) = Vector128.Widen(quants);
        (Vector128<int> first, Vector128<int> second) = Vector128.Widen(lower);
        (Vector128<int> third, Vector128<int> fourth) = Vector128.Widen(upper);
        (Vector128.ConvertToSingle(first) * scale).Store(y);
        (Vector128.ConvertToSingle(second) * scale).Store(y + 4);
        (Vector128.ConvertToSingle(third) * scale).Store(y + 8);
        (Vector128.ConvertToSingle(fourth) * scale).Store(y + 12);
    }
}
