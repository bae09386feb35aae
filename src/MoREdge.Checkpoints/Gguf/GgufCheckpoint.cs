using MoREdge.Checkpoints.Dequantization;
using MoREdge.Checkpoints.HuggingFace;
using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.Gguf;

/// <summary>Opens a GGUF file as a source: its metadata is passed on, its tensors are dequantized.</summary>
internal static class GgufCheckpoint
{
    /// <summary>Keys that describe the old file and not the model; a new file gets its own.</summary>
    private static readonly string[] FileKeys =
        [MetadataKeys.Alignment, "general.file_type", "general.quantization_version", MetadataKeys.Writer];

    private static readonly string[] FileKeyPrefixes = ["split.", "moredge.packed.", "moredge.digest."];

    /// <summary>Opens <paramref name="path"/>.</summary>
    /// <exception cref="CheckpointException">The file is wrong or of a kind that would run wrongly.</exception>
    public static Checkpoint Open(string path)
    {
        GgufFile? file = null;
        Checkpoint? checkpoint = null;
        try
        {
            file = GgufFile.Open(path);
            checkpoint = Build(file);
            return checkpoint;
        }
        catch (ModelFileException fault)
        {
            throw new CheckpointException(CheckpointError.InvalidModelFile, fault.Message, fault);
        }
        finally
        {
            if (checkpoint is null)
            {
                file?.Dispose();
            }
        }
    }

    private static Checkpoint Build(GgufFile file)
    {
        string name = Path.GetFileNameWithoutExtension(file.Path);
        GgufMetadata metadata = CopyMetadata(file.Metadata);
        string architecture = metadata.Architecture;
        if (architecture is not ("llama" or "qwen2" or "mor"))
        {
            throw new CheckpointException(
                CheckpointError.UnsupportedArchitecture,
                $"{name} is of the architecture {CheckpointException.Quote(architecture)}; llama, qwen2 and mor "
                + "are supported.");
        }

        RefuseOptions(metadata, name);
        List<CheckpointTensor> tensors = [];
        foreach (GgufTensor tensor in file.Tensors)
        {
            tensors.Add(new CheckpointTensor(tensor.Name, Data(file, tensor)));
        }

        if (tensors.Count == 0)
        {
            throw new CheckpointException(CheckpointError.MissingWeights, $"{name} holds a vocabulary but no tensors.");
        }

        ApplyLinearScaling(metadata, file, tensors);
        string modelName = metadata.GetString(MetadataKeys.Name, name);
        metadata.Set(MetadataKeys.Name, GgufValue.FromString(modelName));
        metadata.Set(
            MetadataKeys.SourceName, GgufValue.FromString(metadata.GetString(MetadataKeys.SourceName, modelName)));
        List<string> warnings = [];
        if (!metadata.Contains(MetadataKeys.TokenizerTokens))
        {
            warnings.Add("The file holds no tokenizer; the model file will run on token ids only.");
        }

        return new Checkpoint(file, metadata, tensors, warnings, $"GGUF {architecture}, {tensors.Count} tensors");
    }

    private static GgufMetadata CopyMetadata(GgufMetadata source)
    {
        GgufMetadata copy = new();
        foreach (KeyValuePair<string, GgufValue> entry in source.Entries)
        {
            if (!IsFileKey(entry.Key))
            {
                copy.Set(entry.Key, entry.Value);
            }
        }

        return copy;
    }

    private static bool IsFileKey(string key)
    {
        foreach (string prefix in FileKeyPrefixes)
        {
            if (key.StartsWith(prefix, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return Array.IndexOf(FileKeys, key) >= 0;
    }

    private static void RefuseOptions(GgufMetadata metadata, string name)
    {
        if (metadata.GetUInt32(metadata.ArchitectureKey("expert_count"), 0) > 0)
        {
            throw Unsupported(name, "a mixture of experts");
        }

        uint context = metadata.GetUInt32(metadata.ArchitectureKey(MetadataKeys.ContextLength), 0);
        uint window = metadata.GetUInt32(metadata.ArchitectureKey("attention.sliding_window"), 0);
        if (window > 0 && window < context)
        {
            throw Unsupported(name, $"a sliding window of {window} tokens, shorter than its context");
        }

        string scaling = metadata.GetString(metadata.ArchitectureKey("rope.scaling.type"), "none");
        if (scaling is not ("none" or "linear"))
        {
            throw Unsupported(name, $"rotary scaling of the kind {CheckpointException.Quote(scaling)}");
        }
    }

    /// <summary>Linear scaling becomes frequency factors, the one form of scaling our model files know.</summary>
    private static void ApplyLinearScaling(GgufMetadata metadata, GgufFile file, List<CheckpointTensor> tensors)
    {
        string scalingKey = metadata.ArchitectureKey("rope.scaling.type");
        string factorKey = metadata.ArchitectureKey("rope.scaling.factor");
        string legacyKey = metadata.ArchitectureKey("rope.scale_linear");
        bool isLinear = metadata.GetString(scalingKey, "linear") == "linear";
        double factor = metadata.GetFloat64(factorKey, metadata.GetFloat64(legacyKey, 1));
        metadata.Remove(scalingKey);
        metadata.Remove(factorKey);
        metadata.Remove(legacyKey);
        if (!isLinear || factor is 0 or 1)
        {
            return;
        }

        if (!(factor > 0) || file.TryGetTensor(TensorNames.RopeFrequencies, out _))
        {
            throw Unsupported(Path.GetFileNameWithoutExtension(file.Path), $"rotary scaling by {factor} in two ways");
        }

        int heads = metadata.RequireInt32(metadata.ArchitectureKey(MetadataKeys.HeadCount));
        int width = metadata.RequireInt32(metadata.ArchitectureKey(MetadataKeys.EmbeddingLength));
        int headDim = metadata.GetInt32(metadata.ArchitectureKey(MetadataKeys.KeyLength), width / Math.Max(heads, 1));
        if (headDim is < 2 or > ModelFileLimits.ModelDimensionMax)
        {
            throw new CheckpointException(
                CheckpointError.InvalidValue, $"A head of {headDim} dimensions cannot be rotated.");
        }

        float[] factors = RopeScaling.Linear(factor, headDim);
        tensors.Add(new CheckpointTensor(TensorNames.RopeFrequencies, new ValuesTensor("(rope.scaling)", factors)));
    }

    private static TensorData Data(GgufFile file, GgufTensor tensor)
    {
        if (tensor.Packed is { } layout)
        {
            return new PackedTensorData(file, tensor, layout);
        }

        return ElementDecoder.Supports(tensor.Type)
            ? new GgufTensorData(file, tensor)
            : throw new CheckpointException(
                CheckpointError.UnsupportedElementType,
                $"Tensor {CheckpointException.Quote(tensor.Name)} is {tensor.Type}, which holds no float weights.");
    }

    private static CheckpointException Unsupported(string name, string what) =>
        new(CheckpointError.UnsupportedOption, $"{name} uses {what}.");
}
