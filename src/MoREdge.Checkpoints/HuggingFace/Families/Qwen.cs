using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace.Families;

/// <summary>Qwen 1.5, 2 and 2.5: biases on queries, keys and values.</summary>
internal class Qwen2 : DecoderFamily
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames { get; } = ["Qwen2ForCausalLM"];

    /// <inheritdoc/>
    public override string ModelType => "qwen2";

    /// <inheritdoc/>
    public override string Architecture => Architectures.Qwen2;

    /// <inheritdoc/>
    public override string DisplayName => "Qwen2";

    /// <inheritdoc/>
    protected override int ContextDefault => 32768;

    /// <inheritdoc/>
    protected override void ReadOwn(ConfigObject json, DecoderConfig config)
    {
        config.HasAttentionBias = json.GetBoolean("qkv_bias", fallback: true);
        ReadSwitchedWindow(json, config);
    }
}

/// <summary>Qwen 1.5 and 2 with experts, and a switched network that every token goes through.</summary>
internal sealed class Qwen2Experts : Qwen2
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames { get; } = ["Qwen2MoeForCausalLM"];

    /// <inheritdoc/>
    public override string ModelType => "qwen2_moe";

    /// <inheritdoc/>
    public override string Architecture => Architectures.Qwen2Experts;

    /// <inheritdoc/>
    public override string DisplayName => "Qwen2-MoE";

    /// <inheritdoc/>
    protected override void ReadOwn(ConfigObject json, DecoderConfig config)
    {
        base.ReadOwn(json, config);

        // The reference gives the window to other layers than its dense sister does.
        int end = json.GetInt32("max_window_layers", 0, int.MaxValue, FirstWindowLayerDefault);
        config.HasWindow = config.Window == 0 ? null : PerLayer(config, layer => layer % 2 == 0 && layer < end);
        config.Experts = new ExpertSettings
        {
            Count = json.GetInt32("num_experts", 1, DecoderConfig.LayerCountMax, 60),
            UsedCount = json.GetInt32("num_experts_per_tok", 1, DecoderConfig.LayerCountMax, 4),
            FfnDim = json.GetInt32("moe_intermediate_size", 1, ModelFileLimits.ModelDimensionMax, 1408),
            SharedFfnDim = json.GetInt32(
                "shared_expert_intermediate_size", 1, ModelFileLimits.ModelDimensionMax, 5632),
            NormalizesWeights = json.GetBoolean("norm_topk_prob", fallback: false),
            IsSparse = SparseLayers(json),
        };
    }

    /// <inheritdoc/>
    protected override void AddFeedForward(LayerTensors tensors, DecoderConfig config, int layer)
    {
        base.AddFeedForward(tensors, config, layer);
        if (config.HasExperts(layer))
        {
            tensors.AddShared("mlp.shared_expert.");
            tensors.Add("mlp.shared_expert_gate.weight", TensorNames.SharedSwitch, 1, config.ModelDim);
        }
    }
}

/// <summary>Qwen 3: norms of queries and keys, per head.</summary>
internal class Qwen3 : DecoderFamily
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames { get; } = ["Qwen3ForCausalLM"];

    /// <inheritdoc/>
    public override string ModelType => "qwen3";

    /// <inheritdoc/>
    public override string Architecture => Architectures.Qwen3;

    /// <inheritdoc/>
    public override string DisplayName => "Qwen3";

    /// <inheritdoc/>
    protected override int? HeadDimDefault => 128;

    /// <inheritdoc/>
    protected override int ContextDefault => 32768;

    /// <inheritdoc/>
    protected override void ReadOwn(ConfigObject json, DecoderConfig config)
    {
        ReadBiases(json, config);
        config.HeadNorms = HeadNorms.PerHead;
        ReadSwitchedWindow(json, config);
    }
}

/// <summary>Qwen 3 with experts.</summary>
internal sealed class Qwen3Experts : Qwen3
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames { get; } = ["Qwen3MoeForCausalLM"];

    /// <inheritdoc/>
    public override string ModelType => "qwen3_moe";

    /// <inheritdoc/>
    public override string Architecture => Architectures.Qwen3Experts;

    /// <inheritdoc/>
    public override string DisplayName => "Qwen3-MoE";

    /// <inheritdoc/>
    protected override int? HeadDimDefault => null;

    /// <inheritdoc/>
    protected override void ReadOwn(ConfigObject json, DecoderConfig config)
    {
        base.ReadOwn(json, config);

        // With experts the window is for all layers.
        config.HasWindow = null;

        // Qwen3-Coder states what the class has anyway.
        json.RequireBoolean("use_qk_norm", only: true);
        json.RequireNumber("shared_expert_intermediate_size", 0);
        config.Experts = new ExpertSettings
        {
            Count = json.GetInt32(
                json.TryGet("num_local_experts", out _) ? "num_local_experts" : "num_experts", 1,
                DecoderConfig.LayerCountMax, 128),
            UsedCount = json.GetInt32("num_experts_per_tok", 1, DecoderConfig.LayerCountMax, 8),
            FfnDim = json.GetInt32("moe_intermediate_size", 1, ModelFileLimits.ModelDimensionMax, 768),
            NormalizesWeights = json.GetBoolean("norm_topk_prob", fallback: false),
            IsSparse = SparseLayers(json),
        };
    }
}
