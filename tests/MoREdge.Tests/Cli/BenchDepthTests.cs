using System.Text.Json;
using MoREdge.Tests.Model;
using MoREdge.Tests.ModelFile;

namespace MoREdge.Tests.Cli;

/// <summary>The rows and fits that compare depths and KV policies.</summary>
public sealed class BenchDepthTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Json_OfThreeDepths_FitsTimeAndWork()
    {
        JsonElement report = Bench(3, "--threads", "1", "--filled", "0,10");
        AssertFits(report, "prefill", "prefill_depth_fit", 1);
        AssertFits(report, "decode", "decode_depth_fit", 2);
        foreach (JsonElement fit in report.GetProperty("decode_depth_fit").EnumerateArray())
        {
            int filled = fit.GetProperty("filled_tokens").GetInt32();
            double work = fit.GetProperty("fixed_work").GetDouble() + fit.GetProperty("block_work").GetDouble();
            JsonElement row = Assert.Single(
                report.GetProperty("decode").EnumerateArray(),
                row => row.GetProperty("filled_tokens").GetInt32() == filled
                    && row.GetProperty("depth_max").GetInt32() == 1);
            double bytes = row.GetProperty("weight_bytes_per_token").GetDouble()
                + row.GetProperty("kv_bytes_per_token").GetDouble();
            Assert.Equal(bytes, work, bytes * 1e-9);
            Assert.InRange(fit.GetProperty("loop_share_of_work").GetDouble(), 0.1, 0.9);
            Assert.True(row.GetProperty("router_share").GetProperty("median").GetDouble() > 0);
            Assert.True(!OperatingSystem.IsLinux() || row.GetProperty("major_faults").GetInt64() >= 0);
        }
    }

    [Fact]
    public void Json_OfTwoDepths_HasNoDeviationFromALineThroughThem()
    {
        JsonElement fit = Bench(2, "--threads", "1").GetProperty("decode_depth_fit")[0];
        Assert.False(fit.TryGetProperty("deviation_max", out _));
    }

    [Fact]
    public void Json_OfOneDepth_HasNoFit()
    {
        JsonElement report = Bench(2, "--threads", "1", "--max-depth", "2");
        Assert.Equal(0, report.GetProperty("decode_depth_fit").GetArrayLength());
        Assert.Equal(0, report.GetProperty("prefill_depth_fit").GetArrayLength());
    }

    [Fact]
    public void Json_OfTwoKvPolicies_HasARowOfEachWithItsBytesAndTheRatio()
    {
        JsonElement report = Bench(3, "--threads", "1", "--kv", "recursion,shared", "--max-depth", "3");
        JsonElement[] rows = [.. report.GetProperty("decode").EnumerateArray()];
        Assert.Equal(["recursion", "shared"], rows.Select(row => row.GetProperty("kv_policy").GetString()!));

        // 1 + 2·3 + 1 slots against 1 + 2 + 1, keys and values of float32.
        const int SlotBytes = 2 * ByteModel.KvDim * 4;
        Assert.Equal(
            [8.0 * SlotBytes, 4.0 * SlotBytes],
            rows.Select(row => row.GetProperty("kv_bytes_kept_per_token").GetDouble()));
        AssertPolicyRatio(rows);
        AssertPolicyRatio([.. report.GetProperty("prefill").EnumerateArray()]);
    }

    /// <summary>Tokens that end early leave no keys and values to the recursions behind.</summary>
    [Theory]
    [InlineData("recursion")]
    [InlineData("shared")]
    public void Json_OfRoutedTokens_CountsTheKeysThatTheirRecursionsHold(string kv)
    {
        // All tokens end at depth 1 of 2: recursion 2 holds nothing, and a shared slot serves both but is read once.
        CliResult result = CliRunner.Run(
            "bench", "--synthetic", "mor-360m-n2", "--format", "q4", "--depths", "1,0", "--kv", kv, "--threads", "2",
            "-p", "1", "-n", "1", "-r", "1", "--filled", "15", "--max-depth", "2", "--no-probe", "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        JsonElement row = json.RootElement.GetProperty("decode")[0];

        // 1 + 15 + 1 layers read 16 tokens and keep them in as many slots of 5 heads of 64, keys and values, float16.
        const double SlotBytes = 2 * 5 * 64 * 2;
        Assert.Equal(17 * 16 * SlotBytes, row.GetProperty("kv_bytes_per_token").GetDouble());
        Assert.Equal(17 * SlotBytes, row.GetProperty("kv_bytes_kept_per_token").GetDouble());
    }

    /// <summary>A token that leaves a looped model early leaves a copy of its keys to the loops behind.</summary>
    [Fact]
    public void Json_OfALoopThatTokensLeave_CountsTheCopiesOfTheirKeys()
    {
        using TinyModel model = TinyFamilies.Create("ouro").Load();
        CliResult result = CliRunner.Run(
            "bench", "-m", model.FilePath, "--routing", "threshold", "--threads", "1", "-p", "1", "-n", "4", "-r", "1",
            "--filled", "15", "--no-probe", "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        JsonElement row = json.RootElement.GetProperty("decode")[0];
        double depth = row.GetProperty("mean_depth").GetDouble();
        Assert.InRange(depth, 1.1, 2.9);

        // Three loops keep a token; each of those that one runs reads the 15 and, on average, 2.5 of its own.
        double loopBytes = row.GetProperty("kv_bytes_kept_per_token").GetDouble() / 3;
        Assert.Equal(depth * 17.5 * loopBytes, row.GetProperty("kv_bytes_per_token").GetDouble(), 1e-6);
    }

    [Fact]
    public void Json_OfALoopWithAWindow_CountsWhatItSees()
    {
        string path = new ByteModel { RecursionCount = 2, Window = 20 }.Write(_folder.File("window.gguf"));
        CliResult result = CliRunner.Run(
            "bench", "-m", path, "--threads", "1", "-p", "1", "-n", "3", "-r", "1", "--filled", "40", "--no-probe",
            "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        JsonElement row = json.RootElement.GetProperty("decode")[0];

        // A first layer, two times two, a last one; keys and values, float32.
        Assert.Equal(6 * 20 * 2 * ByteModel.KvDim * 4, row.GetProperty("kv_bytes_per_token").GetDouble(), 1e-6);
    }

    [Fact]
    public void Json_OfSequencesAndTwoKvPolicies_HasARowOfEach()
    {
        JsonElement report = Bench(2, "--threads", "1", "--kv", "recursion,shared", "--sequences", "1,2");
        JsonElement[] rows = [.. report.GetProperty("sequences").EnumerateArray()];
        Assert.Equal(
            ["1 recursion", "1 shared", "2 recursion", "2 shared"],
            rows.Select(row => $"{row.GetProperty("sequences")} {row.GetProperty("kv_policy").GetString()}"));
        AssertPolicyRatio(rows[..2]);
        AssertPolicyRatio(rows[2..]);
        Assert.True(rows[1].GetProperty("kv_bytes").GetInt64() < rows[0].GetProperty("kv_bytes").GetInt64());
    }

    [Fact]
    public void Table_WithoutProbe_ShowsDepthsFitAndNoBandwidth()
    {
        CliResult result = CliRunner.Run(
            "bench", "-m", Model(3), "-p", "4", "-n", "2", "-r", "1", "--threads", "1", "--no-probe");
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("fixed + depth x block", result.Output, StringComparison.Ordinal);
        Assert.Contains("routers %", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("bandwidth", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--kv shared,none", "none")]
    [InlineData("--kv shared,shared", "twice")]
    [InlineData("--kv hybrid --sequences 2", "hybrid")]
    public void Options_ThatDoNotFit_AreRefused(string options, string part) =>
        CliRunner.Run(["bench", "-m", Model(2), "-p", "2", "-n", "1", "--threads", "1", .. options.Split(' ')])
            .AssertRefused(2, part);

    private static void AssertPolicyRatio(JsonElement[] pair)
    {
        Assert.False(pair[0].TryGetProperty("against_first_kv_policy", out _));
        for (int i = 0; i < 2; i++)
        {
            double ratio = pair[1].GetProperty("against_first_kv_policy").GetProperty("samples")[i].GetDouble();
            Assert.Equal(Samples(pair[1])[i].GetDouble() / Samples(pair[0])[i].GetDouble(), ratio, 1e-9);
        }
    }

    /// <summary>Distances from a line of least squares sum to zero, also when each is weighted by its depth.</summary>
    private static void AssertFits(JsonElement report, string rowsName, string fitsName, int count)
    {
        JsonElement[] rows = [.. report.GetProperty(rowsName).EnumerateArray()];
        Assert.Equal(count, report.GetProperty(fitsName).GetArrayLength());
        foreach (JsonElement fit in report.GetProperty(fitsName).EnumerateArray())
        {
            int filled = fit.GetProperty("filled_tokens").GetInt32();
            (double sum, double weighted, double largest, int depths) = (0, 0, 0, 0);
            foreach (JsonElement row in rows)
            {
                if (row.TryGetProperty("filled_tokens", out JsonElement own) && own.GetInt32() != filled)
                {
                    continue;
                }

                int depth = row.GetProperty("depth_max").GetInt32();
                double line = fit.GetProperty("fixed_seconds").GetDouble()
                    + (depth * fit.GetProperty("block_seconds").GetDouble());
                double distance = (1 / row.GetProperty("tokens_per_second").GetProperty("median").GetDouble()) - line;
                sum += distance;
                weighted += depth * distance;
                largest = Math.Max(largest, Math.Abs(distance) / line);
                depths++;
            }

            Assert.Equal(3, depths);
            Assert.Equal(0, sum, 1e-9);
            Assert.Equal(0, weighted, 1e-9);
            Assert.Equal(largest, fit.GetProperty("deviation_max").GetDouble(), 1e-9);
        }
    }

    private static JsonElement Samples(JsonElement row) => row.GetProperty("tokens_per_second").GetProperty("samples");

    private string Model(int recursions) =>
        new ByteModel { RecursionCount = recursions, HasTokenizer = false }.Write(_folder.File("m.gguf"));

    private JsonElement Bench(int recursions, params string[] options)
    {
        CliResult result = CliRunner.Run(
            ["bench", "-m", Model(recursions), "-p", "8", "-n", "4", "-r", "2", "--json", .. options]);
        Assert.True(result.ExitCode == 0, result.Error);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        return json.RootElement.Clone();
    }
}
