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
        // Without the promise they are looked at while they are converted, and converted again where one may be
        // special.
        Vector256<int> any = default;
        int i = 0;
        for (; i + 16 <= count; i += 16)
        {
            Vector256<int> first = Shifted((short*)source + i).AsInt32();
            Vector256<int> second = Shifted((short*)source + i + 8).AsInt32();
            any |= first | second;
            Rebiased(first).Store(target + i);
            Rebiased(second).Store(target + i + 8);
        }

        i = isFinite || !MayBeSpecial(any) ? i : 0;
        for (; i + 8 <= count; i += 8)
        {
            Avx2FloatBodies.Half(source + i).Store(target + i);
        }

        DequantizeBodies.Half(source + i, count - i, target + i);
    }

    /// <summary>int8 to float32, exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Quants(sbyte* source, int count, float* target)
    {
        int i = 0;
        for (; i + 32 <= count; i += 32)
        {
            Quants(source + i).Store(target + i);
            Quants(source + i + 8).Store(target + i + 8);
            Quants(source + i + 16).Store(target + i + 16);
            Quants(source + i + 24).Store(target + i + 24);
        }

        Vector128CacheBodies.Quants(source + i, count - i, target + i);
    }

    /// <summary>
    /// Copies count factors of each row times 2¹¹², which a product with shifted float16 bits then need not be
    /// multiplied by: exact, because it only moves the exponent. False, with copies of no use, where one overflows.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool Rebias(float** factors, int rows, int count, float* copies, long copyStride, float** result)
    {
        Vector256<float> rebias = Vector256.Create(HalfBits.Rebias);
        Vector256<int> largest = Vector256<int>.Zero;
        int tailMax = 0;
        for (int row = 0; row < rows; row++)
        {
            float* source = factors[row], target = copies + (row * copyStride);
            nint i = 0;
            for (; i + 8 <= count; i += 8)
            {
                Vector256<float> scaled = Vector256.Load(source + i) * rebias;
                largest = Avx2.Max(largest, scaled.AsInt32() & Vector256.Create(int.MaxValue));
                scaled.Store(target + i);
            }

            for (; i < count; i++)
            {
                target[i] = source[i] * HalfBits.Rebias;
                tailMax = Math.Max(tailMax, ((int*)target)[i] & int.MaxValue);
            }

            result[row] = target;
        }

        Vector256<int> infinite = Vector256.GreaterThan(largest, Vector256.Create(HalfConversion.InfinityBits - 1));
        return infinite == Vector256<int>.Zero && tailMax < HalfConversion.InfinityBits;
    }

    /// <summary>Eight float16 that are neither infinite nor NaN, times 2⁻¹¹².</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Shifted(short* halves) => Shifted(halves, Vector256.Create(HalfBits.ShiftedMask));

    /// <summary>The same with a mask from elsewhere than a register.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Shifted(short* halves, Vector256<int> mask) =>
        (Avx2.ShiftLeftLogical(Avx2.ConvertToVector256Int32(halves), HalfBits.MantissaShift) & mask).AsSingle();

    /// <summary>Eight signed bytes as float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Quants(sbyte* quants) =>
        Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32(quants));

    /// <summary>Eight float16 that are neither infinite nor NaN: half the instructions of Half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Finite(short* halves) => Shifted(halves) * Vector256.Create(HalfBits.Rebias);

    /// <summary>
    /// The numbers that Shifted made bits of. A fused multiply-add takes subnormal ones as fast as others on a Zen 4
    /// core, which a product does not.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Rebiased(Vector256<int> shifted) =>
        Fma.MultiplyAdd(shifted.AsSingle(), Vector256.Create(HalfBits.Rebias), Vector256.Create(-0f));

    /// <summary>
    /// Whether one of many shifted float16 may be infinite or NaN, by the or of their bits: numbers below 2 never set
    /// all bits of an exponent between them.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool MayBeSpecial(Vector256<int> any)
    {
        Vector256<int> infinity = Vector256.Create(HalfBits.ShiftedInfinity);
        return Vector256.EqualsAny(any & infinity, infinity);
    }
}
