using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace.Families;

/// <summary>Llama 1 to 3.x, TinyLlama, SmolLM 1 and 2, and recursive models with these layers.</summary>
internal sealed class Llama : DecoderFamily
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames { get; } = ["LlamaForCausalLM", "MoRLlamaForCausalLM"];

    /// <inheritdoc/>
    public override string ModelType => "llama";

    /// <inheritdoc/>
    public override string Architecture => Architectures.Llama;

    /// <inheritdoc/>
    public override string DisplayName => "Llama";

    /// <inheritdoc/>
    public override bool CanRecur => true;

    /// <inheritdoc/>
    protected override Func<int, int>? KvHeadCountDefault => heads => heads;

    /// <summary>A Llama sees everything, whatever a configuration that was made from Mistral's still says.</summary>
    protected override IReadOnlyList<string> Unneeded { get; } = ["sliding_window"];

    /// <inheritdoc/>
    protected override void ReadOwn(ConfigObject json, DecoderConfig config)
    {
        ReadBiases(json, config);

        // SmolLM's configurations say so, and mean the pairing that every Llama has.
        if (json.GetBoolean("rope_interleaved", fallback: false))
        {
            throw new CheckpointException(
                CheckpointError.UnsupportedOption, $"{json.Name} uses rope_interleaved.");
        }
    }
}
