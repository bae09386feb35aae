namespace MoREdge.Model;

/// <summary>
/// How an expert-choice loop selects tokens at inference (spec section 2.6). Other depth rules ignore it.
/// </summary>
public enum RoutingMode
{
    /// <summary>
    /// Causal: a token goes on when its router logit reaches the threshold. Chunking never changes the result.
    /// </summary>
    Threshold,

    /// <summary>
    /// The k best tokens of the chunk go on, as in training; a decoded token, alone in its chunk, always does.
    /// </summary>
    TopK,

    /// <summary>Top-k for prompts, threshold for decoded tokens.</summary>
    TopKThreshold,

    /// <summary>Every token runs every recursion.</summary>
    Full,
}
