using MoREdge.Model;
using MoREdge.ModelFile;

namespace MoREdge.Tests.Model;

/// <summary>Who runs the two routed layers, of capacity 0.5, whose routers are zeros.</summary>
public sealed class SkipSelectionTests
{
    [Theory]
    [InlineData("topk", RoutingMode.TopK, new[] { 2, 2, 0, 0 })]
    [InlineData("topk", RoutingMode.TopK, new[] { 2 })]
    [InlineData("topk_strict", RoutingMode.TopK, new[] { 0, 0, 0, 0 })]
    [InlineData("topk_strict", RoutingMode.TopK, new[] { 2 })]
    [InlineData("topk", RoutingMode.Threshold, new[] { 2, 2, 2, 2 })]
    public void EqualLogits_OfAPrompt_RunAsTheRuleSays(string rule, RoutingMode routing, int[] expected)
    {
        using TinyModel model = Create(rule);
        int[] depths = new int[expected.Length];

        int[] ids = TinyModel.RandomIds(depths.Length, seed: 2);
        model.Load().Score(ids, new SequenceOptions { Routing = routing }, depths);

        Assert.Equal(expected, depths);
    }

    /// <summary>Half of one token that can skip is none; the others run.</summary>
    [Fact]
    public void RoutedTokens_OfWhichTheCapacityLeavesNone_AllSkip()
    {
        using TinyModel model = Create("topk");
        model.Set(SkipKeys.RoutedTokens, GgufValue.FromInt32s(5));
        int[] depths = new int[3];

        model.Load().Score([4, 5, 6], new SequenceOptions { Routing = RoutingMode.TopK }, depths);

        Assert.Equal([2, 0, 2], depths);
    }

    /// <summary>A residual counts twice for tokens that a router chose, not in an ordinary layer.</summary>
    [Fact]
    public void DoubledResidual_WhereNoRouterIsAsked_ChangesNothing()
    {
        float[] expected = DecodedBehindSkippedTokens("unrouted", "once");

        Assert.Equal(expected, DecodedBehindSkippedTokens("unrouted", "doubled"));
        Assert.NotEqual(expected, DecodedBehindSkippedTokens("always", "doubled"));
    }

    private static float[] DecodedBehindSkippedTokens(string rule, string residual)
    {
        using TinyModel model = Create("topk_strict");
        model.Set(SkipKeys.Decode, GgufValue.FromString(rule));
        model.Set(SkipKeys.Residual, GgufValue.FromString(residual));
        using Sequence sequence =
            model.Load().Network.CreateSequence(new SequenceOptions { Routing = RoutingMode.TopK });
        sequence.Prefill([4, 5, 6, 7]);
        return sequence.Decode(8).ToArray();
    }

    private static TinyModel Create(string rule)
    {
        TinyModel model = TinyFamilies.Create("mod");
        model.Set(SkipKeys.Select, GgufValue.FromString(rule));
        Array.Clear(model.Values(TensorNames.Block(1, TensorNames.SkipRouter)));
        Array.Clear(model.Values(TensorNames.Block(3, TensorNames.SkipRouter)));
        return model;
    }
}
