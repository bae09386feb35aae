using System.Text.RegularExpressions;
using MoREdge.Tests.ModelFile;

namespace MoREdge.Tests.Cli;

/// <summary>The text that verbs read: the same from a file and from standard input, and bounded.</summary>
public sealed class TextInputTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<byte[], bool> Texts { get; } = new()
    {
        { "\uFEFFOnce"u8.ToArray(), true },
        { "Once"u8.ToArray(), true },
        { [0xFF, 0xFE, (byte)'O', 0, (byte)'n', 0], false },
        { [(byte)'O', 0xC3, (byte)'n'], false },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void Generate_FromAFileOrStandardInput_IsTheSame(byte[] bytes, bool isUtf8)
    {
        string path = _folder.Write("text.txt", bytes);
        string[] arguments = ["generate", "--temp", "0", "-n", "8", "-f"];

        CliResult file = CliRunner.Run([.. arguments, path]);
        CliResult input = CliRunner.RunWithBytes(bytes, [.. arguments, "-"]);

        Assert.Equal((0, file.Output), (input.ExitCode, input.Output));
        Assert.Equal(!isUtf8, file.Error.Contains("warning: " + path, StringComparison.Ordinal));
        Assert.Equal(!isUtf8, input.Error.Contains("warning: Standard input is not", StringComparison.Ordinal));
        if (isUtf8)
        {
            Assert.Equal(CliRunner.Run("generate", "--temp", "0", "-n", "8", "-p", "Once").Output, file.Output);
        }
    }

    [Fact]
    public void ByteOrderMark_InFrontOfAText_IsNotPartOfIt()
    {
        const string Marked = "\uFEFFTell me a story.";
        string[] perplexity = ["perplexity", "-m", "mor-stories", "-f", "-"];
        string[] tokenize = ["tokenize", "-m", "mor-stories"];
        string[] chat = ["chat", "--temp", "0", "-n", "8"];

        foreach (string[] arguments in (string[][])[perplexity, tokenize, chat])
        {
            CliResult marked = CliRunner.Run(arguments, Marked);
            Assert.Equal(CliRunner.Run(arguments, Marked[1..]).Output, marked.Output);
            Assert.Equal(0, marked.ExitCode);
        }
    }

    /// <summary>As a shell passes a file on: -p "$(cat FILE)".</summary>
    [Theory]
    [InlineData("generate", "-p")]
    [InlineData("chat", "--system")]
    public void ByteOrderMark_InFrontOfAnOption_IsNotPartOfIt(string verb, string option)
    {
        string[] arguments = [verb, "--temp", "0", "-n", "8", option];
        CliResult plain = CliRunner.Run([.. arguments, "Once"], "Hi\n/stats\n");
        CliResult marked = CliRunner.Run([.. arguments, "\uFEFFOnce"], "Hi\n/stats\n");

        Assert.Equal((0, plain.Output), (marked.ExitCode, marked.Output));
        Assert.Equal(PromptTokens(plain), PromptTokens(marked));
    }

    [Theory]
    [InlineData("generate -f /dev/zero", "/dev/zero is longer than 131072 KiB.")]
    [InlineData("generate -f - < /dev/zero", "Standard input is longer than 131072 KiB.")]
    [InlineData("perplexity -m mor-stories -f /dev/zero", "/dev/zero is longer than 131072 KiB.")]
    [InlineData("tokenize -m mor-stories < /dev/zero", "Standard input is longer than 131072 KiB.")]
    [InlineData("chat < /dev/zero", "Standard input has a line longer than 131072 KiB.")]
    public void Text_WithoutAnEnd_IsRefused(string line, string sentence)
    {
        Assert.SkipUnless(File.Exists("/dev/zero"), "/dev/zero is a device of Unix.");
        CliRunner.RunShell($"$MOREDGE {line}").AssertRefused(1, sentence);
    }

    [Theory]
    [InlineData("Tell me a story.\r\n/stats\r\n")]
    [InlineData("Tell me a story.\r/stats")]
    public void Chat_AnyLineEnd_EndsALine(string input)
    {
        CliResult result = CliRunner.Run(["chat", "--temp", "0", "-n", "4"], input);

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("prompt   ", result.Error, StringComparison.Ordinal);
    }

    private static string PromptTokens(CliResult result) => Regex.Match(result.Error, "prompt +([0-9]+) tokens").Value;
}
