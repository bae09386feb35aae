using System.Text.Json;
using MoREdge.Kernels;
using MoREdge.Model;
using MoREdge.Quantization;

namespace MoREdge.GoldenTests;

/// <summary>
/// Every architecture and option of the reference package (tools/training/twin), on every kernel set this machine has.
/// </summary>
public sealed class TwinGoldenTests
{
    /// <summary>Logits have magnitude 10, so that float32 kernels land well within this.</summary>
    private const double LogitTolerance = 1e-3;

    /// <summary>What the reference does here depends on how it is called.</summary>
    private const string Crossing = "family_phi4mini_crossing";

    public static TheoryData<string, string> RunnableTimesKernels()
    {
        TheoryData<string, string> data = [];
        List<string> names = TwinFolder.Names(
            "vanilla_", "recursive_", "expert_", "token_", "family_", "experts_", "looped_", "depths_", "retnet_");
        foreach (string name in names)
        {
            foreach (KernelSet kernels in name == Crossing ? [] : KernelSelector.Supported)
            {
                data.Add(name, kernels.Name);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(RunnableTimesKernels))]
    public void PromptAndDecode_EveryRoutingMode_AgreesWithReference(string name, string kernels)
    {
        using TwinFolder folder = new(name);
        using LoadedModel model = new(folder.FullPath, ModelFormat.F32, KernelSelector.Select(kernels));
        foreach (JsonElement run in folder.Runs)
        {
            AssertRun(model, run, folder.Configuration);
        }
    }

    /// <summary>
    /// The reference rotates anew when a text outgrows the original context; here the room for a text decides from its
    /// start. The two agree before the crossing with little room, and behind it with much.
    /// </summary>
    [Fact]
    public void LongRope_TextThatCrossesTheOriginalContext_IsRotatedByTheRoomForIt()
    {
        using TwinFolder folder = new(Crossing);
        using LoadedModel model = new(folder.FullPath, ModelFormat.F32, KernelSelector.Supported[0]);
        JsonElement run = folder.Runs.Single(run => run.GetProperty("mode").GetString() == "recomputed");
        int original = folder.Configuration.GetProperty("original_max_position_embeddings").GetInt32();
        int[] prompt = TwinFolder.Integers(run.GetProperty("prompt_ids"));
        using Sequence shortRoom = model.Start(contextLength: original);
        shortRoom.Score(
            prompt, (position, logits) => AssertClose(run.GetProperty("prompt_logits")[position], logits), default,
            TestContext.Current.CancellationToken);

        using Sequence longRoom = model.Start();
        longRoom.Prefill(prompt, null, TestContext.Current.CancellationToken);
        int[] decoded = TwinFolder.Integers(run.GetProperty("decode_ids"));
        for (int i = 0; i < decoded.Length; i++)
        {
            ReadOnlySpan<float> logits = longRoom.Decode(decoded[i]);
            if (prompt.Length + i >= original)
            {
                AssertClose(run.GetProperty("decode_logits")[i], logits);
            }
        }
    }

    /// <summary>
    /// Where every first draft is wrong, the draft head speaks behind each token that has run to its end, with the
    /// token that follows; its likeliest token is that of the reference's logits.
    /// </summary>
    [Theory]
    [InlineData("threshold", RoutingMode.Threshold)]
    [InlineData("full", RoutingMode.Full)]
    public void SecondDrafts_BehindFinishedTokens_AreTheReferences(string mode, RoutingMode routing)
    {
        using TwinFolder folder = new("expert_draft_head");
        foreach (KernelSet kernels in KernelSelector.Supported)
        {
            using LoadedModel model = new(folder.FullPath, ModelFormat.F32, kernels);
            using Sequence sequence = model.Network.CreateSequence(
                new SequenceOptions { Routing = routing, Speculation = SpeculationMode.On });
            JsonElement run = folder.Runs.Single(run => run.GetProperty("mode").GetString() == mode);
            int[] prompt = TwinFolder.Integers(run.GetProperty("prompt_ids"));
            int? second = null;
            sequence.DraftOverride = (position, draft, isSecond) =>
            {
                // Further ones come from early rows, behind wrong tokens.
                second ??= isSecond ? draft : null;
                return isSecond ? -1 : (prompt[position % prompt.Length] + 1) % model.Network.Config.VocabSize;
            };
            sequence.Decode(prompt[0]);
            for (int position = 1; position < prompt.Length; position++)
            {
                second = null;
                sequence.Decode(prompt[position]);
                double[] expected = TwinFolder.Numbers(run.GetProperty("second_draft_logits")[position - 1]);
                Assert.Equal(Array.IndexOf(expected, expected.Max()), second);
            }
        }
    }

    private static void AssertRun(LoadedModel model, JsonElement run, JsonElement configuration)
    {
        int[] prompt = TwinFolder.Integers(run.GetProperty("prompt_ids"));
        int[] decoded = TwinFolder.Integers(run.GetProperty("decode_ids"));

        // The reference rotates by the length of the text, MoREdge by the room for it.
        int length = prompt.Length + decoded.Length;
        bool isShort = configuration.TryGetProperty("original_max_position_embeddings", out JsonElement original)
            && length <= original.GetInt32();
        string? mode = run.GetProperty("mode").GetString();
        using Sequence sequence = model.Start(
            mode switch
            {
                "topk" => RoutingMode.TopK,
                "threshold" or "exited" => RoutingMode.Threshold,
                "full" => RoutingMode.Full,
                _ => null,
            },
            kvPolicy: mode == "last_keys" ? KvPolicy.SharedLatest : null,
            contextLength: isShort ? length : null);
        int[] depths = new int[prompt.Length];
        JsonElement expected = run.GetProperty("prompt_logits");
        sequence.Score(
            prompt,
            (position, logits) => AssertClose(expected[position], logits),
            depths,
            TestContext.Current.CancellationToken);
        bool isRouted = run.TryGetProperty("depths", out JsonElement expectedDepths);
        if (isRouted)
        {
            Assert.Equal(TwinFolder.Integers(expectedDepths), depths);
        }

        for (int i = 0; i < decoded.Length; i++)
        {
            if (run.TryGetProperty("decode_steps", out JsonElement steps))
            {
                int depth = steps[i].GetInt32();
                if (depth > model.Network.Config.RecursionCount)
                {
                    // Deeper than the configuration says; there is no room for its keys.
                    return;
                }

                sequence.DepthMax = depth;
            }

            AssertClose(run.GetProperty("decode_logits")[i], sequence.Decode(decoded[i]));
            if (isRouted)
            {
                Assert.Equal(run.GetProperty("decode_depths")[i].GetInt32(), sequence.LastDepths[0]);
            }
        }
    }

    private static void AssertClose(JsonElement row, ReadOnlySpan<float> actual)
    {
        double[] expected = TwinFolder.Numbers(row);
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.InRange(actual[i], expected[i] - LogitTolerance, expected[i] + LogitTolerance);
        }
    }
}
