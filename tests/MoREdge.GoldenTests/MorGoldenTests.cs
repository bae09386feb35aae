using MoREdge.Kernels;
using MoREdge.Model;
using MoREdge.Quantization;

namespace MoREdge.GoldenTests;

/// <summary>Every stored Mixture-of-Recursions reference, on every kernel set this machine has.</summary>
public sealed class MorGoldenTests
{
    /// <summary>
    /// Spec section 10: float32 kernels may differ from the float64 reference by this much per logit.
    /// </summary>
    private const double LogitTolerance = 1e-3;

    public static TheoryData<string, string> ReferencesTimesKernels()
    {
        string[] names =
        [
            "expert_cycle_n3", "expert_midcycle_n2", "expert_midcycle_n3", "expert_midcycle_n3_kvshare",
            "expert_midcycle_n3_kvshare_update", "expert_midcycle_n3_tanh_mlp", "token_midcycle_n3_kvshare",
            "token_midcycle_n3_sigmoid_lossfree", "token_midcycle_n3_softmax",
        ];
        TheoryData<string, string> data = [];
        foreach (string name in names)
        {
            foreach (KernelSet kernels in KernelSelector.Supported)
            {
                data.Add(name, kernels.Name);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(ReferencesTimesKernels))]
    public void PromptAndDecode_StoredReference_Agree(string name, string kernels)
    {
        using GoldenFile golden = new(name);
        using LoadedModel model = new(golden.Folder, ModelFormat.F32, KernelSelector.Select(kernels));
        bool hybrid = name.EndsWith("_update", StringComparison.Ordinal);
        using Sequence sequence = model.Start(hybridPositionZero: hybrid);
        int[] prompt = golden.Integers("prefill_ids");
        int[] depths = new int[prompt.Length];
        double[][] expected = golden.Rows("prefill_logits");

        sequence.Score(
            prompt, (position, logits) => AssertClose(expected[position], logits), depths, TestContext.Current.CancellationToken);

        AssertSelection(golden, depths);
        double[][] decodeExpected = golden.Rows("decode_logits");
        int[] decodeIds = golden.Integers("decode_ids");
        for (int i = 0; i < decodeIds.Length; i++)
        {
            AssertClose(decodeExpected[i], sequence.Decode(decodeIds[i]));
        }
    }

    [Theory]
    [InlineData("threshold_midcycle_n3", "expert_midcycle_n3")]
    [InlineData("threshold_midcycle_n3_kvshare", "threshold_midcycle_n3_kvshare")]
    [InlineData("threshold_midcycle_n3_kvshare_empty", "expert_midcycle_n3_kvshare")]
    public void ThresholdMode_StoredReference_Agrees(string name, string weights)
    {
        using GoldenFile golden = new(name, weights);
        using LoadedModel model = new(golden.Folder, ModelFormat.F32, KernelSelector.Best);
        using Sequence sequence = model.Start(RoutingMode.Threshold);
        int[] ids = golden.Integers("ids");
        int[] depths = new int[ids.Length];
        double[][] expected = golden.Rows("logits");

        sequence.Score(
            ids, (position, logits) => AssertClose(expected[position], logits), depths, TestContext.Current.CancellationToken);

        AssertSelected(golden.Rows("selected_absolute"), depths);
    }

    private static void AssertSelection(GoldenFile golden, int[] depths)
    {
        if (golden.Has("prefill_depth0"))
        {
            // The reference counts the chosen depth from 0, the runtime the recursions that were run.
            Assert.Equal(golden.Integers("prefill_depth0"), Array.ConvertAll(depths, depth => depth - 1));
        }
        else
        {
            AssertSelected(golden.Rows("prefill_selected_absolute"), depths);
        }
    }

    /// <summary>A dropped token never returns, so the tokens of recursion r are those that ran more than r.</summary>
    private static void AssertSelected(double[][] selected, int[] depths)
    {
        for (int r = 0; r < selected.Length; r++)
        {
            List<double> actual = [];
            for (int i = 0; i < depths.Length; i++)
            {
                if (depths[i] > r)
                {
                    actual.Add(i);
                }
            }

            Assert.Equal(selected[r], actual);
        }
    }

    private static void AssertClose(double[] expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.InRange(actual[i], expected[i] - LogitTolerance, expected[i] + LogitTolerance);
        }
    }
}
