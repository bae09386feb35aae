using MoREdge.ModelFile;

namespace MoREdge.Model;

/// <summary>Reads the loop from a file's keys.</summary>
internal static class RecursionConfigReader
{
    /// <summary>The loop of a Mixture-of-Recursions or plain recursive model.</summary>
    /// <exception cref="ModelFileException">A key is missing, of the wrong type or out of range.</exception>
    public static RecursionConfig Read(ConfigKeys keys)
    {
        int count = keys.Dimension(MetadataKeys.RecursionCount);
        ConfigKeys.Require(
            count <= ModelFileLimits.RecursionCountMax,
            $"The recursion count {count} is above {ModelFileLimits.RecursionCountMax}.");
        DepthRule rule = keys.Choice(MetadataKeys.RecursionType, null, ("expert", DepthRule.ExpertChoice),
            ("token", DepthRule.TokenChoice), ("none", DepthRule.Fixed));
        RecursionConfig recursion = new()
        {
            DepthRule = rule,
            RecursionCount = count,
            BaseDepth = keys.Dimension(MetadataKeys.BaseDepth),
            Sharing = keys.Choice(MetadataKeys.Sharing, null,
                ("cycle", SharingKind.Cycle), ("sequence", SharingKind.Sequence),
                ("middle_cycle", SharingKind.MiddleCycle), ("middle_sequence", SharingKind.MiddleSequence)),
            Capacities = rule == DepthRule.ExpertChoice ? keys.Numbers(MetadataKeys.Capacity, count, null) : [],
            Thresholds = rule == DepthRule.ExpertChoice ? keys.Numbers(MetadataKeys.Thresholds, count, 0) : [],
            RouterKind = keys.Choice(MetadataKeys.RouterType, "linear",
                ("linear", RouterKind.Linear), ("mlp", RouterKind.Mlp), ("wide_mlp", RouterKind.Mlp)),
            RouterFunction = keys.Choice(MetadataKeys.RouterFunction, "none", ("none", RouterFunction.None),
                ("sigmoid", RouterFunction.Sigmoid), ("tanh", RouterFunction.Tanh),
                ("softmax", RouterFunction.Softmax)),
            Alpha = keys.Number(MetadataKeys.Alpha, 1),
            Temperature = keys.Number(MetadataKeys.Temperature, 1),
            Gating = keys.Choice(MetadataKeys.Gating, "weighted",
                ("weighted", GatingKind.Weighted), ("additive", GatingKind.Additive)),
            TrainedKvPolicy = TrainedKvPolicy(keys),
            DraftSize = keys.Has(MetadataKeys.DraftSize) ? keys.Dimension(MetadataKeys.DraftSize) : 0,
            DefaultRouting = keys.Choice(MetadataKeys.InferenceMode, "threshold", ("threshold", RoutingMode.Threshold),
                ("topk", RoutingMode.TopK), ("topk-threshold", RoutingMode.TopKThreshold), ("full", RoutingMode.Full)),
        };
        CheckRecursion(recursion);
        return recursion;
    }

    /// <summary>The loop of a looped model; null if its loop runs once.</summary>
    /// <exception cref="ModelFileException">A key is missing, of the wrong type or out of range.</exception>
    public static RecursionConfig? ReadLoop(ConfigKeys keys, Architecture architecture, int blockCount)
    {
        int count = keys.Dimension(MetadataKeys.LoopCount, 1);
        ConfigKeys.Require(
            count <= ModelFileLimits.RecursionCountMax,
            $"The loop count {count} is above {ModelFileLimits.RecursionCountMax}.");
        int prelude = keys.Count(MetadataKeys.PreludeCount, 0);
        int coda = keys.Count(MetadataKeys.CodaCount, 0);
        bool skipsNorm = keys.Flag(MetadataKeys.SkipLoopNorm);
        bool hasGate = keys.Has(MetadataKeys.ExitThreshold);
        double threshold = keys.Number(MetadataKeys.ExitThreshold, 1);
        ConfigKeys.Require(prelude + coda < blockCount, "The blocks around the loop leave none for the loop.");
        ConfigKeys.Require(threshold > 0, "The exit threshold is not positive.");
        RoutingMode mode = keys.Choice(
            MetadataKeys.InferenceMode, "full", ("threshold", RoutingMode.Threshold), ("full", RoutingMode.Full));
        return count == 1 && !architecture.HasAdapter && !hasGate ? null : new RecursionConfig
        {
            DepthRule = hasGate ? DepthRule.ExitGate : DepthRule.Fixed,
            RecursionCount = count,
            BaseDepth = blockCount - prelude - coda,
            Sharing = SharingKind.Cycle,
            OwnPrefixCount = prelude,
            OwnSuffixCount = coda,
            HasNormBetween = !skipsNorm && !architecture.HasAdapter,
            HasAdapter = architecture.HasAdapter,
            ExitThreshold = threshold,
            KeepsLatestKeys = true,
            DefaultRouting = mode,
        };
    }

    private static KvPolicy TrainedKvPolicy(ConfigKeys keys)
    {
        bool shared = keys.Flag(MetadataKeys.KvSharing);
        bool update = keys.Flag(MetadataKeys.UpdateCache);
        ConfigKeys.Require(shared || !update, "The hybrid cache (update_cache) needs kv_sharing.");
        return update ? KvPolicy.SharedHybrid : shared ? KvPolicy.SharedFromFirst : KvPolicy.RecursionWise;
    }

    private static void CheckRecursion(RecursionConfig recursion)
    {
        for (int r = 0; r < recursion.Capacities.Length; r++)
        {
            double capacity = recursion.Capacities[r];
            ConfigKeys.Require(capacity is > 0 and <= 1, "A recursion's capacity is outside (0, 1].");
            ConfigKeys.Require(
                r == 0 || capacity <= recursion.Capacities[r - 1], "The capacities of the recursions increase.");
        }

        ConfigKeys.Require(double.IsFinite(recursion.Alpha), "The router's alpha is not finite.");
        ConfigKeys.Require(recursion.Temperature is > 0 and < 1e6, "The router's temperature is outside (0, 1e6).");
        ConfigKeys.Require(
            recursion.DepthRule == DepthRule.Fixed || recursion.Sharing is SharingKind.Cycle or SharingKind.MiddleCycle,
            "Routed models share by cycle or middle_cycle only.");
        ConfigKeys.Require(
            recursion.DepthRule != DepthRule.TokenChoice || recursion.Sharing == SharingKind.MiddleCycle,
            "Token-choice models share by middle_cycle only.");
        ConfigKeys.Require(
            recursion.DepthRule != DepthRule.TokenChoice
                || recursion.RouterFunction is RouterFunction.Sigmoid or RouterFunction.Softmax,
            "A token-choice router needs sigmoid or softmax.");
        ConfigKeys.Require(
            recursion.DepthRule != DepthRule.ExpertChoice || recursion.RouterFunction != RouterFunction.Softmax,
            "An expert-choice router cannot use softmax.");
        ConfigKeys.Require(
            recursion.TrainedKvPolicy != KvPolicy.SharedHybrid || recursion.DepthRule == DepthRule.ExpertChoice,
            "The hybrid cache exists for expert-choice models only.");
    }
}
