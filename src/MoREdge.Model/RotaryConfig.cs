namespace MoREdge.Model;

/// <summary>YaRN: which frequencies are divided (Peng et al. 2023, arXiv:2309.00071, section 3.2).</summary>
/// <param name="BetaFast">Turns within the original context above which a frequency is kept.</param>
/// <param name="BetaSlow">Turns below which it is divided by the whole factor.</param>
/// <param name="Truncate">Whether the two limits are rounded outwards to whole dimensions.</param>
public sealed record YarnConfig(double BetaFast, double BetaSlow, bool Truncate);

/// <summary>The rotary embedding beyond its base: which dimensions turn, and how wavelengths are stretched.</summary>
public sealed record RotaryConfig
{
    /// <summary>Rotated dimensions of a head, its first; 0 for all.</summary>
    public int Dim { get; init; }

    /// <summary>Base of blocks with a window; that of the others when null.</summary>
    public float? WindowTheta { get; init; }

    /// <summary>Every frequency is divided by this (or, with YaRN, some); blocks with a window keep theirs.</summary>
    public double Factor { get; init; } = 1;

    /// <summary>YaRN, or null.</summary>
    public YarnConfig? Yarn { get; init; }

    /// <summary>Context before it was stretched.</summary>
    public int OriginalContext { get; init; }

    /// <summary>Factor of cosines and sines.</summary>
    public float Amplitude { get; init; } = 1;

    /// <summary>
    /// Frequencies (dim / 2) in radians per token, in float32 as the references compute them.
    /// </summary>
    /// <param name="dim">Rotated dimensions.</param>
    /// <param name="theta">Base.</param>
    /// <param name="isStretched">Whether <see cref="Factor"/> holds: blocks with a window keep their
    /// frequencies.</param>
    /// <param name="divisors">(dim / 2) divisors that the file holds, or null.</param>
    public float[] Frequencies(int dim, float theta, bool isStretched, float[]? divisors)
    {
        float[] frequencies = new float[dim / 2];
        for (int pair = 0; pair < frequencies.Length; pair++)
        {
            float frequency = 1 / MathF.Pow(theta, 2 * pair / (float)dim);
            frequency /= divisors is null ? 1 : divisors[pair];
            frequencies[pair] = isStretched ? frequency * (float)Stretch(pair, dim, theta) : frequency;
        }

        return frequencies;
    }

    private double Stretch(int pair, int dim, double theta)
    {
        if (Yarn is not { } yarn)
        {
            return 1 / Factor;
        }

        double low = Pair(yarn.BetaFast, dim, theta);
        double high = Pair(yarn.BetaSlow, dim, theta);
        if (yarn.Truncate)
        {
            (low, high) = (Math.Floor(low), Math.Ceiling(high));
        }

        (low, high) = (Math.Max(low, 0), Math.Min(high, dim - 1));
        double divided = Math.Clamp((pair - low) / Math.Max(high - low, 0.001), 0, 1);
        return 1 - divided + (divided / Factor);
    }

    /// <summary>The pair of dimensions that turns so often within the original context, as a real number.</summary>
    private double Pair(double turns, int dim, double theta) =>
        dim * Math.Log(OriginalContext / (turns * 2 * Math.PI)) / (2 * Math.Log(theta));
}
