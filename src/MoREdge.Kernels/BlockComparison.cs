using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>
/// MatMulBlocks of a set against the reference on the same seeded blocks. Shared by KernelSelfTest and the unit tests.
/// </summary>
internal static unsafe class BlockComparison
{
    private static readonly KernelSet Reference = new();

    /// <summary>
    /// MatMulBlocks in two slices against the reference, every token alone against the same numbers, DequantizeRow.
    /// </summary>
    /// <param name="set">The set.</param>
    /// <param name="type">A type of blocks.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="cols">Columns, whole blocks.</param>
    /// <param name="tokens">Tokens.</param>
    /// <param name="isHostile">
    /// Any bits for a scale: NaN, infinities and overflows must come out of a fused set as they do out of the
    /// reference, and a token as it does alone. What a second rounding makes of an overflow is not compared.
    /// </param>
    internal static KernelDifference Run(
        KernelSet set, ElementType type, int rows, int cols, int tokens, bool isHostile)
    {
        using KernelTestData data = new(rows + (31 * cols) + (977 * tokens));
        DenseMatrix w = data.Blocks(type, rows, cols, isHostile);
        QuantizedRows x = data.Quantized(tokens, cols);
        FloatMatrix expected = data.Filled(tokens, rows, rows, KernelComparison.Untouched);
        FloatMatrix actual = data.Filled(tokens, rows, rows + 3, KernelComparison.Untouched);
        FloatMatrix single = data.Filled(tokens, rows, rows + 3, KernelComparison.Untouched);
        Reference.MatMulBlocks(w, x, expected, 0, rows);
        set.MatMulBlocks(w, x, actual, rows / 2, rows);
        set.MatMulBlocks(w, x, actual, 0, rows / 2);
        double worst = 0;
        for (int token = 0; token < tokens; token++)
        {
            set.MatMulBlocks(w, x.Slice(token, 1), single.Slice(token, 1), 0, rows);
            for (int row = 0; row < rows; row++)
            {
                float value = actual.Row(token)[row];
                worst = Math.Max(worst, KernelComparison.Ratio(value, single.Row(token)[row], 0));
                if (set.IsFused || !isHostile)
                {
                    double allowed = set.IsFused ? 0 : Allowed(w, x, row, token);
                    worst = Math.Max(worst, KernelComparison.Ratio(expected.Row(token)[row], value, allowed));
                }
            }

            worst = Math.Max(worst, KernelComparison.Guard(actual, token));
            worst = Math.Max(worst, KernelComparison.Guard(single, token));
        }

        string hostile = isHostile ? ", any scale" : string.Empty;
        return new KernelDifference(
            $"{type} blocks ({rows}, {cols}) × {tokens}{hostile}", Math.Max(worst, Dequantized(set, w)));
    }

    private static double Dequantized(KernelSet set, in DenseMatrix w)
    {
        float[] exact = new float[w.Cols];
        float[] actual = new float[w.Cols];
        Reference.DequantizeRow(w, w.Rows - 1, exact);
        set.DequantizeRow(w, w.Rows - 1, actual);
        double worst = 0;
        for (int i = 0; i < exact.Length; i++)
        {
            worst = Math.Max(worst, KernelComparison.Ratio(exact[i], actual[i], 0));
        }

        return worst;
    }

    // Two sums per group, each with two roundings instead of one, and the sum of eight at the end: each rounding is at
    // most of the sum of magnitudes.
    private static double Allowed(in DenseMatrix w, in QuantizedRows x, int row, int token)
    {
        double magnitude = 0;
        for (int col = 0; col < w.Cols; col++)
        {
            BlockWeight weight = BlockReference.Weight(w, row, col);
            long group = ((long)token * x.GroupCount) + (col / DenseBlock.Length);
            // SAFETY: x has Rows × GroupCount groups of 32 values.
            double value = (double)x.Scales[group] * x.Values[((long)token * w.Cols) + col];
            magnitude += Math.Abs(value * weight.Scale * weight.Quant) + Math.Abs(value * weight.Minimum);
        }

        return ((4 * x.GroupCount) + BlockLayout.Groups) * KernelComparison.Rounding * magnitude;
    }
}
