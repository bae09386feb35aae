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

    private static TinyModel Create(string rule)
    {
        TinyModel model = TinyFamilies.Create("mod");
        model.Set(SkipKeys.Select, GgufValue.FromString(rule));
        Array.Clear(model.Values(TensorNames.Block(1, TensorNames.SkipRouter)));
        Array.Clear(model.Values(TensorNames.Block(3, TensorNames.SkipRouter)));
        return model;
    }
}
