using MoREdge.Quantization;

namespace MoREdge.Tests.Quantization;

public sealed class TextQualityTests
{
    /// <summary>A handful of float64 roundings.</summary>
    private const double Tolerance = 1e-12;

    [Fact]
    public void LogSumExp_HandWorked_AndHuge_IsExact()
    {
        Assert.Equal(Math.Log(4), LogProbabilities.LogSumExp([0, 0, 0, 0]), Tolerance);
        Assert.Equal(1e6 + Math.Log(2), LogProbabilities.LogSumExp([1e6f, 1e6f, -1e6f]), 1e-9);
        Assert.True(double.IsNaN(LogProbabilities.LogSumExp([1, float.NaN])));
    }

    [Fact]
    public void KlDivergence_HandWorked_IsThatOfTheDistributions()
    {
        // p = (1/2, 1/2), q = (1/4, 3/4).
        float[] p = [0, 0];
        float[] q = [0, MathF.Log(3)];
        double expected = (0.5 * Math.Log(2)) + (0.5 * Math.Log(2.0 / 3));
        Assert.Equal(expected, LogProbabilities.KlDivergence(p, q), 1e-7);
        Assert.Equal(0, LogProbabilities.KlDivergence(q, q));
    }

    [Fact]
    public void RunningMean_OfFourValues_HasTheTextbookError()
    {
        RunningMean mean = new();
        Assert.Equal(double.NaN, mean.StandardError);
        foreach (double value in new double[] { 2, 4, 4, 6 })
        {
            mean.Add(value);
        }

        // Sample variance 8/3, standard error √(8/3/4).
        Assert.Equal(4, mean.Mean, Tolerance);
        Assert.Equal(Math.Sqrt(8.0 / 12), mean.StandardError, Tolerance);
    }

    /// <summary>The rank is rounded up: of ten the last.</summary>
    [Fact]
    public void DivergenceQuantile_OfTenTokens_IsTheLast()
    {
        TextQuality quality = new();
        float[] reference = [0, 0];
        for (int i = 0; i < 10; i++)
        {
            quality.Add([0, i], reference, 0);
        }

        Assert.Equal(LogProbabilities.KlDivergence(reference, [0, 9]), quality.DivergenceQuantile(0.99), Tolerance);
    }

    [Fact]
    public void DivergenceQuantile_OfAHundredTokens_IsTheNinetyNinth()
    {
        TextQuality quality = new();
        Assert.Equal(0, quality.DivergenceQuantile(0.99));
        float[] reference = [0, 0];
        for (int i = 0; i < 100; i++)
        {
            quality.Add([0, i / 10f], reference, 0);
        }

        Assert.Equal(LogProbabilities.KlDivergence(reference, [0, 9.8f]), quality.DivergenceQuantile(0.99), Tolerance);
        Assert.Equal(100, quality.TopAgreement.Count);
        Assert.Equal(0.01, quality.TopAgreement.Mean, Tolerance);
    }
}
