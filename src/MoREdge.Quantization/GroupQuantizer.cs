using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using MoREdge.Tensors;

namespace MoREdge.Quantization;

/// <summary>Rounds one group of 32 weights to integers and an fp16 scale: w ≈ scale·q.</summary>
/// <remarks>
/// A scale is 0 or a normal fp16 number (at least 2⁻¹⁴), because kernels convert it by shifting its exponent, where
/// subnormal numbers would cost a slow path; and it is never negative. It is 0 only where every weight would round to 0 anyway.
/// </remarks>
public static class GroupQuantizer
{
    /// <summary>The largest magnitude that 8-bit weights express: 127 times the largest fp16 number.</summary>
    public const float Q8MagnitudeMax = Q8Max * Float16Max;

    /// <summary>The largest magnitude that 4-bit weights express on both sides of zero: 7 times the largest fp16 number.</summary>
    public const float Q4MagnitudeMax = Q4Max * Float16Max;

    private const float Float16Max = 65504;
    private const int Q8Max = 127;
    private const int Q4Min = -8;
    private const int Q4Max = 7;

    /// <summary>Ranges tried for a 4-bit group. Twice as many lower the error of the real checkpoints by less than 0.3 %.</summary>
    private const int Q4CandidateCount = 24;

    /// <summary>
    /// The candidates divide the largest magnitude by 5.5 … 9.0: below 7 the range shrinks less than rounding gains for peaked
    /// groups, above 8 even a lone negative extreme is clipped.
    /// </summary>
    private const float Q4DivisorMin = 5.5f;

    private const float Q4DivisorMax = 9f;

    /// <summary>2⁻¹⁴, the smallest normal fp16 number.</summary>
    private const float ScaleMin = 1f / (1 << 14);

    /// <summary>Adding and subtracting 1.5·2²³ rounds a float below 2²² to the nearest integer, ties to even, on every processor.</summary>
    private const float RoundingShift = 12582912f;

    /// <summary>8-bit: scale = max|w| / 127, q in [−127, 127], so that |w − scale·q| ≤ scale / 2.</summary>
    /// <param name="weights">Up to 32 finite weights of at most <see cref="Q8MagnitudeMax"/>.</param>
    /// <param name="quants">Receives as many integers.</param>
    /// <returns>The bits of the fp16 scale.</returns>
    public static ushort Q8(ReadOnlySpan<float> weights, Span<sbyte> quants)
    {
        float largest = LargestMagnitude(weights);
        ushort scale = RoundScale(largest / Q8Max, largest);
        Round(weights, quants, (float)BitConverter.UInt16BitsToHalf(scale), -Q8Max, Q8Max);
        return scale;
    }

    /// <summary>4-bit: q in [−8, 7]; the scale is the least-squares one of the best range among the candidates.</summary>
    /// <remarks>
    /// For fixed q the error Σ(w − s·q)² is least at s = Σwq / Σq², where it is Σw² − (Σwq)² / Σq²: the best range is the one of
    /// the largest (Σwq)² / Σq². The weights are rounded once more with the final scale, which can only lower the error.
    /// </remarks>
    /// <param name="weights">Up to 32 finite weights of at most <see cref="Q4MagnitudeMax"/>.</param>
    /// <param name="quants">Receives as many integers.</param>
    /// <returns>The bits of the fp16 scale.</returns>
    public static ushort Q4(ReadOnlySpan<float> weights, Span<sbyte> quants)
    {
        float largest = LargestMagnitude(weights);
        // Weights near the limits of float32 are brought to [−1, 1], so that no square overflows or vanishes.
        Span<float> group = stackalloc float[PackedLayout.GroupSize];
        float unit = largest == 0 ? 0 : 1 / largest;
        for (int i = 0; i < weights.Length; i++)
        {
            group[i] = weights[i] * unit;
        }

        float best = 0;
        float bestScore = 0;
        for (int i = 0; i < Q4CandidateCount; i++)
        {
            float divisor = Q4DivisorMin + (i * (Q4DivisorMax - Q4DivisorMin) / (Q4CandidateCount - 1));
            (float products, float squares) = Correlate(group, divisor);
            float score = products * products / squares;
            if (score > bestScore)
            {
                best = products / squares;
                bestScore = score;
            }
        }

        ushort scale = RoundScale(best * largest, largest);
        Round(weights, quants, (float)BitConverter.UInt16BitsToHalf(scale), Q4Min, Q4Max);
        return scale;
    }

    private static float LargestMagnitude(ReadOnlySpan<float> weights)
    {
        float largest = 0;
        foreach (float weight in weights)
        {
            largest = MathF.Max(largest, MathF.Abs(weight));
        }

        return largest;
    }

    /// <summary>To a normal fp16 number, or to 0 where even the smallest one would round every weight to 0.</summary>
    private static ushort RoundScale(float scale, float largest) => largest <= ScaleMin / 2
        ? (ushort)0
        : BitConverter.HalfToUInt16Bits((Half)Math.Clamp(scale, ScaleMin, Float16Max));

    /// <summary>Σwq and Σq² for q = round(w·inverse) in [−8, 7].</summary>
    /// <param name="group">32 weights in [−1, 1], the largest magnitude 1 or all 0; missing ones are 0 and change no sum.</param>
    /// <param name="inverse">The inverse of the scale, at least 5.5, so that some q is not 0 unless all weights are.</param>
    private static (float Products, float Squares) Correlate(ReadOnlySpan<float> group, float inverse)
    {
        Vector128<float> factor = Vector128.Create(inverse);
        Vector128<float> shift = Vector128.Create(RoundingShift);
        Vector128<float> min = Vector128.Create((float)Q4Min);
        Vector128<float> max = Vector128.Create((float)Q4Max);
        Vector128<float> products = Vector128<float>.Zero;
        Vector128<float> squares = Vector128<float>.Zero;
        foreach (Vector128<float> weights in MemoryMarshal.Cast<float, Vector128<float>>(group))
        {
            Vector128<float> rounded = Vector128.Max(Vector128.Min((weights * factor) + shift - shift, max), min);
            products += weights * rounded;
            squares += rounded * rounded;
        }

        return (Vector128.Sum(products), Vector128.Sum(squares));
    }

    private static void Round(ReadOnlySpan<float> weights, Span<sbyte> quants, float scale, int min, int max)
    {
        float inverse = scale == 0 ? 0 : 1 / scale;
        for (int i = 0; i < weights.Length; i++)
        {
            quants[i] = (sbyte)Math.Clamp(MathF.Round(weights[i] * inverse), min, max);
        }
    }
}
