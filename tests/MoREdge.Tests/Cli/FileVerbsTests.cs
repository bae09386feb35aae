using System.Text.Json;
using System.Text.Json.Nodes;
using MoREdge.Checkpoints;
using MoREdge.ModelFile;
using MoREdge.Tests.Checkpoints;
using MoREdge.Tokenization;

namespace MoREdge.Tests.Cli;

/// <summary>The file verbs on good input.</summary>
public sealed class FileVerbsTests(CliFolder folder) : IClassFixture<CliFolder>
{
    [Theory]
    [InlineData("quantize")]
    [InlineData("inspect")]
    [InlineData("verify")]
    [InlineData("tokenize")]
    [InlineData("detokenize")]
    public void AnyVerb_Help_ShowsExamplesAndOptions(string verb)
    {
        string help = CliRunner.Run(verb, "--help").AssertSilent().Output;

        Assert.Contains($"moredge {verb}", help, StringComparison.Ordinal);
        Assert.Contains("Examples:", help, StringComparison.Ordinal);
        Assert.Contains("--", help, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("chat")]
    [InlineData("inspect")]
    [InlineData("verify")]
    [InlineData("tokenize")]
    [InlineData("detokenize")]
    [InlineData("doctor")]
    [InlineData("perplexity")]
    public void Help_OfAVerbThatTakesABuiltInModel_NamesThem(string verb)
    {
        string help = CliRunner.Run(verb, "--help").AssertSilent().Output;

        Assert.Contains("or a built-in one's name: mor-stories, mor-commands", help, StringComparison.Ordinal);
    }

    [Fact]
    public void Quantize_ReportText_IsInTheFile()
    {
        string report = Path.Combine(folder.Source, "report.txt");
        File.WriteAllText(report, "A text\nof two lines.\n");
        File.WriteAllText(folder["other.txt"], "Another.");
        string target = folder["reported.gguf"];
        Assert.Equal(0, CliRunner.Run("quantize", folder.Source, "-o", target, "--force").ExitCode);
        Assert.Equal("A text\nof two lines.\n", ReportText(target));

        // A mark of the encoding, and a character that the limit of 64 KiB cuts.
        File.WriteAllText(report, "\uFEFF" + string.Concat(Enumerable.Repeat("€", 30_000)));
        Assert.Equal(0, CliRunner.Run("quantize", folder.Source, "-o", target, "--force").ExitCode);
        Assert.Equal(string.Concat(Enumerable.Repeat("€", ((64 << 10) - 3) / 3)), ReportText(target));
        string[] other = ["quantize", folder.Source, "-o", target, "--force", "--report-text"];
        Assert.Equal(0, CliRunner.Run([.. other, folder["other.txt"]]).ExitCode);
        File.Delete(report);

        Assert.Equal("Another.", ReportText(target));
        Assert.Equal(0, CliRunner.Run([.. other, "-"], "A third.").ExitCode);
        Assert.Equal("A third.", ReportText(target));
        CliRunner.Run([.. other, folder["absent.txt"]]).AssertRefused(1, "absent.txt");
        CliRunner.Run([.. other, "/dev/zero"]).AssertRefused(1, "longer than 64 KiB");
    }

    [Fact]
    public void Quantize_Table_NamesEveryTensorOnce()
    {
        CliResult result = CliRunner.Run("quantize", folder.Source, "-o", folder["table.gguf"], "--format", "q4");

        Assert.Equal(0, result.ExitCode);
        Assert.StartsWith("moredge: warning: ", result.Error, StringComparison.Ordinal);
        Assert.Matches(@"blk\.\*\.attn_q\.weight +2 +\(8, 8\) +F32 +Q4G32 ", result.Output);
        Assert.Matches(@"token_embd\.weight +1 +\(10, 8\) +F32 +Q8G32 ", result.Output);
        Assert.Matches(@"output_norm\.weight +1 +\(8\) +F32 +F32 .* exact", result.Output);
        Assert.Contains("table.gguf", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Quantize_Json_ReportsEveryTensor()
    {
        CliResult result = CliRunner.Run(
            "quantize", folder.Source, "-o", folder["json.gguf"], "--format", "q8", "--json");

        using JsonDocument report = JsonDocument.Parse(result.OutputBytes);
        Assert.Equal(new FileInfo(folder["json.gguf"]).Length, report.RootElement.GetProperty("file_bytes").GetInt64());
        Assert.Equal(2 + (2 * 9), report.RootElement.GetProperty("tensors").GetArrayLength());
        Assert.True(report.RootElement.GetProperty("warnings").GetArrayLength() > 0);
    }

    [Fact]
    public void Inspect_OwnModel_SaysWhatItIs()
    {
        string text = CliRunner.Run("inspect", folder.Model, "--tensors").AssertSilent().Output;
        Assert.Matches("architecture +llama", text);
        Assert.Matches("digests +header and every tensor", text);
        Assert.Matches("written by +moredge ", text);
        Assert.Matches(@"blk\.1\.ffn_down\.weight +\(8, 12\) +Q4G32 +\d+ +[0-9a-f]{32}", text);

        using JsonDocument json = JsonDocument.Parse(
            CliRunner.Run("inspect", folder.Model, "--json").AssertSilent().OutputBytes);
        Assert.Equal(64, json.RootElement.GetProperty("model").GetProperty("context_length").GetInt64());
        Assert.Equal(80, json.RootElement.GetProperty("parameters").GetProperty("embedding").GetInt64());
        Assert.Equal(3, json.RootElement.GetProperty("formats").GetArrayLength());
        Assert.Equal("none", json.RootElement.GetProperty("tokenizer").GetProperty("kind").GetString());
    }

    [Fact]
    public void Inspect_VocabularyOnly_DescribesTheTokenizer()
    {
        string text = CliRunner.Run("inspect", folder.Vocabulary).AssertSilent().Output;

        Assert.Matches("kind +gpt2", text);
        Assert.Matches("vocabulary +264", text);
        Assert.Matches("tensors +0", text);
    }

    [Fact]
    public void Inspect_PartOfAModel_SaysWhichOne()
    {
        GgufMetadata metadata = new();
        metadata.Set(MetadataKeys.SplitIndex, GgufValue.FromUInt32(1));
        metadata.Set(MetadataKeys.SplitCount, GgufValue.FromUInt32(3));
        using (GgufWriter writer = new(folder["part.gguf"], metadata, []))
        {
            writer.Finish();
        }

        string text = CliRunner.Run("inspect", folder["part.gguf"]).AssertSilent().Output;

        Assert.Matches("part, from 0 +1\n +of parts +3\n", text);
    }

    /// <summary>JSON has no infinities, and 0 would be a figure.</summary>
    [Fact]
    public void Inspect_NumbersThatAreNotFinite_AreNullInJson()
    {
        GgufMetadata metadata = new();
        metadata.Set(MetadataKeys.Architecture, GgufValue.FromString("mor"));
        metadata.Set($"mor.{MetadataKeys.Alpha}", GgufValue.FromFloat64(double.PositiveInfinity));
        metadata.Set(
            $"mor.{MetadataKeys.Thresholds}", GgufValue.FromFloat64s(double.NegativeInfinity, 0.5, double.NaN));
        using (GgufWriter writer = new(folder["infinite.gguf"], metadata, []))
        {
            writer.Finish();
        }

        JsonNode recursion = JsonNode.Parse(
            CliRunner.Run("inspect", folder["infinite.gguf"], "--json").AssertSilent().OutputBytes)!["recursion"]!;
        Assert.Equal("[null,0.5,null]", recursion["thresholds"]!.ToJsonString());
        Assert.True(recursion.AsObject().ContainsKey("alpha"));
        Assert.Null(recursion["alpha"]);
    }

    [Fact]
    public void Inspect_MixtureOfDepths_SaysWhichTokensRunABlock()
    {
        GgufMetadata metadata = new();
        metadata.Set(MetadataKeys.Architecture, GgufValue.FromString("mod"));
        metadata.Set($"mod.{SkipKeys.Capacities}", GgufValue.FromFloat64s(1, 0.125));
        metadata.Set($"mod.{SkipKeys.Scope}", GgufValue.FromString("block"));
        using (GgufWriter writer = new(folder["depths.gguf"], metadata, []))
        {
            writer.Finish();
        }

        JsonNode depths = JsonNode.Parse(
            CliRunner.Run("inspect", folder["depths.gguf"], "--json").AssertSilent().OutputBytes)!["depths"]!;
        Assert.Equal("""{"capacity":[1,0.125],"scope":"block"}""", depths.ToJsonString());
    }

    [Fact]
    public void Verify_IntactFile_Succeeds()
    {
        Assert.Contains(
            "intact", CliRunner.Run("verify", folder.Model).AssertSilent().Output, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(
            CliRunner.Run("verify", folder.Model, "--json").AssertSilent().OutputBytes);
        Assert.True(json.RootElement.GetProperty("intact").GetBoolean());
    }

    [Theory]
    [InlineData("aaaab 00\n  <eos> <tool>é\u0001\n")]
    [InlineData("")]
    public void TokenizeDetokenize_AnyText_IsTheSame(string text)
    {
        CliResult ids = CliRunner.Run(["tokenize", "-m", folder.Vocabulary, "--ids", "--no-special"], text)
            .AssertSilent();
        CliResult back = CliRunner.RunWithBytes(ids.OutputBytes, "detokenize", "-m", folder.Vocabulary).AssertSilent();

        Assert.Equal(text, back.Output);
    }

    /// <summary>A token that takes the space before it gives it back.</summary>
    [Theory]
    [InlineData("x <tool call> y")]
    [InlineData("  <tool call><tool")]
    public void TokenizeDetokenize_NormalizedAddedToken_IsTheSame(string text)
    {
        string path = folder["normalized.gguf"];
        GgufMetadata metadata = new();
        metadata.Set(MetadataKeys.Architecture, GgufValue.FromString("llama"));
        TokenizerMetadata.Write(metadata, TokenizerJson.Load(SharedData.InRepository(
            "tests/golden/tokenizers/families/llama2-normalized.tokenizer.json")));
        using (GgufWriter writer = new(path, metadata, [], overwrite: true))
        {
            writer.Finish();
        }

        CliResult ids = CliRunner.Run(["tokenize", "-m", path, "--ids"], text).AssertSilent();
        CliResult back = CliRunner.RunWithBytes(ids.OutputBytes, "detokenize", "-m", path).AssertSilent();

        Assert.Contains("403", ids.Output, StringComparison.Ordinal);
        Assert.Equal(text, back.Output);
    }

    [Fact]
    public void Tokenize_Text_PrintsIdsAndPieces()
    {
        CliResult lines = CliRunner.Run(["tokenize", "-m", folder.Vocabulary], "ab<eos>").AssertSilent();
        Assert.Equal("0\t<bos>\n259\tab\n1\t<eos>\n", lines.Output);

        CliResult json = CliRunner.Run(["tokenize", "-m", folder.Vocabulary, "--json"], "ab").AssertSilent();
        using JsonDocument document = JsonDocument.Parse(json.OutputBytes);
        Assert.Equal(259, document.RootElement.GetProperty("ids")[1].GetInt32());
        Assert.Equal("ab", document.RootElement.GetProperty("pieces")[1].GetString());
    }

    [Fact]
    public void Tokenize_InvalidUtf8_IsReplacedWithAWarning()
    {
        CliResult result = CliRunner.RunWithBytes(
            [(byte)'a', 0xFF, (byte)'b'], "tokenize", "-m", folder.Vocabulary, "--ids", "--no-special");
        CliResult expected = CliRunner.Run(["tokenize", "-m", folder.Vocabulary, "--ids", "--no-special"], "a\uFFFDb");

        Assert.Equal(0, result.ExitCode);
        Assert.Equal(expected.Output, result.Output);
        Assert.Contains("warning", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Detokenize_HalfACharacter_IsExactBytes()
    {
        string ids = CliRunner.Run(["tokenize", "-m", folder.Vocabulary, "--ids", "--no-special"], "é").Output;
        CliResult result = CliRunner.Run(["detokenize", "-m", folder.Vocabulary], $"0, {ids.Split(' ')[0]}")
            .AssertSilent();

        Assert.Equal([0xC3], result.OutputBytes);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("HUP")]
    [InlineData("QUIT")]
    public void Quantize_Interrupted_LeavesNothing(string signal)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Signals are sent by a shell of Unix.");
        string source = WriteLargeSource();
        string[] before = folder.List();

        // The temporary file shows that the work has begun; 32 million weights take far longer than the signal. Job
        // control, or the shell starts the program with the signal ignored that a terminal sends for Ctrl-\.
        CliResult result = CliRunner.RunShell(
            $"set -m; $MOREDGE quantize '{source}' -o '{folder["cut.gguf"]}' --format q4 & "
            + $"while kill -0 $! && ! ls '{folder["cut.gguf"]}'.*.partial > /dev/null 2>&1; do sleep 0.01; done; "
            + $"kill -{signal} $!; wait $!");

        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        Assert.Contains("moredge: Interrupted.\n", result.Error, StringComparison.Ordinal);
        Assert.Equal(before, folder.List());
    }

    [Fact]
    public void Quantize_HangUpIgnoredFromTheStart_GoesOn()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Signals are sent by a shell of Unix.");
        string target = folder["hung-up.gguf"];

        CliResult result = CliRunner.RunShell(
            $"nohup $MOREDGE quantize '{WriteLargeSource()}' -o '{target}' --format q4 & "
            + $"while kill -0 $! && ! ls '{target}'.*.partial > /dev/null 2>&1; do sleep 0.01; done; "
            + "kill -HUP $!; wait $!");

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.True(File.Exists(target));
    }

    /// <summary>
    /// A checkpoint whose embedding of zeros is a hole in the file: large to read, nothing on the disk.
    /// </summary>
    private string WriteLargeSource()
    {
        const int VocabSize = 4_000_000;
        string source = Directory.CreateDirectory(folder["large"]).FullName;
        JsonObject config = SyntheticModel.Config(1);
        config["vocab_size"] = VocabSize;
        File.WriteAllText(Path.Combine(source, "config.json"), config.ToJsonString());
        JsonObject header = [];
        long offset = 0;
        foreach (SyntheticTensor tensor in SyntheticModel.Llama(1).Tensors)
        {
            int[] shape = tensor.Name.Contains("embed", StringComparison.Ordinal)
                ? [VocabSize, SyntheticModel.ModelDim]
                : tensor.Shape;
            long bytes = shape.Aggregate((long)sizeof(float), (product, dimension) => product * dimension);
            header[tensor.Name] = new JsonObject
            {
                ["dtype"] = "F32",
                ["shape"] = new JsonArray([.. shape.Select(dimension => JsonValue.Create(dimension))]),
                ["data_offsets"] = new JsonArray(offset, offset + bytes),
            };
            offset += bytes;
        }

        byte[] start = SafetensorsBuilder.Raw(header.ToJsonString(), []);
        using FileStream file = File.Create(Path.Combine(source, "model.safetensors"));
        file.Write(start);
        file.SetLength(start.Length + offset);
        return source;
    }

    private static string ReportText(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        return file.Metadata.GetString(MetadataKeys.ReportText, "");
    }
}
