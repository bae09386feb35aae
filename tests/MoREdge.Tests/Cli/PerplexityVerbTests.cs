using System.Text;
using System.Text.Json;
using MoREdge.Kernels;
using MoREdge.Model;
using MoREdge.ModelFile;
using MoREdge.Tests.ModelFile;

namespace MoREdge.Tests.Cli;

public sealed class PerplexityVerbTests : IDisposable
{
    private const string Text = "Once upon a time there was a small machine that told stories to itself.";

    /// <summary>Both sides sum at most some hundred float64 terms of the same float32 logits.</summary>
    private const double Tolerance = 1e-9;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false, 16)]
    [InlineData(true, 16)]
    [InlineData(false, 64)]
    public void Figures_OfASmallModel_AreThoseOfItsLogits(bool addsBegin, int context)
    {
        string path = new ByteModel { AddsBegin = addsBegin }.Write(_folder.File("m.gguf"));
        List<double> expected = NegativeLogLikelihoods(path, addsBegin, context);
        using JsonDocument json = RunJson("-m", path, "-f", WriteText(), "--context", $"{context}");

        Assert.Equal(expected.Count, json.RootElement.GetProperty("tokens").GetInt32());
        Assert.Equal(Mean(expected), Number(json, "nll"), Tolerance);
        Assert.Equal(Math.Exp(Mean(expected)), Number(json, "perplexity"), Tolerance * Math.Exp(Mean(expected)));
        double variance = 0;
        foreach (double value in expected)
        {
            variance += Math.Pow(value - Mean(expected), 2) / (expected.Count - 1);
        }

        Assert.Equal(Math.Sqrt(variance / expected.Count), Number(json, "nll_error"), Tolerance);
    }

    [Fact]
    public void Against_TheModelItself_IsZeroDivergenceAndFullAgreement()
    {
        string path = new ByteModel { RecursionCount = 2 }.Write(_folder.File("m.gguf"));
        using JsonDocument json = RunJson("-m", path, "-f", WriteText(), "--against", path);

        Assert.Equal(0, Number(json, "kl"));
        Assert.Equal(0, Number(json, "kl_99"));
        Assert.Equal(1, Number(json, "top1_agreement"));
        Assert.Equal(0, Number(json, "log_perplexity_ratio"));
        Assert.Equal(Number(json, "perplexity"), Number(json, "reference_perplexity"));
    }

    [Fact]
    public void Against_AModelOfOtherTokens_IsRefused()
    {
        string path = new ByteModel().Write(_folder.File("m.gguf"));
        string other = _folder.File("other.gguf");
        using (GgufFile file = GgufFile.Open(path))
        {
            string[] tokens = file.Metadata.RequireStringArray(MetadataKeys.TokenizerTokens);
            (tokens['a'], tokens['b']) = (tokens['b'], tokens['a']);
            file.Metadata.Set(MetadataKeys.TokenizerTokens, GgufValue.FromStrings(tokens));
            List<GgufTensorPlan> plans = [];
            foreach (GgufTensor tensor in file.Tensors)
            {
                plans.Add(new GgufTensorPlan(tensor.Name, tensor.Shape, tensor.Type));
            }

            using GgufWriter writer = new(other, file.Metadata, plans);
            foreach (GgufTensor tensor in file.Tensors)
            {
                writer.Write(file.Bytes(tensor));
            }

            writer.Finish();
        }

        CliRunner.Run("perplexity", "-m", path, "-f", WriteText(), "--against", other)
            .AssertRefused(1, "different tokens");
    }

    [Fact]
    public void Against_AnotherModel_ComparesTheSamePositions()
    {
        string path = new ByteModel { Seed = 1 }.Write(_folder.File("a.gguf"));
        string other = new ByteModel { Seed = 2 }.Write(_folder.File("b.gguf"));
        double[][] p = Probabilities(other, Text[..30]);
        double[][] q = Probabilities(path, Text[..30]);
        double divergence = 0;
        for (int i = 0; i + 1 < p.Length; i++)
        {
            for (int j = 0; j < p[i].Length; j++)
            {
                divergence += p[i][j] * Math.Log(p[i][j] / q[i][j]) / (p.Length - 1);
            }
        }

        string text = _folder.Write("t.txt", Encoding.UTF8.GetBytes(Text[..30]));
        using JsonDocument json = RunJson("-m", path, "-f", text, "--against", other);
        Assert.Equal(divergence, Number(json, "kl"), 1e-7);
        Assert.InRange(Number(json, "kl_99"), Number(json, "kl"), double.MaxValue);
        Assert.InRange(Number(json, "top1_agreement"), 0, 1);
    }

    [Fact]
    public void Error_OfOneToken_IsNotKnown()
    {
        string path = new ByteModel().Write(_folder.File("m.gguf"));
        string text = _folder.Write("two.txt", "ab"u8.ToArray());
        using JsonDocument json = RunJson("-m", path, "-f", text, "--against", path);

        Assert.Equal(1, json.RootElement.GetProperty("tokens").GetInt32());
        foreach (string name in (string[])["nll_error", "perplexity_error", "kl_error", "top1_agreement_error"])
        {
            Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty(name).ValueKind);
        }

        CliResult table = CliRunner.Run("perplexity", "-m", path, "-f", text);
        Assert.DoesNotContain("+-", table.Output, StringComparison.Ordinal);
    }

    /// <summary>Its routers are random numbers that know nothing of its capacities of one half.</summary>
    [Fact]
    public void Shares_FarFromTheCapacities_AreAWarning()
    {
        string path = new ByteModel { RecursionCount = 2 }.Write(_folder.File("m.gguf"));
        string text = _folder.Write("long.txt", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(Text, 6))));
        string[] arguments = ["perplexity", "-m", path, "-f", text, "--json"];
        CliResult result = CliRunner.Run([.. arguments, "--routing", "threshold"]);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        JsonElement depths = json.RootElement.GetProperty("depth_histogram");
        double tokens = depths.EnumerateArray().Sum(count => count.GetInt64());
        double second = depths[2].GetInt64() / tokens;
        double first = second + (depths[1].GetInt64() / tokens);
        (int worst, double share) = Math.Abs(first - 0.5) > Math.Abs(second - 0.5) ? (1, first) : (2, second);
        Assert.True(Math.Abs(share - 0.5) > 0.1, $"The model of this seed runs recursion {worst} for {share:P0}.");
        Assert.Contains(
            FormattableString.Invariant($"warning: recursion {worst} ran for {100 * share:F0} % of the tokens, where ")
            + "the model was trained to run it for 50 %", result.Error, StringComparison.Ordinal);

        CliRunner.Run([.. arguments, "--routing", "topk"]).AssertSilent();
        CliRunner.Run("perplexity", "-m", path, "-f", WriteText(), "--routing", "threshold").AssertSilent();
    }

    [Fact]
    public void Text_FromStandardInput_IsTheSame()
    {
        string path = new ByteModel().Write(_folder.File("m.gguf"));
        CliResult file = CliRunner.Run("perplexity", "-m", path, "-f", WriteText());
        CliResult input = CliRunner.Run(["perplexity", "-m", path, "-f", "-"], Text);
        Assert.Equal(0, input.ExitCode);
        Assert.Equal(file.Output, input.Output);
    }

    [Fact]
    public void Input_ThatCannotBeScored_IsOneSentence()
    {
        string path = new ByteModel().Write(_folder.File("m.gguf"));
        string bare = new ByteModel { HasTokenizer = false }.Write(_folder.File("bare.gguf"));
        string text = WriteText();
        CliRunner.Run("perplexity", "-m", bare, "-f", text).AssertRefused(1, "no tokenizer");
        CliRunner.Run("perplexity", "-m", path, "-f", _folder.File("none.txt")).AssertRefused(1, "none.txt");
        CliRunner.Run("perplexity", "-m", path, "-f", _folder.Write("empty.txt", [])).AssertRefused(1, "too few");
        CliRunner.Run("perplexity", "-m", path, "-f", text, "--against", text).AssertRefused(1, "t.txt");
        CliRunner.Run("perplexity", "-m", path, "-f", text, "--context", "1").AssertRefused(2, "--context");
        CliRunner.Run("perplexity", "-m", path).AssertRefused(2, "--file");
    }

    [Theory]
    [InlineData(true, false, "The model produced")]
    [InlineData(false, true, "The reference produced")]
    public void Logits_ThatAreNotFinite_AreAFailure(bool modelIsDamaged, bool referenceIsDamaged, string part)
    {
        string model = new ByteModel { IsDamaged = modelIsDamaged }.Write(_folder.File("m.gguf"));
        string reference = new ByteModel { IsDamaged = referenceIsDamaged }.Write(_folder.File("r.gguf"));
        CliRunner.Run("perplexity", "-m", model, "-f", WriteText(), "--against", reference).AssertRefused(1, part);
    }

    private static List<double> NegativeLogLikelihoods(string path, bool addsBegin, int context)
    {
        List<double> values = [];
        int step = addsBegin ? context - 1 : context;
        for (int start = 0; start < Text.Length; start += step)
        {
            string window = Text[start..Math.Min(Text.Length, start + step)];
            double[][] probabilities = Probabilities(path, window, addsBegin);
            int[] ids = Ids(window, addsBegin);
            for (int i = 0; i + 1 < ids.Length; i++)
            {
                values.Add(-Math.Log(probabilities[i][ids[i + 1]]));
            }
        }

        return values;
    }

    /// <summary>Plain softmax in float64; the logits of the tiny model are far from overflow.</summary>
    private static double[][] Probabilities(string path, string text, bool addsBegin = false)
    {
        using GgufFile file = GgufFile.Open(path);
        using DecoderModel model = DecoderModel.Load(file, KernelSelector.SelectFromEnvironment(), 1);
        using Sequence sequence = model.CreateSequence(new SequenceOptions());
        int[] ids = Ids(text, addsBegin);
        double[][] rows = new double[ids.Length][];
        sequence.Score(ids, (position, logits) =>
        {
            double[] row = new double[logits.Length];
            double sum = 0;
            for (int i = 0; i < row.Length; i++)
            {
                row[i] = Math.Exp(logits[i]);
                sum += row[i];
            }

            rows[position] = Array.ConvertAll(row, value => value / sum);
        });
        return rows;
    }

    private static int[] Ids(string text, bool addsBegin)
    {
        int[] bytes = Array.ConvertAll(Encoding.UTF8.GetBytes(text), value => (int)value);
        return addsBegin ? [ByteModel.BeginId, .. bytes] : bytes;
    }

    private static double Mean(List<double> values)
    {
        double sum = 0;
        foreach (double value in values)
        {
            sum += value;
        }

        return sum / values.Count;
    }

    private static JsonDocument RunJson(params string[] arguments)
    {
        CliResult result = CliRunner.Run(["perplexity", .. arguments, "--json"]);
        Assert.True(result.ExitCode == 0, result.Error);
        return JsonDocument.Parse(result.Output);
    }

    private static double Number(JsonDocument json, string name) => json.RootElement.GetProperty(name).GetDouble();

    private string WriteText() => _folder.Write("t.txt", Encoding.UTF8.GetBytes(Text));
}
