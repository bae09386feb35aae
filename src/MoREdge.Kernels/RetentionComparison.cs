using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>Retention of a set and of the reference on the same seeded data.</summary>
/// <remarks>
/// Every fused set must give the same bits. Without a fused multiply-add each product rounds once more: an error of the
/// state fades with it, so that <see cref="SplitRoundings"/> per token and key column bound what a sum may be off by.
/// Whatever the set, tokens in two calls and columns in two calls must give the bits of one call.
/// </remarks>
internal static class RetentionComparison
{
    /// <summary>Roundings of a product apart from its sum, in the update and in the read-out.</summary>
    private const double SplitRoundings = 2;

    private const float Decay = 31f / 32f;
    private const int RowGap = 3;
    private static readonly KernelSet Reference = new();

    /// <summary>Runs <paramref name="tokens"/> tokens through a state of (keyDim, valueDim).</summary>
    internal static KernelDifference Run(KernelSet set, int keyDim, int valueDim, int tokens)
    {
        using KernelTestData data = new(keyDim + (31 * valueDim) + (977 * tokens));
        FloatMatrix queries = data.Floats(tokens, keyDim, 1f);
        FloatMatrix keys = data.Floats(tokens, keyDim, 1f);
        FloatMatrix values = data.Floats(tokens, valueDim, 1f);
        FloatMatrix start = data.Floats(keyDim, valueDim, 4f);
        FloatMatrix expectedState = Copy(data, start);
        FloatMatrix actualState = Copy(data, start);
        FloatMatrix expected = data.Filled(tokens, valueDim, valueDim, KernelComparison.Untouched);
        FloatMatrix actual = data.Filled(tokens, valueDim, valueDim + RowGap, KernelComparison.Untouched);
        Reference.Retention(expectedState, Decay, queries, keys, values, expected);

        // As two workers and two chunks would, the later columns first.
        int cut = tokens / 2;
        int left = valueDim / 2;
        foreach ((int first, int count) in new[] { (left, valueDim - left), (0, left) })
        {
            foreach ((int token, int rows) in new[] { (0, cut), (cut, tokens - cut) })
            {
                set.Retention(
                    actualState.Columns(first, count), Decay, queries.Slice(token, rows), keys.Slice(token, rows),
                    values.Slice(token, rows).Columns(first, count), actual.Slice(token, rows).Columns(first, count));
            }
        }

        double worst = 0;
        FloatMatrix wholeState = Copy(data, start);
        FloatMatrix whole = data.Filled(tokens, valueDim, valueDim, KernelComparison.Untouched);
        set.Retention(wholeState, Decay, queries, keys, values, whole);
        for (int d = 0; d < keyDim; d++)
        {
            worst = Math.Max(worst, Worst(set, expectedState.Row(d), actualState.Row(d), tokens));
            worst = Math.Max(worst, Same(wholeState.Row(d), actualState.Row(d)));
            worst = Math.Max(worst, KernelComparison.Guard(actualState, d));
        }

        for (int token = 0; token < tokens; token++)
        {
            worst = Math.Max(worst, Worst(set, expected.Row(token), actual.Row(token), keyDim * (tokens + 1)));
            worst = Math.Max(worst, Same(whole.Row(token), actual.Row(token)));
            worst = Math.Max(worst, KernelComparison.Guard(actual, token));
        }

        return new KernelDifference($"Retention ({keyDim}, {valueDim}) × {tokens}", worst);
    }

    private static FloatMatrix Copy(KernelTestData data, in FloatMatrix matrix)
    {
        FloatMatrix copy = data.Filled(matrix.Rows, matrix.Cols, matrix.Cols + RowGap, KernelComparison.Untouched);
        for (int row = 0; row < matrix.Rows; row++)
        {
            matrix.Row(row).CopyTo(copy.Row(row));
        }

        return copy;
    }

    /// <summary>Of so many products, each below the bound 4 + 1 / (1 − γ) of the state.</summary>
    private static double Worst(KernelSet set, ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, int products)
    {
        double bound = 4 + (1 / (1 - Decay));
        double allowed = set.IsFused ? 0 : SplitRoundings * products * bound * KernelComparison.Rounding;
        double worst = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            worst = Math.Max(worst, KernelComparison.Ratio(expected[i], actual[i], allowed));
        }

        return worst;
    }

    private static double Same(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual) =>
        expected.SequenceEqual(actual) ? 0 : double.PositiveInfinity;
}
