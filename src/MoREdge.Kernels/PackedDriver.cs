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
/// Block body: (quants, scales, x, xScales, xSums, groupCount, y, yStride) computes one tile for TokenBlock tokens,
/// whose x lie groupCount·32 apart, xScales and xSums groupCount apart, and y yStride floats apart.
/// </remarks>
internal static unsafe class PackedDriver
{
    /// <summary>Tokens per call of a block body.</summary>
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

    /// <summary>x.Rows tokens: a tile stays in the first-level cache while all tokens pass it.</summary>
    /// <param name="w">Weights (rows, cols).</param>
    /// <param name="x">Activations (tokens, cols).</param>
    /// <param name="y">Output (tokens, rows).</param>
    /// <param name="tileStart">First tile.</param>
    /// <param name="tileEnd">Tile after the last.</param>
    /// <param name="rowBody">The body for one token.</param>
    /// <param name="blockBody">The body for four tokens; null sends every token through rowBody.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void MatMul(
        in PackedMatrix w,
        in QuantizedRows x,
        in FloatMatrix y,
        int tileStart,
        int tileEnd,
        delegate*<byte*, ushort*, sbyte*, float*, int*, int, int, float*, void> rowBody,
        delegate*<byte*, ushort*, sbyte*, float*, int*, int, float*, long, void> blockBody)
    {
        Debug.Assert(x.GroupCount == w.Layout.GroupCount && y.Rows >= x.Rows, "x (tokens, cols), y (tokens, rows).");
        Debug.Assert(y.Cols >= w.Layout.Rows && tileEnd <= w.Layout.TileCount, "y (tokens, rows).");
        float* last = stackalloc float[TokenBlock * PackedLayout.TileRows];
        long groups = x.GroupCount;
        for (int tile = tileStart; tile < tileEnd; tile++)
        {
            byte* quants = w.TileQuants(tile);
            ushort* scales = w.TileScales(tile);
            bool whole = (tile + 1) * PackedLayout.TileRows <= w.Layout.Rows;
            for (int token = 0; token < x.Rows;)
            {
                // SAFETY: a whole tile writes 8 columns of y; the last tile writes `last`, and Copy only what y has.
                int count = blockBody != null && x.Rows - token >= TokenBlock ? TokenBlock : 1;
                sbyte* values = x.Values + (token * groups * PackedLayout.GroupSize);
                float* xScales = x.Scales + (token * groups);
                int* xSums = x.Sums + (token * groups);
                float* output = y.Data + ((long)token * y.Stride);
                float* target = whole ? output + (tile * PackedLayout.TileRows) : last;
                if (count == TokenBlock)
                {
                    long stride = whole ? y.Stride : PackedLayout.TileRows;
                    blockBody(quants, scales, values, xScales, xSums, x.GroupCount, target, stride);
                }
                else
                {
                    rowBody(quants, scales, values, xScales, xSums, x.GroupCount, 1, target);
                }

                for (int t = 0; t < count && !whole; t++)
                {
                    Copy(last + (t * PackedLayout.TileRows), output + ((long)t * y.Stride), tile, w.Layout.Rows);
                }

                token += count;
            }
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
