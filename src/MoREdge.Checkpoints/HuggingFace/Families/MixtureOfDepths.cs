using System.Text.Json;
using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace.Families;

/// <summary>
/// Mixture-of-Depths with the layers of Llama, or with experts in them. Its implementations have nothing in common but
/// the idea: an object "mod" says which variant a checkpoint is of, and what it changes of that.
/// </summary>
internal sealed class MixtureOfDepths : DecoderFamily
{
    /// <summary>The one class.</summary>
    public const string ClassName = "MixtureOfDepthsForCausalLM";

    private static readonly Dictionary<string, (string Key, string Value)[]> Variants = new(StringComparer.Ordinal)
    {
        ["paper"] = [],
        ["astramind"] = [(SkipKeys.WeightOn, "output"), (SkipKeys.Select, "topk_strict"), (SkipKeys.Decode, "always")],
        ["kyegomez"] =
        [
            (SkipKeys.Score, "softmax_chosen"), (SkipKeys.WeightOn, "output"),
            (SkipKeys.Residual, "doubled"), (SkipKeys.Decode, "always"),
        ],
        ["epfml"] =
        [
            (SkipKeys.WeightOn, "output"), (SkipKeys.Residual, "doubled"),
            (SkipKeys.Count, "smaller"), (SkipKeys.Decode, "always"),
            (SkipKeys.Positions, "compressed"),
        ],
        ["sramshetty"] =
        [
            (SkipKeys.Score, "sigmoid"), (SkipKeys.WeightOn, "feed_forward"),
            (SkipKeys.Residual, "doubled"), (SkipKeys.Count, "absolute"),
            (SkipKeys.Positions, "compressed"), (SkipKeys.SkippedKeys, "zero"),
        ],
        ["mixture_ai"] = [(SkipKeys.WeightOn, "output"), (SkipKeys.Decode, "predictor")],
        ["router_tuning"] =
        [
            (SkipKeys.Scope, "attention"), (SkipKeys.RouterInput, "normed"),
            (SkipKeys.Score, "binary"), (SkipKeys.Select, "threshold"),
            (SkipKeys.SkippedKeys, "written"),
        ],
        ["p_mod"] =
        [
            (SkipKeys.Score, "tanh"), (SkipKeys.WeightOn, "feed_forward"),
            (SkipKeys.Skipped, "weighted"), (SkipKeys.Decode, "unrouted"),
        ],
    };

    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames { get; } = [ClassName];

    /// <inheritdoc/>
    public override string ModelType => "mixture_of_depths";

    /// <inheritdoc/>
    public override string Architecture => Architectures.Depths;

    /// <inheritdoc/>
    public override string DisplayName => "Mixture-of-Depths";

    /// <summary>That of tools/training, whose class it is.</summary>
    protected override double RmsNormEpsilonDefault => 1e-5;

    /// <inheritdoc/>
    public override IReadOnlyList<string>? LayerPrefixes(DecoderConfig config)
    {
        string[] prefixes = new string[config.LayerCount];
        for (int i = 0; i < prefixes.Length; i++)
        {
            prefixes[i] = $"model.layers.{i}.";
        }

        return prefixes;
    }

    /// <inheritdoc/>
    public override IEnumerable<LayerTensor> Layer(DecoderConfig config, int layer, LayerSource source)
    {
        // The layer itself lies under "block." or "decoder_layer." where tokens can skip it.
        string inner = source.Has("block.input_layernorm.weight") ? "block."
            : source.Has("decoder_layer.input_layernorm.weight") ? "decoder_layer."
            : "";
        LayerSource own = source with { Has = suffix => source.Has(inner + suffix) };
        List<LayerTensor> tensors = [];
        foreach (LayerTensor tensor in base.Layer(config, layer, own))
        {
            tensors.Add(tensor with { Suffix = inner + tensor.Suffix });
        }

        if (config.Skips!.Capacities[layer] < 1)
        {
            AddRouter(tensors, config.ModelDim, source);
        }

        return tensors;
    }

    /// <inheritdoc/>
    protected override void ReadOwn(ConfigObject json, DecoderConfig config)
    {
        ReadBiases(json, config);
        ConfigObject mod = json.GetObject("mod") ?? throw json.Invalid("mod", "is missing");
        if (json.Has("moe"))
        {
            config.Experts = MixtureOfExperts.ReadExperts(json);
        }

        Dictionary<string, string> words = new(StringComparer.Ordinal);
        string variant = mod.GetString("variant") ?? "paper";
        if (!Variants.TryGetValue(variant, out (string Key, string Value)[]? stated))
        {
            throw mod.Invalid("variant", $"is none of {string.Join(", ", Variants.Keys)}");
        }

        foreach ((string key, string value) in stated)
        {
            words[key] = value;
        }

        foreach (string key in SkipKeys.Words)
        {
            if (mod.GetString(key[SkipKeys.Prefix.Length..]) is { } value)
            {
                words[key] = value;
            }
        }

        // The networks beside a router are what the checkpoint holds; training alone needs to be told.
        _ = mod.TryGet("predictor", out _);
        _ = mod.TryGet("router_bias", out _);
        config.Skips = new SkipSettings
        {
            Words = words,
            Capacities = Capacities(mod, config.LayerCount),
            Thresholds = PerLayer(mod, "thresholds", config.LayerCount, 0),
            TanhScale = mod.GetDouble("tanh_scale", 0.2),
            RoutedTokens = mod.TryGet("routed_tokens", out _) ? TokenIds.Read(mod, "routed_tokens") : null,
        };
        mod.RefuseUnread(new HashSet<string>());
    }

    /// <inheritdoc/>
    protected override void AddFeedForward(LayerTensors tensors, DecoderConfig config, int layer)
    {
        if (config.HasExperts(layer))
        {
            MixtureOfExperts.AddExperts(tensors, config);
        }
        else
        {
            tensors.AddFeedForward();
        }
    }

    private static void AddRouter(List<LayerTensor> tensors, long width, LayerSource source)
    {
        string router = First(source, "router.weight", "router.weight_predictor.weight", "router.router.weight",
            "mod_router.weight");
        tensors.Add(new LayerTensor(router, TensorNames.SkipRouter, [1, width]));
        string bias = router.Replace("weight_predictor.weight", "weight_predictor.bias", StringComparison.Ordinal);
        bias = bias == router ? router[..^"weight".Length] + "bias" : bias;
        if (source.Has(bias))
        {
            tensors.Add(new LayerTensor(bias, TensorNames.SkipRouterBias, [1]));
        }

        foreach (string predictor in (string[])["predictor.", "aux_router.", "mlp_router."])
        {
            if (source.Has(predictor + "weight"))
            {
                tensors.Add(new LayerTensor(predictor + "weight", TensorNames.SkipPredictor, [1, width]));
            }
            else if (source.Has(predictor + "0.weight"))
            {
                long half = width / 2;
                tensors.Add(
                    new LayerTensor(predictor + "0.weight", TensorNames.SkipPredictorHidden, [half, width]));
                tensors.Add(new LayerTensor(predictor + "2.weight", TensorNames.SkipPredictor, [1, half]));
            }
        }
    }

    private static string First(LayerSource source, params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (source.Has(name))
            {
                return name;
            }
        }

        return names[0];
    }

    private static double[] Capacities(ConfigObject mod, int layers)
    {
        bool isList = mod.TryGet("capacity", out JsonElement value) && value.ValueKind == JsonValueKind.Array;
        double[] capacities = PerLayer(mod, "capacity", layers, 0.125);
        if (isList)
        {
            return capacities;
        }

        HashSet<int>? routed = mod.TryGet("layers", out _) ? [.. TokenIds.Read(mod, "layers")] : null;
        for (int i = 0; i < layers; i++)
        {
            bool isRouted = routed?.Contains(i) ?? (i % 2 == 1);
            capacities[i] = isRouted ? capacities[i] : 1;
        }

        return capacities;
    }

    private static double[] PerLayer(ConfigObject mod, string key, int layers, double fallback)
    {
        double[] values = mod.GetDoubles(key) ?? [fallback];
        if (values.Length == 1)
        {
            Array.Resize(ref values, layers);
            Array.Fill(values, values[0]);
        }

        return values.Length == layers ? values : throw mod.Invalid(key, $"does not have a number for {layers} layers");
    }
}
