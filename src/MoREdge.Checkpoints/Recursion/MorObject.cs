using MoREdge.Checkpoints.HuggingFace;
using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.Recursion;

/// <summary>Reads our "mor" object in config.json (spec section 5.7).</summary>
internal static class MorObject
{
    /// <summary>Settings of routers that serve the training alone, in the authors' files, too.</summary>
    internal static readonly string[] TrainingSettings =
        ["sampling", "coeff", "u", "z_loss", "z_coeff", "include_first", "cap_warmup_step", "bal_warmup_step"];

    /// <summary>What describes the training, or what the tensors say themselves.</summary>
    private static readonly HashSet<string> Descriptions = [.. TrainingSettings, "attention_tied"];

    /// <summary>What else a model without routers may mention.</summary>
    private static readonly string[] OfRouters =
        ["router_type", "router_func", "alpha", "temp", "gating", "balancing", "rand_router"];

    /// <summary>Reads and checks the object.</summary>
    /// <exception cref="CheckpointException">A key is missing, wrong or unsupported.</exception>
    public static RecursionConfig Read(ConfigObject mor)
    {
        RecursionType type = Require(mor, "type") switch
        {
            "expert" => RecursionType.Expert,
            "token" => RecursionType.Token,
            "none" => RecursionType.None,
            _ => throw mor.Invalid("type", "is none of expert, token, none"),
        };
        int recursionCount = mor.GetInt32("num_recursion", 2, ModelFileLimits.RecursionCountMax);
        RecursionConfig config = new()
        {
            Type = type,
            RecursionCount = recursionCount,
            BaseDepth = ReadBaseDepth(mor),
            Sharing = SharingKinds.Parse(Require(mor, "sharing")),
            Capacity = mor.GetDoubles("capacity") ?? Capacities.Default(recursionCount),
            KvSharing = mor.GetBoolean("kv_sharing", fallback: false),
            UpdateCache = mor.GetBoolean("update_cache", fallback: false),
            Thresholds = ReadThresholds(mor, recursionCount),
            InferenceMode = OneOf(mor, "inference_mode", "topk", "topk", "threshold", "topk-threshold", "full"),
            DraftSize = mor.TryGet("draft_size", out _)
                ? mor.GetInt32("draft_size", 1, ModelFileLimits.ModelDimensionMax)
                : 0,
            SourceName = mor.GetString("source_name"),
        };
        if (type != RecursionType.None)
        {
            config = WithRouter(config, mor);
        }

        mor.RefuseUnread(type == RecursionType.None ? [.. Descriptions, .. OfRouters] : Descriptions);
        config.Check();
        return config;
    }

    /// <summary>The layers of the shared block, or null for "as the tensors say".</summary>
    public static int? ReadBaseDepth(ConfigObject config) =>
        config.TryGet("base_depth", out _) ? config.GetInt32("base_depth", 1, DecoderConfig.LayerCountMax) : null;

    /// <summary>A string that is one of <paramref name="allowed"/>.</summary>
    public static string OneOf(ConfigObject config, string key, string? fallback, params ReadOnlySpan<string> allowed)
    {
        string? value = config.GetString(key) ?? fallback;
        if (value is null)
        {
            throw new CheckpointException(CheckpointError.MissingKey, $"{config.Name} has no {key}.");
        }

        return allowed.Contains(value) ? value : throw config.Invalid(key, $"is none of {string.Join(", ", allowed!)}");
    }

    private static RecursionConfig WithRouter(RecursionConfig config, ConfigObject mor)
    {
        if (mor.GetBoolean("rand_router", fallback: false))
        {
            throw new CheckpointException(
                CheckpointError.UnsupportedOption,
                $"{mor.Name} uses rand_router: a random route has nothing to convert.");
        }

        string function = config.Type == RecursionType.Expert
            ? OneOf(mor, "router_func", null, "sigmoid", "tanh", "none")
            : OneOf(mor, "router_func", "softmax", "softmax", "sigmoid");
        double? alpha = config.Type == RecursionType.Token ? HydraConfig.TokenAlphaDefault(function)
            : function == "none" ? 1 : null;
        return config with
        {
            RouterType = mor.TryGet("router_type", out _) ? HydraConfig.ReadRouterType(mor) : null,
            RouterFunction = function,
            Alpha = mor.GetDouble("alpha", alpha),
            Temperature = mor.GetPositive("temp", 1),
            Gating = OneOf(mor, "gating", "weighted", "weighted", "additive"),
            IsLossFree = mor.GetString("balancing") is { } balancing ? balancing == "loss_free" : null,
        };
    }

    private static double[] ReadThresholds(ConfigObject mor, int recursionCount)
    {
        double[] thresholds = mor.GetDoubles("thresholds") ?? new double[recursionCount];
        return thresholds.Length == recursionCount
            ? thresholds
            : throw mor.Invalid("thresholds", $"does not hold {recursionCount} numbers");
    }

    private static string Require(ConfigObject config, string key) => config.GetString(key)
        ?? throw new CheckpointException(CheckpointError.MissingKey, $"{config.Name} has no {key}.");
}
