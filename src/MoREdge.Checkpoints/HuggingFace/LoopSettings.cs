using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace;

/// <summary>The loop of a looped model as its configuration states it.</summary>
internal sealed record LoopSettings
{
    /// <summary>Times that the loop runs.</summary>
    public required int Count { get; init; }

    /// <summary>Layers before the loop.</summary>
    public int PreludeCount { get; init; }

    /// <summary>Layers behind it.</summary>
    public int CodaCount { get; init; }

    /// <summary>Whether the norm before the head is left out between two loops.</summary>
    public bool SkipsNorm { get; init; }

    /// <summary>Probability to have left at which a token leaves; null for a model without a gate.</summary>
    public double? ExitThreshold { get; init; }

    /// <summary>Writes the keys under "{architecture}.".</summary>
    public void WriteTo(GgufMetadata metadata, string architecture)
    {
        Set(MetadataKeys.LoopCount, GgufValue.FromUInt32((uint)Count));
        if (PreludeCount > 0)
        {
            Set(MetadataKeys.PreludeCount, GgufValue.FromUInt32((uint)PreludeCount));
        }

        if (CodaCount > 0)
        {
            Set(MetadataKeys.CodaCount, GgufValue.FromUInt32((uint)CodaCount));
        }

        if (SkipsNorm)
        {
            Set(MetadataKeys.SkipLoopNorm, GgufValue.FromBoolean(true));
        }

        if (ExitThreshold is { } threshold)
        {
            Set(MetadataKeys.ExitThreshold, GgufValue.FromFloat32((float)threshold));
        }

        void Set(string suffix, GgufValue value) => metadata.Set($"{architecture}.{suffix}", value);
    }
}
