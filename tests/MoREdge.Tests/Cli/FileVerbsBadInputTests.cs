namespace MoREdge.Tests.Cli;

/// <summary>Every file verb is fed what it must refuse: one sentence, the documented exit code, nothing lost, nothing left.</summary>
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

        result.AssertRefused(1, verb == "quantize" ? "" : Path.GetFileName(path));
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

    [Fact]
    public void Quantize_MissingTokenizer_IsRefused()
    {
        string[] before = folder.List();

        CliRunner.Run("quantize", folder.Source, "-o", folder["t.gguf"], "--tokenizer", folder["absent.json"])
            .AssertRefused(1, "absent.json");
        CliRunner.Run("quantize", folder.Source, "-o", folder["t.gguf"], "--tokenizer", folder.Model).AssertRefused(1, "model.gguf");

        Assert.Equal(before, folder.List());
    }

    [Fact]
    public void Tokenize_ModelWithoutTokenizer_SaysSo()
    {
        CliRunner.Run(["tokenize", "-m", folder.Model], "a").AssertRefused(1, "no tokenizer");
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
        byte[] bytes = File.ReadAllBytes(folder.Model);
        // The last tensor ends within the last 32 bytes; its last byte is not padding when the flip is found.
        string path = "";
        for (int i = 1; i <= 64; i += 21)
        {
            byte[] damaged = (byte[])bytes.Clone();
            damaged[^i] ^= 1;
            path = folder.Write("damaged.gguf", damaged);
        }

        CliRunner.Run("verify", path).AssertRefused(1, "blk.1.");
    }

    [Fact]
    public void Verify_FileWithoutDigests_IsAFailure() =>
        CliRunner.Run("verify", folder.Write("plain.gguf", [.. "GGUF"u8, 3, 0, 0, 0, .. new byte[16]])).AssertRefused(1, "no digests");

    [Fact]
    public void Quantize_FileLargerThanTheDiskAllows_LeavesNothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "ulimit is a shell command of Unix.");
        string[] before = folder.List();

        CliResult result = CliRunner.RunShell($"ulimit -f 1; $MOREDGE quantize '{folder.Source}' -o '{folder["big.gguf"]}' --format f32");

        result.AssertRefused(1, "big.gguf");
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
        string[] sentences = result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("moredge: ", sentences[^1], StringComparison.Ordinal);
        Assert.All(sentences[..^1], sentence => Assert.StartsWith("moredge: warning: ", sentence, StringComparison.Ordinal));
        File.Delete(folder["full.gguf"]);
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
}
