using System.Globalization;
using System.Text.RegularExpressions;
using MoREdge.Tests.ModelFile;

namespace MoREdge.Tests.Cli;

/// <summary>moredge generate with the built-in model, which needs no -m.</summary>
public sealed class GenerateVerbTests : IDisposable
{
    private const string Prompt = "Once upon a time, there was a little";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Some programs send it twice, and some people press the keys until something happens.</summary>
    [Fact]
    public void Interrupt_SentUntilTheEnd_IsOneSentenceEachTime()
    {
        // Job control, or the shell starts the program with the interrupt ignored.
        CliResult result = CliRunner.RunShell(
            $$"""
            set -m; cd '{{_folder.Path}}'
            for round in 1 2 3 4 5; do
                : > out
                $MOREDGE generate -m mor-stories --ignore-eos -n 100000 --context 60000 > out 2> err &
                while kill -0 $! && [ ! -s out ]; do sleep 0.02; done
                while kill -INT $! 2> /dev/null; do :; done
                wait $!; echo "$? $(tail -n 1 err)"
            done
            """);

        Assert.Equal(string.Concat(Enumerable.Repeat("1 moredge: Interrupted.\n", 5)), result.Output);
    }

    [Fact]
    public void Seed_TheSameTwice_GivesTheSameText()
    {
        string[] arguments = ["generate", "-p", Prompt, "-n", "60", "--temp", "1.5", "--seed"];

        string first = RunWell([.. arguments, "7"]).Output;

        Assert.Equal(first, RunWell([.. arguments, "7"]).Output);
        Assert.NotEqual(first, RunWell([.. arguments, "8"]).Output);
    }

    [Fact]
    public void Stop_Text_EndsAndIsNotPrinted()
    {
        CliResult result = RunWell("generate", "-p", Prompt, "--temp", "0", "--stop", "Lily", "--stop", "never said");

        Assert.Equal(" girl named \n", result.Output);
        Assert.Contains("stopped by a stop string", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Tokens_One_PrintsOneToken()
    {
        CliResult result = RunWell("generate", "-p", Prompt, "--temp", "0", "-n", "1");

        Assert.Equal(" girl\n", result.Output);
        Assert.Contains("stopped by the token limit", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Prompt_FromArgumentFileOrStandardInput_IsTheSame()
    {
        string path = _folder.Write("prompt.txt", "Once upon a time, there was a little"u8.ToArray());
        string[] arguments = ["generate", "--temp", "0", "-n", "20"];

        string expected = RunWell([.. arguments, "-p", Prompt]).Output;

        Assert.Equal(expected, RunWell([.. arguments, "-f", path]).Output);
        Assert.Equal(expected, CliRunner.Run([.. arguments, "-f", "-"], Prompt).Output);
    }

    /// <summary>What a file makes a model say must not drive a terminal.</summary>
    [Fact]
    public void Output_OnATerminal_HoldsNoControlCharacters()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "script, which makes a terminal, is not installed.");
        string path = new ByteModel().Write(_folder.File("m.gguf"));
        string line = $"$MOREDGE generate -m {path} -p x --temp 100 --top-k 0 --top-p 1 --min-p 0 -n 60 --seed 1";

        string piped = CliRunner.RunShell(line).Output;
        string shown = CliRunner.RunShell($"TERM=dumb script -qec \"{line}\" /dev/null").Output;

        Assert.Contains(piped, IsDriving);
        string expected = string.Concat(piped.Select(said => IsDriving(said) ? '?' : said)).Trim();
        Assert.Contains(WithoutReturns(expected), WithoutReturns(shown), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--max-depth 1", "mean 1.00 of 3 recursions (decode 1.00)")]
    [InlineData("--routing full", "mean 3.00 of 3 recursions (decode 3.00)")]
    public void Depth_Asked_IsTheDepthRun(string options, string statistics)
    {
        CliResult result = RunWell(["generate", "-p", Prompt, "-n", "30", "--ignore-eos", .. options.Split(' ')]);

        Assert.Contains(statistics, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Kv_Shared_HoldsFewerBytes()
    {
        string[] arguments = ["generate", "-p", Prompt, "-n", "100", "--ignore-eos", "--routing", "full", "--kv"];

        double own = KvKilobytes(RunWell([.. arguments, "recursion"]));
        double shared = KvKilobytes(RunWell([.. arguments, "shared"]));

        // Four layers of a prefix, a shared block and a suffix: three recursions of the block become one.
        Assert.True(shared < own, $"Shared keys and values hold {shared} KB, a recursion's own {own} KB.");
    }

    [Theory]
    [InlineData("-p a -f b", "not by both")]
    [InlineData("--temp -1", "temperature")]
    [InlineData("-n 0", "--tokens")]
    [InlineData("--max-depth 4", "depth")]
    [InlineData("--routing sometimes", "sometimes")]
    [InlineData("--context 999999999999", "'--context': it is not a number in range.")]
    [InlineData("--budget 0", "--budget must be a positive number")]
    [InlineData("--budget fast", "'--budget': it is not a number in range.")]
    [InlineData("--budget 10 --speculate on", "exclude each other")]
    [InlineData("--budget 10 --routing full", "cannot be budgeted")]
    [InlineData("--speculate sometimes", "'sometimes' not recognized. Must be one of: 'auto', 'on', 'off'. Try")]
    [InlineData("--speculate on --kv hybrid", "cannot speculate")]
    [InlineData("--temp warm", "'--temp': it is not a number in range.")]
    public void Options_Wrong_AreAUsageError(string options, string part) =>
        CliRunner.Run(["generate", .. options.Split(' ')]).AssertRefused(2, part);

    [Fact]
    public void Speculate_OnOrOff_GivesTheSameText()
    {
        string[] arguments = ["generate", "-p", Prompt, "-n", "80", "--temp", "0.8", "--seed", "3", "--speculate"];

        CliResult on = RunWell([.. arguments, "on"]);
        CliResult off = RunWell([.. arguments, "off"]);

        Assert.Equal(off.Output, on.Output);
        Assert.Matches(@"drafts   \d+ of \d+ were right", on.Error);
        Assert.DoesNotContain("drafts", off.Error, StringComparison.Ordinal);
        Assert.Equal(off.Output, RunWell([.. arguments, "auto"]).Output);
    }

    /// <summary>An answer begins as deep as the model makes it.</summary>
    [Theory]
    [InlineData("--max-depth 3", "so far; mean depth 1\\.[1-9]")]
    [InlineData("--max-depth 1", "even at depth 1; mean depth 1\\.00")]
    public void Budget_OutOfReach_SaysSoAndWhatItCosts(string cap, string words)
    {
        CliResult result = RunWell(
            ["generate", "-p", Prompt, "-n", "150", "--ignore-eos", "--budget", "1000000", .. cap.Split(' ')]);

        Assert.Matches(
            $@"budget   1000000 tok/s asked for, [\d.]+ reached, less than asked for {words}", result.Error);
        Assert.Contains("\ncost     ", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1e308", "1E+308")]
    [InlineData("0.00001", "1E-05")]
    [InlineData("12.5", "12.5")]
    public void Budget_OfAnySize_IsPrintedInAFewDigits(string speed, string printed) => Assert.Contains(
        $"budget   {printed} tok/s asked for, ",
        RunWell("generate", "-p", Prompt, "-n", "3", "--budget", speed).Error,
        StringComparison.Ordinal);

    [Fact]
    public void Stop_Empty_IsAUsageError() =>
        CliRunner.Run("generate", "--stop", "").AssertRefused(2, "--stop");

    [Fact]
    public void Depth_OfAModelWithoutRecursion_IsAUsageError()
    {
        string path = new ByteModel().Write(_folder.File("plain.gguf"));
        CliRunner.Run("generate", "-m", path, "-p", "a", "--max-depth", "1").AssertRefused(2, "no recursion");
        CliRunner.Run("generate", "-m", path, "-p", "a", "--speculate", "on").AssertRefused(2, "no recursion");
        CliRunner.Run("generate", "-m", path, "-p", "a", "--budget", "1").AssertRefused(2, "cannot be budgeted");
    }

    /// <summary>Advice that is none stops nobody, least of all who does not take it.</summary>
    [Fact]
    public void Sampling_FileRecommendsNone_IsAWarningUnlessAskedOtherwise()
    {
        string path = new ByteModel { Temperature = -1 }.Write(_folder.File("advice.gguf"));
        string[] arguments = ["generate", "-m", path, "-p", "a", "-n", "3", "--seed", "1"];
        const string Warning = "moredge: warning: the default is used in place of the file's general.sampling.temp: "
            + "The temperature must be finite and 0 or more.\n";

        CliResult byDefault = RunWell(arguments);
        CliResult asked = RunWell([.. arguments, "--temp", "0.8"]);

        Assert.StartsWith(Warning, byDefault.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("warning", asked.Error, StringComparison.Ordinal);
        Assert.Equal(asked.Output, byDefault.Output);
    }

    [Fact]
    public void Prompt_LongerThanTheContext_IsAFailure() =>
        CliRunner.Run("generate", "-p", Prompt, "--context", "4").AssertRefused(1, "the context holds 4 (--context)");

    [Fact]
    public void Prompt_FromAMissingFile_IsAFailure() =>
        CliRunner.Run("generate", "-f", _folder.File("absent.txt")).AssertRefused(1, "absent.txt");

    private static bool IsDriving(char said) => char.IsControl(said) && said is not ('\n' or '\r' or '\t');

    private static string WithoutReturns(string text) => text.Replace("\r", "", StringComparison.Ordinal);

    private static CliResult RunWell(params string[] arguments)
    {
        CliResult result = CliRunner.Run(arguments);
        Assert.True(result.ExitCode == 0, result.Error);
        return result;
    }

    private static double KvKilobytes(CliResult result)
    {
        Match match = Regex.Match(result.Error, @"keys and values ([\d.]+) KB");
        Assert.True(match.Success, result.Error);
        return double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
    }
}
