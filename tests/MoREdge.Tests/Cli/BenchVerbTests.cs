using System.Text.Json;
using MoREdge.Tests.ModelFile;

namespace MoREdge.Tests.Cli;

public sealed class BenchVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Json_OfARecursiveModel_HasEveryThreadCountAndDepth()
    {
        string path = new ByteModel { RecursionCount = 3, HasTokenizer = false }.Write(_folder.File("m.gguf"));
        CliResult result = CliRunner.Run(
            "bench", "-m", path, "-p", "8", "-n", "4", "-r", "2", "--threads", "1,2", "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        JsonElement results = json.RootElement.GetProperty("results");
        Assert.Equal(2, results.GetArrayLength());
        foreach (JsonElement threads in results.EnumerateArray())
        {
            Assert.Equal(2, threads.GetProperty("decode_tokens_per_second").GetProperty("samples").GetArrayLength());
            Assert.True(threads.GetProperty("prefill_tokens_per_second").GetProperty("median").GetDouble() > 0);
            Assert.True(threads.GetProperty("read_bytes_per_second").GetProperty("median").GetDouble() > 0);
            Assert.Equal(3, threads.GetProperty("mean_depth").GetDouble());

            // 1 + 2·3 + 1 layer calls, 8 + 2.5 tokens, keys and values of float32.
            Assert.Equal(8 * 10.5 * 2 * ByteModel.KvDim * 4, threads.GetProperty("kv_bytes_per_token").GetDouble());
            Assert.Equal(3, threads.GetProperty("depths").GetArrayLength());
        }
    }

    [Fact]
    public void Synthetic_Smallest_RunsAndLeavesNoFile()
    {
        CliResult result = CliRunner.Run(
            ["bench", "--synthetic", "smollm2-135m", "--format", "q4", "--head", "q4", "-p", "4", "-n", "2", "-r", "1"],
            "",
            ("TMPDIR", _folder.Path));
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("synthetic smollm2-135m q4", result.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData("", "--synthetic")]
    [InlineData("--synthetic smollm2-9b", "smollm2-135m")]
    [InlineData("--synthetic smollm2-135m --format q5", "q5")]
    [InlineData("--synthetic smollm2-135m --format f16 --head q4", "--head")]
    [InlineData("--synthetic smollm2-135m --threads 1,zwei", "--threads")]
    [InlineData("--synthetic smollm2-135m -n 0", "--decode")]
    [InlineData("-m any.gguf --format q8", "--synthetic")]
    [InlineData("-m any.gguf --synthetic smollm2-135m", "either")]
    public void Options_ThatDoNotFit_AreAUsageError(string options, string part) =>
        CliRunner.Run(["bench", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]).AssertRefused(2, part);

    [Fact]
    public void Model_Missing_IsAFailure() =>
        CliRunner.Run("bench", "-m", _folder.File("none.gguf")).AssertRefused(1, "no such file");
}
