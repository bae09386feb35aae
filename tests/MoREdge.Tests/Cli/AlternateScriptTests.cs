using MoREdge.Tests.ModelFile;

namespace MoREdge.Tests.Cli;

/// <summary>tools/benchmarks/alternate.sh, which compares two commands.</summary>
public sealed class AlternateScriptTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Numbers_OfTwoCommands_AreTakenInTurnAndComparedPairByPair()
    {
        // Each command counts its own runs: A prints 10, 20, 30; B prints 2, 5, 5.
        string a = "echo a >>log; echo \"speed: $(grep -c a log)0 tok/s (x)\"";
        string b = "echo b >>log; n=$(grep -c b log); echo noise; echo \"tg | $((n == 1 ? 2 : 5)).0 |\"";
        CliResult result = Run(3, a, "speed: ([0-9.]+)", b, @"tg \| ([0-9.]+)");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Equal("A      20 (10-30)\nB      5 (2-5)\nA / B  5 (4-6)\n", result.Output);
        Assert.Equal("a\nb\na\nb\na\nb\n", File.ReadAllText(_folder.File("log")));
    }

    [Theory]
    [InlineData(1, "exit 3", "x", "The command ended with exit code 3: exit 3")]
    [InlineData(1, "echo 1.2.3", "([0-9.]+)", "No line of the output matches '([0-9.]+)' with a number: echo 1.2.3")]
    [InlineData(1, "echo fast", "([0-9]+)", "No line of the output matches '([0-9]+)' with a number: echo fast")]
    [InlineData(2, "echo 1", "([0-9]+)", "'0' is not a count from 1 to 9999.")]
    public void Input_Bad_IsRefusedInOneSentence(int exitCode, string command, string regex, string sentence)
    {
        CliResult result = Run(exitCode == 2 ? 0 : 1, command, regex, "echo 1", "([0-9]+)");
        Assert.Equal(
            (exitCode, "", $"alternate.sh: {sentence}\n"), (result.ExitCode, result.Output, result.Error));
    }

    private CliResult Run(int count, params string[] rest)
    {
        string script = SharedData.InRepository("tools/benchmarks/alternate.sh");
        string arguments = string.Join(' ', Array.ConvertAll(rest, text => $"'{text.Replace("'", "'\\''")}'"));
        return CliRunner.RunShell($"cd '{_folder.Path}'; '{script}' {count} {arguments}");
    }
}
