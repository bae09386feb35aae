using MoREdge.Kernels;
using MoREdge.Model;

namespace MoREdge.Tests.Model;

/// <summary>The network against a naive float64 one: layouts, pairings, biases, sharing, full depth.</summary>
public sealed class NetworkReferenceTests
{
    /// <summary>
    /// Logits have magnitude 1 to 10 and some 60 roundings of float32 (6e-8 each) per accumulated term: 1e-4 has a
    /// margin of 3.
    /// </summary>
    private const double Tolerance = 1e-4;

    public static TheoryData<string> KernelNames()
    {
        TheoryData<string> data = [];
        foreach (KernelSet kernels in KernelSelector.Supported)
        {
            data.Add(kernels.Name);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(KernelNames))]
    public void Decoder_InterleavedRopeUntiedHead_MatchesReference(string kernels)
    {
        using TinyModel model = TinyModel.Decoder("llama", 3, tied: false);
        AssertMatchesReference(model, KernelSelector.Select(kernels));
    }

    [Theory]
    [MemberData(nameof(KernelNames))]
    public void Decoder_HalfSplitRopeWithBiases_MatchesReference(string kernels)
    {
        using TinyModel model = TinyModel.Decoder("qwen2", 3, biases: true);
        AssertMatchesReference(model, KernelSelector.Select(kernels));
    }

    [Theory]
    [InlineData("cycle")]
    [InlineData("sequence")]
    [InlineData("middle_cycle")]
    [InlineData("middle_sequence")]
    public void PlainRecursive_AnySharing_MatchesReference(string sharing)
    {
        using TinyModel model = TinyModel.Recursive("none", sharing, recursions: 3, baseDepth: 2);
        AssertMatchesReference(model, KernelSelector.Best);
    }

    [Theory]
    [InlineData("cycle", "weighted")]
    [InlineData("middle_cycle", "weighted")]
    [InlineData("middle_cycle", "additive")]
    public void ExpertChoice_ForcedFullDepth_MatchesDenseUnrolledModel(string sharing, string gating)
    {
        using TinyModel model = TinyModel.Recursive("expert", sharing, recursions: 3, baseDepth: 2, gating: gating);
        AssertMatchesReference(model, KernelSelector.Best, RoutingMode.Full);
    }

    private static void AssertMatchesReference(TinyModel model, KernelSet kernels, RoutingMode? routing = null)
    {
        model.Load(kernels, threads: 2);
        int[] ids = TinyModel.RandomIds(70, seed: 5);

        float[][] actual = model.Score(ids, new SequenceOptions { Routing = routing });

        double[][] expected = new NaiveDecoder(model, model.Network.Config).Forward(ids);
        for (int t = 0; t < ids.Length; t++)
        {
            for (int i = 0; i < TinyModel.VocabSize; i++)
            {
                Assert.InRange(actual[t][i], expected[t][i] - Tolerance, expected[t][i] + Tolerance);
            }
        }
    }
}
