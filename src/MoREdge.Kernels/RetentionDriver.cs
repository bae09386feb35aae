using System.Diagnostics;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>
/// The loops around the retention bodies. A few tokens stream through the state row by row, as memory wants it; many
/// stay with sixteen columns of it until all have passed, so that what they bring stays in the first-level cache. Every
/// element is computed by the same operations in the same order either way.
/// </summary>
/// <remarks>SAFETY: pointers stay inside the views, whose shapes are asserted.</remarks>
internal static unsafe class RetentionDriver
{
    /// <summary>Columns that a body takes at a time; the rest goes through the reference.</summary>
    internal const int Columns = 16;

    /// <summary>Rows of the state that share each load and store of a sum.</summary>
    private const int Rows = 4;

    /// <summary>So many tokens' values and sums of 512 columns are half of a first-level cache.</summary>
    private const int FewTokens = 4;

    /// <summary>Runs <paramref name="body"/> over all whole blocks of columns.</summary>
    /// <param name="state">R (KeyDim, columns).</param>
    /// <param name="decay">γ.</param>
    /// <param name="queries">q (tokens, KeyDim).</param>
    /// <param name="keys">k (tokens, KeyDim).</param>
    /// <param name="values">v (tokens, columns).</param>
    /// <param name="output">o (tokens, columns).</param>
    /// <param name="isFused">Whether the body rounds products and sums at once.</param>
    /// <param name="body">(state, its stride, rows, decay, queries, their stride, keys, their stride, values, their
    /// stride, output, its stride, tokens): adds to the output what so many rows of 16 columns give.</param>
    internal static void Run(
        in FloatMatrix state,
        float decay,
        in FloatMatrix queries,
        in FloatMatrix keys,
        in FloatMatrix values,
        in FloatMatrix output,
        bool isFused,
        delegate*<float*, long, int, float, float*, long, float*, long, float*, long, float*, long, int, void> body)
    {
        Debug.Assert(queries.Cols == state.Rows && keys.Cols == state.Rows, "A row of the state per key column.");
        Debug.Assert(values.Cols == state.Cols && output.Cols == state.Cols, "A column of the state per value.");
        Debug.Assert(keys.Rows == queries.Rows && values.Rows == queries.Rows, "Query, key and value of each token.");
        int tokens = queries.Rows;
        for (int token = 0; token < tokens; token++)
        {
            output.Row(token).Clear();
        }

        int columns = state.Cols / Columns * Columns;
        int step = tokens <= FewTokens ? Rows : state.Rows;
        for (int d = 0; d < state.Rows; d += step)
        {
            int rows = Math.Min(step, state.Rows - d);
            float* row = state.Data + ((long)d * state.Stride);
            for (int e = 0; e < columns; e += Columns)
            {
                body(
                    row + e, state.Stride, rows, decay, queries.Data + d, queries.Stride, keys.Data + d, keys.Stride,
                    values.Data + e, values.Stride, output.Data + e, output.Stride, tokens);
            }
        }

        int rest = state.Cols - columns;
        if (rest > 0)
        {
            RetentionReference.Run(
                state.Columns(columns, rest), decay, queries, keys, values.Columns(columns, rest),
                output.Columns(columns, rest), isFused);
        }
    }
}
