using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace.Families;

/// <summary>Granite 3: Llama with four multipliers.</summary>
internal class Granite : DecoderFamily
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames { get; } = ["GraniteForCausalLM"];

    /// <inheritdoc/>
    public override string ModelType => "granite";

    /// <inheritdoc/>
    public override string Architecture => Architectures.Granite;

    /// <inheritdoc/>
    public override string DisplayName => "Granite";

    /// <inheritdoc/>
    protected override Func<int, int>? KvHeadCountDefault => heads => heads;

    /// <inheritdoc/>
    protected override void ReadOwn(ConfigObject json, DecoderConfig config)
    {
        ReadBiases(json, config);
        config.EmbeddingScale = json.GetDouble("embedding_multiplier", 1);
        config.ResidualScale = json.GetDouble("residual_multiplier", 1);
        config.AttentionScale = json.GetDouble("attention_multiplier", 1);
        config.LogitDivisor = json.GetPositive("logits_scaling", 1);
    }
}

/// <summary>Granite 3 with experts, and in some models a network that every token goes through.</summary>
internal sealed class GraniteExperts : Granite
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames { get; } =
        ["GraniteMoeForCausalLM", "GraniteMoeSharedForCausalLM"];

    /// <inheritdoc/>
    public override string ModelType => "granitemoe";

    /// <inheritdoc/>
    public override string Architecture => Architectures.GraniteExperts;

    /// <inheritdoc/>
    public override string DisplayName => "Granite-MoE";

    /// <inheritdoc/>
    protected override void ReadOwn(ConfigObject json, DecoderConfig config)
    {
        base.ReadOwn(json, config);

        // The class with a shared network writes it down.
        json.RequireText("position_embedding_type", "rope");
        config.Experts = new ExpertSettings
        {
            Count = json.GetInt32("num_local_experts", 1, DecoderConfig.LayerCountMax, 8),
            UsedCount = json.GetInt32("num_experts_per_tok", 1, DecoderConfig.LayerCountMax, 2),
            FfnDim = config.FfnDim,
            SharedFfnDim = json.GetInt32("shared_intermediate_size", 0, ModelFileLimits.ModelDimensionMax, 0),
            Gate = ExpertKeys.SoftmaxOfChosen,
        };
    }

    /// <inheritdoc/>
    protected override void AddFeedForward(LayerTensors tensors, DecoderConfig config, int layer)
    {
        tensors.AddExpertStacks(
            "block_sparse_moe.router.layer.weight", "block_sparse_moe.input_linear.weight",
            "block_sparse_moe.output_linear.weight");
        if (config.Experts!.SharedFfnDim > 0)
        {
            tensors.AddFusedShared("shared_mlp.input_linear.weight", "shared_mlp.output_linear.weight");
        }
    }
}
