using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MoREdge.Kernels;

/// <summary>e^x for four float32, within 3 roundings; inlined, where the runtime's own is a call per vector.</summary>
/// <remarks>
/// x = n·ln 2 + r with |r| ≤ ln 2 / 2, a polynomial in r, times 2ⁿ in two steps so that subnormal results come out
/// right. Source: S. Moshier, Cephes Mathematical Library, expf (the split of ln 2 and the coefficients).
/// </remarks>
internal static class Vector128Exponential
{
    /// <summary>
    /// 1.5·2²³: added to |v| &lt; 2²², it leaves v, rounded to nearest even, in the low mantissa bits.
    /// </summary>
    internal const float RoundingMagic = 12582912f;

    // Beyond these the result is infinity or 0 in any case, and n stays in range.
    private const float Highest = 89f;
    private const float Lowest = -104f;

    private const float Log2E = 1.44269504f;
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;

    private const int ExponentBias = 127;
    private const int MantissaBits = 23;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> Exp(Vector128<float> x)
    {
        // Min and Max keep NaN.
        x = Vector128.Max(Vector128.Min(x, Vector128.Create(Highest)), Vector128.Create(Lowest));
        Vector128<float> magic = Vector128.Create(RoundingMagic);
        Vector128<float> shifted = (x * Vector128.Create(Log2E)) + magic;
        Vector128<float> whole = shifted - magic;
        Vector128<float> r = x - (whole * Vector128.Create(Ln2High)) - (whole * Vector128.Create(Ln2Low));
        Vector128<float> sum = (r * Vector128.Create(1.9875691500e-4f)) + Vector128.Create(1.3981999507e-3f);
        sum = (sum * r) + Vector128.Create(8.3334519073e-3f);
        sum = (sum * r) + Vector128.Create(4.1665795894e-2f);
        sum = (sum * r) + Vector128.Create(1.6666665459e-1f);
        sum = (sum * r) + Vector128.Create(5.0000001201e-1f);
        sum = (sum * r * r) + r + Vector128<float>.One;
        Vector128<int> power = shifted.AsInt32() - magic.AsInt32();
        Vector128<int> first = Vector128.ShiftRightArithmetic(power, 1);
        return sum * PowerOfTwo(first) * PowerOfTwo(power - first);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> PowerOfTwo(Vector128<int> power) =>
        Vector128.ShiftLeft(power + Vector128.Create(ExponentBias), MantissaBits).AsSingle();
}
