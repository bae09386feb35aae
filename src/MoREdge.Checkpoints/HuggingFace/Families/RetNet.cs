using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace.Families;

/// <summary>
/// RetNet (arXiv:2307.08621): retention in place of attention. Two incompatible dialects share class and model type;
/// the settings tell them apart (specs/retnet-mod-moe-families.md, section A.2).
/// </summary>
internal abstract class RetNet : DecoderFamily
{
    /// <summary>The setting that only torchscale's configurations have.</summary>
    protected const string TorchscaleWidth = "decoder_embed_dim";

    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames { get; } = ["RetNetForCausalLM"];

    /// <inheritdoc/>
    public override string ModelType => "retnet";

    /// <inheritdoc/>
    public override string Architecture => Architectures.RetNet;

    /// <summary>The settings of rotations by 10000^−x, whatever x is in the dialect.</summary>
    protected static RopeSettings Rope(int keyDim) => new() { Base = 10000, Dim = keyDim };

    /// <summary>The width of a head: all heads' width over their number.</summary>
    protected static int HeadWidth(ConfigObject json, string key, double width, int headCount)
    {
        return width >= headCount && width <= ModelFileLimits.ModelDimensionMax && width % headCount == 0
            ? (int)width / headCount
            : throw json.Invalid(key, $"gives a width of {width} that {headCount} heads cannot share");
    }

    /// <summary>The width of a key head, whose columns turn in pairs.</summary>
    protected static int KeyWidth(ConfigObject json, string key, double width, int headCount)
    {
        int keyDim = HeadWidth(json, key, width, headCount);
        return keyDim % 2 == 0
            ? keyDim
            : throw json.Invalid(key, "gives key heads of an odd width, which rotary embeddings cannot have");
    }

    /// <summary>Refuses a setting that changes what the network computes.</summary>
    protected static CheckpointException Unsupported(ConfigObject json, string what) =>
        new(CheckpointError.UnsupportedOption, $"{json.Name} uses {what}.");
}
