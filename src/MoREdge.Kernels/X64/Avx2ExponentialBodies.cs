using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace MoREdge.Kernels;

/// <summary>Softmax and SwiGLU for AVX2 and FMA, eight exponentials at a time.</summary>
/// <remarks>
/// SAFETY: pointers only; every pointer holds count elements. The last, partial vector goes through a padded one, so
/// that an exponential does not depend on where its element lies.
/// </remarks>
internal static unsafe class Avx2ExponentialBodies
{
    private const int Lanes = 8;

    // Rounds to 2⁻¹²⁷, whose exponent bits are those of 0.
    private const float LowestPower = -88f;

    /// <summary>x = e^(x − max x) / Σ e^(x − max x).</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Softmax(float* x, int count)
    {
        float* padded = stackalloc float[Lanes];
        int whole = count - (count % Lanes);
        Vector256<float> lanes = Vector256.Create(float.NegativeInfinity);
        lanes.Store(padded);
        Copy(x + whole, padded, count - whole);
        for (int i = 0; i < whole; i += Lanes)
        {
            // A NaN may get lost here; its own exponential brings it into the sum.
            lanes = Avx.Max(lanes, Vector256.Load(x + i));
        }

        lanes = Avx.Max(lanes, Vector256.Load(padded));
        Vector256<float> max = Broadcast(lanes, isSum: false);
        Vector256<float> sum = Vector256<float>.Zero;
        for (int i = 0; i < whole; i += Lanes)
        {
            Vector256<float> power = ExpOfNegative(Vector256.Load(x + i) - max);
            power.Store(x + i);
            sum += power;
        }

        Vector256<float> last = ExpOfNegative(Vector256.Load(padded) - max);
        Vector256<float> factor = Vector256<float>.One / Broadcast(sum + last, isSum: true);
        (last * factor).Store(padded);
        for (int i = 0; i < whole; i += Lanes)
        {
            (Vector256.Load(x + i) * factor).Store(x + i);
        }

        Copy(padded, x + whole, count - whole);
    }

    /// <summary>y = gate / (1 + e^−gate)·up.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void SwiGlu(float* gate, float* up, int count, float* y)
    {
        int i = 0;
        for (; i + Lanes <= count; i += Lanes)
        {
            Eight(Vector256.Load(gate + i), Vector256.Load(up + i)).Store(y + i);
        }

        float* padded = stackalloc float[2 * Lanes];
        Vector256<float>.Zero.Store(padded);
        Vector256<float>.Zero.Store(padded + Lanes);
        Copy(gate + i, padded, count - i);
        Copy(up + i, padded + Lanes, count - i);
        Eight(Vector256.Load(padded), Vector256.Load(padded + Lanes)).Store(padded);
        Copy(padded, y + i, count - i);
    }

    /// <summary>y = gate / (1 + e^−z)·up with z = GeluSlope·(gate + GeluCube·gate³).</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void GeGlu(float* gate, float* up, int count, float* y)
    {
        int i = 0;
        for (; i + Lanes <= count; i += Lanes)
        {
            EightGelu(Vector256.Load(gate + i), Vector256.Load(up + i)).Store(y + i);
        }

        float* padded = stackalloc float[2 * Lanes];
        Vector256<float>.Zero.Store(padded);
        Vector256<float>.Zero.Store(padded + Lanes);
        Copy(gate + i, padded, count - i);
        Copy(up + i, padded + Lanes, count - i);
        EightGelu(Vector256.Load(padded), Vector256.Load(padded + Lanes)).Store(padded);
        Copy(padded, y + i, count - i);
    }

    /// <summary>x = cap·tanh(x / cap) = cap − 2·cap / (1 + e^(2·x / cap)).</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void SoftCap(float* x, int count, float cap)
    {
        Vector256<float> factor = Vector256.Create(2 / cap);
        Vector256<float> limit = Vector256.Create(cap);
        int i = 0;
        for (; i + Lanes <= count; i += Lanes)
        {
            EightCapped(Vector256.Load(x + i), factor, limit).Store(x + i);
        }

        float* padded = stackalloc float[Lanes];
        Vector256<float>.Zero.Store(padded);
        Copy(x + i, padded, count - i);
        EightCapped(Vector256.Load(padded), factor, limit).Store(padded);
        Copy(padded, x + i, count - i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> EightGelu(Vector256<float> gate, Vector256<float> up)
    {
        Vector256<float> slope = Vector256.Create(GeluCurve.GeluSlope);
        Vector256<float> cube = Vector256.Create(GeluCurve.GeluSlope * GeluCurve.GeluCube);
        Vector256<float> z = Fma.MultiplyAdd(cube * gate, gate, slope) * gate;
        return gate / (Vector256<float>.One + Exp(-z)) * up;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> EightCapped(Vector256<float> x, Vector256<float> factor, Vector256<float> limit) =>
        limit - ((limit + limit) / (Vector256<float>.One + Exp(x * factor)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Eight(Vector256<float> gate, Vector256<float> up) =>
        gate / (Vector256<float>.One + Exp(-gate)) * up;

    /// <summary>Vector128Exponential.Exp for eight values, with fused multiply-adds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Exp(Vector256<float> x)
    {
        // minps and maxps return the second operand when one is a NaN.
        x = Avx.Min(Vector256.Create(Vector128Exponential.Highest), x);
        Vector256<float> sum = Reduced(x, Vector128Exponential.Lowest, out Vector256<int> power);
        Vector256<int> half = Vector256.ShiftRightArithmetic(power, 1);
        return sum * PowerOfTwo(half) * PowerOfTwo(power - half);
    }

    // Exp for x ≤ 0, where a result below the normal numbers may be 0: half the work behind the polynomial.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> ExpOfNegative(Vector256<float> x) =>
        Reduced(x, LowestPower, out Vector256<int> power) * PowerOfTwo(power);

    // e^x = result · 2^power, for x raised to at least lowest.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Reduced(Vector256<float> x, float lowest, out Vector256<int> power)
    {
        x = Avx.Max(Vector256.Create(lowest), x);
        Vector256<float> magic = Vector256.Create(Vector128Exponential.RoundingMagic);
        Vector256<float> shifted = Fma.MultiplyAdd(x, Vector256.Create(Vector128Exponential.Log2E), magic);
        Vector256<float> whole = shifted - magic;
        Vector256<float> r = Fma.MultiplyAddNegated(whole, Vector256.Create(Vector128Exponential.Ln2High), x);
        r = Fma.MultiplyAddNegated(whole, Vector256.Create(Vector128Exponential.Ln2Low), r);
        Vector256<float> sum = Vector256.Create(Vector128Exponential.Sixth);
        sum = Fma.MultiplyAdd(sum, r, Vector256.Create(Vector128Exponential.Fifth));
        sum = Fma.MultiplyAdd(sum, r, Vector256.Create(Vector128Exponential.Fourth));
        sum = Fma.MultiplyAdd(sum, r, Vector256.Create(Vector128Exponential.Third));
        sum = Fma.MultiplyAdd(sum, r, Vector256.Create(Vector128Exponential.Second));
        sum = Fma.MultiplyAdd(sum, r, Vector256.Create(Vector128Exponential.First));
        power = shifted.AsInt32() - magic.AsInt32();
        return Fma.MultiplyAdd(sum, r * r, r + Vector256<float>.One);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> PowerOfTwo(Vector256<int> power) => Vector256.ShiftLeft(
        power + Vector256.Create(Vector128Exponential.ExponentBias), Vector128Exponential.MantissaBits).AsSingle();

    // The sum or the maximum of eight lanes in all of them.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Broadcast(Vector256<float> lanes, bool isSum)
    {
        Vector256<float> swapped = Avx.Permute2x128(lanes, lanes, 1);
        lanes = isSum ? lanes + swapped : Avx.Max(lanes, swapped);
        swapped = Avx.Permute(lanes, 0x4e);
        lanes = isSum ? lanes + swapped : Avx.Max(lanes, swapped);
        swapped = Avx.Permute(lanes, 0xb1);
        return isSum ? lanes + swapped : Avx.Max(lanes, swapped);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(float* source, float* target, int count)
    {
        for (int i = 0; i < count; i++)
        {
            target[i] = source[i];
        }
    }
}
