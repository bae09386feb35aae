using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace.Families;

/// <summary>Mixtral: Mistral with experts (arXiv:2401.04088).</summary>
internal sealed class Mixtral : DecoderFamily
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames { get; } = ["MixtralForCausalLM"];

    /// <inheritdoc/>
    public override string ModelType => "mixtral";

    /// <inheritdoc/>
    public override string Architecture => Architectures.Llama;

    /// <inheritdoc/>
    public override string DisplayName => "Mixtral";

    /// <inheritdoc/>
    protected override double RmsNormEpsilonDefault => 1e-5;

    /// <inheritdoc/>
    protected override int ContextDefault => 131072;

    /// <inheritdoc/>
    protected override double RopeBaseDefault => 1e6;

    /// <inheritdoc/>
    protected override void ReadOwn(ConfigObject json, DecoderConfig config)
    {
        config.Window = json.GetInt32("sliding_window", 0, int.MaxValue, 0);
        config.Experts = new ExpertSettings
        {
            Count = json.GetInt32("num_local_experts", 1, DecoderConfig.LayerCountMax, 8),
            UsedCount = json.GetInt32("num_experts_per_tok", 1, DecoderConfig.LayerCountMax, 2),
            FfnDim = config.FfnDim,
            NormalizesWeights = true,
        };
    }

    /// <inheritdoc/>
    protected override void AddFeedForward(LayerTensors tensors, DecoderConfig config, int layer)
    {
        // Newer files hold stacks, under the names that other families have.
        if (tensors.Has("mlp.gate.weight"))
        {
            tensors.AddExperts("mlp.", "gate.weight", ExpertNames.Projections);
        }
        else
        {
            tensors.AddExperts("block_sparse_moe.", "gate.weight", ExpertNames.Numbers);
        }
    }
}
