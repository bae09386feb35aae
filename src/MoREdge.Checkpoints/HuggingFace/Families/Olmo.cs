using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace.Families;

/// <summary>OLMo 2: norms behind attention and feed-forward network only, and over whole queries and keys.</summary>
internal sealed class Olmo2 : DecoderFamily
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames { get; } = ["Olmo2ForCausalLM"];

    /// <inheritdoc/>
    public override string ModelType => "olmo2";

    /// <inheritdoc/>
    public override string Architecture => Architectures.Olmo2;

    /// <inheritdoc/>
    public override string DisplayName => "OLMo 2";

    /// <inheritdoc/>
    protected override Func<int, int>? KvHeadCountDefault => heads => heads;

    /// <inheritdoc/>
    protected override double RmsNormEpsilonDefault => 1e-5;

    /// <inheritdoc/>
    public override IEnumerable<LayerTensor> Layer(DecoderConfig config, int layer, LayerSource source)
    {
        LayerTensors tensors = new(config, source);
        tensors.AddAttention();
        tensors.AddNorm("post_attention_layernorm.weight", TensorNames.PostAttentionNorm);
        tensors.AddFeedForward();
        tensors.AddNorm("post_feedforward_layernorm.weight", TensorNames.PostFfnNorm);
        return tensors.All;
    }

    /// <inheritdoc/>
    protected override void ReadOwn(ConfigObject json, DecoderConfig config)
    {
        ReadBiases(json, config);
        config.HeadNorms = HeadNorms.Whole;
    }
}

/// <summary>OLMoE: experts whose weights are not made to sum to 1 (arXiv:2409.02060).</summary>
internal sealed class Olmoe : DecoderFamily
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames { get; } = ["OlmoeForCausalLM"];

    /// <inheritdoc/>
    public override string ModelType => "olmoe";

    /// <inheritdoc/>
    public override string Architecture => Architectures.Olmoe;

    /// <inheritdoc/>
    public override string DisplayName => "OLMoE";

    /// <inheritdoc/>
    protected override Func<int, int>? KvHeadCountDefault => heads => heads;

    /// <inheritdoc/>
    protected override double RmsNormEpsilonDefault => 1e-5;

    /// <inheritdoc/>
    protected override int ContextDefault => 4096;

    /// <inheritdoc/>
    protected override void ReadOwn(ConfigObject json, DecoderConfig config)
    {
        ReadBiases(json, config);
        config.HeadNorms = HeadNorms.Whole;
        config.Experts = new ExpertSettings
        {
            Count = json.GetInt32("num_experts", 1, DecoderConfig.LayerCountMax, 64),
            UsedCount = json.GetInt32("num_experts_per_tok", 1, DecoderConfig.LayerCountMax, 8),
            FfnDim = config.FfnDim,
            NormalizesWeights = json.GetBoolean("norm_topk_prob", fallback: false),
        };
        config.ProjectionBound = json.TryGet("clip_qkv", out _) ? json.GetPositive("clip_qkv") : null;
    }
}
