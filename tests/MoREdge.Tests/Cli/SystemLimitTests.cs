using System.Globalization;
using System.Text.Json;

namespace MoREdge.Tests.Cli;

/// <summary>Where the system has less to give than was asked for.</summary>
public sealed class SystemLimitTests
{
    [Fact]
    public void Threads_MoreThanTheSystemStarts_IsASentenceAboutThreads()
    {
        CliResult result = CliRunner.RunShell(
            """
            base=/sys/fs/cgroup
            [ ! -d $base/pids ] || base=$base/pids
            group=$base/moredge-threads-$$
            mkdir $group || exit 77
            trap 'echo $$ >$base/cgroup.procs; rmdir $group' EXIT
            { echo 100 >$group/pids.max && echo $$ >$group/cgroup.procs; } || exit 77
            $MOREDGE generate --threads 200 -n 1
            """);
        Assert.SkipWhen(result.ExitCode == 77, "No control group of one's own can be made here.");
        result.AssertRefused(1, "of 200 threads; ask for fewer");
    }

    /// <summary>Memory is given when it is touched, so there is no refusal that could say so.</summary>
    [Fact]
    public void Context_LargerThanTheMemory_IsAWarning()
    {
        // Eight slots of 1 KB per token, each of which alone would fit.
        long context = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2 / 1024;
        string[] arguments = ["generate", "-p", "Once", "-n", "1", "--temp", "0", "--context"];

        CliResult large = CliRunner.Run([.. arguments, context.ToString(CultureInfo.InvariantCulture)]);
        CliResult small = CliRunner.Run([.. arguments, "64"]);

        Assert.Equal((0, 0), (large.ExitCode, small.ExitCode));
        Assert.Contains($"a text of {context} tokens takes", large.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("warning", small.Error, StringComparison.Ordinal);
    }

    /// <summary>A system without /proc, or with one that hides it.</summary>
    [Fact]
    public void Memory_ThatTheSystemHides_IsUnknown()
    {
        const string Hide = "unshare -m true 2>/dev/null || exit 77; unshare -m sh -c \"mount --bind /dev/null "
            + "/proc/meminfo || exit 77; $MOREDGE";
        CliResult text = CliRunner.RunShell($"{Hide} doctor\"");
        Assert.SkipWhen(text.ExitCode == 77, "Nothing can be mounted here.");
        CliResult json = CliRunner.RunShell($"{Hide} doctor --json\"");

        Assert.Matches(@"memory +\d+(\.\d)? GB, unknown available", text.Output);
        using JsonDocument report = JsonDocument.Parse(json.OutputBytes);
        Assert.Equal(JsonValueKind.Null, report.RootElement.GetProperty("memory_available_bytes").ValueKind);
    }

    /// <summary>
    /// A line that wraps is not redrawn but repeated. The terminal is a dumb one: to others .NET sends its settings
    /// again, in the middle of a line, when the program goes on behind a stop.
    /// </summary>
    [Fact]
    public void Progress_OnANarrowTerminal_StaysOnItsLine()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "No tool that makes a terminal.");
        string text = SharedData.InRepository("src/DECISIONS.md");

        CliResult result = CliRunner.RunShell(
            "TERM=dumb script -qec \"stty cols 24; "
            + $"$MOREDGE perplexity -m mor-commands -f '{text}'\" /dev/null </dev/null");

        Assert.True(result.ExitCode == 0, result.Output);
        string[] drawn = Array.FindAll(
            result.Output.Split('\r'), line => line.StartsWith("Scoring", StringComparison.Ordinal));
        Assert.NotEmpty(drawn);
        Assert.All(drawn, line => Assert.InRange(line.Length, 1, 23));
    }
}
