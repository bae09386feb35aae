using System.Diagnostics;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>
/// Scores against an int8 key cache, which is a Q8G32 matrix whose rows are positions: the packed products of the
/// kernel set do the work.
/// </summary>
/// <remarks>SAFETY: pointers stay inside the views, whose shapes are asserted.</remarks>
internal static unsafe class QuantizedScores
{
    /// <summary>
    /// Tiles that a few queries pass one after the other: 32 KB of keys of the usual 64 columns, which stay in a near
    /// cache.
    /// </summary>
    private const int BlockTiles = 64;

    /// <summary>scores[i, j] = Σ_g ks[j, g] · (qs[i, g] · scale) · Σ_d k[j, d] · q[i, d].</summary>
    internal static void Compute(
        KernelSet kernels,
        in FloatMatrix queries,
        in KeyRows keys,
        int count,
        float scale,
        in QuantizedRows quantized,
        in FloatMatrix scores)
    {
        int heads = queries.Cols / keys.Cols;
        QuantizedRows rows = quantized.Slice(0, queries.Rows * heads);
        Quantize(kernels, queries, keys.Cols, rows);
        for (int i = 0; i < rows.Rows * rows.GroupCount; i++)
        {
            rows.Scales[i] *= scale;
        }

        PackedMatrix matrix = keys.Packed(count);
        int tiles = matrix.Layout.TileCount;
        for (int tile = 0; tile < tiles && rows.Rows < kernels.TokenBlockQ8; tile += BlockTiles)
        {
            for (int i = 0; i < rows.Rows; i++)
            {
                int end = Math.Min(tile + BlockTiles, tiles);
                kernels.MatVecQ8(matrix, rows.Slice(i, 1), scores.Slice(i, 1), tile, end);
            }
        }

        if (rows.Rows >= kernels.TokenBlockQ8)
        {
            kernels.MatMulQ8(matrix, rows, scores, 0, tiles);
        }

        if (!keys.IsFinite)
        {
            Poison(matrix, scores.Slice(0, rows.Rows));
        }
    }

    private static void Quantize(KernelSet kernels, in FloatMatrix queries, int headDim, in QuantizedRows rows)
    {
        Debug.Assert(rows.GroupCount == (headDim + PackedLayout.GroupSize - 1) / PackedLayout.GroupSize, "One head.");
        int heads = queries.Cols / headDim;
        if (headDim % PackedLayout.GroupSize == 0)
        {
            // The groups of a row's heads follow each other as they would in one long row.
            int groups = heads * rows.GroupCount;
            kernels.QuantizeRows(
                queries, new QuantizedRows(rows.Values, rows.Scales, rows.Sums, queries.Rows, groups));
            return;
        }

        for (int i = 0; i < rows.Rows; i++)
        {
            FloatMatrix query = queries.Slice(i / heads, 1).Columns(i % heads * headDim, headDim);
            kernels.QuantizeRows(query, rows.Slice(i, 1));
        }
    }

    // The bodies convert scales without looking for NaN, which no model file holds; a cache may.
    private static void Poison(in PackedMatrix keys, in FloatMatrix scores)
    {
        int groups = keys.Layout.GroupCount;
        for (int j = 0; j < keys.Layout.Rows; j++)
        {
            ushort* scales = keys.TileScales(j / PackedLayout.TileRows) + (j % PackedLayout.TileRows);
            bool isSpecial = false;
            for (int group = 0; group < groups; group++)
            {
                isSpecial |= HalfBits.IsSpecial(scales[(long)group * PackedLayout.TileRows]);
            }

            for (int i = 0; isSpecial && i < scores.Rows; i++)
            {
                scores.Row(i)[j] = float.NaN;
            }
        }
    }
}
