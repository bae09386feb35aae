using MoREdge.Model;

namespace MoREdge.Cli;

/// <summary>
/// Whether thresholds keep about as many tokens in a loop as the choice that the model was trained with: routers are
/// trained so that a logit of 0 parts the chosen from the others, but nothing makes them.
/// </summary>
internal static class CapacityCheck
{
    /// <summary>A share may be off by ten points (mixture-of-recursions spec, section 2.6).</summary>
    private const double DifferenceMax = 0.1;

    /// <summary>The standard error of a share of so many tokens is at most a quarter of those ten points.</summary>
    private const int TokensMin = 400;

    /// <summary>What to tell about the recursion that is furthest off; null where all is well or unknown.</summary>
    /// <param name="recursion">The model's loop, or null.</param>
    /// <param name="sequence">What ran it, with the depths of its tokens.</param>
    public static string? Warning(RecursionConfig? recursion, Sequence sequence)
    {
        if (recursion?.DepthRule != DepthRule.ExpertChoice || sequence.Routing != RoutingMode.Threshold
            || sequence.Depths.TokenCount < TokensMin)
        {
            return null;
        }

        int worst = -1;
        double difference = DifferenceMax;
        for (int r = 0; r < sequence.DepthMax; r++)
        {
            double off = Math.Abs(sequence.Depths.ShareReaching(r + 1) - recursion.Capacities[r]);
            if (off > difference)
            {
                worst = r;
                difference = off;
            }
        }

        return worst < 0 ? null : Sentence(worst, sequence.Depths, recursion.Capacities[worst]);
    }

    private static string Sentence(int index, DepthStatistics depths, double capacity) =>
        FormattableString.Invariant(
            $"recursion {index + 1} ran for {100 * depths.ShareReaching(index + 1):F0} % of the tokens, ")
        + FormattableString.Invariant($"where the model was trained to run it for {100 * capacity:F0} %: ")
        + "its thresholds do not fit it, or the text is unlike what it has learnt.";
}
