using System.Text.Json;
using MoREdge.Tests.ModelFile;

namespace MoREdge.Tests.Cli;

public sealed class BenchVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>The first row may take minutes to come; a log stays without what is short.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("--sequences 1,2")]
    [InlineData("--speculate 0.5")]
    public void Progress_OnATerminal_BeginsWithTheWarmUp(string options)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "No tool that makes a terminal.");
        string path = new ByteModel { RecursionCount = 3, HasTokenizer = false }.Write(_folder.File("m.gguf"));
        string line = $"$MOREDGE bench -m {path} -p 8 -n 4 -r 1 --threads 1 {options}";

        CliResult shown = CliRunner.RunShell($"TERM=dumb script -qec \"{line}\" /dev/null < /dev/null");

        Assert.True(shown.ExitCode == 0, shown.Output);
        string[] drawn = shown.Output.Split('\r');
        int Find(string start) => Array.FindIndex(drawn, text => text.StartsWith(start, StringComparison.Ordinal));
        int warmUp = Find("Warming up   0 %  0:0");
        int measuring = Find("Measuring   0 %  0:0");
        Assert.True(warmUp >= 0 && warmUp < measuring, shown.Output);
        CliRunner.RunShell(line).AssertSilent();
    }

    [Fact]
    public void Json_OfARecursiveModel_HasARowPerThreadCountContextAndDepth()
    {
        string path = new ByteModel { RecursionCount = 3, HasTokenizer = false }.Write(_folder.File("m.gguf"));
        CliResult result = CliRunner.Run(
            "bench", "-m", path, "-p", "8", "-n", "4", "-r", "2", "--threads", "1,2", "--filled", "0,10", "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        List<string> rows = [];
        foreach (JsonElement row in json.RootElement.GetProperty("decode").EnumerateArray())
        {
            int threads = row.GetProperty("threads").GetInt32();
            int filled = row.GetProperty("filled_tokens").GetInt32();
            int depth = row.GetProperty("depth_max").GetInt32();
            rows.Add($"{threads} {filled} {depth}");
            Assert.Equal(2, row.GetProperty("tokens_per_second").GetProperty("samples").GetArrayLength());
            Assert.True(row.GetProperty("read_bytes_per_second").GetProperty("median").GetDouble() > 0);
            Assert.Equal(depth, row.GetProperty("mean_depth").GetDouble());

            // 1 + 2·depth + 1 layer calls, the context and 2.5 tokens, keys and values of float32.
            double kvBytes = (2 + (2 * depth)) * (filled + 2.5) * 2 * ByteModel.KvDim * 4;
            Assert.Equal(kvBytes, row.GetProperty("kv_bytes_per_token").GetDouble());
            AssertRatios(json, row, threads != 1, "against_first_threads", 1, filled);
            AssertRatios(json, row, filled != 0, "against_first_filled", threads, 0);
        }

        Assert.Equal(
            [
                "1 0 3", "1 0 2", "1 0 1", "1 10 3", "1 10 2", "1 10 1",
                "2 0 3", "2 0 2", "2 0 1", "2 10 3", "2 10 2", "2 10 1",
            ],
            rows);
    }

    [Fact]
    public void Json_OfLayersWithAWindow_CountsWhatTheyReadAndKeep()
    {
        string path = new ByteModel { Window = 20, HasTokenizer = false }.Write(_folder.File("m.gguf"));
        CliResult result = CliRunner.Run(
            "bench", "-m", path, "-p", "1", "-n", "300", "-r", "2", "--threads", "1", "--filled", "18,1000", "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        JsonElement[] rows = [.. json.RootElement.GetProperty("decode").EnumerateArray()];

        // Two layers; the first of the tokens behind 18 sees 19.
        const double TokenBytes = 2 * 2 * ByteModel.KvDim * 4;
        Assert.Equal(TokenBytes * (20 - (1.0 / 300)), rows[0].GetProperty("kv_bytes_per_token").GetDouble(), 1e-9);
        Assert.Equal(TokenBytes * 20, rows[1].GetProperty("kv_bytes_per_token").GetDouble());
        Assert.Equal(TokenBytes, rows[0].GetProperty("kv_bytes_kept_per_token").GetDouble());
        Assert.InRange(
            rows[1].GetProperty("kv_bytes_kept_per_token").GetDouble(),
            TokenBytes * 20 / 1300, TokenBytes * 352 / 1300);
    }

    [Fact]
    public void Json_OfAPrefill_CountsTwoOperationsPerMultiplyAddOfTheProjections()
    {
        string path = new ByteModel { RecursionCount = 3, HasTokenizer = false }.Write(_folder.File("m.gguf"));
        CliResult result = CliRunner.Run(
            "bench", "-m", path, "-p", "8", "-n", "1", "-r", "1", "--threads", "1", "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        JsonElement row = json.RootElement.GetProperty("prefill")[0];
        double speed = row.GetProperty("tokens_per_second").GetProperty("median").GetDouble();
        double operations = row.GetProperty("operations_per_second").GetProperty("median").GetDouble();

        // 8 tokens through 8 layer calls, and one row of logits.
        const int Dim = ByteModel.ModelDim;
        double layer = (2 * Dim * Dim) + (2 * ByteModel.KvDim * Dim) + (3 * ByteModel.FfnDim * Dim);
        double expected = 2 * ((8 * 8 * layer) + (ByteModel.VocabSize * Dim));
        Assert.Equal(expected, 8 * operations / speed, expected * 1e-9);
    }

    [Fact]
    public void Json_OfSequences_HasARowPerThreadCountAndNumberOfSequences()
    {
        string path = new ByteModel { RecursionCount = 3, HasTokenizer = false }.Write(_folder.File("m.gguf"));
        CliResult result = CliRunner.Run(
            "bench", "-m", path, "-p", "8", "-n", "6", "-r", "2", "--threads", "1,2", "--sequences", "1,4",
            "--max-depth", "2", "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        List<string> rows = [];
        foreach (JsonElement row in json.RootElement.GetProperty("sequences").EnumerateArray())
        {
            int sequences = row.GetProperty("sequences").GetInt32();
            rows.Add($"{row.GetProperty("threads").GetInt32()} {sequences}");
            Assert.Equal(2, row.GetProperty("tokens_per_second").GetProperty("samples").GetArrayLength());
            Assert.Equal(2, row.GetProperty("mean_depth").GetDouble());
            Assert.Equal(sequences > 1, row.TryGetProperty("against_first_sequences", out _));

            // 8 slots for 13 tokens in 2 whole tiles of 8: keys in tiles, values in rows, float32.
            Assert.True(row.GetProperty("kv_bytes").GetInt64() >= sequences * 8L * 13 * 2 * ByteModel.KvDim * 4);
        }

        Assert.Equal(["1 1", "1 4", "2 1", "2 4"], rows);
        Assert.False(json.RootElement.TryGetProperty("decode", out _));
    }

    [Theory]
    [InlineData("mor-360m-n2", "0,1")]
    [InlineData("mor-360m-n3", "0,1,0")]
    [InlineData("mor-360m-n4", "0,1,0,0")]
    public void Sequences_OfASyntheticModel_GoAsDeepAsTheStatedShares(string shape, string shares)
    {
        CliResult result = CliRunner.Run(
            "bench", "--synthetic", shape, "--format", "q4", "--pure", "--depths", shares, "--sequences", "2",
            "-p", "2", "-n", "3", "-r", "1", "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        Assert.Equal(2, json.RootElement.GetProperty("sequences")[0].GetProperty("mean_depth").GetDouble());
    }

    /// <summary>A token touches the experts that it goes through, and no others.</summary>
    [Fact]
    public void Synthetic_OfExperts_TouchesTheChosenOnesAlone()
    {
        CliResult result = CliRunner.Run(
            "bench", "--synthetic", "granite-moe-1b", "--format", "q4", "-p", "1", "-n", "1", "-r", "1", "--threads",
            "1", "--no-probe", "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        JsonElement row = json.RootElement.GetProperty("decode")[0];
        long weights = (long)row.GetProperty("weight_bytes_per_token").GetDouble();
        long file = json.RootElement.GetProperty("file_bytes").GetInt64();
        Assert.InRange(weights, 1, file / 2);
        if (json.RootElement.TryGetProperty("touched_file_bytes", out JsonElement touched))
        {
            // One token id throughout; with what the system maps beside a page that is asked for.
            Assert.InRange(touched.GetInt64(), weights * 3 / 4, weights * 3 / 2);
        }
    }

    /// <summary>Gemma 3 1B has 999,885,952 weights, 512 columns of keys and values in each of 26 layers.</summary>
    [Fact]
    public void Synthetic_OfWindows_HasTheSizesOfItsModel()
    {
        CliResult result = CliRunner.Run(
            "bench", "--synthetic", "gemma3-1b", "--format", "q4", "--pure", "-p", "1", "-n", "1", "-r", "1",
            "--threads", "2", "--no-probe", "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        JsonElement row = json.RootElement.GetProperty("decode")[0];
        Assert.Equal(26 * 512 * 2, row.GetProperty("kv_bytes_per_token").GetDouble());
        Assert.InRange(
            json.RootElement.GetProperty("file_bytes").GetInt64() / 999_885_952.0, 0.5625, 0.5625 * 1.01);
    }

    /// <summary>A skipped layer reads no weights.</summary>
    [Fact]
    public void Synthetic_OfDepths_ReadsTheLayersThatTokensRun()
    {
        double[] weights = [Weights("1"), Weights("0.001")];

        // Half of the layers, which are four fifths of the weights, the head being the rest.
        Assert.InRange(weights[1] / weights[0], 0.55, 0.65);

        static double Weights(string share)
        {
            CliResult result = CliRunner.Run(
                "bench", "--synthetic", "mod-360m", "--format", "q4", "--pure", "--depths", share, "-p", "1", "-n", "3",
                "-r", "1", "--threads", "1", "--no-probe", "--json");
            Assert.True(result.ExitCode == 0, result.Error);
            using JsonDocument json = JsonDocument.Parse(result.Output);
            return json.RootElement.GetProperty("decode")[0].GetProperty("weight_bytes_per_token").GetDouble();
        }
    }

    [Fact]
    public void Synthetic_Smallest_RunsAndLeavesNoFile()
    {
        CliResult result = CliRunner.Run(
            ["bench", "--synthetic", "smollm2-135m", "--format", "q4", "--pure", "-p", "4", "-n", "2", "-r", "1"],
            "",
            ("TMPDIR", _folder.Path));
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("synthetic smollm2-135m q4 pure", result.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    /// <summary>Both are 4.5 bits per weight in every matrix, so that the two engines read equally much.</summary>
    [Fact]
    public void Synthetic_Kept_IsAnIntactFileAndPureWeighsAsMuchAsGgufsOwnFormat()
    {
        string packed = Keep("q4.gguf", "q4", "--pure");
        string blocks = Keep("q4_0.gguf", "q4_0");
        Assert.Equal(1, (double)new FileInfo(packed).Length / new FileInfo(blocks).Length, 0.01);
        CliRunner.Run("verify", blocks).AssertSilent();
        CliRunner.Run("bench", "--synthetic", "smollm2-135m", "--keep", packed).AssertRefused(1, "exists already");
    }

    [Theory]
    [InlineData("", "--synthetic")]
    [InlineData("--synthetic smollm2-9b", "smollm2-135m")]
    [InlineData("--synthetic smollm2-135m --format q5", "q5")]
    [InlineData("--synthetic smollm2-135m --threads 1,zwei", "--threads")]
    [InlineData("--synthetic smollm2-135m --threads 0", "--threads")]
    [InlineData("--synthetic smollm2-135m --threads 2,2", "twice")]
    [InlineData("--synthetic smollm2-135m --filled 0,", "--filled")]
    [InlineData("--synthetic smollm2-135m --filled -1", "--filled")]
    [InlineData("--synthetic smollm2-135m --keep no-such-folder/m.gguf", "no-such-folder", 1)]
    [InlineData("--synthetic smollm2-135m -n 0", "--decode")]
    [InlineData("--synthetic smollm2-135m --keep=", "--keep")]
    [InlineData("-m any.gguf --format q8", "--synthetic")]
    [InlineData("-m any.gguf --pure", "--synthetic")]
    [InlineData("-m any.gguf --depths 0.5,0.5", "--synthetic")]
    [InlineData("--synthetic smollm2-135m --depths 0.5,0.5", "none")]
    [InlineData("--synthetic mor-360m-n3 --depths 0.5,0.5", "3")]
    [InlineData("--synthetic mor-360m-n3 --depths 0.5,0.5,0.5", "sum")]
    [InlineData("--synthetic mor-360m-n3 --depths 1,-1,1", "share")]
    [InlineData("--synthetic mod-360m --depths 0.5,0.5", "one share")]
    [InlineData("--synthetic mod-360m --depths 0", "one share")]
    [InlineData("--synthetic smollm2-135m --sequences 0", "--sequences")]
    [InlineData("--synthetic smollm2-135m --sequences 2 --filled 5", "--filled")]
    [InlineData("-m any.gguf --keep other.gguf", "--synthetic")]
    [InlineData("-m any.gguf --synthetic smollm2-135m", "either")]
    public void Options_ThatDoNotFit_AreRefused(string options, string part, int exitCode = 2) =>
        CliRunner.Run(["bench", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)])
            .AssertRefused(exitCode, part);

    [Theory]
    [InlineData("-p 8 -n 40", "the 40 tokens")]
    [InlineData("-p 8 -n 40 --sequences 2", "the 48 tokens")]
    [InlineData("-p 40 -n 2 --sequences 1,2", "the 42 tokens")]
    public void Context_TooSmallForWhatIsMeasured_IsRefused(string options, string part)
    {
        string path = new ByteModel().Write(_folder.File("m.gguf"));
        CliRunner.Run(["bench", "-m", path, "--context", "10", .. options.Split(' ')])
            .AssertRefused(2, $"--context 10 does not hold {part}");
    }

    [Theory]
    [InlineData("bench", "what is measured")]
    [InlineData("perplexity", "the trained context, at most 2048")]
    [InlineData("chat", "the trained context, at most 4096")]
    [InlineData("generate", "the trained context, at most 4096")]
    [InlineData("doctor", "the trained context, at most 4096")]
    [InlineData("logits", "as many as there are ids")]
    public void Help_OfContext_NamesTheDefaultOfTheVerb(string verb, string words) => Assert.Contains(
        $"in tokens. [default: {words}]", CliRunner.Run(verb, "--help").Output, StringComparison.Ordinal);

    [Fact]
    public void Model_Missing_IsAFailure() =>
        CliRunner.Run("bench", "-m", _folder.File("none.gguf")).AssertRefused(1, "no such file");

    private static void AssertRatios(
        JsonDocument json, JsonElement row, bool isExpected, string name, int threads, int filled)
    {
        Assert.Equal(isExpected, row.TryGetProperty(name, out JsonElement ratios));
        if (!isExpected)
        {
            return;
        }

        JsonElement reference = Assert.Single(
            json.RootElement.GetProperty("decode").EnumerateArray(),
            other => other.GetProperty("threads").GetInt32() == threads
                && other.GetProperty("filled_tokens").GetInt32() == filled
                && other.GetProperty("depth_max").GetInt32() == row.GetProperty("depth_max").GetInt32());
        for (int i = 0; i < ratios.GetProperty("samples").GetArrayLength(); i++)
        {
            Assert.Equal(Speed(row, i) / Speed(reference, i), ratios.GetProperty("samples")[i].GetDouble(), 1e-9);
        }
    }

    private static double Speed(JsonElement row, int repetition) =>
        row.GetProperty("tokens_per_second").GetProperty("samples")[repetition].GetDouble();

    private string Keep(string name, params string[] format)
    {
        string path = _folder.File(name);
        CliResult result = CliRunner.Run(
            [
                "bench", "--synthetic", "smollm2-135m", "-p", "1", "-n", "1", "-r", "1", "--keep", path, "--format",
                .. format,
            ]);
        Assert.True(result.ExitCode == 0, result.Error);
        return path;
    }
}
