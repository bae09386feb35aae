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
    internal const float Highest = 89f;
    internal const float Lowest = -104f;

    internal const float Log2E = 1.44269504f;
    internal const float Ln2High = 0.693359375f;
    internal const float Ln2Low = -2.12194440e-4f;

    // e^r = 1 + r + r²·(First + Second·r + …).
    internal const float First = 5.0000001201e-1f;
    internal const float Second = 1.6666665459e-1f;
    internal const float Third = 4.1665795894e-2f;
    internal const float Fourth = 8.3334519073e-3f;
    internal const float Fifth = 1.3981999507e-3f;
    internal const float Sixth = 1.9875691500e-4f;

    internal const int ExponentBias = 127;
    internal const int MantissaBits = 23;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> Exp(Vector128<float> x)
    {
        // Min and Max keep NaN.
        x = Vector128.Max(Vector128.Min(x, Vector128.Create(Highest)), Vector128.Create(Lowest));
        Vector128<float> magic = Vector128.Create(RoundingMagic);
        Vector128<float> shifted = (x * Vector128.Create(Log2E)) + magic;
        Vector128<float> whole = shifted - magic;
        Vector128<float> r = x - (whole * Vector128.Create(Ln2High)) - (whole * Vector128.Create(Ln2Low));
        Vector128<float> sum = (r * Vector128.Create(Sixth)) + Vector128.Create(Fifth);
        sum = (sum * r) + Vector128.Create(Fourth);
        sum = (sum * r) + Vector128.Create(Third);
        sum = (sum * r) + Vector128.Create(Second);
        sum = (sum * r) + Vector128.Create(First);
        sum = (sum * r * r) + r + Vector128<float>.One;
        Vector128<int> power = shifted.AsInt32() - magic.AsInt32();
        Vector128<int> first = Vector128.ShiftRightArithmetic(power, 1);
        return sum * PowerOfTwo(first) * PowerOfTwo(power - first);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> PowerOfTwo(Vector128<int> power) =>
        Vector128.ShiftLeft(power + Vector128.Create(ExponentBias), MantissaBits).AsSingle();
}
