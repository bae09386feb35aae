namespace MoREdge.Quantization;

/// <summary>
/// How well a model predicts a text, and, against a reference model, how far its predictions are from that one's.
/// </summary>
public sealed class TextQuality
{
    private readonly List<double> _divergences = [];

    /// <summary>Negative log-likelihood per scored token, in nats.</summary>
    public RunningMean NegativeLogLikelihood { get; } = new();

    /// <summary>Perplexity: exp of the mean negative log-likelihood.</summary>
    public double Perplexity => Math.Exp(NegativeLogLikelihood.Mean);

    /// <summary>
    /// Standard error of the perplexity, by the delta method: perplexity × standard error of the mean; not a number for
    /// fewer than two tokens.
    /// </summary>
    public double PerplexityError => Perplexity * NegativeLogLikelihood.StandardError;

    /// <summary>
    /// The reference's negative log-likelihood on the same tokens; without values when there is no reference.
    /// </summary>
    public RunningMean ReferenceNegativeLogLikelihood { get; } = new();

    /// <summary>
    /// Mean of this model's negative log-likelihood minus the reference's, token by token: the log of the ratio of
    /// perplexities, with the far smaller standard error of a paired comparison.
    /// </summary>
    public RunningMean LogRatio { get; } = new();

    /// <summary>KL(reference ‖ this) per token, in nats.</summary>
    public RunningMean Divergence { get; } = new();

    /// <summary>1 where both models find the same token most likely, else 0.</summary>
    public RunningMean TopAgreement { get; } = new();

    /// <summary>Scores one prediction.</summary>
    /// <param name="logits">(VocabSize).</param>
    /// <param name="target">The token that came.</param>
    public void Add(ReadOnlySpan<float> logits, int target) =>
        NegativeLogLikelihood.Add(LogProbabilities.NegativeLogLikelihood(logits, target));

    /// <summary>Scores one prediction and compares it with the reference's.</summary>
    /// <param name="logits">(VocabSize).</param>
    /// <param name="reference">The reference model's (VocabSize).</param>
    /// <param name="target">The token that came.</param>
    public void Add(ReadOnlySpan<float> logits, ReadOnlySpan<float> reference, int target)
    {
        double own = LogProbabilities.NegativeLogLikelihood(logits, target);
        double other = LogProbabilities.NegativeLogLikelihood(reference, target);
        double divergence = LogProbabilities.KlDivergence(reference, logits);
        NegativeLogLikelihood.Add(own);
        ReferenceNegativeLogLikelihood.Add(other);
        LogRatio.Add(own - other);
        Divergence.Add(divergence);
        TopAgreement.Add(LogProbabilities.Best(logits) == LogProbabilities.Best(reference) ? 1 : 0);
        _divergences.Add(divergence);
    }

    /// <summary>
    /// The divergence that a <paramref name="fraction"/> of the tokens does not exceed (nearest rank); 0 without any.
    /// </summary>
    /// <param name="fraction">For example 0.99.</param>
    public double DivergenceQuantile(double fraction)
    {
        if (_divergences.Count == 0)
        {
            return 0;
        }

        double[] sorted = [.. _divergences];
        Array.Sort(sorted);
        int rank = (int)Math.Ceiling(fraction * sorted.Length);
        return sorted[Math.Clamp(rank - 1, 0, sorted.Length - 1)];
    }
}
