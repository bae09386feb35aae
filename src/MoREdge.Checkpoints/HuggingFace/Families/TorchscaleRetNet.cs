using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace.Families;

/// <summary>
/// RetNet in the dialect of torchscale since September 2023 (RMS norms, no biases), under the names of its Hugging Face
/// port or its own, with or without fairseq's "decoder.".
/// </summary>
internal sealed class TorchscaleRetNet : RetNet
{
    /// <summary>Settings by which the dialect of RetNet-XATL is known.</summary>
    private static readonly string[] OfXatl =
        ["hybrid_attention_layers", "retnet_stability_update", "rotary_percentage", "parallel_residual"];

    /// <inheritdoc/>
    public override string DisplayName => "RetNet (torchscale)";

    /// <inheritdoc/>
    public override OuterNames Outer { get; } =
        new("model.embed_tokens.weight", "model.layer_norm.weight", "lm_head.weight");

    /// <inheritdoc/>
    protected override (string Key, string[] Names) Activation => ("activation_fn", ["gelu", "swish", "silu"]);

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Unneeded { get; } =
    [
        "activation_dropout", "drop_path_rate", "z_loss_coeff", "init_std", "recurrent_chunk_size",
        "chunkwise_recurrent", "forward_impl", "output_retentions", "is_decoder", "decoder_start_token_id",
        "max_target_positions", "moe_top1_expert", "moe_expert_count", "moe_gating_use_fp32",
        "moe_eval_capacity_token_fraction", "moe_second_expert_policy", "moe_normalize_gate_prob_before_dropping",
        "capacity_factor", "xpos_scale_base", "disable_fused_ops", "checkpoint_activations", "fsdp", "ddp_rank",
        "no_output_layer",
    ];

    /// <inheritdoc/>
    public override bool Describes(ConfigObject json) => json.Has(TorchscaleWidth);

    /// <inheritdoc/>
    public override string Translate(string name)
    {
        const string Fairseq = "decoder.", Port = "model.";
        string own = name.StartsWith(Fairseq, StringComparison.Ordinal) ? name[Fairseq.Length..] : name;
        return own is "output_projection.weight" ? Outer.Head
            : own == Outer.Head || own.StartsWith(Port, StringComparison.Ordinal) ? own
            : Port + own;
    }

    /// <summary>The positions' angles and the heads' decays are stored, but follow from the configuration.</summary>
    public override bool IsRedundant(string name) =>
        name is "model.retnet_rel_pos.angle" or "model.retnet_rel_pos.decay";

    /// <inheritdoc/>
    public override DecoderConfig Read(ConfigObject json)
    {
        RefuseQuantized(json);
        RefuseOtherDialects(json);
        CheckActivation(json);
        int modelDim = json.GetInt32(TorchscaleWidth, 1, ModelFileLimits.ModelDimensionMax);
        int valueDim = json.GetInt32("decoder_value_embed_dim", 1, ModelFileLimits.ModelDimensionMax);
        int headCount = json.GetInt32("decoder_retention_heads", 1, ModelFileLimits.ModelDimensionMax);
        int keyDim = KeyWidth(json, TorchscaleWidth, modelDim, headCount);
        bool scales = !json.GetBoolean("no_scale_embedding", fallback: true);
        bool hasNorm = json.GetBoolean("layernorm_embedding", fallback: false);
        DecoderConfig config = new()
        {
            Architecture = Architecture,
            ModelDim = modelDim,
            FfnDim = json.GetInt32("decoder_ffn_embed_dim", 1, ModelFileLimits.ModelDimensionMax),
            LayerCount = json.GetInt32("decoder_layers", 1, DecoderConfig.LayerCountMax),
            HeadCount = headCount,
            KvHeadCount = headCount,
            HeadDim = keyDim,
            VocabSize = json.GetInt32("vocab_size", 1, ModelFileLimits.ModelDimensionMax),
            ContextLength = json.GetInt32(
                "max_position_embeddings", 1, ModelFileLimits.ModelDimensionMax, ContextDefault),
            RmsNormEpsilon = json.GetPositive("layernorm_eps", 1e-6),
            Rope = Rope(keyDim),
            IsHeadTied = json.GetBoolean(
                "tie_word_embeddings", json.GetBoolean("share_decoder_input_output_embed", fallback: false)),
            BosId = json.GetInt32("bos_token_id", 0, ModelFileLimits.ModelDimensionMax, -1),
            EosIds = TokenIds.Read(json, "eos_token_id"),
            EmbeddingScale = scales ? Math.Sqrt(modelDim) : null,
            Retention = new RetentionSettings
            {
                Dialect = RetentionKeys.Torchscale,
                ValueDim = HeadWidth(json, "decoder_value_embed_dim", valueDim, headCount),
                Decay = json.GetBoolean("use_lm_decay", fallback: false)
                    ? RetentionKeys.EvenDecay
                    : RetentionKeys.PowerDecay,
                Activation = (json.GetString("activation_fn") ?? "gelu") == "gelu" ? "gelu" : "silu",
                IsFfnGated = json.GetBoolean("use_glu", fallback: true),
                EmbeddingNormName = hasNorm ? "model.layernorm_embedding.weight" : null,
            },
        };
        json.RefuseUnread(HarmlessSettings.And(Unneeded));
        return config;
    }

    /// <inheritdoc/>
    public override IEnumerable<LayerTensor> Layer(DecoderConfig config, int layer, LayerSource source)
    {
        LayerTensors tensors = new(config, source);
        if (tensors.Has("retention.q_proj.bias"))
        {
            throw new CheckpointException(
                CheckpointError.UnsupportedOption,
                "The projections of this RetNet have biases: it is of torchscale before September 2023, whose layers "
                + "have LayerNorms and are not computed by this version.");
        }

        tensors.AddNorm("retention_layer_norm.weight", TensorNames.AttentionNorm);
        tensors.AddRetention("retention.", "out_proj.weight");
        tensors.AddNorm("final_layer_norm.weight", TensorNames.FfnNorm);

        // The function is on fc1, so that is the gate; what is called gate is the linear branch.
        bool isGated = config.Retention!.IsFfnGated;
        string first = isGated ? TensorNames.FfnGate : TensorNames.FfnUp;
        tensors.Add("ffn.fc1.weight", first, config.FfnDim, config.ModelDim);
        if (isGated)
        {
            tensors.Add("ffn.gate.weight", TensorNames.FfnUp, config.FfnDim, config.ModelDim);
        }

        tensors.Add("ffn.fc2.weight", TensorNames.FfnDown, config.ModelDim, config.FfnDim);
        return tensors.All;
    }

    private static void RefuseOtherDialects(ConfigObject json)
    {
        foreach (string key in OfXatl)
        {
            if (json.Has(key))
            {
                throw Unsupported(
                    json, $"{key}: it describes a RetNet-XATL, a dialect that this version does not compute");
            }
        }

        json.RequireUnset(
            ["moe_freq", "use_xmoe", "multiway", "rel_pos_buckets", "max_rel_pos", "xpos_rel_pos", "use_ffn_rms_norm"]);
        json.RequireBoolean("deepnorm", only: false);
        json.RequireBoolean("decoder_normalize_before", only: true);

        // With a gate it is only a way to initialize.
        if (json.GetBoolean("subln", fallback: true) && !json.GetBoolean("use_glu", fallback: true))
        {
            throw Unsupported(json, "subln without use_glu, a norm that this version does not compute");
        }
    }
}
