using MoREdge.Kernels;

namespace MoREdge.Tests.Kernels;

public sealed class VectorOperationTests
{
    // Values of the standard normal distribution function to 10 digits (Abramowitz and Stegun, table 26.1).
    private const double PhiAt1 = 0.8413447461;
    private const double PhiAt2 = 0.9772498681;
    private const double PhiAt4 = 0.9999683288;

    public static IEnumerable<object[]> SetsTimesLengths() =>
        KernelSets.Times([[1], [3], [4], [7], [31], [32], [33], [172], [576], [2560]]);

    public static IEnumerable<object[]> Sets() => KernelSets.Times([[]]);

    [Theory]
    [MemberData(nameof(SetsTimesLengths))]
    public void Vectors_AnySupportedSet_MatchReference(string name, int length)
    {
        KernelDifference difference = KernelComparison.Vectors(KernelSets.Get(name), length);
        Assert.True(difference.Passed, $"{name}: {difference}");
    }

    [Theory]
    [MemberData(nameof(SetsTimesLengths))]
    public void Rotary_AnySupportedSet_IsTheReferenceBitForBit(string name, int length)
    {
        Assert.Equal(0, KernelComparison.Rotary(KernelSets.Get(name), 2 * length, interleaved: false).Worst);
        Assert.Equal(0, KernelComparison.Rotary(KernelSets.Get(name), 2 * length, interleaved: true).Worst);
    }

    [Theory]
    [MemberData(nameof(SetsTimesLengths))]
    public void ReadBytes_AnySupportedSet_ReturnsTheReferenceChecksum(string name, int length) =>
        Assert.Equal(0, KernelComparison.ReadBytes(KernelSets.Get(name), (5 * length) + 3).Worst);

    [Theory]
    [MemberData(nameof(Sets))]
    public void Rotary_QuarterTurn_SwapsThePairs(string name)
    {
        float[] cos = [0f, 1f];
        float[] sin = [1f, 0f];
        float[] halves = [1, 2, 3, 4];
        KernelSets.Get(name).Rotary(halves, 4, cos, sin, interleaved: false);
        Assert.Equal([-3f, 2f, 1f, 4f], halves);
        float[] neighbours = [1, 2, 3, 4];
        KernelSets.Get(name).Rotary(neighbours, 4, cos, sin, interleaved: true);
        Assert.Equal([-2f, 1f, 3f, 4f], neighbours);
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void RmsNorm_ThreeFour_DividesByTheRootMeanSquare(string name)
    {
        float[] y = new float[2];
        // mean(9, 16) + 12.5 − 0.0 = 25: the root is 5.
        KernelSets.Get(name).RmsNorm([3, 4], [10, -1], 12.5f, y);
        Assert.Equal(6f, y[0], 1e-5f);
        Assert.Equal(-0.8f, y[1], 1e-6f);
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void SwiGlu_ZeroAndExtremes_AreTheLimits(string name)
    {
        float[] y = new float[8];
        KernelSets.Get(name).SwiGlu([0, 1, -200, 200, 1, 1, 1, 1], [5, 2, 1, 1, 0, 0, 0, 0], y);
        Assert.Equal(0f, y[0]);
        Assert.Equal(2 / (1 + Math.Exp(-1)), y[1], 1e-6);
        Assert.Equal(0f, y[2]);
        Assert.Equal(200f, y[3]);
    }

    /// <summary>g / (1 + e^(−1.702·g)) · (u + 1), g at most 7 and u within ±7.</summary>
    [Theory]
    [MemberData(nameof(Sets))]
    public void ClampedGlu_InsideAndOutsideOfTheBounds_IsTheFormula(string name)
    {
        float[] y = new float[8];
        KernelSets.Get(name).ClampedGlu([0, 1, 9, 9, -9, -200, 1, 1], [5, 2, 9, -9, 1, 1, -1, 0], y);
        double seven = 7 / (1 + Math.Exp(-1.702 * 7));
        Assert.Equal(0f, y[0]);
        Assert.Equal(3 / (1 + Math.Exp(-1.702)), y[1], 1e-6);
        Assert.Equal(8 * seven, y[2], 1e-4);
        Assert.Equal(-6 * seven, y[3], 1e-4);
        Assert.Equal(-18 / (1 + Math.Exp(1.702 * 9)), y[4], 1e-10);
        Assert.Equal(0f, y[5]);
        Assert.Equal(0f, y[6]);
        Assert.Equal(1 / (1 + Math.Exp(-1.702)), y[7], 1e-6);
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void GeGlu_ZeroAndExtremes_AreTheLimits(string name)
    {
        float[] y = new float[8];
        KernelSets.Get(name).GeGlu([0, 1, -200, 200, 1, -1, 0.5f, 1], [5, 2, 1, 1, 0, 1, 1, 0], y);
        Assert.Equal(0f, y[0]);
        Assert.Equal(2 * 0.841192, y[1], 1e-5);
        Assert.Equal(0f, y[2]);
        Assert.Equal(200f, y[3]);
        Assert.Equal(-0.158808, y[5], 1e-5);
        Assert.Equal(0.345714, y[6], 1e-5);
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void SoftCap_SmallAndLarge_AreItselfAndTheCap(string name)
    {
        float[] x = [0, 1, -1, 30, 1000, -1000, 1e-3f, 0, float.PositiveInfinity];
        KernelSets.Get(name).SoftCap(x, 30);
        Assert.Equal(0f, x[0], 1e-5f);
        Assert.Equal(30 * Math.Tanh(1.0 / 30), x[1], 1e-4);
        Assert.Equal(-30 * Math.Tanh(1.0 / 30), x[2], 1e-4);
        Assert.Equal(30 * Math.Tanh(1), x[3], 1e-4);
        Assert.Equal(30f, x[4], 1e-4f);
        Assert.Equal(-30f, x[5], 1e-4f);
        Assert.Equal(30f, x[8], 1e-4f);
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Softmax_LargeAndMaskedInputs_StayFinite(string name)
    {
        float[] x = [1000, 1000, float.NegativeInfinity, 1000 + MathF.Log(2), 900, 0, 0, 0, -1000];
        KernelSets.Get(name).Softmax(x);
        Assert.Equal(0.25f, x[0], 1e-4f);
        Assert.Equal(0f, x[2]);
        Assert.Equal(0.5f, x[3], 1e-4f);
        Assert.Equal(0f, x[8]);
        KernelSets.Get(name).Softmax([]);
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Softmax_WithNaN_IsNaNThroughout(string name)
    {
        float[] x = [1, 2, 3, 4, float.NaN, 5, 6, 7];
        KernelSets.Get(name).Softmax(x);
        Assert.All(x, value => Assert.True(float.IsNaN(value)));
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Gelu_TableValues_AreXTimesPhi(string name)
    {
        float[] x = [0, 1, -1, 2, -2, 4, -4, 40, -40];
        KernelSets.Get(name).Gelu(x);
        double[] expected =
            [0, PhiAt1, PhiAt1 - 1, 2 * PhiAt2, 2 * (PhiAt2 - 1), 4 * PhiAt4, 4 * (PhiAt4 - 1), 40, 0];
        for (int i = 0; i < x.Length; i++)
        {
            Assert.Equal(expected[i], x[i], KernelComparison.Rounding * Math.Max(1, Math.Abs(expected[i])));
        }
    }

    [Fact]
    public void NormalCdf_WhereSeriesMeetsFraction_IsContinuous()
    {
        double seam = 2.5 * Math.Sqrt(2);
        double below = GeluReference.NormalCdf(-Math.BitDecrement(seam));
        double above = GeluReference.NormalCdf(-Math.BitIncrement(seam));
        Assert.Equal(below, above, 1e-15);
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void AddDot_SmallVectors_AreTheHandWorkedValues(string name)
    {
        KernelSet set = KernelSets.Get(name);
        float[] y = [1, 2, 3, 4, 5];
        set.Add(y, [10, 20, 30, 40, 50]);
        Assert.Equal([11f, 22f, 33f, 44f, 55f], y);
        set.AddScaled(y, [1, 1, 1, 1, 2], -0.5f);
        Assert.Equal([10.5f, 21.5f, 32.5f, 43.5f, 54f], y);
        Assert.Equal(55f, set.Dot([1, 2, 3, 4, 5], [1, 2, 3, 4, 5]));
        Assert.Equal(0f, set.Dot([], []));
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void ReadBytes_ElevenBytes_PadsTheLastWord(string name)
    {
        byte[] bytes = [1, 0, 0, 0, 0, 0, 0, 0x80, 2, 0, 3];
        Assert.Equal(0x8000_0000_0003_0003UL, KernelSets.Get(name).ReadBytes(bytes));
    }
}
