namespace MoREdge.Tests.Cli;

/// <summary>tools/benchmarks/small-board.sh, as far as it goes without root and a published binary.</summary>
public sealed class SmallBoardScriptTests
{
    [Theory]
    [InlineData("", "usage: small-board.sh BINARY [FILE [CONTEXT]]")]
    [InlineData("no-such-program", "no-such-program is not a program.")]
    [InlineData("/bin/bash no-such-model", "no-such-model is not a file.")]
    [InlineData("/bin/bash any many", "the context is a number of tokens, not 'many'.")]
    public void Arguments_Wrong_AreRefusedInOneSentence(string arguments, string sentence)
    {
        CliResult result = CliRunner.RunShell(
            $"{SharedData.InRepository("tools/benchmarks/small-board.sh")} {arguments}");
        Assert.Equal(
            (2, "", $"small-board: {sentence}\n"), (result.ExitCode, result.Output, result.Error));
    }
}
