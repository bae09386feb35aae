using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

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

    /// <summary>A group of unpacked quants (BlockLayout) to float32: first and second scale 16 weights each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Group(byte* quants, float first, float second, sbyte zeroPoint, float* y)
    {
        Vector128<sbyte> zero = Vector128.Create(zeroPoint);
        Sixteen(Vector128.Load((sbyte*)quants) - zero, first, y);
        Sixteen(Vector128.Load((sbyte*)quants + BlockLayout.HalfStep) - zero, second, y + 16);
    }

    /// <summary>A group of unpacked quants (BlockLayout) to float32: scale · quant, exact, + minimum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void GroupWithMinimum(byte* quants, float scale, float minimum, float* y)
    {
        Group(quants, scale, scale, 0, y);
        for (int i = 0; i < DenseBlock.Length; i += 4)
        {
            (Vector128.Load(y + i) + Vector128.Create(minimum)).Store(y + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sixteen(Vector128<sbyte> quants, float factor, float* y)
    {
        Vector128<float> scale = Vector128.Create(factor);
        Vector128<short> lower = Vector128.WidenLower(quants), upper = Vector128.WidenUpper(quants);
        (Vector128.ConvertToSingle(Vector128.WidenLower(lower)) * scale).Store(y);
        (Vector128.ConvertToSingle(Vector128.WidenUpper(lower)) * scale).Store(y + 4);
        (Vector128.ConvertToSingle(Vector128.WidenLower(upper)) * scale).Store(y + 8);
        (Vector128.ConvertToSingle(Vector128.WidenUpper(upper)) * scale).Store(y + 12);
    }
}
