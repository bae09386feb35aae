using System.Diagnostics;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>The scalar reference of retention: the recurrence as its paper writes it.</summary>
internal static class RetentionReference
{
    internal static void Run(
        in FloatMatrix state,
        float decay,
        in FloatMatrix queries,
        in FloatMatrix keys,
        in FloatMatrix values,
        in FloatMatrix output,
        bool isFused = true)
    {
        Debug.Assert(queries.Cols == state.Rows && keys.Cols == state.Rows, "A row of the state per key column.");
        Debug.Assert(values.Cols == state.Cols && output.Cols == state.Cols, "A column of the state per value.");
        for (int token = 0; token < queries.Rows; token++)
        {
            ReadOnlySpan<float> query = queries.Row(token);
            ReadOnlySpan<float> key = keys.Row(token);
            ReadOnlySpan<float> value = values.Row(token);
            Span<float> read = output.Row(token);
            read.Clear();
            for (int d = 0; d < state.Rows; d++)
            {
                Span<float> row = state.Row(d);
                for (int e = 0; e < row.Length; e++)
                {
                    row[e] = MultiplyAdd(key[d], value[e], decay * row[e], isFused);
                    read[e] = MultiplyAdd(query[d], row[e], read[e], isFused);
                }
            }
        }
    }

    /// <summary>a·b + sum, rounded once, or twice where the rest of a set does.</summary>
    private static float MultiplyAdd(float a, float b, float sum, bool isFused) =>
        isFused ? MathF.FusedMultiplyAdd(a, b, sum) : (a * b) + sum;
}
