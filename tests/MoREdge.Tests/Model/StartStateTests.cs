using MoREdge.Model.Recursion;

namespace MoREdge.Tests.Model;

public sealed class StartStateTests
{
    /// <summary>Of so many some twenty would lie beyond three deviations, and a hundred beyond 2.5 do.</summary>
    [Fact]
    public void Draw_ManyNumbers_AreCutAtThreeDeviations()
    {
        double deviation = Math.Sqrt(2.0 / 5);
        float[] state = new float[8192];

        StartState.Draw(seed: 3, position: 7, state.Length, state);

        Assert.All(state, value => Assert.InRange(value, -3 * deviation, 3 * deviation));
        Assert.Contains(state, value => Math.Abs(value) > 2.5 * deviation);
        double mean = state.Average(value => (double)value);
        Assert.InRange(mean, -0.05 * deviation, 0.05 * deviation);
    }
}
