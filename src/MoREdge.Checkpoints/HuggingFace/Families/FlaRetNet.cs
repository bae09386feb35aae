using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace.Families;

/// <summary>
/// RetNet in the dialect of flash-linear-attention, the one of the checkpoints with published weights (fla-hub).
/// </summary>
internal sealed class FlaRetNet : RetNet
{
    /// <inheritdoc/>
    public override string DisplayName => "RetNet (flash-linear-attention)";

    /// <inheritdoc/>
    public override OuterNames Outer { get; } =
        new("model.embeddings.weight", "model.norm.weight", "lm_head.weight");

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Unneeded { get; } =
    [
        "attn_mode", "fuse_norm", "fuse_swiglu", "fuse_cross_entropy", "fuse_linear_cross_entropy", "use_l2warp",
        "conv_size", "conv_bias", "share_conv_kernel", "clamp_min", "hidden_ratio",
    ];

    /// <inheritdoc/>
    public override bool Describes(ConfigObject json) => !json.Has(TorchscaleWidth);

    /// <inheritdoc/>
    public override DecoderConfig Read(ConfigObject json)
    {
        RefuseQuantized(json);
        RefuseOtherLayers(json);
        CheckActivation(json);
        int modelDim = json.GetInt32("hidden_size", 1, ModelFileLimits.ModelDimensionMax);
        int headCount = json.GetInt32("num_heads", 1, ModelFileLimits.ModelDimensionMax);
        int kvHeadCount = json.GetInt32("num_kv_heads", 1, headCount, headCount);
        if (headCount % kvHeadCount != 0)
        {
            throw json.Invalid("num_heads", $"is no multiple of {kvHeadCount} key/value heads");
        }

        int keyDim = KeyWidth(json, "expand_k", modelDim * json.GetPositive("expand_k", 1), headCount);
        DecoderConfig config = new()
        {
            Architecture = Architecture,
            ModelDim = modelDim,
            FfnDim = json.GetInt32(
                "intermediate_size", 1, ModelFileLimits.ModelDimensionMax, HiddenWidth(json, modelDim)),
            LayerCount = json.GetInt32("num_hidden_layers", 1, DecoderConfig.LayerCountMax),
            HeadCount = headCount,
            KvHeadCount = kvHeadCount,
            HeadDim = keyDim,
            VocabSize = json.GetInt32("vocab_size", 1, ModelFileLimits.ModelDimensionMax),
            ContextLength = json.GetInt32(
                "max_position_embeddings", 1, ModelFileLimits.ModelDimensionMax, ContextDefault),
            RmsNormEpsilon = json.GetPositive("norm_eps", 1e-6),
            Rope = Rope(keyDim),
            IsHeadTied = json.GetBoolean("tie_word_embeddings", fallback: false),
            BosId = json.GetInt32("bos_token_id", 0, ModelFileLimits.ModelDimensionMax, -1),
            EosIds = TokenIds.Read(json, "eos_token_id"),
            Retention = new RetentionSettings
            {
                Dialect = RetentionKeys.Fla,
                ValueDim = HeadWidth(json, "expand_v", modelDim * json.GetPositive("expand_v", 2), headCount),
                HasGate = json.GetBoolean("use_output_gate", fallback: true),
                FeatureMap = FeatureMap(json),
            },
        };
        json.RefuseUnread(HarmlessSettings.And(Unneeded));
        return config;
    }

    /// <inheritdoc/>
    public override IEnumerable<LayerTensor> Layer(DecoderConfig config, int layer, LayerSource source)
    {
        const string FusedNorm = "attn.g_norm_swish_gate.weight";
        LayerTensors tensors = new(config, source);
        RetentionSettings retention = config.Retention!;
        tensors.AddNorm("attn_norm.weight", TensorNames.AttentionNorm);
        tensors.AddRetention("attn.", "o_proj.weight");
        tensors.Add(
            tensors.Has(FusedNorm) ? FusedNorm : "attn.g_norm.weight", TensorNames.RetentionNorm, retention.ValueDim);
        tensors.AddNorm("mlp_norm.weight", TensorNames.FfnNorm);

        // Until February 2025 gate and up projection were one tensor under the gate's name.
        if (tensors.Has("mlp.up_proj.weight"))
        {
            tensors.AddFeedForward();
        }
        else
        {
            tensors.AddFusedFeedForward("mlp.gate_proj.weight", "mlp.down_proj.weight");
        }

        return tensors.All;
    }

    private static void RefuseOtherLayers(ConfigObject json)
    {
        json.RequireBoolean("use_short_conv", only: false);
        json.RequireBoolean("elementwise_affine", only: true);
        if (json.TryGet("attn", out _))
        {
            throw Unsupported(json, "attn: some layers attend instead of retaining, which this version does not mix");
        }

        if (json.TryGet("attnres_block_size", out _))
        {
            throw Unsupported(json, "attnres_block_size: residuals by attention are not computed by this version");
        }
    }

    private static string FeatureMap(ConfigObject json)
    {
        string map = json.GetString("feature_map") ?? "none";
        return map is "none" or "relu"
            ? map
            : throw Unsupported(json, $"feature_map {CheckpointException.Quote(map)}; none and relu are supported");
    }

    /// <summary>
    /// Two thirds of hidden_ratio widths, up to a multiple of 256: a configuration that states no width.
    /// </summary>
    private static int HiddenWidth(ConfigObject json, int modelDim)
    {
        const int Multiple = 256;
        double ratio = json.GetPositive("hidden_ratio", 2);
        long width = (long)Math.Min(modelDim * ratio * 2 / 3, ModelFileLimits.ModelDimensionMax);
        return (int)((width + Multiple - 1) / Multiple * Multiple);
    }
}
