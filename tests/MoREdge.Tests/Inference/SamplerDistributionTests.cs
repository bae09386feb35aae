using MoREdge.Inference;

namespace MoREdge.Tests.Inference;

/// <summary>
/// Draws against exact probabilities: every filter with the others, in the order that <see cref="SamplerOptions"/>
/// names.
/// </summary>
public sealed class SamplerDistributionTests
{
    private const int Draws = 100_000;

    private static readonly float[] Logits = [2f, 1.7f, 1.2f, 0.9f, 0.8f, 0.1f, 0f, -0.4f, -1f, -1.5f, -3f, 2f];

    /// <summary>Penalized once, though it came twice; the first of them is behind the window.</summary>
    private static readonly int[] Recent = [1, 0, 3, 8, 3];

    [Theory]
    [InlineData(1f, 0, 1f, 0f, 1f)]
    [InlineData(0.4f, 0, 1f, 0f, 1f)]
    [InlineData(3f, 5, 1f, 0f, 1f)]
    [InlineData(1.5f, 0, 0.8f, 0f, 1f)]
    [InlineData(0.7f, 0, 1f, 0.25f, 1f)]
    [InlineData(1f, 0, 1f, 0f, 1.8f)]
    [InlineData(1f, 0, 1f, 0f, 0.6f)]
    [InlineData(2f, 9, 0.85f, 0.3f, 1.4f)]
    [InlineData(0.6f, 6, 0.97f, 0.05f, 1.2f)]
    [InlineData(5f, 8, 0.9f, 0.7f, 3f)]
    public void Choose_AnyFilters_FollowsTheExactProbabilities(
        float temperature, int topK, float topP, float minP, float penalty)
    {
        SamplerOptions options = new()
        {
            Temperature = temperature,
            TopK = topK,
            TopP = topP,
            MinP = minP,
            RepeatPenalty = penalty,
            RepeatWindow = Recent.Length - 1,
            Seed = 11,
        };
        Sampler sampler = new(options, Logits.Length);
        Array.ForEach(Recent, sampler.Accept);
        double[] expected = Probabilities(options);
        long[] counts = new long[Logits.Length];
        for (int i = 0; i < Draws; i++)
        {
            counts[sampler.Choose(Logits)]++;
        }

        double chiSquared = 0;
        int freedom = -1;
        for (int id = 0; id < counts.Length; id++)
        {
            if (expected[id] == 0)
            {
                Assert.Equal(0, counts[id]);
                continue;
            }

            double difference = counts[id] - (Draws * expected[id]);
            chiSquared += difference * difference / (Draws * expected[id]);
            freedom++;
        }

        // Four standard deviations above the mean of a chi-squared variable; of one drawn token nothing can differ.
        Assert.InRange(chiSquared, 0, freedom + (4 * Math.Sqrt(2 * freedom)) + 1e-9);
    }

    /// <summary>The same in float64, one filter after the other.</summary>
    private static double[] Probabilities(SamplerOptions options)
    {
        double[] logits = Array.ConvertAll(Logits, logit => (double)logit);
        foreach (int id in Recent.Skip(1).Distinct())
        {
            logits[id] *= logits[id] > 0 ? 1 / (double)options.RepeatPenalty : options.RepeatPenalty;
        }

        int[] order = [.. Enumerable.Range(0, logits.Length).OrderByDescending(id => logits[id]).ThenBy(id => id)];
        order = options.TopK == 0 ? order : order[..options.TopK];
        double[] weights = Array.ConvertAll(order, id => Math.Exp(logits[id] / options.Temperature));
        double sum = weights.Sum();
        double reached = 0;
        double[] probabilities = new double[logits.Length];
        for (int i = 0; i < order.Length && (options.TopP == 1 || reached < options.TopP); i++)
        {
            reached += weights[i] / sum;
            probabilities[order[i]] = weights[i] < options.MinP * weights[0] ? 0 : weights[i];
        }

        double kept = probabilities.Sum();
        return Array.ConvertAll(probabilities, weight => weight / kept);
    }
}
