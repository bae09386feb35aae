// C names for the product's bodies. Nothing is computed here.
#pragma warning disable
namespace MoREdge.Kernels;

using System.Runtime;
using MoREdge.Tensors;

internal static unsafe class Exports
{
    [RuntimeExport("neon_matvec_q8")]
    static void NeonMatVecQ8(byte* w, ushort* ws, sbyte* x, float* xs, int* sums, int groups, int tiles, float* y) =>
        NeonMatVec.Q8(w, ws, x, xs, sums, groups, tiles, y);

    [RuntimeExport("neon_matvec_q4")]
    static void NeonMatVecQ4(byte* w, ushort* ws, sbyte* x, float* xs, int* sums, int groups, int tiles, float* y) =>
        NeonMatVec.Q4(w, ws, x, xs, sums, groups, tiles, y);

    [RuntimeExport("neon_matmul_q8")]
    static void NeonMatMulQ8(byte* w, ushort* ws, sbyte* x, float* xs, int* sums, int groups, float* y, long stride) =>
        NeonMatMul.Q8(w, ws, x, xs, sums, groups, y, stride);

    [RuntimeExport("neon_matmul_q4")]
    static void NeonMatMulQ4(byte* w, ushort* ws, sbyte* x, float* xs, int* sums, int groups, float* y, long stride) =>
        NeonMatMul.Q4(w, ws, x, xs, sums, groups, y, stride);

    [RuntimeExport("dot_matvec_q8")]
    static void DotMatVecQ8(byte* w, ushort* ws, sbyte* x, float* xs, int* sums, int groups, int tiles, float* y) =>
        NeonDotMatVec.Q8(w, ws, x, xs, sums, groups, tiles, y);

    [RuntimeExport("dot_matvec_q4")]
    static void DotMatVecQ4(byte* w, ushort* ws, sbyte* x, float* xs, int* sums, int groups, int tiles, float* y) =>
        NeonDotMatVec.Q4(w, ws, x, xs, sums, groups, tiles, y);

    [RuntimeExport("dot_matmul_q8")]
    static void DotMatMulQ8(byte* w, ushort* ws, sbyte* x, float* xs, int* sums, int groups, int tokens, float* y) =>
        NeonDotMatMul.Q8(w, ws, x, xs, sums, groups, tokens, y);

    [RuntimeExport("dot_matmul_q4")]
    static void DotMatMulQ4(byte* w, ushort* ws, sbyte* x, float* xs, int* sums, int groups, int tokens, float* y) =>
        NeonDotMatMul.Q4(w, ws, x, xs, sums, groups, tokens, y);

    [RuntimeExport("neon_block_signed")]
    static void NeonBlockSigned(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        NeonBlockBodies.Products<Q8Format, WithoutDot>(quants, factors, panel, chunks, tokens, sums);

    [RuntimeExport("neon_block_four")]
    static void NeonBlockFour(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        NeonBlockBodies.Products<Q4Format, WithoutDot>(quants, factors, panel, chunks, tokens, sums);

    [RuntimeExport("neon_block_five")]
    static void NeonBlockFive(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        NeonBlockBodies.Products<Q5Format, WithoutDot>(quants, factors, panel, chunks, tokens, sums);

    [RuntimeExport("neon_block_minimum")]
    static void NeonBlockMinimum(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        NeonBlockBodies.Products<Q4MinimumFormat, WithoutDot>(quants, factors, panel, chunks, tokens, sums);

    [RuntimeExport("neon_block_six")]
    static void NeonBlockSix(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        NeonBlockBodies.Halves<WithoutDot>(quants, factors, panel, chunks, tokens, sums);

    [RuntimeExport("dot_block_signed")]
    static void DotBlockSigned(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        NeonBlockBodies.Products<Q8Format, WithDot>(quants, factors, panel, chunks, tokens, sums);

    [RuntimeExport("dot_block_four")]
    static void DotBlockFour(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        NeonBlockBodies.Products<Q4Format, WithDot>(quants, factors, panel, chunks, tokens, sums);

    [RuntimeExport("dot_block_five")]
    static void DotBlockFive(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        NeonBlockBodies.Products<Q5Format, WithDot>(quants, factors, panel, chunks, tokens, sums);

    [RuntimeExport("dot_block_minimum")]
    static void DotBlockMinimum(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        NeonBlockBodies.Products<Q4MinimumFormat, WithDot>(quants, factors, panel, chunks, tokens, sums);

    [RuntimeExport("dot_block_six")]
    static void DotBlockSix(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        NeonBlockBodies.Halves<WithDot>(quants, factors, panel, chunks, tokens, sums);

    [RuntimeExport("neon_dense_f32")]
    static bool DenseF32(byte* w, long stride, float* x, int count, float* sums) =>
        NeonDenseBodies.Rows<float>(w, stride, x, count, sums);

    [RuntimeExport("neon_dense_f16")]
    static bool DenseF16(byte* w, long stride, float* x, int count, float* sums) =>
        NeonDenseBodies.Half(w, stride, x, count, sums);

    [RuntimeExport("neon_dense_bf16")]
    static bool DenseBF16(byte* w, long stride, float* x, int count, float* sums) =>
        NeonDenseBodies.Rows<ushort>(w, stride, x, count, sums);

    [RuntimeExport("neon_scores")]
    static void NeonScores(
        float** queries, int rows, byte* keys, int type, int cols, int tiles, float scale, float** scores) =>
        NeonAttentionBodies.Scores(queries, rows, keys, (ElementType)type, cols, tiles, scale, scores);

    [RuntimeExport("neon_mix")]
    static void NeonMix(
        float** weights, int step, int rows, byte* values, int stride, int type, int cols, int count, float** outputs,
        bool accumulate) =>
        NeonAttentionBodies.Mix(
            weights, step, rows, values, stride, (ElementType)type, cols, count, outputs, accumulate);
}
