using System.Text.Json;
using MoREdge.Checkpoints.HuggingFace;
using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.Recursion;

/// <summary>Reads the Hydra YAML of a training run of the MoR authors (spec section 5.6).</summary>
/// <remarks>
/// mor.token and mor.expert are both present in shipped files; only the active one is read. Null capacity is (N − i) /
/// N. Nulls of kv_sharing come from recursive. A missing update_cache is false. Of the objects that say how tokens are
/// routed, a setting that is not known is refused.
/// </remarks>
internal static class HydraConfig
{
    /// <summary>Objects of a run's file, of which a vanilla run has one at least.</summary>
    private static readonly string[] ObjectsOfRun = ["recursive", "mor", "model_config"];

    /// <summary>Settings of "recursive" and "kv_sharing" that the tensors themselves answer.</summary>
    private static readonly HashSet<string> OfSharing = ["ln_share", "initialization", "base_depth"];

    /// <summary>Settings of "mor" for the training, for the other kind of router, and the objects of both.</summary>
    private static readonly HashSet<string> OfMor = [.. MorObject.TrainingSettings, "expert", "token", "capacity"];

    /// <summary>Settings of either object for the training, or for the other one.</summary>
    private static readonly HashSet<string> OfBranch = [.. MorObject.TrainingSettings, "balancing"];

    /// <summary>The recursion of a run, or null for a vanilla model.</summary>
    /// <exception cref="CheckpointException">A key is missing, wrong or unsupported.</exception>
    public static RecursionConfig? Read(ConfigObject hydra)
    {
        RequireRun(hydra);
        RefuseRelaxation(hydra);
        ConfigObject? recursive = hydra.GetObject("recursive");
        ConfigObject? mor = hydra.GetObject("mor");
        bool isRouted = mor?.GetBoolean("enable", fallback: false) ?? false;
        if (recursive is not { } shared || !shared.GetBoolean("enable", fallback: false))
        {
            return isRouted
                ? throw hydra.Invalid("mor.enable", "is true although recursive.enable is not")
                : null;
        }

        int recursionCount = shared.GetInt32("num_recursion", 2, ModelFileLimits.RecursionCountMax);
        RecursionConfig config = new()
        {
            Type = RecursionType.None,
            RecursionCount = recursionCount,
            BaseDepth = MorObject.ReadBaseDepth(shared),
            Sharing = SharingKinds.Parse(RequireText(shared, "sharing")),
            Thresholds = new double[recursionCount],
            SourceName = hydra.GetString("name"),
        };
        config = WithKvSharing(config, hydra);
        config = isRouted ? WithRouter(config, mor!.Value) : config;
        shared.RefuseUnread(OfSharing);
        config.Check();
        return config;
    }

    /// <summary>
    /// The fields of the base configuration that the run replaced: model_config.*, and max_length as context.
    /// </summary>
    public static Dictionary<string, JsonElement> ReadOverrides(ConfigObject hydra)
    {
        Dictionary<string, JsonElement> overrides = new(StringComparer.Ordinal);
        if (hydra.TryGet("max_length", out JsonElement length))
        {
            overrides["max_position_embeddings"] = length;
        }

        if (hydra.TryGet("model_config", out JsonElement fields) && fields.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty field in fields.EnumerateObject())
            {
                if (field.Value.ValueKind != JsonValueKind.Null)
                {
                    overrides[field.Name] = field.Value;
                }
            }
        }

        return overrides;
    }

    /// <summary>α of a token router that states none: 1 for softmax, 0.1 for sigmoid.</summary>
    public static double TokenAlphaDefault(string function) => function == "softmax" ? 1.0 : 0.1;

    /// <summary>The router's form; wide_mlp is the same network as mlp in the authors' code.</summary>
    public static string ReadRouterType(ConfigObject config)
    {
        string type = MorObject.OneOf(config, "router_type", null, "linear", "mlp", "wide_mlp");
        return type == "wide_mlp" ? "mlp" : type;
    }

    private static RecursionConfig WithKvSharing(RecursionConfig config, ConfigObject hydra)
    {
        if (hydra.GetObject("kv_sharing") is not { } kv || !kv.GetBoolean("enable", fallback: false))
        {
            return config;
        }

        string sharing = kv.GetString("sharing") ?? config.Sharing.Name();
        int recursionCount = kv.GetInt32("num_recursion", 2, ModelFileLimits.RecursionCountMax, config.RecursionCount);
        bool updates = kv.GetBoolean("update_cache", fallback: false);
        kv.RefuseUnread(OfSharing);
        return SharingKinds.Parse(sharing) == config.Sharing && recursionCount == config.RecursionCount
            ? config with { KvSharing = true, UpdateCache = updates }
            : throw hydra.Invalid("kv_sharing", "shares in another way than recursive");
    }

    private static RecursionConfig WithRouter(RecursionConfig config, ConfigObject mor)
    {
        if (mor.GetBoolean("rand_router", fallback: false))
        {
            throw new CheckpointException(
                CheckpointError.UnsupportedOption,
                $"{mor.Name} uses rand_router: a random route has nothing to convert.");
        }

        bool isToken = MorObject.OneOf(mor, "type", null, "expert", "token") == "token";
        string branchName = isToken ? "token" : "expert";
        ConfigObject branch = mor.GetObject(branchName)
            ?? throw new CheckpointException(CheckpointError.MissingKey, $"{mor.Name} has no {branchName}.");
        config = config with
        {
            Type = isToken ? RecursionType.Token : RecursionType.Expert,
            RouterType = mor.TryGet("router_type", out _) ? ReadRouterType(mor) : null,
            Temperature = mor.GetPositive("temp", 1),
            Gating = MorObject.OneOf(branch, "gating", "weighted", "weighted", "additive"),
        };
        config = isToken ? WithTokenChoice(config, branch) : WithExpertChoice(config, mor, branch);
        mor.RefuseUnread(OfMor);
        branch.RefuseUnread(OfBranch);
        return config;
    }

    private static RecursionConfig WithTokenChoice(RecursionConfig config, ConfigObject branch)
    {
        string function = MorObject.OneOf(branch, "router_func", "softmax", "softmax", "sigmoid");
        return config with
        {
            RouterFunction = function,
            Alpha = branch.GetDouble("alpha", TokenAlphaDefault(function)),
            IsLossFree = branch.GetString("balancing") == "loss_free",
        };
    }

    private static RecursionConfig WithExpertChoice(RecursionConfig config, ConfigObject mor, ConfigObject branch)
    {
        // A null function means "no squashing"; a missing one says nothing, and guessing would change every weight.
        string? fallback = branch.Has("router_func") ? "none" : null;
        string function = MorObject.OneOf(branch, "router_func", fallback, "sigmoid", "tanh", "none");
        return config with
        {
            RouterFunction = function,
            Alpha = function == "none" ? 1 : branch.GetDouble("alpha"),
            Capacity = ReadCapacity(mor, config.RecursionCount),
        };
    }

    private static double[] ReadCapacity(ConfigObject mor, int recursionCount)
    {
        if (!mor.TryGet("capacity", out JsonElement value))
        {
            return Capacities.Default(recursionCount);
        }

        return value.ValueKind == JsonValueKind.String
            ? Capacities.Parse(value.GetString()!)
            : mor.GetDoubles("capacity")!;
    }

    /// <summary>A file of something else says nothing of recursions either, and would pass for a vanilla run.</summary>
    private static void RequireRun(ConfigObject hydra)
    {
        if (!Array.Exists(ObjectsOfRun, hydra.Has))
        {
            throw new CheckpointException(
                CheckpointError.MissingKey,
                $"{hydra.Name} has none of {string.Join(", ", ObjectsOfRun)}, so it describes no run of "
                + "Mixture-of-Recursions.");
        }
    }

    private static void RefuseRelaxation(ConfigObject hydra)
    {
        if (hydra.GetObject("relaxation") is { } relaxation && relaxation.GetBoolean("enable", fallback: false))
        {
            throw new CheckpointException(
                CheckpointError.UnsupportedOption,
                $"{hydra.Name} relaxes the sharing by "
                + $"{CheckpointException.Quote(relaxation.GetString("method") ?? "?")}.");
        }
    }

    private static string RequireText(ConfigObject config, string key) => config.GetString(key)
        ?? throw new CheckpointException(CheckpointError.MissingKey, $"{config.Name} has no {key}.");
}
