using MoREdge.Model;

namespace MoREdge.Tests.Model;

public sealed class RotaryConfigTests
{
    /// <summary>
    /// A context of 4,096 tokens at a base of 10, eight columns: 2,000 turns would be pair −1.95, one turn pair 11.3.
    /// The ramp is cut to the columns that there are, 0 to 7, as the paper's code cuts it; pair p is divided by 4 to
    /// the share p / 7.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Frequencies_YarnRampBeyondTheColumns_IsCutToThem(bool truncate)
    {
        RotaryConfig rotary = new()
        {
            Factor = 4,
            OriginalContext = 4096,
            Yarn = new YarnConfig(BetaFast: 2000, BetaSlow: 1, truncate),
        };

        float[] frequencies = rotary.Frequencies(dim: 8, theta: 10, isStretched: true, divisors: null);

        for (int pair = 0; pair < 4; pair++)
        {
            double expected = Math.Pow(10, -pair / 4.0) * (1 - (0.75 * pair / 7));
            Assert.Equal(expected, frequencies[pair], 1e-6);
        }
    }
}
