using System.Text.Json;
using MoREdge.Kernels;
using MoREdge.Model;
using MoREdge.ModelFile;
using MoREdge.Tests.ModelFile;

namespace MoREdge.Tests.Cli;

public sealed class LogitsVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Json_WithoutTokenizer_HoldsTheModelsLogitsExactly()
    {
        string path = new ByteModel { HasTokenizer = false }.Write(_folder.File("m.gguf"));
        using JsonDocument json = RunJson("-m", path, "--ids", "3,1,4,1,5");

        Assert.Equal([3, 1, 4, 1, 5], Integers(json, "ids"));
        Assert.Equal([1, 1, 1, 1, 1], Integers(json, "depth"));
        using GgufFile file = GgufFile.Open(path);
        using DecoderModel model = DecoderModel.Load(file, KernelSelector.SelectFromEnvironment(), 1);
        using Sequence sequence = model.CreateSequence(new SequenceOptions());
        int rows = 0;
        sequence.Score([3, 1, 4, 1, 5], (position, logits) =>
        {
            JsonElement row = json.RootElement.GetProperty("logits")[position];
            Assert.Equal(ByteModel.VocabSize, row.GetArrayLength());
            for (int i = 0; i < logits.Length; i++)
            {
                Assert.Equal(logits[i], row[i].GetSingle());
            }

            rows++;
        });
        Assert.Equal(5, rows);
    }

    [Fact]
    public void Depth_ByRouting_IsWhatTheModeSays()
    {
        string path = new ByteModel { RecursionCount = 3 }.Write(_folder.File("m.gguf"));

        using JsonDocument full = RunJson("-m", path, "--ids", "1,2,3,4", "--routing", "full");
        Assert.Equal([3, 3, 3, 3], Integers(full, "depth"));
        using JsonDocument capped = RunJson("-m", path, "--ids", "1,2,3,4", "--routing", "full", "--max-depth", "2");
        Assert.Equal([2, 2, 2, 2], Integers(capped, "depth"));
        using JsonDocument decoded = RunJson("-m", path, "--ids", "1,2,3,4", "--decode", "2", "--kv", "shared");
        Assert.Equal([3, 3], Integers(decoded, "depth")[2..]);
    }

    [Fact]
    public void Decode_PlainDecoder_GivesTheLogitsOfThePrompt()
    {
        string path = new ByteModel().Write(_folder.File("m.gguf"));
        using JsonDocument prompt = RunJson("-m", path, "--ids", "9 8 7 6");
        using JsonDocument decoded = RunJson("-m", path, "--ids", "9 8 7 6", "--decode", "4", "--threads", "2");
        for (int position = 0; position < 4; position++)
        {
            for (int i = 0; i < ByteModel.VocabSize; i++)
            {
                float expected = prompt.RootElement.GetProperty("logits")[position][i].GetSingle();
                Assert.Equal(expected, decoded.RootElement.GetProperty("logits")[position][i].GetSingle(), 1e-5f);
            }
        }
    }

    [Fact]
    public void Table_WithoutJson_HasALinePerPosition()
    {
        string path = new ByteModel().Write(_folder.File("m.gguf"));
        CliResult result = CliRunner.Run("logits", "-m", path, "--ids", "1,2");
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(3, result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Theory]
    [InlineData("1,x", "'x' is not a token id")]
    [InlineData(",", "no token id")]
    [InlineData("257", "outside the vocabulary")]
    [InlineData("-1", "not a token id")]
    public void Ids_Wrong_AreAUsageError(string ids, string part)
    {
        string path = new ByteModel().Write(_folder.File("m.gguf"));
        CliRunner.Run("logits", "-m", path, $"--ids={ids}", "--json").AssertRefused(2, part);
    }

    [Theory]
    [InlineData("--max-depth 2", "no recursion")]
    [InlineData("--kv shared", "no recursion")]
    [InlineData("--routing topk", "no routing mode to choose")]
    [InlineData("--routing sometimes", "sometimes")]
    [InlineData("--kv-format q4", "q4")]
    [InlineData("--kv-type f16", "kv-type")]
    [InlineData("--decode 3", "--decode")]
    [InlineData("--threads 0", "--threads")]
    [InlineData("--context 1", "do not fit")]
    [InlineData("--context 2000000000", "too long")]
    [InlineData("--frobnicate", "frobnicate")]
    public void Options_ThatDoNotFit_AreAUsageError(string options, string part)
    {
        string path = new ByteModel().Write(_folder.File("m.gguf"));
        CliRunner.Run(["logits", "-m", path, "--ids", "1,2", .. options.Split(' ')]).AssertRefused(2, part);
    }

    [Fact]
    public void Model_MissingOrTruncated_IsAFailure()
    {
        CliRunner.Run("logits", "-m", _folder.File("none.gguf"), "--ids", "1").AssertRefused(1, "no such file");
        byte[] bytes = File.ReadAllBytes(new ByteModel().Write(_folder.File("m.gguf")));
        string half = _folder.Write("half.gguf", bytes[..(bytes.Length / 2)]);
        CliRunner.Run("logits", "-m", half, "--ids", "1", "--json").AssertRefused(1, "half.gguf");
    }

    private static JsonDocument RunJson(params string[] arguments)
    {
        CliResult result = CliRunner.Run(["logits", .. arguments, "--json"]);
        Assert.True(result.ExitCode == 0, result.Error);
        return JsonDocument.Parse(result.Output);
    }

    private static int[] Integers(JsonDocument json, string name)
    {
        List<int> values = [];
        foreach (JsonElement value in json.RootElement.GetProperty(name).EnumerateArray())
        {
            values.Add(value.GetInt32());
        }

        return [.. values];
    }
}
