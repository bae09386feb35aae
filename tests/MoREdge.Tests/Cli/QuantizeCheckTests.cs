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
