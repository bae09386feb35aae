namespace MoREdge.Checkpoints.HuggingFace;

/// <summary>
/// Rotary embeddings with stretched wavelengths. "linear" and "llama3" divide each frequency by a constant of its own,
/// which GGUF files carry as the tensor rope_freqs; every other kind depends on the sequence length and is refused.
/// </summary>
internal static class RopeScaling
{
    private const double BaseDefault = 10000;

    /// <summary>theta of the rotary embedding; newer configurations keep it inside rope_parameters.</summary>
    public static double ReadBase(ConfigObject config)
    {
        double fallback = config.GetObject("rope_parameters")?.GetPositive("rope_theta", BaseDefault) ?? BaseDefault;
        return config.GetPositive("rope_theta", fallback);
    }

    /// <summary>The divisor of each frequency (head / 2), or null when nothing is scaled.</summary>
    /// <exception cref="CheckpointException">UnsupportedOption, MissingKey or InvalidValue.</exception>
    public static float[]? ReadFactors(ConfigObject config, double ropeBase, int headDim)
    {
        if ((config.GetObject("rope_scaling") ?? config.GetObject("rope_parameters")) is not { } scaling)
        {
            return null;
        }

        string kind = scaling.GetString("rope_type") ?? scaling.GetString("type") ?? "default";
        return kind switch
        {
            "default" => null,
            "linear" => Linear(scaling.GetPositive("factor"), headDim),
            "llama3" => Llama3(scaling, ropeBase, headDim),
            _ => throw new CheckpointException(
                CheckpointError.UnsupportedOption,
                $"{config.Name} scales its rotary embedding by {CheckpointException.Quote(kind)}; linear and "
                + "llama3 are computed."),
        };
    }

    /// <summary>The same divisor for every frequency (Chen et al. 2023, arXiv:2306.15595).</summary>
    public static float[] Linear(double factor, int headDim)
    {
        float[] factors = new float[headDim / 2];
        Array.Fill(factors, (float)factor);
        return factors;
    }

    /// <summary>
    /// Long wavelengths are divided by the factor, short ones kept, with a smooth passage between (Llama 3.1).
    /// </summary>
    private static float[] Llama3(ConfigObject scaling, double ropeBase, int headDim)
    {
        double factor = scaling.GetPositive("factor");
        double lowFactor = scaling.GetPositive("low_freq_factor");
        double highFactor = scaling.GetPositive("high_freq_factor");
        double trained = scaling.GetPositive("original_max_position_embeddings");
        if (highFactor <= lowFactor)
        {
            throw scaling.Invalid("high_freq_factor", "is not above low_freq_factor");
        }

        float[] factors = new float[headDim / 2];
        for (int i = 0; i < factors.Length; i++)
        {
            double wavelength = 2 * Math.PI * Math.Pow(ropeBase, 2.0 * i / headDim);
            double smooth = Math.Clamp(((trained / wavelength) - lowFactor) / (highFactor - lowFactor), 0, 1);
            factors[i] = (float)(1 / (((1 - smooth) / factor) + smooth));
        }

        return factors;
    }
}
