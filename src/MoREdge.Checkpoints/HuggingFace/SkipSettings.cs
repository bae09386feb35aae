using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace;

/// <summary>Which tokens skip which layers, as a configuration states it.</summary>
internal sealed record SkipSettings
{
    /// <summary>Values of the keys in <see cref="SkipKeys.Words"/> that are not the usual ones.</summary>
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
        Set(SkipKeys.Capacities, GgufValue.FromFloat64s(Capacities));
        Set(SkipKeys.Thresholds, GgufValue.FromFloat64s(Thresholds));
        Set(SkipKeys.TanhScale, GgufValue.FromFloat32((float)TanhScale));
        foreach (KeyValuePair<string, string> word in Words)
        {
            Set(word.Key, GgufValue.FromString(word.Value));
        }

        if (RoutedTokens is not null)
        {
            Set(SkipKeys.RoutedTokens, GgufValue.FromInt32s(RoutedTokens));
        }

        void Set(string suffix, GgufValue value) => metadata.Set($"{architecture}.{suffix}", value);
    }
}
