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
}
