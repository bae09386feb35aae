using MoREdge.Checkpoints;
using MoREdge.ModelFile;
using MoREdge.Tests.Checkpoints;
using MoREdge.Tests.Tokenization;

namespace MoREdge.Tests.Cli;

/// <summary>
/// A folder with a small checkpoint, a model file made from it by the program, and a vocabulary-only file.
/// </summary>
public sealed class CliFolder : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public CliFolder()
    {
        Source = Directory.CreateDirectory(this["source"]).FullName;
        File.WriteAllText(Path.Combine(Source, "config.json"), SyntheticModel.Config(2).ToJsonString());
        File.WriteAllBytes(
            Path.Combine(Source, "model.safetensors"), SafetensorsBuilder.File(SyntheticModel.Llama(2).Tensors));
        Model = this["model.gguf"];
        Assert.Equal(0, CliRunner.Run("quantize", Source, "-o", Model, "--format", "q4").ExitCode);
        Vocabulary = this["vocabulary.gguf"];
        GgufMetadata metadata = new();
        metadata.Set(MetadataKeys.Architecture, GgufValue.FromString("llama"));
        TokenizerMetadata.Write(metadata, SmallDefinitions.ByteLevel());
        using GgufWriter writer = new(Vocabulary, metadata, []);
        writer.Finish();
    }

    /// <summary>A Hugging Face folder without a tokenizer.</summary>
    public string Source { get; }

    /// <summary>Its q4 model file.</summary>
    public string Model { get; }

    /// <summary>A tokenizer and no tensors.</summary>
    public string Vocabulary { get; }

    /// <summary>A path in the folder.</summary>
    public string this[string name] => _folder[name];

    /// <summary>Writes a file.</summary>
    public string Write(string name, byte[] bytes) => _folder.Write(name, bytes);

    /// <summary>Makes the file of one kind of bad input.</summary>
    public string WriteBad(string kind)
    {
        byte[] good = File.ReadAllBytes(Model);
        switch (kind)
        {
            case "missing":
                return this["missing.gguf"];
            case "folder":
                return Directory.CreateDirectory(this["folder.gguf"]).FullName;
            case "empty":
                return Write("empty.gguf", []);
            case "text":
                return Write("text.gguf", "Once upon a time there was a text file that was no model.\n"u8.ToArray());
            case "png":
                return Write("picture.gguf", [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10, .. new byte[64]]);
            case "truncated":
                return Write("truncated.gguf", good[..(good.Length / 2)]);
            case "header":
                good[40] ^= 4;
                return Write("header.gguf", good);
            default:
                throw new ArgumentException($"No bad input of the kind {kind}.");
        }
    }

    /// <summary>Everything in the folder, to see that a failure left nothing.</summary>
    public string[] List()
    {
        string[] names = Directory.GetFileSystemEntries(_folder.FullPath);
        Array.Sort(names, StringComparer.Ordinal);
        return names;
    }

    public void Dispose() => _folder.Dispose();
}
