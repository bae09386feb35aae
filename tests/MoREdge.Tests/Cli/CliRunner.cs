using System.Diagnostics;
using System.Text;

namespace MoREdge.Tests.Cli;

/// <summary>What one run of the program left behind.</summary>
/// <param name="ExitCode">The exit code.</param>
/// <param name="OutputBytes">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal sealed record CliResult(int ExitCode, byte[] OutputBytes, string Error)
{
    /// <summary>Standard output as text.</summary>
    public string Output => Encoding.UTF8.GetString(OutputBytes);

    /// <summary>
    /// Checks an expected refusal: the exit code, nothing on standard output, one sentence on standard error.
    /// </summary>
    public void AssertRefused(int exitCode, string part)
    {
        Assert.Equal((exitCode, ""), (ExitCode, Output));
        string line = Assert.Single(Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("moredge: ", line, StringComparison.Ordinal);
        Assert.Contains(part, line, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("   at ", line, StringComparison.Ordinal);
    }

    /// <summary>Checks success without a word on standard error.</summary>
    public CliResult AssertSilent()
    {
        Assert.Equal((0, ""), (ExitCode, Error));
        return this;
    }
}

/// <summary>Runs the built program as a user does: another process, its own streams.</summary>
internal static class CliRunner
{
    private const int TimeoutMs = 300_000;

    /// <summary>
    /// A shell cannot hear again what it was started to ignore, and neither can a process of .NET or its children; the
    /// env of GNU can. Elsewhere signals are as they were.
    /// </summary>
    private static readonly Lazy<string[]> HearingSignals = new(() =>
    {
        string[] env = ["env", "--default-signal=HUP,INT,QUIT"];
        return OperatingSystem.IsLinux() && Start(env[0], [env[1], "true"], []).ExitCode == 0 ? env : [];
    });

    private static string DotnetPath => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    /// <summary>Runs moredge with <paramref name="arguments"/> and no input.</summary>
    public static CliResult Run(params string[] arguments) => Run(arguments, "");

    /// <summary>Runs moredge.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="input">Standard input.</param>
    /// <param name="environment">Variables beside the inherited ones.</param>
    public static CliResult Run(string[] arguments, string input, params (string Name, string Value)[] environment) =>
        Start(DotnetPath, [ProgramPath(), .. arguments], Encoding.UTF8.GetBytes(input), environment);

    /// <summary>Runs moredge with bytes on standard input.</summary>
    public static CliResult RunWithBytes(byte[] input, params string[] arguments) =>
        Start(DotnetPath, [ProgramPath(), .. arguments], input);

    /// <summary>
    /// Runs a shell line in which $MOREDGE stands for the program: for limits, redirections and signals. Signals that
    /// whoever started the tests ignores (nohup, a job of a shell without job control) are heard again.
    /// </summary>
    /// <param name="line">What the shell runs.</param>
    /// <param name="before">Words in front of it: another command that runs it.</param>
    public static CliResult RunShell(string line, params string[] before)
    {
        string[] words =
            [.. before, .. HearingSignals.Value, "bash", "-c", $"MOREDGE='{DotnetPath} {ProgramPath()}'; {line}"];
        return Start(words[0], words[1..], []);
    }

    private static CliResult Start(
        string file, string[] arguments, byte[] input, params (string Name, string Value)[] environment)
    {
        ProcessStartInfo start = new(file, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardErrorEncoding = new UTF8Encoding(false),
        };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        StringBuilder error = new();
        process.ErrorDataReceived += (_, line) => error.Append(line.Data is null ? "" : line.Data + "\n");
        process.BeginErrorReadLine();
        WriteInput(process, input);
        using MemoryStream output = new();
        process.StandardOutput.BaseStream.CopyTo(output);
        Assert.True(process.WaitForExit(TimeoutMs), $"moredge {string.Join(' ', arguments)} does not end.");
        process.WaitForExit();
        return new CliResult(process.ExitCode, output.ToArray(), error.ToString());
    }

    private static void WriteInput(Process process, byte[] input)
    {
        try
        {
            process.StandardInput.BaseStream.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // A program that refuses its flags ends without reading its input.
        }
    }

    /// <summary>The program of the same configuration and framework as the tests.</summary>
    private static string ProgramPath()
    {
        string[] parts = AppContext.BaseDirectory
            .TrimEnd(Path.DirectorySeparatorChar).Split(Path.DirectorySeparatorChar);
        return SharedData.InRepository(Path.Combine("tools", "moredge", "bin", parts[^2], parts[^1], "moredge.dll"));
    }
}
