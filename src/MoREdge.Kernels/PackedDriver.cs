using System.Diagnostics;
using System.Runtime.CompilerServices;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>
/// The loops around the packed bodies, written once for all instruction sets: which tiles, which tokens, and the last
/// tile when the rows are not a multiple of 8. A body is a static pointer-only function and knows nothing of views.
/// </summary>
/// <remarks>
/// Row body: (quants, scales, x, xScales, xSums, groupCount, tileCount, y) computes tileCount·8 rows for one token.
/// Block body: see <see cref="PackedBlock"/>.
/// </remarks>
internal static unsafe class PackedDriver
{
    /// <summary>Tokens of the smallest block in any set: fewer pass the weights one by one.</summary>
    internal const int TokenBlock = 4;

    /// <summary>One token: whole tiles in one call, so that the body streams.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void MatVec(
        in PackedMatrix w,
        in QuantizedRows x,
        in FloatMatrix y,
        int tileStart,
        int tileEnd,
        delegate*<byte*, ushort*, sbyte*, float*, int*, int, int, float*, void> rowBody)
    {
        Debug.Assert(x.Rows == 1 && x.GroupCount == w.Layout.GroupCount, "x (1, cols).");
        Debug.Assert(y.Rows >= 1 && y.Cols >= w.Layout.Rows && tileEnd <= w.Layout.TileCount, "y (1, rows).");
        int wholeEnd = Math.Min(tileEnd, w.Layout.Rows / PackedLayout.TileRows);
        // SAFETY: whole tiles write tileStart·8 to wholeEnd·8 ≤ Rows; the last tile goes through `last`.
        if (wholeEnd > tileStart)
        {
            rowBody(
                w.TileQuants(tileStart), w.TileScales(tileStart), x.Values, x.Scales, x.Sums, x.GroupCount,
                wholeEnd - tileStart, y.Data + (tileStart * PackedLayout.TileRows));
        }

        if (tileEnd > Math.Max(wholeEnd, tileStart))
        {
            float* last = stackalloc float[PackedLayout.TileRows];
            rowBody(w.TileQuants(wholeEnd), w.TileScales(wholeEnd), x.Values, x.Scales, x.Sums, x.GroupCount, 1, last);
            Copy(last, y.Data, wholeEnd, w.Layout.Rows);
        }
    }

    /// <summary>x.Rows tokens: the tiles of a block stay in the first-level cache while all tokens pass them.</summary>
    /// <param name="w">Weights (rows, cols).</param>
    /// <param name="x">Activations (tokens, cols).</param>
    /// <param name="y">Output (tokens, rows).</param>
    /// <param name="tileStart">First tile.</param>
    /// <param name="tileEnd">Tile after the last.</param>
    /// <param name="rowBody">The body for one token.</param>
    /// <param name="block">The body for several tokens; default sends every token through rowBody.</param>
    /// <remarks>
    /// Blocks that do not come out even are moved back over tiles and tokens that are done already: the same bits are
    /// written again.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void MatMul(
        in PackedMatrix w,
        in QuantizedRows x,
        in FloatMatrix y,
        int tileStart,
        int tileEnd,
        delegate*<byte*, ushort*, sbyte*, float*, int*, int, int, float*, void> rowBody,
        PackedBlock block)
    {
        Debug.Assert(x.GroupCount == w.Layout.GroupCount && y.Rows >= x.Rows, "x (tokens, cols), y (tokens, rows).");
        Debug.Assert(y.Cols >= w.Layout.Rows && tileEnd <= w.Layout.TileCount, "y (tokens, rows).");
        // Only whole tiles have room in y, and a tail of few tokens is cheaper one by one.
        int wholeEnd = Math.Min(tileEnd, w.Layout.Rows / PackedLayout.TileRows);
        bool hasBlocks = block.Tokens > 0 && x.Rows >= block.Tokens && wholeEnd - tileStart >= block.Tiles;
        int tail = hasBlocks ? x.Rows % block.Tokens : x.Rows;
        int blockTokens = x.Rows - (tail * 2 <= block.Tokens || !hasBlocks ? tail : 0);
        int blockEnd = hasBlocks ? wholeEnd : tileStart;
        for (int tile = tileStart; tile < blockEnd; tile += block.Tiles)
        {
            Tokens(w, x, y, Math.Min(tile, wholeEnd - block.Tiles), blockTokens, block);
        }

        for (int tile = tileStart; tile < tileEnd; tile++)
        {
            for (int token = tile < blockEnd ? blockTokens : 0; token < x.Rows; token++)
            {
                MatVec(w, x.Slice(token, 1), y.Slice(token, 1), tile, tile + 1, rowBody);
            }
        }
    }

    // The tiles of one block from `tile` on, for tokens [0, tokenCount).
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tokens(
        in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tile, int tokenCount, PackedBlock block)
    {
        byte* quants = w.TileQuants(tile);
        ushort* scales = w.TileScales(tile);
        long groups = x.GroupCount;
        for (int next = 0; next < tokenCount; next += block.Tokens)
        {
            // SAFETY: block.Tokens ≤ tokenCount ≤ x.Rows, and the block's tiles are whole, so y has room.
            long token = Math.Min(next, tokenCount - block.Tokens);
            block.Body(
                quants, scales, x.Values + (token * groups * PackedLayout.GroupSize), x.Scales + (token * groups),
                x.Sums + (token * groups), x.GroupCount,
                y.Data + (token * y.Stride) + ((long)tile * PackedLayout.TileRows), y.Stride);
        }
    }

    // The rows of the last tile that exist.
    private static void Copy(float* tile, float* y, int tileIndex, int rows)
    {
        for (int row = tileIndex * PackedLayout.TileRows; row < rows; row++)
        {
            y[row] = tile[row - (tileIndex * PackedLayout.TileRows)];
        }
    }
}
