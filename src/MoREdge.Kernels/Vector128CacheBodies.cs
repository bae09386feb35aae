using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MoREdge.Kernels;

/// <summary>Conversions into and out of a cache with portable 128-bit vectors.</summary>
/// <remarks>SAFETY: pointers only; every pointer holds count elements, or the 32 of a group.</remarks>
internal static unsafe class Vector128CacheBodies
{
    /// <summary>float32 to float16, rounded to nearest even; false when an infinity or NaN was stored.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool StoreHalf(float* x, int count, ushort* target)
    {
        Vector128<int> special = Vector128<int>.Zero;
        int i = 0;
        for (; i + 8 <= count; i += 8)
        {
            Vector128<int> lower = HalfConversion.ToHalf(Vector128.Load(x + i));
            Vector128<int> upper = HalfConversion.ToHalf(Vector128.Load(x + i + 4));
            special |= IsSpecial(lower) | IsSpecial(upper);
            Vector128.Narrow(lower.AsUInt32(), upper.AsUInt32()).Store(target + i);
        }

        bool isFinite = special == Vector128<int>.Zero;
        for (; i < count; i++)
        {
            ushort half = (ushort)HalfConversion.ToHalf(Vector128.CreateScalar(x[i])).ToScalar();
            isFinite &= !HalfBits.IsSpecial(half);
            target[i] = half;
        }

        return isFinite;
    }

    /// <summary>float16 to float32, exactly; a promise that all are finite makes no difference here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void LoadHalf(ushort* source, int count, bool isFinite, float* target) =>
        DequantizeBodies.Half(source, count, target);

    /// <summary>The bits of the largest magnitude of 32 floats; those of a NaN if there is one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static int MagnitudeBits(float* x)
    {
        // Bits of magnitudes order like the magnitudes, with NaN above infinity: no NaN gets lost, as it can in a float
        // maximum.
        Vector128<int> maxima = Vector128<int>.Zero;
        for (int k = 0; k < 32; k += 4)
        {
            maxima = Vector128.Max(maxima, Vector128.Load((int*)x + k) & Vector128.Create(int.MaxValue));
        }

        return Math.Max(Math.Max(maxima[0], maxima[1]), Math.Max(maxima[2], maxima[3]));
    }

    /// <summary>quants = round-to-nearest-even(x / scale) of a group of 32, all within ±127.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Quantize(float* x, float scale, sbyte* quants)
    {
        Vector128<float> divisor = Vector128.Create(scale);
        for (int k = 0; k < 32; k += 16)
        {
            Vector128<short> first = Vector128.Narrow(Round(x + k, divisor), Round(x + k + 4, divisor));
            Vector128<short> second = Vector128.Narrow(Round(x + k + 8, divisor), Round(x + k + 12, divisor));
            Vector128.Narrow(first, second).Store(quants + k);
        }
    }

    /// <summary>int8 to float32, exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Quants(sbyte* source, int count, float* target)
    {
        int i = 0;
        for (; i + 16 <= count; i += 16)
        {
            (Vector128<short> first, Vector128<short> second) = Vector128.Widen(Vector128.Load(source + i));
            Vector128.ConvertToSingle(Vector128.WidenLower(first)).Store(target + i);
            Vector128.ConvertToSingle(Vector128.WidenUpper(first)).Store(target + i + 4);
            Vector128.ConvertToSingle(Vector128.WidenLower(second)).Store(target + i + 8);
            Vector128.ConvertToSingle(Vector128.WidenUpper(second)).Store(target + i + 12);
        }

        for (; i < count; i++)
        {
            target[i] = source[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Round(float* x, Vector128<float> divisor)
    {
        Vector128<float> magic = Vector128.Create(Vector128Exponential.RoundingMagic);
        return ((Vector128.Load(x) / divisor) + magic).AsInt32() - magic.AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> IsSpecial(Vector128<int> half)
    {
        Vector128<int> infinity = Vector128.Create(HalfBits.Infinity);
        return Vector128.Equals(half & infinity, infinity);
    }
}
