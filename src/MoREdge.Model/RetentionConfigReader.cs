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

        bool isTorchscale = keys.Choice(RetentionKeys.Dialect, null,
            (RetentionKeys.Torchscale, true), (RetentionKeys.Fla, false));
        bool isEven = keys.Choice(RetentionKeys.Decay, RetentionKeys.PowerDecay,
            (RetentionKeys.PowerDecay, false), (RetentionKeys.EvenDecay, true));
        return new RetentionConfig
        {
            ValueDim = keys.Dimension(MetadataKeys.ValueLength),
            Decays = isEven ? RetentionConfig.EvenDecays(headCount) : RetentionConfig.PowerDecays(headCount),
            Angles = RetentionConfig.AnglesOf(keyDim, rotaryBase, includesLast: isTorchscale),
            DividesBySum = isTorchscale,
            HasNormWeights = !isTorchscale,
            HasGate = keys.Flag(RetentionKeys.Gate, fallback: true),
            Rectifies = keys.Choice(RetentionKeys.FeatureMap, "none", ("none", false), ("relu", true)),
        };
    }

    /// <summary>Refuses what the keys of attention say and retention would not do.</summary>
    /// <exception cref="ModelFileException">WrongValue.</exception>
    public static void Check(ModelConfig config, ConfigKeys keys)
    {
        if (config.Retention is not { } retention)
        {
            return;
        }

        ConfigKeys.Require(
            (long)config.QueryDim * retention.ValueDim <= RetentionConfig.StateFloatsMax,
            $"A state of {config.HeadCount} heads of {config.HeadDim} by {retention.ValueDim} is too large.");
        RotaryConfig rotary = config.Rotary;
        ConfigKeys.Require(
            rotary is { Factor: 1, Yarn: null, Amplitude: 1, WindowTheta: null } && rotary.Dim == config.HeadDim,
            "A model with retention stretches its angles or turns a part of its heads, which is not supported.");
        ConfigKeys.Require(
            config is { ProjectionBound: 0, AttentionSoftCap: 0, Experts: null, ResidualScale: 1 }
                && !keys.Has(MetadataKeys.AttentionScale),
            "A model with retention bounds or scales projections, scores or branches, or has experts, which is not "
            + "supported.");
        foreach (BlockConfig block in config.Blocks)
        {
            ConfigKeys.Require(
                block is { Window: 0, IsRotated: true },
                "A model with retention has windows or layers that do not rotate, which is not supported.");
        }
    }
}
