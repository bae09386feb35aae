using MoREdge.Quantization;

namespace MoREdge.Tests.Quantization;

public sealed class GroupQuantizerTests
{
    private const int SignBit = 0x8000;

    private const float ScaleMin = 1f / (1 << 24);

    /// <summary>w·(1/s) is rounded twice: a tie may fall to either side by a part in 2²².</summary>
    private const float RoundingSlack = 1f / (1 << 22);

    [Fact]
    public void Q8_HandWorkedGroup_RoundsToNearestEven()
    {
        // scale = 63.5 / 127 = 0.5, exact in fp16.
        float[] weights = [63.5f, -63.5f, 0.25f, 0.75f, -0.3f, 1f, 0f];
        sbyte[] quants = new sbyte[weights.Length];

        Assert.Equal(0x3800, GroupQuantizer.Q8(weights, quants));
        Assert.Equal([127, -127, 0, 2, -1, 2, 0], quants);
    }

    [Fact]
    public void Q4_MultiplesOfAScale_AreRecovered()
    {
        float[] weights = new float[32];
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = 0.5f * ((i % 16) - 8);
        }

        sbyte[] quants = new sbyte[weights.Length];

        Assert.Equal(0x3800, GroupQuantizer.Q4(weights, quants));
        for (int i = 0; i < weights.Length; i++)
        {
            Assert.Equal((i % 16) - 8, quants[i]);
        }
    }

    [Theory]
    [InlineData(0f, 0)]
    [InlineData(ScaleMin / 2, 0)]
    [InlineData(1.1f * ScaleMin / 2, 1)]
    [InlineData(5 * ScaleMin, 1)]
    public void Scale_OfTinyWeights_IsZeroOrTheSmallestNumber(float weight, int expectedScale)
    {
        float[] weights = [weight, -weight];
        sbyte[] q8 = new sbyte[2];
        sbyte[] q4 = new sbyte[2];

        Assert.Equal(expectedScale, GroupQuantizer.Q8(weights, q8));
        // The first of the two extremes is positive and goes to the −8, so the 4-bit scale is negative.
        Assert.Equal(expectedScale == 0 ? 0 : expectedScale | SignBit, GroupQuantizer.Q4(weights, q4));
        int expectedQuant = (int)MathF.Round(weight / ScaleMin);
        Assert.Equal(expectedScale == 0 ? 0 : expectedQuant, q8[0]);
        Assert.Equal(Array.ConvertAll(q8, quant => (sbyte)-quant), q4);
    }

    [Theory]
    [InlineData(2.4f, 3)]
    [InlineData(1022.7f, 0x3FF)]
    [InlineData(1023.1f, 0x400)]
    public void Q8_SubnormalScale_IsRoundedUp(float steps, int expectedScale)
    {
        float[] weights = [steps * 127 * ScaleMin, 0];
        sbyte[] quants = new sbyte[2];

        Assert.Equal(expectedScale, GroupQuantizer.Q8(weights, quants));
        Assert.Equal(steps * 127 / expectedScale, quants[0], 0.5f);
    }

    /// <summary>Whose scale is subnormal.</summary>
    [Theory]
    [InlineData(5e-4f)]
    [InlineData(3e-5f)]
    public void Groups_OfTinyWeights_AreAsPreciseAsOthers(float deviation)
    {
        float[] weights = ArrayTensor.Gaussian(1, 32, deviation);
        sbyte[] q8 = new sbyte[32];
        sbyte[] q4 = new sbyte[32];
        float scale8 = Scale(GroupQuantizer.Q8(weights, q8));
        float scale4 = Scale(GroupQuantizer.Q4(weights, q4));

        // A step is at most 2.5 / 127 and 2.5 / 5.5 deviations, its error √(1/12) of it; a subnormal scale is coarser.
        Assert.InRange(RelativeError(weights, scale8, q8), 0, 0.012);
        Assert.InRange(RelativeError(weights, scale4, q4), 0, 0.13);
    }

    [Theory]
    [InlineData(1e-30f)]
    [InlineData(1e-5f)]
    [InlineData(0.003f)]
    [InlineData(0.05f)]
    [InlineData(1f)]
    [InlineData(1e6f)]
    public void Q8_RandomGroups_StayWithinHalfAScale(float deviation)
    {
        foreach (int count in (int[])[32, 12, 1])
        {
            for (int seed = 0; seed < 200; seed++)
            {
                float[] weights = ArrayTensor.Gaussian(seed, count, deviation);
                sbyte[] quants = new sbyte[count];
                float scale = Scale(GroupQuantizer.Q8(weights, quants));
                for (int i = 0; i < count; i++)
                {
                    float bound = scale == 0 ? ScaleMin / 2 : scale / 2;
                    float slack = RoundingSlack * MathF.Abs(weights[i]);
                    Assert.InRange(MathF.Abs(weights[i] - (scale * quants[i])), 0, bound + slack);
                    Assert.InRange(quants[i], -127, 127);
                }
            }
        }
    }

    [Fact]
    public void Q4_RandomGroups_NoCandidateRangeIsBetter()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            float[] weights = ArrayTensor.Gaussian(seed, 32);
            sbyte[] quants = new sbyte[32];
            float scale = Scale(GroupQuantizer.Q4(weights, quants));
            double error = 0;
            for (int i = 0; i < weights.Length; i++)
            {
                error += Square(weights[i] - ((double)scale * quants[i]));
                Assert.InRange(quants[i], -8, 7);
            }

            double best = double.PositiveInfinity;
            for (int i = 0; i < GroupQuantizer.Q4CandidateCount; i++)
            {
                double share = i / (GroupQuantizer.Q4CandidateCount - 1.0);
                double divisor = double.Lerp(GroupQuantizer.Q4DivisorMin, GroupQuantizer.Q4DivisorMax, share);
                best = Math.Min(best, ErrorWithScale(weights, LargestMagnitude(weights) / divisor));
            }

            // fp16 moves the scale by at most 2⁻¹¹ of itself, which adds at most (2⁻¹¹)²·Σw².
            double roundingOfScale = weights.Sum(weight => Square(weight)) / (1 << 22);
            Assert.InRange(error, 0, best + roundingOfScale);
        }
    }

    [Fact]
    public void Q4_HugeAndTinyMagnitudes_DoNotOverflow()
    {
        foreach (float magnitude in (float[])[GroupQuantizer.Q4MagnitudeMax, 1e-38f, 1e-45f])
        {
            float[] weights = [magnitude, -magnitude / 2, 0];
            sbyte[] quants = new sbyte[3];
            float scale = Scale(GroupQuantizer.Q4(weights, quants));

            Assert.True(float.IsFinite(scale) && (scale == 0 || MathF.Abs(scale) >= ScaleMin));
            float bound = MathF.Max(magnitude / 14, ScaleMin / 2);
            Assert.InRange(MathF.Abs(magnitude - (scale * quants[0])), 0, bound);
        }
    }

    [Fact]
    public void Q4_LoneExtremeOfEitherSign_ReachesTheMinusEight()
    {
        foreach (float extreme in (float[])[1f, -1f])
        {
            float[] weights = [extreme, 0.1f, -0.2f, 0.3f];
            sbyte[] quants = new sbyte[4];

            float scale = Scale(GroupQuantizer.Q4(weights, quants));

            Assert.True(scale * extreme < 0, "The extreme weight goes to the longer side of the range.");
            Assert.InRange(quants[0], -8, -5);
        }
    }

    private static double RelativeError(float[] weights, float scale, sbyte[] quants)
    {
        double error = weights.Zip(quants, (weight, quant) => Square(weight - ((double)scale * quant))).Sum();
        return Math.Sqrt(error / weights.Sum(weight => Square(weight)));
    }

    private static float Scale(ushort bits) => (float)BitConverter.UInt16BitsToHalf(bits);

    private static double Square(double value) => value * value;

    private static float LargestMagnitude(float[] weights) => weights.Max(MathF.Abs);

    private static double ErrorWithScale(float[] weights, double scale) =>
        weights.Sum(weight => Square(weight - (scale * Math.Clamp(Math.Round(weight / scale), -8, 7))));
}
