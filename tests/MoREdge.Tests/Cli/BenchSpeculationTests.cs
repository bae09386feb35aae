using System.Text.Json;
using MoREdge.Tests.ModelFile;

namespace MoREdge.Tests.Cli;

/// <summary>moredge bench --speculate: what is compared, and what is refused.</summary>
public sealed class BenchSpeculationTests : IDisposable
{
    private static readonly string[] NamesOfRates =
    [
        "off", "on, 0 % right", "auto, 0 % right", "on, 50 % right", "auto, 50 % right", "on, 100 % right",
        "auto, 100 % right",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Json_OfRates_HasThoseShares()
    {
        JsonElement[] rows = Rows("0,0.5,1", "speculation", "--threads", "1,2");

        Assert.Equal([.. NamesOfRates, .. NamesOfRates], rows.Select(row => row.GetProperty("mode").GetString()!));
        JsonElement[] on = [rows[1], rows[3], rows[5]];
        Assert.Equal([0, 0.5, 1], on.Select(Share), (expected, actual) => Math.Abs(expected - actual) < 0.2);
        Assert.Equal(0, rows[0].GetProperty("drafted").GetInt64());
        Assert.False(rows[0].TryGetProperty("against_off", out _));
        Assert.All(
            rows[1..7], row => Assert.True(row.GetProperty("against_off").GetProperty("median").GetDouble() > 0));
        double depth = rows[0].GetProperty("mean_depth").GetDouble();
        Assert.All(rows, row => Assert.Equal(depth, row.GetProperty("mean_depth").GetDouble()));
    }

    [Fact]
    public void Json_OfTheModelsOwnDrafts_ComparesOffOnAndAuto()
    {
        JsonElement[] rows = Rows("own", "speculation", "--threads", "1");

        Assert.Equal(["off", "on", "auto"], rows.Select(row => row.GetProperty("mode").GetString()!));
        Assert.True(rows[1].GetProperty("drafted").GetInt64() > 0);
    }

    /// <summary>Drafts of a given rate know the answers, which are the same with every number of texts.</summary>
    [Fact]
    public void Json_OfRatesAndSequences_HasARowForEach()
    {
        JsonElement[] rows = Rows(
            "0,0.5,1", "sequences", "--threads", "1", "--sequences", "1,5,2", "--routing", "threshold");

        Assert.Equal(
            [.. NamesOfRates, .. NamesOfRates, .. NamesOfRates],
            rows.Select(row => row.GetProperty("mode").GetString()!));
        Assert.Equal(
            [1, 5, 2], rows.Chunk(NamesOfRates.Length).Select(few => few[^1].GetProperty("sequences").GetInt32()));
        foreach (JsonElement[] few in new[] { rows[1..7], rows[15..21] })
        {
            Assert.Equal((0, 1), (Share(few[0]), Share(few[4])));
            Assert.InRange(Share(few[2]), 0.1, 0.9);
            Assert.All(
                few, row => Assert.True(row.GetProperty("against_off").GetProperty("median").GetDouble() > 0));
        }

        Assert.False(rows[0].TryGetProperty("against_off", out _));
        double depth = rows[0].GetProperty("mean_depth").GetDouble();
        Assert.All(rows[0..7], row => Assert.Equal(depth, row.GetProperty("mean_depth").GetDouble()));
    }

    [Fact]
    public void Json_OfOwnDraftsAndSequences_ComparesOffOnAndAuto()
    {
        JsonElement[] rows = Rows(
            "own", "sequences", "--threads", "1", "--sequences", "2", "--kv", "recursion,shared",
            "--routing", "threshold");

        Assert.Equal(
            ["off", "on", "auto", "off", "on", "auto"], rows.Select(row => row.GetProperty("mode").GetString()!));
        Assert.True(rows[1].GetProperty("drafted").GetInt64() > 0);
    }

    /// <summary>Of the drafts behind drafts that are begun, as many are kept as both shares say.</summary>
    [Fact]
    public void Json_OfRatesOfSecondDrafts_HasThoseShares()
    {
        JsonElement[] rows = Rows("1,1/1,1/0.5,1/1/0.5", "speculation", draftSize: 24, "--threads", "1");

        Assert.Equal(
            [
                "on, 100 % right", "on, 100 % right, of second 100 %", "on, 100 % right, of second 50 %",
                "on, 100 % right, of second 100 % (50 % made)",
            ],
            new[] { rows[1], rows[3], rows[5], rows[7] }.Select(row => row.GetProperty("mode").GetString()!));
        Assert.Equal((0, 1, 1, 1), (Seconds(rows[1]), Math.Sign(Seconds(rows[3])), Kept(rows[3]), Kept(rows[7])));
        Assert.InRange(Kept(rows[5]), 0.3, 0.7);
        Assert.InRange(Seconds(rows[7]), 1, Seconds(rows[5]) - 1);

        static double Kept(JsonElement row) => row.GetProperty("second_kept").GetDouble() / Seconds(row);
        static long Seconds(JsonElement row) => row.GetProperty("second_drafted").GetInt64();
    }

    /// <summary>A synthetic model has a draft head where rates ask for one.</summary>
    [Fact]
    public void Synthetic_WithRatesOfSecondDrafts_HasADraftHead()
    {
        string file = _folder.File("kept.gguf");
        CliResult result = CliRunner.Run(
            "bench", "--synthetic", "mor-360m-n3", "--format", "q4", "--depths", "0.4,0.3,0.3", "--speculate", "1/1",
            "-p", "2", "-n", "12", "-r", "1", "--threads", "2", "--keep", file, "--json");

        Assert.True(result.ExitCode == 0, result.Error);
        JsonElement on = JsonDocument.Parse(result.Output).RootElement.GetProperty("speculation")[1];
        Assert.True(on.GetProperty("second_kept").GetInt64() > 2);
        CliResult inspected = CliRunner.Run("inspect", file);
        Assert.Matches(@"draft head +960\b", inspected.Output);
    }

    [Fact]
    public void Table_OfRates_NamesThem()
    {
        CliResult result = CliRunner.Run(
            "bench", "-m", Model(3), "--speculate", "0.9", "-p", "4", "-n", "20", "-r", "1", "--threads", "1");

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("90 % right", result.Output, StringComparison.Ordinal);
        Assert.Matches(@"\d+ of \d+", result.Output);
    }

    [Theory]
    [InlineData("--speculate 1.5", "'1.5' is neither 'own' nor a share")]
    [InlineData("--speculate nan", "'nan' is neither 'own' nor a share")]
    [InlineData("--speculate 0.5,NaN", "'NaN' is neither 'own' nor a share")]
    [InlineData("--speculate 0.5,0.5", "named twice")]
    [InlineData("--speculate 0.5/0.5/0.5/0.5", "up to three")]
    [InlineData("--speculate 0.5/", "'0.5/' is neither")]
    [InlineData("--speculate 0.5/0.5", "no draft head")]
    [InlineData("--speculate 0.5 --context 10 -n 40", "--context 10 does not hold the 552 tokens")]
    [InlineData("--speculate own --filled 4", "behind a prompt")]
    [InlineData("--speculate own --kv recursion,shared", "one --kv")]
    public void Options_Wrong_AreAUsageError(string options, string part) =>
        CliRunner.Run(["bench", "-m", Model(3), .. options.Split(' ')]).AssertRefused(2, part);

    [Fact]
    public void Model_WithoutRecursion_IsRefused() =>
        CliRunner.Run("bench", "-m", Model(1), "--speculate", "own", "-p", "4", "-n", "4")
            .AssertRefused(2, "cannot speculate");

    private static double Share(JsonElement row) =>
        row.GetProperty("accepted").GetDouble() / row.GetProperty("drafted").GetDouble();

    private string Model(int recursions, int draftSize = 0) =>
        new ByteModel { RecursionCount = recursions, DraftSize = draftSize }
            .Write(_folder.File($"{Guid.NewGuid():N}.gguf"));

    private JsonElement[] Rows(string speculate, string report, params string[] options) =>
        Rows(speculate, report, draftSize: 0, options);

    private JsonElement[] Rows(string speculate, string report, int draftSize, params string[] options)
    {
        string model = Model(3, draftSize);
        string[] arguments = ["bench", "-m", model, "--speculate", speculate, "-p", "4", "-n", "55", "-r", "2"];
        CliResult result = CliRunner.Run([.. arguments, "--json", .. options]);
        Assert.True(result.ExitCode == 0, result.Error);
        return [.. JsonDocument.Parse(result.Output).RootElement.GetProperty(report).EnumerateArray()];
    }
}
