// C names for the bodies of other people's blocks. Nothing is computed here.
#pragma warning disable
namespace MoREdge.Kernels;

using System.Runtime;

internal static unsafe class BlockExports
{
    [RuntimeExport("v128_unpack_q8_0")]
    static void UnpackQ80(byte* blocks, int groups, byte* quants, float* factors) =>
        UnpackBodies.Q8(blocks, groups, quants, factors);

    [RuntimeExport("v128_unpack_q4_0")]
    static void UnpackQ40(byte* blocks, int groups, byte* quants, float* factors) =>
        UnpackBodies.Q4(blocks, groups, quants, factors);

    [RuntimeExport("v128_unpack_q4_1")]
    static void UnpackQ41(byte* blocks, int groups, byte* quants, float* factors) =>
        UnpackBodies.Q4Minimum(blocks, groups, quants, factors);

    [RuntimeExport("v128_unpack_q5_0")]
    static void UnpackQ50(byte* blocks, int groups, byte* quants, float* factors) =>
        UnpackBodies.Q5(blocks, groups, quants, factors);

    [RuntimeExport("v128_unpack_q5_1")]
    static void UnpackQ51(byte* blocks, int groups, byte* quants, float* factors) =>
        UnpackBodies.Q5Minimum(blocks, groups, quants, factors);

    [RuntimeExport("v128_unpack_q4_k")]
    static void UnpackQ4K(byte* blocks, int groups, byte* quants, float* factors) =>
        UnpackKBodies.Q4(blocks, groups, quants, factors);

    [RuntimeExport("v128_unpack_q5_k")]
    static void UnpackQ5K(byte* blocks, int groups, byte* quants, float* factors) =>
        UnpackKBodies.Q5(blocks, groups, quants, factors);

    [RuntimeExport("v128_unpack_q6_k")]
    static void UnpackQ6K(byte* blocks, int groups, byte* quants, float* factors) =>
        UnpackKBodies.Q6(blocks, groups, quants, factors);

    [RuntimeExport("v128_block_signed")]
    static void BlockSigned(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Vector128BlockBodies.Signed(quants, factors, panel, chunks, tokens, sums);

    [RuntimeExport("v128_block_four")]
    static void BlockFour(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Vector128BlockBodies.Four(quants, factors, panel, chunks, tokens, sums);

    [RuntimeExport("v128_block_five")]
    static void BlockFive(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Vector128BlockBodies.Five(quants, factors, panel, chunks, tokens, sums);

    [RuntimeExport("v128_block_minimum")]
    static void BlockMinimum(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Vector128BlockBodies.Minimum(quants, factors, panel, chunks, tokens, sums);

    [RuntimeExport("v128_block_six")]
    static void BlockSix(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Vector128BlockBodies.Six(quants, factors, panel, chunks, tokens, sums);
}
