using MoREdge.ModelFile;

namespace MoREdge.Tests.ModelFile;

public sealed class YarnDefaultsTests
{
    /// <summary>0.1 · multiplier · ln(factor) + 1, worked out by hand; 1 for a context that did not grow.</summary>
    [Theory]
    [InlineData(4, 1, 1.1386294361119891)]
    [InlineData(4, 0.5, 1.0693147180559945)]
    [InlineData(1, 1, 1)]
    [InlineData(0.5, 1, 1)]
    public void Magnitude_OfAFactor_FollowsTheFormula(double factor, double multiplier, double expected) =>
        Assert.Equal(expected, YarnDefaults.Magnitude(factor, multiplier), 1e-15);
}
