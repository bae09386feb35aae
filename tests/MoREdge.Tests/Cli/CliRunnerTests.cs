namespace MoREdge.Tests.Cli;

/// <summary>Tests of signals shall not depend on who started the tests.</summary>
public sealed class CliRunnerTests
{
    [Theory]
    [InlineData("HUP", 1)]
    [InlineData("INT", 2)]
    [InlineData("QUIT", 3)]
    public void RunShell_SignalsIgnoredByWhoeverStartsIt_AreHeard(string signal, int number)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Signals are sent by a shell of Unix.");
        string[] ignoring = ["bash", "-c", "trap '' HUP INT QUIT; exec \"$@\"", "-"];
        Assert.SkipUnless(
            CliRunner.RunShell("env --default-signal=HUP true").ExitCode == 0, "This env leaves signals alone.");

        CliResult result = CliRunner.RunShell($"ulimit -c 0; sh -c 'kill -{signal} $$; echo ignored'", ignoring);

        Assert.Equal((128 + number, ""), (result.ExitCode, result.Output));
    }
}
