namespace MoREdge.Kernels;

/// <summary>GELU by the error function. .NET has no error function, so it is computed here in float64.</summary>
internal static class GeluReference
{
    // The series needs more terms and the fraction fewer as |z| grows; at 2.5 both take about 40.
    private const double SeriesMax = 2.5;
    private const int FractionDepth = 40;
    private const double SeriesPrecision = 1e-17;

    internal static void Apply(Span<float> x)
    {
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = (float)(x[i] * NormalCdf(x[i]));
        }
    }

    /// <summary>Φ(x) = erfc(−x/√2) / 2; without cancellation for large negative x.</summary>
    internal static double NormalCdf(double x)
    {
        double z = Math.Abs(x) / Math.Sqrt(2);
        if (z < SeriesMax)
        {
            return 0.5 + (Math.CopySign(0.5, x) * ErfSeries(z));
        }

        double tail = 0.5 * ErfcFraction(z);
        return x < 0 ? tail : 1 - tail;
    }

    // erf z = 2/√π·e^(−z²)·Σ 2ⁿ·z^(2n+1) / (1·3·…·(2n+1)): all terms positive, no cancellation. Source: DLMF 7.6.2.
    private static double ErfSeries(double z)
    {
        double term = z;
        double sum = z;
        for (int n = 1; term > SeriesPrecision * sum; n++)
        {
            term *= 2 * z * z / ((2 * n) + 1);
            sum += term;
        }

        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-z * z) * sum;
    }

    // erfc z = e^(−z²)/√π · 1/(z + (1/2)/(z + 1/(z + (3/2)/(z + …)))), evaluated from its end. Source: DLMF 7.9.1.
    private static double ErfcFraction(double z)
    {
        double fraction = z;
        for (int n = FractionDepth; n > 0; n--)
        {
            fraction = z + (0.5 * n / fraction);
        }

        return Math.Exp(-z * z) / (Math.Sqrt(Math.PI) * fraction);
    }
}
