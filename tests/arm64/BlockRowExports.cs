// C names for the ARM64 bodies of rows of blocks times one token, and of tiles of them times many.
// Nothing is computed here.
#pragma warning disable
namespace MoREdge.Kernels;

using System.Runtime;

internal static unsafe class BlockRowExports
{
    [RuntimeExport("neon_one_q8_0")]
    static bool NeonOneQ8(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.One<Q8Format, WithoutDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("neon_one_q4_0")]
    static bool NeonOneQ4(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.One<Q4Format, WithoutDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("neon_one_q4_1")]
    static bool NeonOneQ4Minimum(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.One<Q4MinimumFormat, WithoutDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("neon_one_q5_0")]
    static bool NeonOneQ5(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.One<Q5Format, WithoutDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("neon_one_q5_1")]
    static bool NeonOneQ5Minimum(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.One<Q5MinimumFormat, WithoutDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("neon_one_q4_k")]
    static bool NeonOneQ4K(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.One<Q4KFormat, WithoutDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("neon_one_q5_k")]
    static bool NeonOneQ5K(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.One<Q5KFormat, WithoutDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("neon_one_q6_k")]
    static bool NeonOneQ6K(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.OneSix<WithoutDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("dot_one_q8_0")]
    static bool DotOneQ8(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.One<Q8Format, WithDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("dot_one_q4_0")]
    static bool DotOneQ4(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.One<Q4Format, WithDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("dot_one_q4_1")]
    static bool DotOneQ4Minimum(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.One<Q4MinimumFormat, WithDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("dot_one_q5_0")]
    static bool DotOneQ5(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.One<Q5Format, WithDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("dot_one_q5_1")]
    static bool DotOneQ5Minimum(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.One<Q5MinimumFormat, WithDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("dot_one_q4_k")]
    static bool DotOneQ4K(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.One<Q4KFormat, WithDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("dot_one_q5_k")]
    static bool DotOneQ5K(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.One<Q5KFormat, WithDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("dot_one_q6_k")]
    static bool DotOneQ6K(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.OneSix<WithDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("neon_turn")]
    static void Turn(byte* quants, float* factors, byte* tile, float* turned) =>
        NeonTurn.Tile(quants, factors, tile, turned);

    [RuntimeExport("dot_tile_signed")]
    static void DotTileSigned(byte* tile, float* factors, byte* record, int tokens, float* sums) =>
        NeonDotTiles.Chunk<Q8Format>(tile, factors, record, tokens, sums);

    [RuntimeExport("dot_tile_four")]
    static void DotTileFour(byte* tile, float* factors, byte* record, int tokens, float* sums) =>
        NeonDotTiles.Chunk<Q4Format>(tile, factors, record, tokens, sums);

    [RuntimeExport("dot_tile_five")]
    static void DotTileFive(byte* tile, float* factors, byte* record, int tokens, float* sums) =>
        NeonDotTiles.Chunk<Q5Format>(tile, factors, record, tokens, sums);

    [RuntimeExport("dot_tile_minimum")]
    static void DotTileMinimum(byte* tile, float* factors, byte* record, int tokens, float* sums) =>
        NeonDotTiles.Chunk<Q4MinimumFormat>(tile, factors, record, tokens, sums);

    [RuntimeExport("dot_tile_six")]
    static void DotTileSix(byte* tile, float* factors, byte* record, int tokens, float* sums) =>
        NeonDotTiles.ChunkSix(tile, factors, record, tokens, sums);

    [RuntimeExport("neon_unpack_q8_0")]
    static void UnpackQ8(byte* blocks, int groups, byte* quants, float* factors) =>
        NeonBlockRows.Unpack<Q8Format>(blocks, groups, quants, factors);

    [RuntimeExport("neon_unpack_q4_0")]
    static void UnpackQ4(byte* blocks, int groups, byte* quants, float* factors) =>
        NeonBlockRows.Unpack<Q4Format>(blocks, groups, quants, factors);

    [RuntimeExport("neon_unpack_q4_1")]
    static void UnpackQ4Minimum(byte* blocks, int groups, byte* quants, float* factors) =>
        NeonBlockRows.Unpack<Q4MinimumFormat>(blocks, groups, quants, factors);

    [RuntimeExport("neon_unpack_q5_0")]
    static void UnpackQ5(byte* blocks, int groups, byte* quants, float* factors) =>
        NeonBlockRows.Unpack<Q5Format>(blocks, groups, quants, factors);

    [RuntimeExport("neon_unpack_q5_1")]
    static void UnpackQ5Minimum(byte* blocks, int groups, byte* quants, float* factors) =>
        NeonBlockRows.Unpack<Q5MinimumFormat>(blocks, groups, quants, factors);

    [RuntimeExport("neon_unpack_q4_k")]
    static void UnpackQ4K(byte* blocks, int groups, byte* quants, float* factors) =>
        NeonBlockRows.Unpack<Q4KFormat>(blocks, groups, quants, factors);

    [RuntimeExport("neon_unpack_q5_k")]
    static void UnpackQ5K(byte* blocks, int groups, byte* quants, float* factors) =>
        NeonBlockRows.Unpack<Q5KFormat>(blocks, groups, quants, factors);

    [RuntimeExport("neon_unpack_q6_k")]
    static void UnpackQ6K(byte* blocks, int groups, byte* quants, float* factors) =>
        NeonBlockRows.UnpackSix(blocks, groups, quants, factors);
}
