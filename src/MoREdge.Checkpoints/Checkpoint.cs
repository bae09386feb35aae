using MoREdge.Checkpoints.Gguf;
using MoREdge.Checkpoints.HuggingFace;
using MoREdge.Checkpoints.Llama2c;
using MoREdge.Checkpoints.PyTorch;
using MoREdge.ModelFile;

namespace MoREdge.Checkpoints;

/// <summary>
/// Somebody's trained weights, opened for conversion: metadata ready to be written, tensors read row by row.
/// </summary>
/// <remarks>
/// Opening reads headers and configurations, and compares tensors that recursions may share; no tensor is ever held in
/// memory. Metadata that came from a GGUF file refers to that file: write it before disposing.
/// </remarks>
public sealed class Checkpoint : IDisposable
{
    /// <summary>Most bytes of a report text (<see cref="MetadataKeys.ReportText"/>) that a model file takes.</summary>
    public const int ReportTextBytesMax = NoteBytesMax;

    /// <summary>Most bytes read of a note beside the weights: a licence, a report text.</summary>
    internal const int NoteBytesMax = 1 << 16;

    private const string TokenizerPath = $"{nameof(CheckpointOptions)}.{nameof(CheckpointOptions.TokenizerPath)}";
    private const string MorConfigPath = $"{nameof(CheckpointOptions)}.{nameof(CheckpointOptions.MorConfigPath)}";

    private readonly IDisposable _source;

    internal Checkpoint(
        IDisposable source,
        GgufMetadata metadata,
        IReadOnlyList<CheckpointTensor> tensors,
        IReadOnlyList<string> warnings,
        string description)
    {
        _source = source;
        Metadata = metadata;
        Tensors = tensors;
        Warnings = warnings;
        Description = description;
    }

    /// <summary>Canonical metadata (MetadataKeys): general, architecture, tokenizer and recursion keys.</summary>
    public GgufMetadata Metadata { get; }

    /// <summary>
    /// Tensors under canonical names (TensorNames), shared ones once, in the order of a model file: embedding, blocks,
    /// routers, final norm, head. A GGUF source keeps its own order.
    /// </summary>
    public IReadOnlyList<CheckpointTensor> Tensors { get; }

    /// <summary>The source itself where it is a GGUF file; else null.</summary>
    public GgufFile? File => _source as GgufFile;

    /// <summary>Sentences on what was left out or assumed.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>One line on what the source is, for people.</summary>
    public string Description { get; }

    /// <summary>Opens a source; its kind is found in its content, never in its name.</summary>
    /// <param name="source">
    /// A Hugging Face folder, a safetensors or PyTorch file with config.json beside it, a llama2.c or a GGUF file.
    /// </param>
    /// <param name="options">What the source does not say about itself; null for nothing.</param>
    /// <exception cref="CheckpointException">The source is wrong; the error names how.</exception>
    /// <exception cref="ArgumentException">An option is not for a source of this kind.</exception>
    public static Checkpoint Open(string source, CheckpointOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(source);
        options ??= new CheckpointOptions();
        return Directory.Exists(source) ? HuggingFaceCheckpoint.Open(source, null, options) : OpenFile(source, options);
    }

    /// <summary>Closes the source's files.</summary>
    public void Dispose() => _source.Dispose();

    private static Checkpoint OpenFile(string path, CheckpointOptions options)
    {
        byte[] start = SourceKinds.ReadStart(path, out long length);
        SourceKinds.RefuseLegacyPyTorch(start, Path.GetFileName(path));
        if (start.AsSpan().StartsWith("GGUF"u8))
        {
            RequireNone(options.TokenizerPath, $"A GGUF file brings its own tokenizer: {TokenizerPath} is not for it.");
            RequireNone(
                options.MorConfigPath, $"A GGUF file brings its own configuration: {MorConfigPath} is not for it.");
            return GgufCheckpoint.Open(path);
        }

        if (PyTorchFile.IsOne(start) || SafetensorsFile.IsOne(start))
        {
            string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
            return HuggingFaceCheckpoint.Open(folder, path, options);
        }

        if (Llama2cHeader.IsOne(start, length))
        {
            RequireNone(
                options.MorConfigPath, $"A llama2.c file holds no recursive model: {MorConfigPath} is not for it.");
            return Llama2cCheckpoint.Open(path, options);
        }

        throw new CheckpointException(
            CheckpointError.UnknownFormat,
            $"{path} is neither a safetensors, PyTorch, llama2.c nor GGUF file.");
    }

    /// <summary>What was asked for and would be ignored is refused.</summary>
    private static void RequireNone(string? option, string sentence)
    {
        if (option is not null)
        {
            throw new ArgumentException(sentence);
        }
    }
}
