using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace.Families;

/// <summary>
/// Gemma 2: norms before and behind attention and feed-forward network, softcaps, a window on every other layer.
/// </summary>
internal class Gemma2 : DecoderFamily
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames { get; } = ["Gemma2ForCausalLM"];

    /// <inheritdoc/>
    public override string ModelType => "gemma2";

    /// <inheritdoc/>
    public override string Architecture => Architectures.Gemma2;

    /// <inheritdoc/>
    public override string DisplayName => "Gemma 2";

    /// <inheritdoc/>
    protected override bool IsHeadTiedDefault => true;

    /// <inheritdoc/>
    protected override int? HeadDimDefault => 256;

    /// <inheritdoc/>
    protected override int ContextDefault => 8192;

    /// <inheritdoc/>
    protected override (string Key, string[] Names) Activation =>
        ("hidden_activation", ["gelu_pytorch_tanh"]);

    /// <summary>A bound where the configuration does not mention one.</summary>
    protected virtual (double Attention, double Logits) SoftCapDefaults => (50, 30);

    /// <summary>Every so many layers one has no window.</summary>
    protected virtual int FullPeriodDefault => 2;

    /// <inheritdoc/>
    public override IEnumerable<LayerTensor> Layer(DecoderConfig config, int layer, LayerSource source)
    {
        LayerTensors tensors = new(config, source);
        tensors.AddNorm("input_layernorm.weight", TensorNames.AttentionNorm);
        tensors.AddAttention();
        tensors.AddNorm("post_attention_layernorm.weight", TensorNames.PostAttentionNorm);
        tensors.AddNorm("pre_feedforward_layernorm.weight", TensorNames.FfnNorm);
        tensors.AddFeedForward();
        tensors.AddNorm("post_feedforward_layernorm.weight", TensorNames.PostFfnNorm);
        return tensors.All;
    }

    /// <inheritdoc/>
    protected override void ReadOwn(ConfigObject json, DecoderConfig config)
    {
        ReadBiases(json, config);

        // Older files say "gelu" here and mean the function that hidden_activation names.
        _ = json.GetString("hidden_act");
        config.HasNormsAboveOne = true;
        config.EmbeddingScale = EmbeddingScale(json, config.ModelDim);
        config.AttentionScale = 1 / Math.Sqrt(json.GetPositive("query_pre_attn_scalar", 256));
        (double attention, double logits) = SoftCapDefaults;
        config.AttentionSoftCap = SoftCap(json, "attn_logit_softcapping", attention);
        config.LogitSoftCap = SoftCap(json, "final_logit_softcapping", logits);
        config.Window = ReadWindow(json, 4096);

        // The 9B's files have it under an earlier name, too.
        json.RequireNumber("sliding_window_size", config.Window);
        int period = json.GetInt32(
            json.Has("_sliding_window_pattern") ? "_sliding_window_pattern" : "sliding_window_pattern", 1,
            DecoderConfig.LayerCountMax, FullPeriodDefault);
        config.HasWindow = PerLayer(config, index => (index + 1) % period != 0);
    }

    /// <summary>√width, rounded as the reference rounds it: to the type that the weights were trained in.</summary>
    private static double EmbeddingScale(ConfigObject json, int width)
    {
        string? type = json.GetString("torch_dtype") ?? json.GetString("dtype");
        float scale = MathF.Sqrt(width);
        return type == "bfloat16"
            ? BitConverter.UInt32BitsToSingle(RoundToBFloat16(BitConverter.SingleToUInt32Bits(scale)))
            : scale;
    }

    private static uint RoundToBFloat16(uint bits) => (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000;

    /// <summary>A bound; 0 where there is none although files that do not mention it mean the usual one.</summary>
    private static double? SoftCap(ConfigObject json, string key, double fallback)
    {
        double cap = json.GetDouble(key, json.Has(key) ? 0 : fallback);
        return cap == 0 && fallback == 0 ? null : cap;
    }
}

/// <summary>
/// Gemma 3, text: norms of queries and keys, five layers of six with a window and angles of their own.
/// </summary>
internal sealed class Gemma3 : Gemma2
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames { get; } = ["Gemma3ForCausalLM"];

    /// <inheritdoc/>
    public override string ModelType => "gemma3_text";

    /// <inheritdoc/>
    public override string Architecture => Architectures.Gemma3;

    /// <inheritdoc/>
    public override string DisplayName => "Gemma 3";

    /// <inheritdoc/>
    protected override int ContextDefault => 131072;

    /// <inheritdoc/>
    protected override double RopeBaseDefault => 1e6;

    /// <inheritdoc/>
    protected override string? WindowBaseKey => "rope_local_base_freq";

    /// <inheritdoc/>
    protected override (double Attention, double Logits) SoftCapDefaults => (0, 0);

    /// <inheritdoc/>
    protected override int FullPeriodDefault => 6;

    /// <inheritdoc/>
    protected override void ReadOwn(ConfigObject json, DecoderConfig config)
    {
        base.ReadOwn(json, config);
        config.HeadNorms = HeadNorms.PerHead;
    }
}
