using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace.Families;

/// <summary>
/// Phi 3, 3.5 and 4 mini: Llama whose projections are stored together, with long contexts by LongRoPE.
/// </summary>
internal sealed class Phi3 : DecoderFamily
{
    /// <summary>The context that all models of the family were first trained with.</summary>
    private const int OriginalContext = 4096;

    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames { get; } = ["Phi3ForCausalLM"];

    /// <inheritdoc/>
    public override string ModelType => "phi3";

    /// <inheritdoc/>
    public override string Architecture => Architectures.Phi3;

    /// <inheritdoc/>
    public override string DisplayName => "Phi-3";

    /// <inheritdoc/>
    protected override Func<int, int>? KvHeadCountDefault => heads => heads;

    /// <inheritdoc/>
    protected override double RmsNormEpsilonDefault => 1e-5;

    /// <inheritdoc/>
    protected override int ContextDefault => OriginalContext;

    /// <inheritdoc/>
    protected override int? OriginalContextDefault => OriginalContext;

    /// <inheritdoc/>
    public override IEnumerable<LayerTensor> Layer(DecoderConfig config, int layer, LayerSource source)
    {
        LayerTensors tensors = new(config, source);
        tensors.AddNorm("input_layernorm.weight", TensorNames.AttentionNorm);
        tensors.AddFusedAttention("self_attn.qkv_proj.weight", "self_attn.o_proj.weight");
        tensors.AddNorm("post_attention_layernorm.weight", TensorNames.FfnNorm);
        tensors.AddFusedFeedForward("mlp.gate_up_proj.weight", "mlp.down_proj.weight");
        return tensors.All;
    }

    /// <inheritdoc/>
    protected override void ReadOwn(ConfigObject json, DecoderConfig config)
    {
        // Read where the angles are stretched; other models of the family state it as well.
        _ = json.TryGet("original_max_position_embeddings", out _);
        // Phi-4-mini says so, and that its angles and all of its layers are as usual.
        json.RequireNumber("full_attn_mod", 1);
        json.RequireNumber("interpolate_factor", 1);
        config.Window = json.GetInt32("sliding_window", 0, int.MaxValue, 0);
        if (json.GetBoolean("attention_bias", fallback: false))
        {
            throw json.Invalid("attention_bias", "is true, which no Phi-3 model has");
        }
    }
}
