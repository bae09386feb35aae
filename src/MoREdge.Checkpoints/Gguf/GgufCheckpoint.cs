using MoREdge.Checkpoints.Dequantization;
using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.Gguf;

/// <summary>Opens a GGUF file as a source: its metadata is passed on, its tensors are dequantized.</summary>
internal static class GgufCheckpoint
{
    /// <summary>Keys that describe the old file and not the model; a new file gets its own.</summary>
    private static readonly string[] FileKeys =
        [MetadataKeys.Alignment, "general.file_type", MetadataKeys.QuantizationVersion, MetadataKeys.Writer];

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
        file.RequireUnsplit();
        string name = Path.GetFileNameWithoutExtension(file.Path);
        GgufMetadata metadata = CopyMetadata(file.Metadata);
        string architecture = metadata.Architecture;
        if (!Architectures.IsKnown(architecture))
        {
            throw new CheckpointException(
                CheckpointError.UnsupportedArchitecture,
                $"{name} is of the architecture {CheckpointException.Quote(architecture)}; "
                + $"{Architectures.List} are supported.");
        }

        StackSplitter splitter = new(file);
        List<CheckpointTensor> tensors = [];
        foreach (GgufTensor tensor in file.Tensors)
        {
            splitter.Split(tensor.Name, Data(file, tensor), tensors);
        }

        if (tensors.Count == 0)
        {
            throw new CheckpointException(CheckpointError.MissingWeights, $"{name} holds a vocabulary but no tensors.");
        }

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
}
