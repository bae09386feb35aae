using System.Diagnostics;
using System.Text;

namespace MoREdge.Tests.Cli;

/// <summary>What one run of the program gave.</summary>
/// <param name="ExitCode">The exit code.</param>
/// <param name="OutputBytes">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal sealed record CliResult(int ExitCode, byte[] OutputBytes, string Error)
{
    /// <summary>Standard output as text.</summary>
    public string Output => Encoding.UTF8.GetString(OutputBytes);

    /// <summary>Checks success without a word on standard error.</summary>
    public CliResult Succeeds()
    {
        Assert.Equal((0, ""), (ExitCode, Error));
        return this;
    }

    /// <summary>Checks an exit code, an empty standard output, and exactly one sentence that holds <paramref name="part"/>.</summary>
    public void Fails(int exitCode, string part)
    {
        Assert.Equal((exitCode, ""), (ExitCode, Output));
        Assert.StartsWith("moredge: ", Error, StringComparison.Ordinal);
        Assert.Contains(part, Error, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(Error.Length - 1, Error.IndexOf('\n', StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", Error, StringComparison.Ordinal);
    }
}

/// <summary>Runs the built program in a process of its own, as a user does.</summary>
internal static class CliRunner
{
    private const int MillisecondsMax = 120_000;

    /// <summary>The program lies beside the tests, because they reference it.</summary>
    public static string ProgramPath { get; } = Path.Combine(AppContext.BaseDirectory, "moredge.dll");

    /// <summary>Runs a verb with nothing on standard input.</summary>
    public static CliResult Run(params string[] arguments) => RunWithInput([], arguments);

    /// <summary>Runs a verb with text on standard input.</summary>
    public static CliResult RunWithText(string input, params string[] arguments) =>
        RunWithInput(Encoding.UTF8.GetBytes(input), arguments);

    /// <summary>Runs a verb with bytes on standard input.</summary>
    public static CliResult RunWithInput(byte[] input, params string[] arguments) =>
        Start("dotnet", [ProgramPath, .. arguments], input);

    /// <summary>Runs a verb with an environment variable set.</summary>
    public static CliResult RunWithVariable(string name, string value, params string[] arguments) =>
        Start("dotnet", [ProgramPath, .. arguments], [], (name, value));

    /// <summary>Runs a shell line in which $MOREDGE stands for the program; for limits and redirections.</summary>
    public static CliResult RunShell(string line) => Start("bash", ["-c", $"MOREDGE='dotnet {ProgramPath}'; {line}"], []);

    private static CliResult Start(
        string file, string[] arguments, byte[] input, (string Name, string Value)? variable = null)
    {
        ProcessStartInfo info = new(file, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        if (variable is { } set)
        {
            info.Environment[set.Name] = set.Value;
        }

        using Process process = Process.Start(info)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        using MemoryStream output = new();
        Task copy = process.StandardOutput.BaseStream.CopyToAsync(output);
        WriteInput(process, input);
        if (!process.WaitForExit(MillisecondsMax))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"'{string.Join(' ', arguments)}' did not end in {MillisecondsMax / 1000} seconds.");
        }

        Assert.True(Task.WaitAll([error, copy], MillisecondsMax));
        return new CliResult(process.ExitCode, output.ToArray(), error.Result);
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
}
