using MoREdge.ModelFile;

namespace MoREdge.Tests.ModelFile;

public sealed class TensorNamesTests
{
    [Fact]
    public void TryParseBlock_OfNamesMadeHere_FindsTheirParts()
    {
        string shared = TensorNames.Block(12, TensorNames.FfnUp);
        Assert.True(TensorNames.TryParseBlock(shared, out int block, out int? recursion, out string name));
        Assert.Equal((12, null, TensorNames.FfnUp), (block, recursion, name));

        string own = TensorNames.BlockRecursion(3, 2, TensorNames.AttentionQuery);
        Assert.True(TensorNames.TryParseBlock(own, out block, out recursion, out name));
        Assert.Equal((3, 2, TensorNames.AttentionQuery), (block, recursion, name));
    }

    [Theory]
    [InlineData("output.weight")]
    [InlineData("recursion.0.router.weight")]
    [InlineData("blk.")]
    [InlineData("blk.-1.attn_q.weight")]
    [InlineData("blk.99999999999.attn_q.weight")]
    [InlineData("blk.1")]
    public void TryParseBlock_OfOthers_IsFalse(string tensor) =>
        Assert.False(TensorNames.TryParseBlock(tensor, out _, out _, out _));

    [Theory]
    [InlineData(TensorNames.FfnDown, true)]
    [InlineData(TensorNames.FfnNorm, true)]
    [InlineData(TensorNames.PostFfnNorm, true)]
    [InlineData(TensorNames.ExpertGate, true)]
    [InlineData(TensorNames.ExpertChoiceBias, true)]
    [InlineData(TensorNames.PostAttentionNorm, false)]
    [InlineData(TensorNames.AttentionOutput, false)]
    public void IsOfFeedForward_OfABlocksTensor_IsWhoReadsIt(string name, bool expected) =>
        Assert.Equal(expected, TensorNames.IsOfFeedForward(name));
}
