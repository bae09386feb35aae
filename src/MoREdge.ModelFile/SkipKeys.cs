namespace MoREdge.ModelFile;

/// <summary>
/// Keys of Mixture-of-Depths models behind "{architecture}.", beside those of <see cref="MetadataKeys"/>, and their
/// values, in the words of <c>tools/training/twin/depth_options.py</c>; ours (FORMAT.md).
/// </summary>
public static class SkipKeys
{
    /// <summary>What all of them begin with.</summary>
    public const string Prefix = "depths.";

    /// <summary>float64 array: share of the tokens that run each block, 1 for those that are not routed.</summary>
    public const string Capacities = "depths.capacity";

    /// <summary>float64 array: router logit from which a token runs each block.</summary>
    public const string Thresholds = "depths.thresholds";

    /// <summary>string: block, attention, feed_forward.</summary>
    public const string Scope = "depths.scope";

    /// <summary>string: stream, normed.</summary>
    public const string RouterInput = "depths.router_input";

    /// <summary>string: raw, sigmoid, tanh, binary, softmax_chosen.</summary>
    public const string Score = "depths.score";

    /// <summary>float32: scale of the tanh.</summary>
    public const string TanhScale = "depths.tanh_scale";

    /// <summary>string: update, output, feed_forward.</summary>
    public const string WeightOn = "depths.weight_on";

    /// <summary>string: once, doubled.</summary>
    public const string Residual = "depths.residual";

    /// <summary>string: unchanged, weighted.</summary>
    public const string Skipped = "depths.skipped";

    /// <summary>string: topk, topk_strict, threshold, sequence_mean, predictor.</summary>
    public const string Select = "depths.select";

    /// <summary>string: relative, absolute, smaller.</summary>
    public const string Count = "depths.count";

    /// <summary>string: threshold, predictor, always, unrouted.</summary>
    public const string Decode = "depths.decode";

    /// <summary>string: original, compressed.</summary>
    public const string Positions = "depths.positions";

    /// <summary>string: absent, zero, written.</summary>
    public const string SkippedKeys = "depths.skipped_keys";

    /// <summary>int32 array: the only token ids that can skip; all when absent.</summary>
    public const string RoutedTokens = "depths.routed_tokens";

    /// <summary>The keys whose values are words.</summary>
    public static IReadOnlyList<string> Words { get; } =
    [
        Scope, RouterInput, Score, WeightOn, Residual, Skipped, Select, Count, Decode, Positions, SkippedKeys,
    ];
}
