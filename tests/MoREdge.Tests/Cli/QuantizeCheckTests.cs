using MoREdge.ModelFile;
using MoREdge.Tests.Checkpoints;

namespace MoREdge.Tests.Cli;

/// <summary>What nobody could generate or chat with is said before the work, not after it.</summary>
public sealed class QuantizeCheckTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("""{"do_sample":true,"top_p":1.5}""", "Top-p")]
    [InlineData("""{"do_sample":true,"temperature":-1}""", "temperature")]
    [InlineData("""{"do_sample":true,"repetition_penalty":0}""", "repeat penalty")]
    public void Quantize_SamplingThatIsNone_IsRefused(string generation, string part)
    {
        WriteSource("{{ messages }}");
        _folder.Write("generation_config.json", generation);

        CliResult result = CliRunner.Run("quantize", _folder.FullPath, "-o", _folder["out.gguf"]);

        result.AssertRefused(1, part);
        Assert.Contains("generation_config.json: ", result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["out.gguf"]));
    }

    [Theory]
    [InlineData("{% for message in messages %}", "The chat template: A block has no endfor.")]
    [InlineData("{% extends 'x' %}", "The chat template uses ")]
    [InlineData("{{ messages }}", null)]
    public void Quantize_TemplateThatChatRefuses_IsAWarning(string template, string? part)
    {
        WriteSource(template);

        CliResult result = CliRunner.Run("quantize", _folder.FullPath, "-o", _folder["out.gguf"]);

        Assert.Equal(0, result.ExitCode);
        if (part is null)
        {
            Assert.Equal("", result.Error);
            return;
        }

        Assert.StartsWith(
            $"moredge: warning: 'moredge chat' will refuse this model. {part}", result.Error, StringComparison.Ordinal);
        CliRunner.Run(["chat", "-m", _folder["out.gguf"]], "a\n").AssertRefused(1, part);
    }

    [Theory]
    [InlineData("t5", "The tokenizer kind \"t5\" is not supported")]
    [InlineData(null, "The file does not say of which kind its tokenizer is")]
    public void Quantize_GgufWithATokenizerThatNobodyReads_IsAWarning(string? kind, string part)
    {
        string source = WriteGguf(metadata =>
        {
            metadata.Remove(MetadataKeys.TokenizerModel);
            if (kind is not null)
            {
                metadata.Set(MetadataKeys.TokenizerModel, GgufValue.FromString(kind));
            }
        });

        CliResult result = CliRunner.Run("quantize", source, "-o", _folder["out.gguf"]);

        Assert.Equal(0, result.ExitCode);
        Assert.StartsWith("moredge: warning: ", result.Error, StringComparison.Ordinal);
        Assert.Contains(part, result.Error, StringComparison.Ordinal);
        Assert.Equal(0, CliRunner.Run("logits", "-m", _folder["out.gguf"], "--ids", "1,2").ExitCode);
        Assert.Equal(1, CliRunner.Run("generate", "-m", _folder["out.gguf"], "-p", "a", "-n", "1").ExitCode);
    }

    [Fact]
    public void Quantize_GgufWithATemplateThatChatRefuses_IsAWarning()
    {
        string source = WriteGguf(metadata => metadata.Set(
            MetadataKeys.ChatTemplate, GgufValue.FromString("{% for message in messages %}")));

        CliResult result = CliRunner.Run("quantize", source, "-o", _folder["out.gguf"]);

        Assert.Equal(0, result.ExitCode);
        Assert.StartsWith(
            "moredge: warning: 'moredge chat' will refuse this model. ", result.Error, StringComparison.Ordinal);
    }

    /// <summary>A model file whose metadata are changed behind its making.</summary>
    private string WriteGguf(Action<GgufMetadata> change)
    {
        using GgufFile model = GgufFile.Open(new ByteModel().Write(_folder["model.gguf"]));
        GgufTensorPlan[] plans =
            [.. model.Tensors.Select(tensor => new GgufTensorPlan(tensor.Name, tensor.Shape, tensor.Type))];
        change(model.Metadata);
        using GgufWriter writer = new(_folder["source.gguf"], model.Metadata, plans);
        foreach (GgufTensor tensor in model.Tensors)
        {
            writer.Write(model.Bytes(tensor));
        }

        writer.Finish();
        return _folder["source.gguf"];
    }

    private void WriteSource(string template)
    {
        _folder.WriteConfig(SyntheticModel.Config(1));
        _folder.Write("model.safetensors", SafetensorsBuilder.File(SyntheticModel.Llama(1).Tensors));
        const string Model =
            """{"type":"BPE","vocab":{"0":0,"1":1,"2":2,"3":3,"4":4,"5":5,"6":6,"7":7,"8":8,"9":9},"merges":[]}""";
        const string Bytes = """{"type":"ByteLevel","add_prefix_space":false}""";
        _folder.Write(
            "tokenizer.json",
            $$"""{"added_tokens":[],"model":{{Model}},"pre_tokenizer":{{Bytes}},"decoder":{{Bytes}}}""");
        _folder.Write("chat_template.jinja", template);
    }
}
