namespace MoREdge.Quantization;

/// <summary>
/// Logarithms of softmax probabilities in float64, from float32 logits, without overflow for any finite logits.
/// </summary>
public static class LogProbabilities
{
    /// <summary>log Σ exp(logits), the maximum taken out first; NaN when a logit is NaN.</summary>
    /// <param name="logits">(VocabSize), at least one.</param>
    public static double LogSumExp(ReadOnlySpan<float> logits)
    {
        double max = double.NegativeInfinity;
        foreach (float logit in logits)
        {
            max = Math.Max(max, logit);
        }

        double sum = 0;
        foreach (float logit in logits)
        {
            sum += Math.Exp(logit - max);
        }

        return max + Math.Log(sum);
    }

    /// <summary>Negative log-likelihood of <paramref name="target"/>, in nats.</summary>
    public static double NegativeLogLikelihood(ReadOnlySpan<float> logits, int target) =>
        LogSumExp(logits) - logits[target];

    /// <summary>KL(reference ‖ other) = Σ p·(log p − log q) in nats, never below 0.</summary>
    /// <remarks>
    /// Source: Kullback and Leibler 1951, equation 2.4. Rounding may leave a tiny negative sum, which is 0.
    /// </remarks>
    public static double KlDivergence(ReadOnlySpan<float> reference, ReadOnlySpan<float> other)
    {
        double referenceLog = LogSumExp(reference);
        double otherLog = LogSumExp(other);
        double sum = 0;
        for (int i = 0; i < reference.Length; i++)
        {
            double log = reference[i] - referenceLog;
            sum += Math.Exp(log) * (log - (other[i] - otherLog));
        }

        return double.IsNaN(sum) ? sum : Math.Max(0, sum);
    }

    /// <summary>Index of the largest logit, the first of equals.</summary>
    public static int Best(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            best = logits[i] > logits[best] ? i : best;
        }

        return best;
    }
}
