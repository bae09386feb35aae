using MoREdge.ModelFile;

namespace MoREdge.Model;

/// <summary>Reads what is particular about retention from a file's keys.</summary>
internal static class RetentionConfigReader
{
    /// <summary>Reads and checks the keys; null where the architecture attends.</summary>
    /// <exception cref="ModelFileException">A key is missing, of the wrong type or out of range.</exception>
    public static RetentionConfig? Read(
        ConfigKeys keys, Architecture architecture, int headCount, int keyDim, double rotaryBase)
    {
        if (!architecture.Retains)
        {
            return null;
        }

        bool isTorchscale = keys.Choice(MetadataKeys.RetentionDialect, null,
            (MetadataKeys.TorchscaleDialect, true), (MetadataKeys.FlaDialect, false));
        bool isEven = keys.Choice(MetadataKeys.RetentionDecay, MetadataKeys.PowerDecay,
            (MetadataKeys.PowerDecay, false), (MetadataKeys.EvenDecay, true));
        return new RetentionConfig
        {
            ValueDim = keys.Dimension(MetadataKeys.ValueLength),
            Decays = isEven ? RetentionConfig.EvenDecays(headCount) : RetentionConfig.PowerDecays(headCount),
            Angles = RetentionConfig.AnglesOf(keyDim, rotaryBase, includesLast: isTorchscale),
            DividesBySum = isTorchscale,
            HasNormWeights = !isTorchscale,
            HasGate = keys.Flag(MetadataKeys.RetentionGate, fallback: true),
            Rectifies = keys.Choice(MetadataKeys.RetentionFeatures, "none", ("none", false), ("relu", true)),
        };
    }
}
