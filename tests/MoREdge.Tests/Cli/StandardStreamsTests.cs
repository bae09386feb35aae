using System.Globalization;
using MoREdge.ModelFile;

namespace MoREdge.Tests.Cli;

/// <summary>Standard streams that are full or closed.</summary>
public sealed class StandardStreamsTests(CliFolder folder) : IClassFixture<CliFolder>
{
    private const string Prompt = "generate -p Once -n 4 --temp 0";

    [Theory]
    [InlineData(Prompt + " 2> /dev/full", 0)]
    [InlineData(Prompt + " 2>&-", 0)]
    [InlineData(Prompt + " <&- 2>&-", 0)]
    [InlineData("inspect absent.gguf 2> /dev/full", 1)]
    [InlineData("inspect 2> /dev/full", 2)]
    public void Error_FullOrClosed_ChangesNothing(string line, int exitCode)
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "/dev/full is a device of Linux.");
        CliResult result = CliRunner.RunShell($"$MOREDGE {line}");

        Assert.Equal((exitCode, ""), (result.ExitCode, result.Error));
        Assert.Equal(exitCode == 0, result.Output.Length > 1);
    }

    [Theory]
    [InlineData("inspect '{0}'")]
    [InlineData("inspect '{0}' --json")]
    [InlineData("logits -m '{0}' --ids 1,2 --json")]
    [InlineData(Prompt)]
    [InlineData("chat -n 4 <<< hi")]
    [InlineData("--help")]
    public void Output_Closed_IsOneSentence(string line)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "A shell of Unix closes the stream.");
        CliResult result = CliRunner.RunShell(
            $"$MOREDGE {string.Format(CultureInfo.InvariantCulture, line, folder.Model)} >&-");

        result.AssertRefused(1, "Standard output is closed");
    }

    // Statistics on standard error would say that the text was generated to its end.
    [Theory]
    [InlineData("generate -p Once -n 200 --temp 0 --ignore-eos")]
    [InlineData("logits -m '{0}' --ids 1,2 --json")]
    [InlineData("chat -n 4 <<< hi")]
    [InlineData("--help")]
    public void Output_ReaderGone_EndsQuietly(string line)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "A shell of Unix ends the reader.");
        CliResult result = CliRunner.RunShell(
            $"$MOREDGE {string.Format(CultureInfo.InvariantCulture, line, folder.Model)} | true; "
            + "exit ${PIPESTATUS[0]}");

        result.AssertSilent();
    }

    /// <summary>As a program leaves it that shares the pipe. The reader comes when the pipe is full.</summary>
    [Fact]
    public void Output_PipeThatDoesNotBlock_IsWrittenToItsEnd()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The dd of Linux changes its streams.");
        string line = "$MOREDGE logits -m mor-stories --ids 1,2,3,4,5,6,7,8 --json";
        string expected = CliRunner.RunShell($"{line} | wc -c").Output;

        CliResult result = CliRunner.RunShell(
            $"{{ dd oflag=nonblock status=none </dev/null; {line}; }} | {{ sleep 3; wc -c; }}");

        Assert.Equal((expected, ""), (result.Output, result.Error));
        Assert.True(long.Parse(expected, CultureInfo.InvariantCulture) > 1 << 18, "It fits into the pipe.");
    }

    [Theory]
    [InlineData("generate -f - -n 4 --temp 0")]
    [InlineData("chat -n 4 --temp 0")]
    [InlineData("tokenize -m mor-stories")]
    public void Input_PipeThatDoesNotBlock_IsWaitedFor(string arguments)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The dd of Linux changes its streams.");
        string expected = CliRunner.RunShell($"echo Once | $MOREDGE {arguments}").Output;

        CliResult result = CliRunner.RunShell(
            $"(sleep 3; echo Once) | {{ dd iflag=nonblock count=0 status=none; $MOREDGE {arguments}; }}");

        Assert.Equal((0, expected), (result.ExitCode, result.Output));
        Assert.True(expected.Length > 1);
    }

    [Fact]
    public void Output_ReaderGone_DamageStaysAFailure()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "A shell of Unix ends the reader.");
        byte[] bytes = File.ReadAllBytes(folder.Model);
        using (GgufFile file = GgufFile.Open(folder.Model))
        {
            bytes[file.Tensors[0].Offset] ^= 1;
        }

        string damaged = folder.Write("damaged-for-pipe.gguf", bytes);
        CliResult result = CliRunner.RunShell(
            $"$MOREDGE verify '{damaged}' --json | true; " + "exit ${PIPESTATUS[0]}");

        result.AssertRefused(1, "damaged");
    }

    [Fact]
    public void Output_FileOfOthers_IsContinued()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "A shell of Unix shares the file.");
        string file = folder["shared-output.txt"];
        CliRunner.RunShell($"(echo before; $MOREDGE {Prompt}; echo behind) > '{file}'");

        string[] lines = File.ReadAllLines(file);
        Assert.Equal(("before", "behind", 3), (lines[0], lines[^1], lines.Length));
    }
}
