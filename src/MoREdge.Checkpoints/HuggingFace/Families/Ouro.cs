using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace.Families;

/// <summary>Ouro (arXiv:2510.25741): sandwich norms, all layers total_ut_steps times, an exit gate.</summary>
internal sealed class Ouro : DecoderFamily
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames { get; } = ["OuroForCausalLM"];

    /// <inheritdoc/>
    public override string ModelType => "ouro";

    /// <inheritdoc/>
    public override string Architecture => Architectures.Ouro;

    /// <inheritdoc/>
    public override string DisplayName => "Ouro";

    /// <inheritdoc/>
    protected override int ContextDefault => 32768;

    /// <inheritdoc/>
    public override IEnumerable<LayerTensor> Layer(DecoderConfig config, int layer, LayerSource source)
    {
        LayerTensors tensors = new(config, source);
        tensors.AddNorm("input_layernorm.weight", TensorNames.AttentionNorm);
        tensors.AddAttention();
        tensors.AddNorm("input_layernorm_2.weight", TensorNames.PostAttentionNorm);
        tensors.AddNorm("post_attention_layernorm.weight", TensorNames.FfnNorm);
        tensors.AddFeedForward();
        tensors.AddNorm("post_attention_layernorm_2.weight", TensorNames.PostFfnNorm);
        return tensors.All;
    }

    /// <inheritdoc/>
    public override IEnumerable<LayerTensor> LoopTensors(DecoderConfig config) =>
    [
        new("model.early_exit_gate.weight", TensorNames.ExitGate, [1, config.ModelDim]),
        new("model.early_exit_gate.bias", TensorNames.ExitGateBias, [1]),
    ];

    /// <inheritdoc/>
    protected override void ReadOwn(ConfigObject json, DecoderConfig config)
    {
        ReadSwitchedWindow(json, config);
        config.Loop = new LoopSettings
        {
            Count = json.GetInt32("total_ut_steps", 1, ModelFileLimits.RecursionCountMax, 4),
            ExitThreshold = json.GetPositive("early_exit_threshold", 1),
        };
    }
}
