using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace;

/// <summary>
/// What generation_config.json recommends, under GGUF's own keys. A file that says nothing of sampling leaves them out;
/// do_sample false is temperature 0. Ranges are checked where the values are used.
/// </summary>
internal static class SamplingMetadata
{
    /// <summary>Sets the keys that <paramref name="generation"/> has values for.</summary>
    /// <exception cref="CheckpointException">A value is not a number.</exception>
    public static void Write(GgufMetadata metadata, ConfigObject generation)
    {
        if (generation.Has("do_sample") && !generation.GetBoolean("do_sample", fallback: true))
        {
            metadata.Set(MetadataKeys.SamplingTemperature, GgufValue.FromFloat32(0));
            return;
        }

        SetFloat(metadata, MetadataKeys.SamplingTemperature, generation, "temperature");
        SetFloat(metadata, MetadataKeys.SamplingTopP, generation, "top_p");
        SetFloat(metadata, MetadataKeys.SamplingMinP, generation, "min_p");
        SetFloat(metadata, MetadataKeys.SamplingRepeatPenalty, generation, "repetition_penalty");
        if (generation.TryGet("top_k", out _))
        {
            int topK = generation.GetInt32("top_k", int.MinValue, int.MaxValue);
            // Some configurations write −1 for "all".
            metadata.Set(MetadataKeys.SamplingTopK, GgufValue.FromInt32(Math.Max(topK, 0)));
        }
    }

    private static void SetFloat(GgufMetadata metadata, string key, ConfigObject generation, string name)
    {
        if (generation.TryGet(name, out _))
        {
            metadata.Set(key, GgufValue.FromFloat32((float)generation.GetDouble(name)));
        }
    }
}
