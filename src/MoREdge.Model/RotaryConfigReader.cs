using MoREdge.ModelFile;

namespace MoREdge.Model;

/// <summary>Reads how positions become angles from a file's keys.</summary>
internal static class RotaryConfigReader
{
    /// <summary>Bases that angles can be computed from.</summary>
    public const double ThetaMin = 1e-3;

    /// <inheritdoc cref="ThetaMin"/>
    public const double ThetaMax = 1e12;

    private const double FactorMax = 1e6;

    private const double AmplitudeTolerance = 1e-3;

    /// <summary>Reads and checks the keys.</summary>
    /// <exception cref="ModelFileException">A key is of the wrong type or out of range.</exception>
    public static RotaryConfig Read(
        ConfigKeys keys, Architecture architecture, float theta, int headDim, int contextLength)
    {
        int dim = keys.Dimension(MetadataKeys.RopeDimensionCount, headDim);
        ConfigKeys.Require(dim <= headDim && dim % 2 == 0, $"Of a head of {headDim} dimensions, {dim} cannot turn.");
        string kind = keys.Choice(MetadataKeys.RopeScalingType, "linear",
            ("none", "none"), ("linear", "linear"), ("yarn", "yarn"), ("longrope", "longrope"));
        float factor = Factor(keys);
        float amplitude = keys.Number(MetadataKeys.RopeAmplitude, 1, float.Epsilon, float.MaxValue);
        double logMultiplier = keys.Number(MetadataKeys.YarnLogMultiplier, 0, 0, FactorMax);
        YarnConfig? yarn = kind == "yarn" ? Yarn(keys) : null;
        if (yarn is not null)
        {
            double divisor = logMultiplier == 0 ? 1 : YarnDefaults.Magnitude(factor, logMultiplier);
            amplitude *= (float)(OwnAmplitude(keys, factor) / divisor);
        }

        return new RotaryConfig
        {
            Dim = dim,
            WindowTheta = keys.Has(MetadataKeys.RopeFrequencyBaseSliding) || architecture.HasWindowFrequencies
                ? keys.Number(
                    MetadataKeys.RopeFrequencyBaseSliding, architecture.WindowThetaDefault ?? theta, ThetaMin, ThetaMax)
                : null,
            Factor = kind is "linear" or "yarn" ? factor : 1,
            Yarn = yarn,
            OriginalContext = keys.Dimension(MetadataKeys.RopeOriginalContext, contextLength),
            Amplitude = amplitude,
        };
    }

    private static float Factor(ConfigKeys keys)
    {
        float old = keys.Number(MetadataKeys.RopeScaleLinear, 1, 0, FactorMax);
        float factor = keys.Number(MetadataKeys.RopeScalingFactor, old, 0, FactorMax);
        return factor == 0 ? 1 : factor;
    }

    /// <summary>
    /// llama.cpp's converter writes attention_factor down, and its engine does not read it for the architectures here:
    /// a file means the same to both only where it repeats what follows from the factor.
    /// </summary>
    private static double OwnAmplitude(ConfigKeys keys, double factor)
    {
        double own = YarnDefaults.Magnitude(factor, 1);
        double stated = keys.Number(MetadataKeys.YarnAmplitude, own);
        ConfigKeys.Require(
            Math.Abs(stated - own) < AmplitudeTolerance,
            $"An amplitude of {stated} of YaRN's rotations is not supported; only {own:0.####} is, which follows from "
            + $"the factor {factor}.");
        return own;
    }

    private static YarnConfig Yarn(ConfigKeys keys)
    {
        double mix = keys.Number(MetadataKeys.YarnMix, 1, -1, FactorMax);
        ConfigKeys.Require(mix is 1 or -1, $"A share of {mix} of YaRN's frequencies is not supported; only 1 is.");
        return new YarnConfig(
            keys.Number(MetadataKeys.YarnBetaFast, YarnDefaults.BetaFast, 1e-3, FactorMax),
            keys.Number(MetadataKeys.YarnBetaSlow, YarnDefaults.BetaSlow, 1e-3, FactorMax),
            keys.Flag(MetadataKeys.YarnTruncate, fallback: true));
    }
}
