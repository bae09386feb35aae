using System.Diagnostics;
using System.Runtime.CompilerServices;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>
/// The loops around the bodies of scores, written once for all instruction sets: blocks of positions that stay in the
/// first-level cache, and within a block the queries, three at a time.
/// </summary>
/// <remarks>
/// Scores body: (queries, rows, keys, type, cols, tileCount, scale, scores) writes tileCount · 8 scores for 3 queries
/// or 1, from F16 or F32 tiles of 8 positions. Convert body: (source, count, isFinite, target) makes float32 of
/// float16, exactly. Many queries make it worth converting a block once; few convert in registers.
/// </remarks>
internal static unsafe class AttentionDriver
{
    /// <summary>The widest head the blocks hold; a wider one takes the reference.</summary>
    internal const int HeadDimMax = ScratchFloats / PackedLayout.TileRows;

    /// <summary>Queries that share a key or value in registers.</summary>
    internal const int QueryBlock = 3;

    /// <summary>16 KB: half of a small first-level cache.</summary>
    internal const int ScratchFloats = 4096;

    /// <summary>A score block is a multiple of this many tiles, which no body leaves a remainder of.</summary>
    private const int TileMultiple = 6;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Scores(
        in FloatMatrix queries,
        in KeyRows keys,
        int count,
        float scale,
        in FloatMatrix scores,
        AttentionBodies bodies)
    {
        int cols = keys.Cols;
        int heads = queries.Cols / cols;
        int rows = queries.Rows * heads;
        Debug.Assert(cols <= HeadDimMax && queries.Cols % cols == 0 && count <= keys.Rows, "Whole heads.");
        Debug.Assert(scores.Rows >= rows && scores.Cols >= count, "A score per query and position.");
        float* scratch = stackalloc float[ScratchFloats];
        bool converts = keys.Format == KvFormat.F16 && (rows > QueryBlock || !keys.IsFinite);
        int tiles = (count + PackedLayout.TileRows - 1) / PackedLayout.TileRows;
        int blockTiles = ScratchFloats / (PackedLayout.TileRows * cols);
        blockTiles = Math.Max(blockTiles - (blockTiles % TileMultiple), Math.Min(blockTiles, TileMultiple));
        blockTiles = converts || rows > QueryBlock ? blockTiles : tiles;
        for (int tile = 0; tile < tiles; tile += blockTiles)
        {
            // SAFETY: whole tiles exist, the last one with keys past count that nobody looks at.
            int start = tile * PackedLayout.TileRows;
            int blockCount = Math.Min(blockTiles * PackedLayout.TileRows, count - start);
            byte* data = keys.Data + (tile * keys.TileBytes);
            ElementType type = KvLayout.ElementTypeOf(keys.Format);
            if (converts)
            {
                int tileCount = Math.Min(blockTiles, tiles - tile);
                bodies.Convert((ushort*)data, tileCount * PackedLayout.TileRows * cols, keys.IsFinite, scratch);
                data = (byte*)scratch;
                type = ElementType.F32;
            }

            ScoreRows(queries, data, type, cols, scale, scores.Columns(start, blockCount), bodies.Scores);
        }
    }

    /// <summary>One block of positions, as many as scores has columns, three queries at a time.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScoreRows(
        in FloatMatrix queries,
        byte* keys,
        ElementType type,
        int cols,
        float scale,
        in FloatMatrix scores,
        delegate*<float**, int, byte*, ElementType, int, int, float, float**, void> body)
    {
        int heads = queries.Cols / cols;
        int rows = queries.Rows * heads;
        int whole = scores.Cols / PackedLayout.TileRows;
        byte* lastTile = keys + ((long)whole * PackedLayout.TileRows * cols * ElementTypes.BlockBytes(type));
        float* last = stackalloc float[QueryBlock * PackedLayout.TileRows];
        float** query = stackalloc float*[QueryBlock];
        float** output = stackalloc float*[QueryBlock];
        float** lastOutput = stackalloc float*[QueryBlock];
        for (int row = 0; row < rows; row += QueryBlock)
        {
            // SAFETY: whole tiles have room in scores; the last one goes through `last`. A block of two queries repeats
            // the second.
            int taken = Math.Min(QueryBlock, rows - row);
            for (int i = 0; i < QueryBlock; i++)
            {
                int index = row + Math.Min(i, taken - 1);
                query[i] = queries.Data + ((long)(index / heads) * queries.Stride) + (index % heads * cols);
                output[i] = scores.Data + ((long)index * scores.Stride);
                lastOutput[i] = last + (i * PackedLayout.TileRows);
            }

            int bodyRows = taken == 1 ? 1 : QueryBlock;
            if (whole > 0)
            {
                body(query, bodyRows, keys, type, cols, whole, scale, output);
            }

            if (scores.Cols > whole * PackedLayout.TileRows)
            {
                body(query, bodyRows, lastTile, type, cols, 1, scale, lastOutput);
                CopyTile(lastOutput, output, taken, whole, scores.Cols % PackedLayout.TileRows);
            }
        }
    }

    // What exists of the last tile.
    private static void CopyTile(float** tiles, float** output, int rows, int tile, int count)
    {
        for (int row = 0; row < rows; row++)
        {
            for (int i = 0; i < count; i++)
            {
                output[row][(tile * PackedLayout.TileRows) + i] = tiles[row][i];
            }
        }
    }
}
