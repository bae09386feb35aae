using System.Diagnostics;
using System.Text;

namespace MoREdge.Tests.Cli;

/// <summary>What one run of the program left behind.</summary>
internal sealed record CliResult(int ExitCode, string Output, string Error)
{
    /// <summary>Checks an expected refusal: the exit code, nothing on standard output, one sentence on standard error.</summary>
    public void AssertRefused(int exitCode, string part)
    {
        Assert.Equal(exitCode, ExitCode);
        Assert.Equal("", Output);
        string line = Assert.Single(Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("moredge: ", line, StringComparison.Ordinal);
        Assert.Contains(part, line, StringComparison.OrdinalIgnoreCase);
    }
}

/// <summary>Runs the built program as a user does: another process, its own streams.</summary>
internal static class CliRunner
{
    private const int TimeoutMs = 300_000;

    /// <summary>Runs moredge with <paramref name="arguments"/> and no input.</summary>
    public static CliResult Run(params string[] arguments) => Run(arguments, "");

    /// <summary>Runs moredge.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="input">Standard input.</param>
    /// <param name="environment">Variables beside the inherited ones.</param>
    public static CliResult Run(string[] arguments, string input, params (string Name, string Value)[] environment)
    {
        ProcessStartInfo start = new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = new UTF8Encoding(false),
            StandardErrorEncoding = new UTF8Encoding(false),
        };
        start.ArgumentList.Add(ProgramPath());
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        StringBuilder error = new();
        process.ErrorDataReceived += (_, line) => error.Append(line.Data is null ? "" : line.Data + "\n");
        process.BeginErrorReadLine();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        string output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(TimeoutMs), $"moredge {string.Join(' ', arguments)} does not end.");
        process.WaitForExit();
        return new CliResult(process.ExitCode, output, error.ToString());
    }

    /// <summary>The program of the same configuration and framework as the tests.</summary>
    private static string ProgramPath()
    {
        string[] parts = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar).Split(Path.DirectorySeparatorChar);
        return SharedData.InRepository(Path.Combine("tools", "moredge", "bin", parts[^2], parts[^1], "moredge.dll"));
    }
}
