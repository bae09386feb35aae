using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace.Families;

/// <summary>Mistral: Llama with a window on all layers.</summary>
internal sealed class Mistral : DecoderFamily
{
    /// <summary>What a configuration means that does not mention its window.</summary>
    private const int WindowDefault = 4096;

    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames { get; } = ["MistralForCausalLM"];

    /// <inheritdoc/>
    public override string ModelType => "mistral";

    /// <inheritdoc/>
    public override string Architecture => Architectures.Llama;

    /// <inheritdoc/>
    public override string DisplayName => "Mistral";

    /// <inheritdoc/>
    protected override int ContextDefault => 131072;

    /// <inheritdoc/>
    protected override void ReadOwn(ConfigObject json, DecoderConfig config) =>
        config.Window = ReadWindow(json, WindowDefault);
}
