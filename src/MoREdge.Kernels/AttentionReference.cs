using System.Diagnostics;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>The scalar reference of the cache: store a row, score a query against keys, mix values.</summary>
internal static unsafe class AttentionReference
{
    internal static void Store(ReadOnlySpan<float> x, in KvRows rows, int row)
    {
        Debug.Assert(x.Length == rows.Cols, "One row of the cache.");
        if (rows.Type == ElementType.F32)
        {
            // SAFETY: Row checks the index; a row holds Cols elements.
            x.CopyTo(new Span<float>(rows.Row(row), rows.Cols));
            return;
        }

        // SAFETY: as above.
        Half* target = (Half*)rows.Row(row);
        for (int i = 0; i < x.Length; i++)
        {
            target[i] = (Half)x[i];
        }
    }

    internal static void Scores(ReadOnlySpan<float> query, in KvRows keys, int count, float scale, Span<float> scores)
    {
        Debug.Assert(query.Length == keys.Cols && count <= keys.Rows && scores.Length >= count, "One query.");
        for (int j = 0; j < count; j++)
        {
            double sum = 0;
            for (int d = 0; d < query.Length; d++)
            {
                sum += (double)query[d] * Element(keys, j, d);
            }

            scores[j] = scale * (float)sum;
        }
    }

    internal static void Mix(ReadOnlySpan<float> weights, in KvRows values, int count, Span<float> output)
    {
        Debug.Assert(output.Length == values.Cols && count <= values.Rows && weights.Length >= count, "count values.");
        output.Clear();
        for (int j = 0; j < count; j++)
        {
            for (int d = 0; d < output.Length; d++)
            {
                output[d] = MathF.FusedMultiplyAdd(weights[j], Element(values, j, d), output[d]);
            }
        }
    }

    // SAFETY: Row checks the index; d is below Cols.
    private static float Element(in KvRows rows, int row, int d) =>
        rows.Type == ElementType.F32 ? ((float*)rows.Row(row))[d] : (float)((Half*)rows.Row(row))[d];
}
