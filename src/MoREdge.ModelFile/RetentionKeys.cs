namespace MoREdge.ModelFile;

/// <summary>
/// Keys of models with retention behind "{architecture}.", beside those of <see cref="MetadataKeys"/>, and their
/// values; ours (FORMAT.md).
/// </summary>
public static class RetentionKeys
{
    /// <summary>string: "torchscale" or "fla", the two arithmetics of retention; required.</summary>
    public const string Dialect = "retention.dialect";

    /// <summary>string: "power" or "even", how the decays of the heads lie; "power" when absent.</summary>
    public const string Decay = "retention.decay";

    /// <summary>bool: a projection gates the read-outs; true when absent.</summary>
    public const string Gate = "retention.gate";

    /// <summary>string: "none" or "relu", the function of queries and keys; "none" when absent.</summary>
    public const string FeatureMap = "retention.feature_map";

    /// <summary>string: "silu" or "gelu" (with the error function); "silu" when absent.</summary>
    public const string FeedForwardActivation = "feed_forward.activation";

    /// <summary>bool: the feed-forward network has a gate; true when absent.</summary>
    public const string FeedForwardGated = "feed_forward.gated";

    /// <summary>A value of <see cref="Dialect"/>: adjacent pairs turn, √s divides, norms have no weights.</summary>
    public const string Torchscale = "torchscale";

    /// <summary>
    /// A value of <see cref="Dialect"/>: flash-linear-attention's; halves turn, nothing divides, norms have weights.
    /// </summary>
    public const string Fla = "fla";

    /// <summary>A value of <see cref="Decay"/>: 1 − 2^(−5−h) for head h.</summary>
    public const string PowerDecay = "power";

    /// <summary>A value of <see cref="Decay"/>: 1 − e^x, x from ln 1/32 to ln 1/512 in even steps.</summary>
    public const string EvenDecay = "even";
}
