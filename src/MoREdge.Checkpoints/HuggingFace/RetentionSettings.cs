using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace;

/// <summary>What a decoder with retention (RetNet) has that others have not.</summary>
internal sealed record RetentionSettings
{
    /// <summary>A value of <see cref="RetentionKeys.Dialect"/>.</summary>
    public required string Dialect { get; init; }

    /// <summary>Width of a value head.</summary>
    public required int ValueDim { get; init; }

    /// <summary>A value of <see cref="RetentionKeys.Decay"/>.</summary>
    public string Decay { get; init; } = RetentionKeys.PowerDecay;

    /// <summary>Whether a projection gates the read-outs.</summary>
    public bool HasGate { get; init; } = true;

    /// <summary>"none" or "relu".</summary>
    public string FeatureMap { get; init; } = "none";

    /// <summary>"silu" or "gelu".</summary>
    public string Activation { get; init; } = "silu";

    /// <summary>Whether the feed-forward network has a gate.</summary>
    public bool IsFfnGated { get; init; } = true;

    /// <summary>Name of the norm of the embedding, or null.</summary>
    public string? EmbeddingNormName { get; init; }

    /// <summary>Writes the keys under "{architecture}.".</summary>
    public void WriteTo(GgufMetadata metadata, string architecture)
    {
        Set(RetentionKeys.Dialect, GgufValue.FromString(Dialect));
        Set(RetentionKeys.Decay, GgufValue.FromString(Decay));
        Set(RetentionKeys.Gate, GgufValue.FromBoolean(HasGate));
        Set(RetentionKeys.FeatureMap, GgufValue.FromString(FeatureMap));
        Set(RetentionKeys.FeedForwardActivation, GgufValue.FromString(Activation));
        Set(RetentionKeys.FeedForwardGated, GgufValue.FromBoolean(IsFfnGated));

        void Set(string suffix, GgufValue value) => metadata.Set($"{architecture}.{suffix}", value);
    }
}
