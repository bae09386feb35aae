using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace;

/// <summary>Which tokens skip which layers, as a configuration states it.</summary>
internal sealed record SkipSettings
{
    /// <summary>Options that are words, by their names.</summary>
    public required IReadOnlyDictionary<string, string> Words { get; init; }

    /// <summary>Share of the tokens that run each layer.</summary>
    public required double[] Capacities { get; init; }

    /// <summary>Logit from which a token runs each layer.</summary>
    public required double[] Thresholds { get; init; }

    /// <summary>Scale of the tanh.</summary>
    public double TanhScale { get; init; }

    /// <summary>The only ids that can skip, or null.</summary>
    public int[]? RoutedTokens { get; init; }

    /// <summary>Writes the keys under "{architecture}.".</summary>
    public void WriteTo(GgufMetadata metadata, string architecture)
    {
        Set(MetadataKeys.SkipCapacities, GgufValue.FromFloat64s(Capacities));
        Set(MetadataKeys.SkipThresholds, GgufValue.FromFloat64s(Thresholds));
        Set(MetadataKeys.SkipTanhScale, GgufValue.FromFloat32((float)TanhScale));
        foreach (KeyValuePair<string, string> word in Words)
        {
            Set($"depths.{word.Key}", GgufValue.FromString(word.Value));
        }

        if (RoutedTokens is not null)
        {
            Set(MetadataKeys.SkipRoutedTokens, GgufValue.FromInt32s(RoutedTokens));
        }

        void Set(string suffix, GgufValue value) => metadata.Set($"{architecture}.{suffix}", value);
    }
}
