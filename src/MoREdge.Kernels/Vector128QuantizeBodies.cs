using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MoREdge.Kernels;

/// <summary>
/// Activation quantization with portable 128-bit vectors, bit for bit what the scalar reference makes.
/// </summary>
/// <remarks>SAFETY: pointers only; x, quants hold 32 elements.</remarks>
internal static unsafe class Vector128QuantizeBodies
{
    /// <summary>Quantizes one group of 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Group(float* x, sbyte* quants, float* scale, int* sum)
    {
        // Bits of magnitudes order like the magnitudes, with NaN above infinity: no NaN gets lost, as it can in a float
        // maximum.
        Vector128<int> maxima = Vector128<int>.Zero;
        for (int k = 0; k < 32; k += 4)
        {
            maxima = Vector128.Max(maxima, Vector128.Load((int*)x + k) & Vector128.Create(int.MaxValue));
        }

        int magnitude = Math.Max(Math.Max(maxima[0], maxima[1]), Math.Max(maxima[2], maxima[3]));
        *scale = QuantizeScale.FromMagnitude(BitConverter.Int32BitsToSingle(magnitude));
        if (!(*scale > 0f))
        {
            Vector128<sbyte>.Zero.Store(quants);
            Vector128<sbyte>.Zero.Store(quants + 16);
            *sum = 0;
            return;
        }

        Vector128<float> divisor = Vector128.Create(*scale);
        Vector128<int> total = Vector128<int>.Zero;
        for (int k = 0; k < 32; k += 16)
        {
            Vector128<int> first = Round(x + k, divisor);
            Vector128<int> second = Round(x + k + 4, divisor);
            Vector128<int> third = Round(x + k + 8, divisor);
            Vector128<int> fourth = Round(x + k + 12, divisor);
            total += first + second + (third + fourth);
            Vector128.Narrow(Vector128.Narrow(first, second), Vector128.Narrow(third, fourth)).Store(quants + k);
        }

        *sum = Vector128.Sum(total);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Round(float* x, Vector128<float> divisor)
    {
        Vector128<float> magic = Vector128.Create(Vector128Exponential.RoundingMagic);
        return ((Vector128.Load(x) / divisor) + magic).AsInt32() - magic.AsInt32();
    }
}
