using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace MoREdge.Kernels;

/// <summary>Conversions out of a cache for AVX2.</summary>
/// <remarks>SAFETY: pointers only; shapes as AttentionDriver states them.</remarks>
internal static unsafe class Avx2CacheBodies
{
    /// <summary>float16 to float32, exactly: with the promise that all are finite, in half the instructions.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void LoadHalf(ushort* source, int count, bool isFinite, float* target)
    {
        int i = 0;
        for (; i + 16 <= count && isFinite; i += 16)
        {
            Finite((short*)source + i).Store(target + i);
            Finite((short*)source + i + 8).Store(target + i + 8);
        }

        for (; i + 8 <= count; i += 8)
        {
            Avx2FloatBodies.Half(source + i).Store(target + i);
        }

        DequantizeBodies.Half(source + i, count - i, target + i);
    }

    /// <summary>target[j, c] = scales[j] · source[j, c] (see AttentionDriver).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Dequantize(
        sbyte* source, long sourceStride, float* scales, int cols, int count, float* target, long targetStride)
    {
        int whole = cols / 8 * 8;
        for (int j = 0; j < count && whole > 0; j++)
        {
            Vector256<float> scale = Vector256.Create(scales[j]);
            sbyte* row = source + (j * sourceStride);
            float* output = target + (j * targetStride);
            nint c = 0;
            for (; c + 32 <= whole; c += 32)
            {
                (Quants(row + c) * scale).Store(output + c);
                (Quants(row + c + 8) * scale).Store(output + c + 8);
                (Quants(row + c + 16) * scale).Store(output + c + 16);
                (Quants(row + c + 24) * scale).Store(output + c + 24);
            }

            for (; c < whole; c += 8)
            {
                (Quants(row + c) * scale).Store(output + c);
            }
        }

        Vector128CacheBodies.Dequantize(
            source + whole, sourceStride, scales, cols - whole, count, target + whole, targetStride);
    }

    /// <summary>Eight signed bytes as float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Quants(sbyte* quants) =>
        Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32(quants));

    /// <summary>Eight float16 that are neither infinite nor NaN: half the instructions of Half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Finite(short* halves)
    {
        Vector256<int> shifted = Avx2.ShiftLeftLogical(Avx2.ConvertToVector256Int32(halves), HalfBits.MantissaShift);
        return (shifted & Vector256.Create(HalfBits.ShiftedMask)).AsSingle() * Vector256.Create(HalfBits.Rebias);
    }
}
