using MoREdge.ModelFile;
using MoREdge.Tensors;

namespace MoREdge.Model;

/// <summary>
/// Reads a <see cref="ModelConfig"/> from model-file metadata and refuses what the network cannot run.
/// </summary>
public static class ModelConfigReader
{
    /// <summary>The architecture name of Mixture-of-Recursions and plain recursive models.</summary>
    public const string RecursiveArchitecture = "mor";

    /// <summary>Reads and checks the configuration.</summary>
    /// <exception cref="ModelFileException">A key is missing, of the wrong type or out of range.</exception>
    public static ModelConfig Read(GgufFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        GgufMetadata metadata = file.Metadata;
        string architecture = metadata.RequireString(MetadataKeys.Architecture);
        if (architecture is not ("llama" or "qwen2" or RecursiveArchitecture))
        {
            throw Wrong($"The architecture '{architecture}' is not one this version runs (llama, qwen2, mor).");
        }

        Keys keys = new(metadata, architecture);
        int modelDim = keys.Dimension(MetadataKeys.EmbeddingLength);
        int headCount = keys.Dimension(MetadataKeys.HeadCount);
        int headDim = keys.Dimension(MetadataKeys.KeyLength, modelDim / headCount);
        ModelConfig config = new()
        {
            Architecture = architecture,
            ModelDim = modelDim,
            FfnDim = keys.Dimension(MetadataKeys.FeedForwardLength),
            HeadCount = headCount,
            KvHeadCount = keys.Dimension(MetadataKeys.HeadCountKv, headCount),
            HeadDim = headDim,
            VocabSize = VocabSize(file),
            ContextLength = keys.Dimension(MetadataKeys.ContextLength),
            BlockCount = keys.Dimension(MetadataKeys.BlockCount),
            RmsNormEpsilon = (float)keys.Number(MetadataKeys.RmsNormEpsilon, null),
            RopeTheta = (float)keys.Number(MetadataKeys.RopeFrequencyBase, 10000),
            RopePairing = architecture == "llama" ? RopePairing.Interleaved : RopePairing.HalfSplit,
            Recursion = architecture == RecursiveArchitecture ? ReadRecursion(keys) : null,
        };
        Check(config, keys);
        return config;
    }

    private static int VocabSize(GgufFile file)
    {
        TensorShape shape = file.RequireTensor(TensorNames.TokenEmbedding).Shape;
        return shape.Rank == 2 && shape.Rows <= ModelFileLimits.ModelDimensionMax
            ? (int)shape.Rows
            : throw new ModelFileException(
                ModelFileError.ShapeMismatch,
                $"The tensor '{TensorNames.TokenEmbedding}' has the impossible shape {shape}.");
    }

    private static void Check(ModelConfig config, Keys keys)
    {
        Require(
            config.HeadCount % config.KvHeadCount == 0,
            "The head count is not a multiple of the key/value head count.");
        Require(config.HeadDim % 2 == 0, "The head width is odd, so rotary pairs do not fit.");
        Require(
            keys.Dimension(MetadataKeys.ValueLength, config.HeadDim) == config.HeadDim,
            "Value and key heads differ in width.");
        Require(
            keys.Dimension(MetadataKeys.RopeDimensionCount, config.HeadDim) == config.HeadDim,
            "Rotary embeddings over a part of the head are not supported.");
        Require(config.RmsNormEpsilon is > 0 and < 1, "The RMS norm epsilon is outside (0, 1).");
        Require(config.RopeTheta is > 0 and < 1e12f, "The rotary base is outside (0, 1e12).");
        Require(
            config.Recursion is null || config.BlockCount == config.Recursion.BlockCount,
            "The block count does not follow from the base depth and the kind of sharing.");
    }

    private static RecursionConfig ReadRecursion(Keys keys)
    {
        int count = keys.Dimension(MetadataKeys.RecursionCount);
        Require(
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
            DefaultRouting = keys.Choice(MetadataKeys.InferenceMode, "threshold", ("threshold", RoutingMode.Threshold),
                ("topk", RoutingMode.TopK), ("topk-threshold", RoutingMode.TopKThreshold), ("full", RoutingMode.Full)),
        };
        CheckRecursion(recursion);
        return recursion;
    }

    private static KvPolicy TrainedKvPolicy(Keys keys)
    {
        bool shared = keys.Flag(MetadataKeys.KvSharing);
        bool update = keys.Flag(MetadataKeys.UpdateCache);
        Require(shared || !update, "The hybrid cache (update_cache) needs kv_sharing.");
        return update ? KvPolicy.SharedHybrid : shared ? KvPolicy.SharedFromFirst : KvPolicy.RecursionWise;
    }

    private static void CheckRecursion(RecursionConfig recursion)
    {
        for (int r = 0; r < recursion.Capacities.Length; r++)
        {
            double capacity = recursion.Capacities[r];
            Require(capacity is > 0 and <= 1, "A recursion's capacity is outside (0, 1].");
            Require(r == 0 || capacity <= recursion.Capacities[r - 1], "The capacities of the recursions increase.");
        }

        Require(double.IsFinite(recursion.Alpha), "The router's alpha is not finite.");
        Require(recursion.Temperature is > 0 and < 1e6, "The router's temperature is outside (0, 1e6).");
        Require(
            recursion.DepthRule == DepthRule.Fixed || recursion.Sharing is SharingKind.Cycle or SharingKind.MiddleCycle,
            "Routed models share by cycle or middle_cycle only.");
        Require(
            recursion.DepthRule != DepthRule.TokenChoice || recursion.Sharing == SharingKind.MiddleCycle,
            "Token-choice models share by middle_cycle only.");
        Require(
            recursion.DepthRule != DepthRule.TokenChoice
                || recursion.RouterFunction is RouterFunction.Sigmoid or RouterFunction.Softmax,
            "A token-choice router needs sigmoid or softmax.");
        Require(
            recursion.DepthRule != DepthRule.ExpertChoice || recursion.RouterFunction != RouterFunction.Softmax,
            "An expert-choice router cannot use softmax.");
        Require(
            recursion.TrainedKvPolicy != KvPolicy.SharedHybrid || recursion.DepthRule == DepthRule.ExpertChoice,
            "The hybrid cache exists for expert-choice models only.");
    }

    private static void Require(bool condition, string sentence)
    {
        if (!condition)
        {
            throw Wrong(sentence);
        }
    }

    private static ModelFileException Wrong(string sentence) => new(ModelFileError.WrongValue, sentence);

    /// <summary>The keys of one architecture, with range checks.</summary>
    private readonly struct Keys(GgufMetadata metadata, string architecture)
    {
        public int Dimension(string suffix, int? fallback = null)
        {
            string key = Full(suffix);
            if (!metadata.TryGetInt64(key, out long value))
            {
                value = fallback
                    ?? throw new ModelFileException(ModelFileError.MissingKey, $"The key '{key}' is missing.");
            }

            return value is >= 1 and <= ModelFileLimits.ModelDimensionMax
                ? (int)value
                : throw Wrong($"The value {value} of '{key}' is out of range.");
        }

        public double Number(string suffix, double? fallback)
        {
            string key = Full(suffix);
            return metadata.Contains(key) || fallback is null ? metadata.RequireFloat64(key) : fallback.Value;
        }

        public double[] Numbers(string suffix, int count, double? fallback)
        {
            string key = Full(suffix);
            if (!metadata.Contains(key) && fallback is not null)
            {
                double[] same = new double[count];
                Array.Fill(same, fallback.Value);
                return same;
            }

            double[] values = metadata.RequireFloat64Array(key);
            return values.Length == count
                ? values
                : throw Wrong($"'{key}' has {values.Length} values, but the model has {count} recursions.");
        }

        public bool Flag(string suffix) => metadata.GetBoolean(Full(suffix), false);

        public T Choice<T>(string suffix, string? fallback, params ReadOnlySpan<(string Name, T Value)> choices)
        {
            string key = Full(suffix);
            string name = metadata.Contains(key) || fallback is null ? metadata.RequireString(key) : fallback;
            foreach ((string Name, T Value) choice in choices)
            {
                if (choice.Name == name)
                {
                    return choice.Value;
                }
            }

            throw Wrong($"The value '{name}' of '{key}' is not known.");
        }

        private string Full(string suffix) => $"{architecture}.{suffix}";
    }
}
