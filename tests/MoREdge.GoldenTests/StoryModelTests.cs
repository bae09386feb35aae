using System.Text;
using System.Text.Json;
using MoREdge.Inference;
using MoREdge.Kernels;
using MoREdge.Model;
using MoREdge.Quantization;
using MoREdge.Tests;

namespace MoREdge.GoldenTests;

/// <summary>Real checkpoints, imported, quantized and run as a user would.</summary>
public sealed class StoryModelTests
{
    /// <summary>
    /// A float32 run may leave a greedy text where the float64 reference's best two logits are closer than this.
    /// </summary>
    private const double MarginMin = 1e-4;

    /// <summary>The reference's logits are rounded to 1e-6 and have magnitude 10: float32 lands within 1e-3.</summary>
    private const double LogitTolerance = 1e-3;

    [Fact]
    public void Stories260K_GreedyText_IsExactlyRunCs()
    {
        string folder = SharedData.Require("data/checkpoints/stories260K");
        using LoadedModel model = new(
            Path.Combine(folder, "stories260K.bin"),
            ModelFormat.F32,
            KernelSelector.Best,
            Path.Combine(folder, "tok512.bin"));
        Assert.Equal(
            File.ReadAllText(Path.Combine(folder, "golden_greedy_runc_256.txt")),
            Continue(model.FilePath, "", 256) + "\n");
    }

    [Theory]
    [InlineData(ModelFormat.F32)]
    [InlineData(ModelFormat.F16)]
    [InlineData(ModelFormat.Q8)]
    [InlineData(ModelFormat.Q4)]
    public void TinyStories656K_AnyFormat_TellsAStory(ModelFormat format)
    {
        string folder = SharedData.Require("data/checkpoints/tinystories656K-hf");
        using LoadedModel model = new(folder, format, KernelSelector.Best);
        AssertFluent(Continue(model.FilePath, "Once upon a time", 120), "little girl named Lily");
    }

    [Theory]
    [InlineData("threshold", RoutingMode.Threshold)]
    [InlineData("topk", RoutingMode.TopK)]
    public void MorStories_ReferencePrompts_GiveReferenceTexts(string name, RoutingMode routing)
    {
        string folder = SharedData.Require("data/checkpoints/mor-stories");
        using LoadedModel model = new(folder, ModelFormat.F32, KernelSelector.Best);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "reference.json")));
        foreach (JsonElement reference in json.RootElement.GetProperty("references").EnumerateArray())
        {
            AssertReference(model, reference, reference.GetProperty(name), routing);
        }
    }

    [Fact]
    public void BuiltInModel_GreedyPrompt_TellsAStory()
    {
        string path = SharedData.InRepository("tools/moredge/mor-stories-q4.gguf");
        string story = Continue(path, "Once upon a time, there was a little", 96);
        AssertFluent(story, "girl named Lily", "to play with her toys");
    }

    private static void AssertReference(LoadedModel model, JsonElement reference, JsonElement run, RoutingMode routing)
    {
        int[] prompt = Integers(reference.GetProperty("prompt_ids"));
        Tokenization.Tokenizer tokenizer = TokenizerLoader.Load(model.File);
        Assert.Equal(prompt, tokenizer.Encode(reference.GetProperty("prompt").GetString()!));
        using Sequence sequence = model.Start(routing);
        ReadOnlySpan<float> logits = sequence.Prefill(prompt, cancellation: TestContext.Current.CancellationToken);
        AssertLogits(run.GetProperty("last_prompt_logits"), logits);
        AssertSelected(run.GetProperty("prefill_selected"), sequence.LastDepths);
        Assert.True(run.GetProperty("min_top1_margin").GetDouble() > MarginMin, "The reference itself is ambiguous.");
        int[] expectedIds = Integers(run.GetProperty("greedy_ids"));
        int[] expectedDepths = Integers(run.GetProperty("decode_depths"));
        Sampler greedy = new(new SamplerOptions { Temperature = 0 }, tokenizer.VocabSize);
        List<int> ids = [];
        List<int> depths = [];
        while (ids.Count < expectedIds.Length)
        {
            ids.Add(greedy.Choose(logits));
            logits = sequence.Decode(ids[^1]);
            depths.Add(sequence.LastDepths[0]);
        }

        Assert.Equal(expectedIds, ids);
        Assert.Equal(expectedDepths, depths.GetRange(0, expectedDepths.Length));
        Assert.Equal(run.GetProperty("greedy_text").GetString(), tokenizer.Decode(ids.ToArray()));
    }

    private static void AssertLogits(JsonElement expected, ReadOnlySpan<float> actual)
    {
        int index = 0;
        foreach (JsonElement logit in expected.EnumerateArray())
        {
            Assert.InRange(actual[index], logit.GetDouble() - LogitTolerance, logit.GetDouble() + LogitTolerance);
            index++;
        }

        Assert.Equal(index, actual.Length);
    }

    private static void AssertSelected(JsonElement selected, ReadOnlySpan<int> depths)
    {
        int recursion = 0;
        foreach (JsonElement positions in selected.EnumerateArray())
        {
            List<int> actual = [];
            for (int i = 0; i < depths.Length; i++)
            {
                if (depths[i] > recursion)
                {
                    actual.Add(i);
                }
            }

            Assert.Equal(Integers(positions), actual);
            recursion++;
        }
    }

    private static string Continue(string path, string prompt, int tokens)
    {
        using LocalModel model = LocalModel.Open(path, KernelSelector.Best, threadCount: 2);
        using GenerationSession session =
            model.StartSession(new SequenceOptions(), new SamplerOptions { Temperature = 0 });
        StringBuilder text = new();
        session.Generate(
            session.Encode(prompt), new GenerationOptions { TokenLimit = tokens }, startsText: prompt.Length == 0,
            piece => text.Append(piece), TestContext.Current.CancellationToken);
        return text.ToString();
    }

    /// <summary>A story of this vocabulary uses these words, many different ones, and ends sentences.</summary>
    private static void AssertFluent(string text, params string[] fragments)
    {
        Assert.All(fragments, fragment => Assert.Contains(fragment, text, StringComparison.Ordinal));
        HashSet<string> words = [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        Assert.True(words.Count >= 20, $"Only {words.Count} different words: {text}");
        Assert.Contains(". ", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\uFFFD", text, StringComparison.Ordinal);
    }

    private static int[] Integers(JsonElement array)
    {
        List<int> values = [];
        foreach (JsonElement value in array.EnumerateArray())
        {
            values.Add(value.GetInt32());
        }

        return [.. values];
    }
}
