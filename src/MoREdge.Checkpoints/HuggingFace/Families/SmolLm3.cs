using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace.Families;

/// <summary>SmolLM 3: Llama of which every fourth layer rotates nothing.</summary>
internal sealed class SmolLm3 : DecoderFamily
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames { get; } = ["SmolLM3ForCausalLM"];

    /// <inheritdoc/>
    public override string ModelType => "smollm3";

    /// <inheritdoc/>
    public override string Architecture => Architectures.SmolLm3;

    /// <inheritdoc/>
    public override string DisplayName => "SmolLM3";

    /// <inheritdoc/>
    protected override bool IsHeadTiedDefault => true;

    /// <inheritdoc/>
    protected override int ContextDefault => 32768;

    /// <inheritdoc/>
    protected override double RopeBaseDefault => 2e6;

    /// <inheritdoc/>
    protected override void ReadOwn(ConfigObject json, DecoderConfig config)
    {
        ReadBiases(json, config);
        int interval = json.GetInt32("no_rope_layer_interval", 1, DecoderConfig.LayerCountMax, 4);

        // The name says the opposite of what it means: 1 is a layer that rotates.
        bool[] rotated = json.GetFlags("no_rope_layers") ?? PerLayer(config, layer => (layer + 1) % interval != 0);
        config.IsRotated = rotated.Length == config.LayerCount
            ? rotated
            : throw json.Invalid("no_rope_layers", $"does not name {config.LayerCount} layers");
        int window = json.GetInt32("sliding_window", 0, int.MaxValue, 0);
        if (json.GetBoolean("use_sliding_window", fallback: false))
        {
            config.Window = window;
            config.HasWindow = PerLayer(config, layer => !rotated[layer]);
        }
        else
        {
            // Of a window that is switched off it does not matter where it would begin.
            _ = json.TryGet("max_window_layers", out _);
        }
    }
}
