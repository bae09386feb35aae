namespace MoREdge.Model;

/// <summary>
/// How tokens are selected at inference: by the routers of an expert-choice loop (spec section 2.6), which know every
/// mode; by those before layers that can be skipped, which know all but TopKThreshold; by an exit gate, Threshold and
/// Full. Token-choice routers know Full beside their own choice, and where nothing selects there is no mode.
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
