using System.Text.Json;
using MoREdge.Checkpoints;
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

    public static TheoryData<string, string> RunnableTimesKernels()
    {
        TheoryData<string, string> data = [];
        foreach (string name in TwinFolder.Names("vanilla_", "recursive_", "expert_", "token_"))
        {
            foreach (KernelSet kernels in KernelSelector.Supported)
            {
                data.Add(name, kernels.Name);
            }
        }

        return data;
    }

    public static TheoryData<string> WithoutRuntime() => [.. TwinFolder.Names("retnet_", "depths_", "experts_")];

    [Theory]
    [MemberData(nameof(RunnableTimesKernels))]
    public void PromptAndDecode_EveryRoutingMode_AgreesWithReference(string name, string kernels)
    {
        using TwinFolder folder = new(name);
        using LoadedModel model = new(folder.FullPath, ModelFormat.F32, KernelSelector.Select(kernels));
        foreach (JsonElement run in folder.Runs)
        {
            AssertRun(model, run);
        }
    }

    [Theory]
    [MemberData(nameof(WithoutRuntime))]
    public void Open_ArchitectureWithoutRuntime_IsRefusedByName(string name)
    {
        using TwinFolder folder = new(name);

        CheckpointException refusal = Assert.Throws<CheckpointException>(() =>
        {
            using Checkpoint checkpoint = Checkpoint.Open(folder.FullPath);
        });

        Assert.Equal(CheckpointError.UnsupportedArchitecture, refusal.Error);
        Assert.Contains(folder.Architecture(), refusal.Message, StringComparison.Ordinal);
    }

    private static void AssertRun(LoadedModel model, JsonElement run)
    {
        using Sequence sequence = model.Start(run.GetProperty("mode").GetString() switch
        {
            "topk" => RoutingMode.TopK,
            "threshold" => RoutingMode.Threshold,
            "full" => RoutingMode.Full,
            _ => null,
        });
        int[] prompt = TwinFolder.Integers(run.GetProperty("prompt_ids"));
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

        int[] decoded = TwinFolder.Integers(run.GetProperty("decode_ids"));
        for (int i = 0; i < decoded.Length; i++)
        {
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
