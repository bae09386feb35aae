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

    [Fact]
    public void Output_Closed_IsAFailure()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "A shell of Unix closes the stream.");
        Assert.Equal(1, CliRunner.RunShell($"$MOREDGE inspect '{folder.Model}' >&-").ExitCode);
    }
}
