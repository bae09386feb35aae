using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace;

/// <summary>
/// The rotary embedding as config.json states it, in the terms of GGUF: "linear" and "yarn" are keys, "llama3" and
/// "longrope" tensors of divisors.
/// </summary>
internal sealed record RopeSettings
{
    /// <summary>Base of the angles.</summary>
    public required double Base { get; init; }

    /// <summary>Base of layers with a window; that of the others when null.</summary>
    public double? WindowBase { get; init; }

    /// <summary>Rotated dimensions of a head.</summary>
    public required int Dim { get; init; }

    /// <summary>"linear", "yarn" or "longrope"; null when nothing is stretched by a key.</summary>
    public string? Kind { get; init; }

    /// <summary>How much longer wavelengths become.</summary>
    public double Factor { get; init; } = 1;

    /// <summary>Context before it was stretched, or null.</summary>
    public int? OriginalContext { get; init; }

    /// <summary>Factor of the rotation's amplitude, on top of what YaRN has by itself.</summary>
    public double Amplitude { get; init; } = 1;

    /// <summary>YaRN: turns above which a frequency is kept.</summary>
    public double BetaFast { get; init; } = YarnDefaults.BetaFast;

    /// <summary>YaRN: turns below which it is divided by the whole factor.</summary>
    public double BetaSlow { get; init; } = YarnDefaults.BetaSlow;

    /// <summary>YaRN: whether its limits are rounded outwards.</summary>
    public bool Truncate { get; init; } = true;

    /// <summary>Divisors of the frequencies (dim / 2), or null.</summary>
    public float[]? Divisors { get; init; }

    /// <summary>Divisors of contexts up to the original one, or null.</summary>
    public float[]? ShortDivisors { get; init; }

    /// <summary>Divisors of longer ones, or null.</summary>
    public float[]? LongDivisors { get; init; }

    /// <summary>Writes the keys under "{architecture}.".</summary>
    public void WriteTo(GgufMetadata metadata, string architecture)
    {
        metadata.Set($"{architecture}.{MetadataKeys.RopeDimensionCount}", GgufValue.FromUInt32((uint)Dim));
        SetFloat(MetadataKeys.RopeFrequencyBase, Base);
        if (WindowBase is { } windowBase)
        {
            SetFloat(MetadataKeys.RopeFrequencyBaseSliding, windowBase);
        }

        if (OriginalContext is { } original)
        {
            metadata.Set($"{architecture}.{MetadataKeys.RopeOriginalContext}", GgufValue.FromUInt32((uint)original));
        }

        if (Amplitude != 1)
        {
            SetFloat(MetadataKeys.RopeAmplitude, Amplitude);
        }

        if (Kind is null)
        {
            return;
        }

        metadata.Set($"{architecture}.{MetadataKeys.RopeScalingType}", GgufValue.FromString(Kind));
        SetFloat(MetadataKeys.RopeScalingFactor, Factor);
        if (Kind == "yarn")
        {
            SetFloat(MetadataKeys.YarnBetaFast, BetaFast);
            SetFloat(MetadataKeys.YarnBetaSlow, BetaSlow);
            metadata.Set($"{architecture}.{MetadataKeys.YarnTruncate}", GgufValue.FromBoolean(Truncate));
        }

        void SetFloat(string suffix, double value) =>
            metadata.Set($"{architecture}.{suffix}", GgufValue.FromFloat32((float)value));
    }

    /// <summary>The tensors of divisors that there are.</summary>
    public IEnumerable<CheckpointTensor> Tensors()
    {
        (string Name, float[]? Values)[] all =
        [
            (TensorNames.RopeFrequencies, Divisors), (TensorNames.RopeFactorsShort, ShortDivisors),
            (TensorNames.RopeFactorsLong, LongDivisors),
        ];
        foreach ((string name, float[]? values) in all)
        {
            if (values is not null)
            {
                yield return new CheckpointTensor(name, new ValuesTensor("(rope_scaling)", values));
            }
        }
    }
}
