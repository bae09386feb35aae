using MoREdge.ModelFile;

namespace MoREdge.Model;

/// <summary>Reads which tokens skip which layers from a file's keys.</summary>
internal static class SkipConfigReader
{
    private static readonly (string Name, SkipRule Value)[] Rules =
    [
        ("topk", SkipRule.TopK), ("topk_strict", SkipRule.TopKStrict), ("threshold", SkipRule.Threshold),
        ("sequence_mean", SkipRule.SequenceMean), ("predictor", SkipRule.Predictor), ("always", SkipRule.Always),
        ("unrouted", SkipRule.Unrouted),
    ];

    /// <summary>Reads and checks the keys.</summary>
    /// <exception cref="ModelFileException">A key is missing, of the wrong type or out of range.</exception>
    public static SkipConfig Read(ConfigKeys keys, int blockCount)
    {
        SkipConfig config = new()
        {
            Capacities = keys.Numbers(SkipKeys.Capacities, blockCount, null),
            Thresholds = keys.Numbers(SkipKeys.Thresholds, blockCount, 0),
            Scope = keys.Choice(SkipKeys.Scope, "block", ("block", SkipScope.Block),
                ("attention", SkipScope.Attention), ("feed_forward", SkipScope.FeedForward)),
            SeesNormed = keys.Choice(
                SkipKeys.RouterInput, "stream", ("stream", false), ("normed", true)),
            Score = keys.Choice(SkipKeys.Score, "raw", ("raw", SkipScore.Raw),
                ("sigmoid", SkipScore.Sigmoid), ("tanh", SkipScore.Tanh), ("binary", SkipScore.Binary),
                ("softmax_chosen", SkipScore.SoftmaxOfChosen)),
            TanhScale = keys.Number(SkipKeys.TanhScale, 0.2, float.MinValue, float.MaxValue),
            WeightTarget = keys.Choice(SkipKeys.WeightOn, "update", ("update", SkipWeightTarget.Update),
                ("output", SkipWeightTarget.Output), ("feed_forward", SkipWeightTarget.FeedForward)),
            DoublesResidual = keys.Choice(SkipKeys.Residual, "once", ("once", false), ("doubled", true)),
            WeighsSkipped = keys.Choice(
                SkipKeys.Skipped, "unchanged", ("unchanged", false), ("weighted", true)),
            Select = keys.Choice(SkipKeys.Select, "topk", Rules),
            Count = keys.Choice(SkipKeys.Count, "relative", ("relative", SkipCount.Relative),
                ("absolute", SkipCount.Absolute), ("smaller", SkipCount.Smaller)),
            Decode = keys.Choice(SkipKeys.Decode, "threshold", Rules),
            CompressesPositions = keys.Choice(
                SkipKeys.Positions, "original", ("original", false), ("compressed", true)),
            SkippedKeys = keys.Choice(SkipKeys.SkippedKeys, "absent", ("absent", SkippedKeys.Absent),
                ("zero", SkippedKeys.Zero), ("written", SkippedKeys.Written)),
            RoutedTokens = keys.Has(SkipKeys.RoutedTokens)
                ? new HashSet<int>(keys.Integers(SkipKeys.RoutedTokens))
                : null,
        };
        Check(config);
        return config;
    }

    private static void Check(SkipConfig config)
    {
        foreach (double capacity in config.Capacities)
        {
            ConfigKeys.Require(capacity is > 0 and <= 1, "A layer's capacity is outside (0, 1].");
        }

        ConfigKeys.Require(
            config.Decode is SkipRule.Threshold or SkipRule.Predictor or SkipRule.Always or SkipRule.Unrouted,
            "Decoded tokens cannot be selected by comparing them with others.");
        ConfigKeys.Require(
            config.Select is not (SkipRule.Always or SkipRule.Unrouted),
            "A routed layer needs a rule of who runs it.");
    }
}
