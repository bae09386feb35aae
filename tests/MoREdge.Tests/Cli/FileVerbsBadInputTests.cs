using System.Text.Json;
using MoREdge.ModelFile;
using MoREdge.Tensors;

namespace MoREdge.Tests.Cli;

/// <summary>
/// Every file verb is fed what it must refuse: one sentence, the documented exit code, nothing lost, nothing left.
/// </summary>
public sealed class FileVerbsBadInputTests(CliFolder folder) : IClassFixture<CliFolder>
{
    public static MatrixTheoryData<string, string> VerbsTimesInputs { get; } = new(
        ["quantize", "inspect", "verify", "tokenize", "detokenize"],
        ["missing", "folder", "empty", "text", "png", "truncated", "header"]);

    [Theory]
    [MemberData(nameof(VerbsTimesInputs))]
    public void AnyVerb_BadFile_OneSentence(string verb, string kind)
    {
        string path = folder.WriteBad(kind);
        string[] before = folder.List();

        CliResult result = verb switch
        {
            "quantize" => CliRunner.Run(verb, path, "-o", folder["out.gguf"]),
            "inspect" or "verify" => CliRunner.Run(verb, path),
            _ => CliRunner.Run([verb, "-m", path], "1 2 3"),
        };

        string part = kind == "folder" ? "is a folder" : Path.GetFileName(path);
        result.AssertRefused(1, verb == "quantize" ? "" : part);
        Assert.Equal(before, folder.List());
    }

    [Theory]
    [InlineData("quantize")]
    [InlineData("quantize SOURCE")]
    [InlineData("quantize SOURCE -o x.gguf --format q5")]
    [InlineData("quantize SOURCE -o x.gguf --nonsense")]
    [InlineData("inspect")]
    [InlineData("verify")]
    [InlineData("tokenize")]
    [InlineData("tokenize -m x.gguf --ids --json")]
    [InlineData("detokenize")]
    [InlineData("nonsense")]
    public void AnyVerb_WrongFlags_ExitCodeTwo(string line) => CliRunner.Run(line.Split(' ')).AssertRefused(2, "");

    /// <summary>Who begins with a download does not know yet that quantize comes first.</summary>
    [Theory]
    [InlineData("chat", "")]
    [InlineData("generate", "model.safetensors")]
    public void AnyVerb_Checkpoint_NamesQuantize(string verb, string file) =>
        CliRunner.Run([verb, "-m", Path.Combine(folder.Source, file)], "a\n")
            .AssertRefused(1, "'moredge quantize' makes a model file of one.");

    [Theory]
    [InlineData("chatt", "There is no command or option 'chatt'. Try 'moredge --help'.")]
    [InlineData("-v", "There is no command or option '-v'. Try 'moredge --help'.")]
    [InlineData("", "Required command was not provided. Try 'moredge --help'.")]
    public void Program_WithoutAVerbItKnows_SaysWhich(string line, string sentence) =>
        CliRunner.Run(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).AssertRefused(2, sentence);

    [Fact]
    public void Quantize_ExistingTarget_IsKeptUntilForced()
    {
        string target = folder.Write("kept.gguf", "older"u8.ToArray());

        CliRunner.Run("quantize", folder.Source, "-o", target).AssertRefused(1, "--force");
        Assert.Equal("older", File.ReadAllText(target));

        Assert.Equal(0, CliRunner.Run("quantize", folder.Source, "-o", target, "--force").ExitCode);
        Assert.Equal("GGUF", File.ReadAllText(target)[..4]);
    }

    [Fact]
    public void Quantize_TargetIsTheSource_IsRefused()
    {
        byte[] before = File.ReadAllBytes(folder.Model);

        CliRunner.Run("quantize", folder.Model, "-o", folder.Model, "--force").AssertRefused(1, "source itself");

        Assert.Equal(before, File.ReadAllBytes(folder.Model));
        string weights = Path.Combine(folder.Source, "model.safetensors");
        CliRunner.Run("quantize", folder.Source, "-o", weights, "--force").AssertRefused(1, "belongs to the source");
    }

    [Theory]
    [InlineData("absent/out.gguf", "does not exist")]
    [InlineData("source", "is a folder")]
    public void Quantize_ImpossibleTarget_IsRefused(string target, string part) =>
        CliRunner.Run("quantize", folder.Source, "-o", folder[target], "--force").AssertRefused(1, part);

    /// <summary>What nobody could run is not made, and an older file not replaced by it.</summary>
    [Theory]
    [InlineData("blk.1.ffn_down.weight", "a.b", "blk.1.ffn_down.weight' is missing")]
    [InlineData("token_embd.weight", "a.b", "token_embd.weight' is missing")]
    [InlineData(null, "blk.0.other.weight", "no place for the tensor 'blk.0.other.weight'")]
    [InlineData(null, "split.count", "part 1 of 2 of a model")]
    public void Quantize_GgufFileThatDoesNotRun_IsRefused(string? left, string added, string part)
    {
        string source = folder["not-a-model.gguf"];
        string target = folder.Write("older.gguf", "older"u8.ToArray());
        using (GgufFile file = GgufFile.Open(folder.Model))
        {
            GgufMetadata metadata = file.Metadata;
            metadata.Set(added, GgufValue.FromUInt32(2));
            List<GgufTensorPlan> plans = [];
            foreach (GgufTensor tensor in file.Tensors.Where(tensor => tensor.Name != left))
            {
                plans.Add(new GgufTensorPlan(tensor.Name, new(tensor.Shape.Dimensions), ElementType.F32));
            }

            plans.Add(new GgufTensorPlan(added, new(1), ElementType.F32));
            using GgufWriter writer = new(source, metadata, plans, overwrite: true);
            plans.ForEach(plan => writer.Write(new byte[plan.ByteCount]));
            writer.Finish();
        }

        CliResult result = CliRunner.Run("quantize", source, "-o", target, "--force");

        Assert.Equal(1, result.ExitCode);
        AssertWarningsThenOneSentence(result.Error, part);
        Assert.Equal("older", File.ReadAllText(target));
    }

    [Fact]
    public void Quantize_MissingTokenizer_IsRefused()
    {
        string[] before = folder.List();

        CliRunner.Run("quantize", folder.Source, "-o", folder["t.gguf"], "--tokenizer", folder["absent.json"])
            .AssertRefused(1, "absent.json");
        CliRunner.Run("quantize", folder.Source, "-o", folder["t.gguf"], "--tokenizer", folder.Model)
            .AssertRefused(1, "model.gguf");

        Assert.Equal(before, folder.List());
    }

    [Theory]
    [InlineData("--tokenizer")]
    [InlineData("--mor-config")]
    public void Quantize_OptionOfCheckpointsForAGgufFile_IsRefused(string option) =>
        CliRunner.Run("quantize", folder.Model, "-o", folder["g.gguf"], option, folder.Vocabulary)
            .AssertRefused(2, $"{option} is not for it");

    [Fact]
    public void Tokenize_ModelWithoutTokenizer_SaysSo()
    {
        CliRunner.Run(["tokenize", "-m", folder.Model], "a").AssertRefused(1, "again with --tokenizer");
        CliRunner.Run(["detokenize", "-m", folder.Model], "1").AssertRefused(1, "no tokenizer");
    }

    [Theory]
    [InlineData("1 two 3", "'two'")]
    [InlineData("-1", "'-1'")]
    [InlineData("99999999999", "'99999999999'")]
    [InlineData("1 100000", "100000")]
    public void Detokenize_BadIds_OneSentence(string input, string part) =>
        CliRunner.Run(["detokenize", "-m", folder.Vocabulary], input).AssertRefused(1, part);

    [Fact]
    public void Verify_OneBitOfATensor_NamesIt()
    {
        const string Name = "blk.1.ffn_down.weight";
        byte[] bytes = File.ReadAllBytes(folder.Model);
        using (GgufFile file = GgufFile.Open(folder.Model))
        {
            bytes[file.RequireTensor(Name).Offset + 3] ^= 1;
        }

        string path = folder.Write("damaged.gguf", bytes);
        CliRunner.Run("verify", path)
            .AssertRefused(1, $"1 of 20 tensors do not match their digests; the file is damaged: {Name}.");
    }

    [Theory]
    [InlineData("quantize DAMAGED -o OUT")]
    [InlineData("logits -m DAMAGED --ids 1,2 --json")]
    [InlineData("bench -m DAMAGED -p 2 -n 1 -r 1")]
    public void AnyVerb_OneBitOfATensor_IsRefusedAndLeavesNothing(string line)
    {
        byte[] bytes = File.ReadAllBytes(folder.Model);
        using (GgufFile file = GgufFile.Open(folder.Model))
        {
            bytes[file.RequireTensor("blk.0.attn_q.weight").Offset + 3] ^= 1;
        }

        string damaged = folder.Write("flipped.gguf", bytes);
        string[] before = folder.List();
        string[] arguments = Array.ConvertAll(
            line.Split(' '),
            word => word switch { "DAMAGED" => damaged, "OUT" => folder["laundered.gguf"], _ => word });

        CliResult result = CliRunner.Run(arguments);

        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        AssertWarningsThenOneSentence(result.Error, "do not match their digest");
        Assert.Equal(before, folder.List());
    }

    /// <summary>What a file says about itself may be meant for the terminal of whoever reads the refusal.</summary>
    [Fact]
    public void AnyVerb_HostileMetadata_ReachesTheTerminalAsPlainTextWithinBounds()
    {
        string hostile = folder["hostile.gguf"];
        GgufMetadata metadata = new();
        metadata.Set(MetadataKeys.Architecture, GgufValue.FromString("llama"));
        metadata.Set(
            MetadataKeys.TokenizerModel,
            GgufValue.FromString(string.Concat(Enumerable.Repeat("\u001b]0;owned\u0007\u001b[31m", 5000))));
        metadata.Set(MetadataKeys.TokenizerTokens, GgufValue.FromStrings("a"));
        using (GgufWriter writer = new(hostile, metadata, []))
        {
            writer.Finish();
        }

        CliResult result = CliRunner.Run(["tokenize", "-m", hostile], "a");

        result.AssertRefused(1, "?]0;owned??[31m");
        Assert.DoesNotContain('\u001b', result.Error);
        Assert.InRange(result.Error.Length, 500, 1100);
    }

    [Fact]
    public void Verify_FileWithoutDigests_IsAFailure()
    {
        string path = folder.Write("plain.gguf", [.. "GGUF"u8, 3, 0, 0, 0, .. new byte[16]]);
        CliRunner.Run("verify", path).AssertRefused(1, "no digests");

        CliResult result = CliRunner.Run("verify", path, "--json");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("no digests", result.Error, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("intact").ValueKind);
        Assert.Equal(0, json.RootElement.GetProperty("damaged").GetArrayLength());
    }

    [Fact]
    public void Quantize_FileLargerThanTheDiskAllows_LeavesNothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "ulimit is a shell command of Unix.");
        string[] before = folder.List();

        // The limit would also hit the file through which the runtime maps code twice.
        CliResult result = CliRunner.RunShell(
            $"export DOTNET_EnableWriteXorExecute=0; ulimit -f 1; "
            + $"$MOREDGE quantize '{folder.Source}' -o '{folder["big.gguf"]}' --format f32");

        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        AssertWarningsThenOneSentence(result.Error, "big.gguf");
        Assert.Equal(before, folder.List());
    }

    [Theory]
    [InlineData("inspect MODEL")]
    [InlineData("inspect MODEL --json")]
    [InlineData("verify MODEL")]
    [InlineData("tokenize -m VOCABULARY < MODEL")]
    [InlineData("quantize SOURCE -o OUT")]
    public void AnyVerb_FullStandardOutput_OneSentence(string line)
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "/dev/full is a device of Linux.");
        string command = line.Replace("MODEL", folder.Model, StringComparison.Ordinal)
            .Replace("VOCABULARY", folder.Vocabulary, StringComparison.Ordinal)
            .Replace("SOURCE", folder.Source, StringComparison.Ordinal)
            .Replace("OUT", folder["full.gguf"], StringComparison.Ordinal);

        CliResult result = CliRunner.RunShell($"$MOREDGE {command} > /dev/full");

        Assert.Equal(1, result.ExitCode);
        AssertWarningsThenOneSentence(result.Error, "No space left");
        File.Delete(folder["full.gguf"]);
    }

    /// <summary>Nobody writes to the named pipe: opening it would wait, and Ctrl-C not end that.</summary>
    [Theory]
    [InlineData("verify PIPE")]
    [InlineData("inspect PIPE")]
    [InlineData("quantize PIPE -o OUT")]
    [InlineData("quantize <(cat MODEL) -o OUT")]
    public void AnyVerb_Pipe_OneSentence(string line)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "mkfifo is a command of Unix.");
        string pipe = folder["named-pipe"];
        CliRunner.RunShell($"[ -p '{pipe}' ] || mkfifo '{pipe}'");
        string arguments = line.Replace("PIPE", $"'{pipe}'").Replace("OUT", $"'{folder["out.gguf"]}'")
            .Replace("MODEL", $"'{folder.Model}'");

        CliRunner.RunShell($"timeout -s KILL 60 $MOREDGE {arguments}").AssertRefused(1, "");
    }

    [Fact]
    public void Inspect_UnreadableFile_OneSentence()
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "The administrator may read everything.");
        string path = folder.Write("locked.gguf", File.ReadAllBytes(folder.Model));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.None);
        }

        CliRunner.Run("inspect", path).AssertRefused(1, "locked.gguf");
    }

    private static void AssertWarningsThenOneSentence(string error, string part)
    {
        string[] sentences = error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("moredge: ", sentences[^1], StringComparison.Ordinal);
        Assert.Contains(part, sentences[^1], StringComparison.Ordinal);
        Assert.All(
            sentences[..^1],
            sentence => Assert.StartsWith("moredge: warning: ", sentence, StringComparison.Ordinal));
    }
}
