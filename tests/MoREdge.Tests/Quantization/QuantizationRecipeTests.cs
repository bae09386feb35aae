using MoREdge.ModelFile;
using MoREdge.Quantization;
using MoREdge.Tensors;

namespace MoREdge.Tests.Quantization;

public sealed class QuantizationRecipeTests
{
    [Theory]
    [InlineData(ModelFormat.F32, "blk.0.attn_q.weight", "F32")]
    [InlineData(ModelFormat.F16, "blk.0.attn_q.weight", "F16")]
    [InlineData(ModelFormat.Q8, "blk.0.attn_q.weight", "Q8G32")]
    [InlineData(ModelFormat.Q4, "blk.0.attn_q.weight", "Q4G32")]
    [InlineData(ModelFormat.Q4, "blk.1.recursion.2.attn_q.weight", "Q4G32")]
    [InlineData(ModelFormat.Q4, TensorNames.TokenEmbedding, "Q8G32")]
    [InlineData(ModelFormat.Q4, TensorNames.Output, "Q8G32")]
    [InlineData(ModelFormat.Q4, "recursion.0.router.weight", "F32")]
    [InlineData(ModelFormat.Q4, "recursion.0.router.output.weight", "F32")]
    [InlineData(ModelFormat.F16, "router.weight", "F32")]
    [InlineData(ModelFormat.Q4, "blk.3.ffn_gate_inp.weight", "F32")]
    [InlineData(ModelFormat.Q8, "blk.3.ffn_gate_inp_shexp.weight", "F32")]
    [InlineData(ModelFormat.Q4, "loop.exit_gate.weight", "F32")]
    [InlineData(ModelFormat.Q4, "blk.3.ffn_gate.17.weight", "Q4G32")]
    public void Choose_Matrix_FollowsItsRole(ModelFormat format, string name, string expected) =>
        Assert.Equal(expected, QuantizationRecipe.Choose(name, new TensorShape(64, 32), format).ToString());

    [Theory]
    [InlineData(-1)]
    [InlineData(4)]
    public void Choose_FormatThatIsNone_IsRefused(int format) => Assert.Throws<ArgumentOutOfRangeException>(
        () => QuantizationRecipe.Choose("blk.0.attn_q.weight", new TensorShape(64, 32), (ModelFormat)format));

    [Theory]
    [InlineData(ModelFormat.F16)]
    [InlineData(ModelFormat.Q8)]
    [InlineData(ModelFormat.Q4)]
    public void Choose_Vector_StaysFloat32(ModelFormat format) =>
        Assert.Equal("F32", QuantizationRecipe.Choose(TensorNames.OutputNorm, new TensorShape(64), format).ToString());
}
