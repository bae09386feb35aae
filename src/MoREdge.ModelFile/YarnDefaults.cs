namespace MoREdge.ModelFile;

/// <summary>What YaRN does where a file or a configuration does not say (Peng et al. 2023, arXiv:2309.00071).</summary>
public static class YarnDefaults
{
    /// <summary>Turns within the original context above which a frequency is kept (section 3.2).</summary>
    public const double BetaFast = 32;

    /// <summary>Turns below which a frequency is divided by the whole factor (section 3.2).</summary>
    public const double BetaSlow = 1;

    /// <summary>Factor of cosines and sines: 0.1·multiplier·ln(factor) + 1 (equation 22).</summary>
    /// <param name="factor">How much longer the context became; 1 where it is not above 1.</param>
    /// <param name="multiplier">1, or that of models of the DeepSeek family.</param>
    public static double Magnitude(double factor, double multiplier) =>
        factor <= 1 ? 1 : (0.1 * multiplier * Math.Log(factor)) + 1;
}
