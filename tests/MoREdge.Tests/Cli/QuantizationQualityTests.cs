using System.Text.Json;

namespace MoREdge.Tests.Cli;

/// <summary>What int8 and int4 weights and an int8 cache cost the real checkpoints, on TinyStories text.</summary>
public sealed class QuantizationQualityTests
{
    /// <summary>Some 30,000 to 60,000 tokens, the figures of the README: the ratio's standard error is 0.2 %.</summary>
    private const int TextBytes = 120_000;

    /// <summary>Some 10,000 tokens: the largest of the models has a standard error of 0.12 % there.</summary>
    private const int ShortTextBytes = 40_000;

    private const int WindowTokens = 256;

    [Theory]
    [InlineData("mor-stories", null, ShortTextBytes, "q8", 1.002)]
    [InlineData("mor-stories", null, ShortTextBytes, "q4", 1.02)]
    [InlineData("tinystories656K-hf", null, TextBytes, "q8", 1.005)]
    [InlineData("tinystories656K-hf", null, TextBytes, "q4", 1.08)]
    [InlineData("stories260K/stories260K.bin", "stories260K/tok512.bin", TextBytes, "q8", 1.005)]
    [InlineData("stories260K/stories260K.bin", "stories260K/tok512.bin", TextBytes, "q4", 1.08)]
    public void Perplexity_AgainstFloat32_StaysWithinTheBound(
        string checkpoint, string? tokenizer, int textBytes, string format, double ratioMax)
    {
        string source = SharedData.Require("data/checkpoints/" + checkpoint);
        string[] options =
            tokenizer is null ? [] : ["--tokenizer", SharedData.Require("data/checkpoints/" + tokenizer)];
        byte[] corpus = File.ReadAllBytes(
            SharedData.Require("data/corpus/tinystories_fragments/tinystories_v1_train_head.txt"));
        string folder = Directory.CreateTempSubdirectory("moredge-quality-").FullName;
        try
        {
            string text = Path.Combine(folder, "text.txt");
            File.WriteAllBytes(text, corpus[..textBytes]);
            string reference = Quantize(source, options, "f32", folder);
            string quantized = Quantize(source, options, format, folder);

            CliResult result = CliRunner.Run(
                "perplexity", "-m", quantized, "-f", text, "--against", reference,
                "--context", $"{WindowTokens}", "--json");

            Assert.True(result.ExitCode == 0, result.Error);
            using JsonDocument json = JsonDocument.Parse(result.Output);
            double logRatio = json.RootElement.GetProperty("log_perplexity_ratio").GetDouble();
            Assert.InRange(Math.Exp(logRatio), 0.99, ratioMax);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>int8 weights either way: what an int8 cache adds to a float16 one.</summary>
    [Theory]
    [InlineData("mor-stories", null, ShortTextBytes, 1.002)]
    [InlineData("tinystories656K-hf", null, TextBytes, 1.002)]
    [InlineData("stories260K/stories260K.bin", "stories260K/tok512.bin", TextBytes, 1.008)]
    public void Perplexity_Int8CacheAgainstFloat16_StaysWithinTheBound(
        string checkpoint, string? tokenizer, int textBytes, double ratioMax)
    {
        string source = SharedData.Require("data/checkpoints/" + checkpoint);
        string[] options =
            tokenizer is null ? [] : ["--tokenizer", SharedData.Require("data/checkpoints/" + tokenizer)];
        byte[] corpus = File.ReadAllBytes(
            SharedData.Require("data/corpus/tinystories_fragments/tinystories_v1_train_head.txt"));
        string folder = Directory.CreateTempSubdirectory("moredge-quality-").FullName;
        try
        {
            string text = Path.Combine(folder, "text.txt");
            File.WriteAllBytes(text, corpus[..textBytes]);
            string model = Quantize(source, options, "q8", folder);
            double[] perplexities = Array.ConvertAll(["f16", "q8"], format => Perplexity(model, text, format));
            Assert.NotEqual(perplexities[0], perplexities[1]);
            Assert.InRange(perplexities[1] / perplexities[0], 0.998, ratioMax);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static double Perplexity(string model, string text, string kvFormat)
    {
        CliResult result = CliRunner.Run(
            "perplexity", "-m", model, "-f", text, "--context", $"{WindowTokens}", "--kv-format", kvFormat, "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        return json.RootElement.GetProperty("perplexity").GetDouble();
    }

    private static string Quantize(string source, string[] options, string format, string folder)
    {
        string path = Path.Combine(folder, format + ".gguf");
        CliResult result = CliRunner.Run(["quantize", source, "-o", path, "--format", format, .. options]);
        Assert.True(result.ExitCode == 0, result.Error);
        return path;
    }
}
