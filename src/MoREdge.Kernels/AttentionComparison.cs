using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>What <see cref="AttentionComparison"/> runs.</summary>
/// <param name="Format">The stored form.</param>
/// <param name="HeadDim">Columns.</param>
/// <param name="Rows">Rows of queries.</param>
/// <param name="Heads">Query heads per row that share the keys.</param>
/// <param name="Count">Positions.</param>
internal readonly record struct AttentionShape(KvFormat Format, int HeadDim, int Rows, int Heads, int Count)
{
    /// <summary>Queries.</summary>
    public int Queries => Rows * Heads;
}

/// <summary>
/// StoreKey, StoreValue, AttentionScores and AttentionMix of a set and of the reference on the same seeded data.
/// </summary>
/// <remarks>
/// Every fused set must give the same bits; without a fused multiply-add each step may round once more. Whatever the
/// set, a query alone and sums continued in a second call must give the bits of the block.
/// </remarks>
internal static unsafe class AttentionComparison
{
    // SAFETY: throughout this class, pointers come from views that KernelTestData made.

    private const float Scale = 0.3f;
    private const float Range = 2f;

    // Beyond what float16 and int8 with a float16 scale can express.
    private const float Excess = 1e9f;

    private const int Gap = 3;
    private static readonly KernelSet Reference = new();

    /// <summary>Runs all four operations.</summary>
    /// <param name="set">The set.</param>
    /// <param name="shape">Shape and format.</param>
    /// <param name="isPoisoned">
    /// Also stores a NaN, an infinity, a zero group and one too small for a normal scale.
    /// </param>
    internal static KernelDifference Run(KernelSet set, AttentionShape shape, bool isPoisoned)
    {
        using KernelTestData data = new(shape.HeadDim + (31 * shape.Count) + (977 * shape.Queries));
        // A capacity of its own, so that a wrong stride shows.
        KvLayout layout = new(shape.Format, shape.Count + 5, shape.HeadDim);
        FloatMatrix keys = data.Floats(shape.Count, shape.HeadDim, Range);
        FloatMatrix values = data.Floats(shape.Count, shape.HeadDim, Range);
        if (isPoisoned)
        {
            Poison(keys, float.NaN);
            Poison(values, float.PositiveInfinity);
        }

        AlignedBuffer expected = data.Cache(layout);
        AlignedBuffer actual = data.Cache(layout);
        (bool keysFinite, bool valuesFinite) = Store(Reference, expected, layout, keys, values);
        bool same = Store(set, actual, layout, keys, values) == (keysFinite, valuesFinite);
        int bytes = checked((int)(layout.KeyBytes + layout.ValueBytes));
        same &= expected.Span<byte>(0, bytes).SequenceEqual(actual.Span<byte>(0, bytes));
        double worst = same ? 0 : double.PositiveInfinity;
        float range = isPoisoned ? Excess : Range;
        worst = Math.Max(worst, Scores(set, data, shape, KeyRows.Over(expected, 0, layout, keysFinite), range));
        ValueRows rows = ValueRows.Over(expected, layout.KeyBytes, layout, valuesFinite);
        worst = Math.Max(worst, Mix(set, data, shape, rows, range));
        string poison = isPoisoned ? ", poisoned" : "";
        return new KernelDifference(
            $"Attention {shape.Format} ({shape.Rows}, {shape.Heads} × {shape.HeadDim}) × {shape.Count}{poison}", worst);
    }

    private static (bool Keys, bool Values) Store(
        KernelSet set, AlignedBuffer buffer, in KvLayout layout, in FloatMatrix keys, in FloatMatrix values)
    {
        KeyRows keyRows = KeyRows.Over(buffer, 0, layout, isFinite: false);
        ValueRows valueRows = ValueRows.Over(buffer, layout.KeyBytes, layout, isFinite: false);
        bool keysFinite = true;
        bool valuesFinite = true;
        for (int j = 0; j < keys.Rows; j++)
        {
            keysFinite &= set.StoreKey(keys.Row(j), keyRows, j);
            valuesFinite &= set.StoreValue(values.Row(j), valueRows, j);
        }

        return (keysFinite, valuesFinite);
    }

    private static double Scores(
        KernelSet set, KernelTestData data, AttentionShape shape, in KeyRows keys, float range)
    {
        int headDim = shape.HeadDim;
        FloatMatrix queries = data.Floats(shape.Rows, (shape.Heads * headDim) + Gap, Range)
            .Columns(0, shape.Heads * headDim);
        int stride = shape.Count + Gap;
        FloatMatrix expected = data.Filled(shape.Queries, shape.Count, stride, KernelComparison.Untouched);
        FloatMatrix actual = data.Filled(shape.Queries, shape.Count, stride, KernelComparison.Untouched);
        FloatMatrix single = data.Filled(1, shape.Count, stride, KernelComparison.Untouched);
        QuantizedRows room = data.QuantizedRoom(shape.Queries, headDim);
        Reference.AttentionScores(queries, keys, shape.Count, Scale, room, expected);
        set.AttentionScores(queries, keys, shape.Count, Scale, room, actual);
        double allowed = set.IsFused ? 0 : 4.0 * headDim * KernelComparison.Rounding * headDim * range * Range * Scale;
        double worst = 0;
        for (int i = 0; i < shape.Queries; i++)
        {
            FloatMatrix query = queries.Slice(i / shape.Heads, 1).Columns(i % shape.Heads * headDim, headDim);
            set.AttentionScores(query, keys, shape.Count, Scale, room, single);
            worst = Math.Max(worst, Worst(expected.Row(i), actual.Row(i), allowed));
            worst = Math.Max(worst, Worst(actual.Row(i), single.Row(0), 0));
            worst = Math.Max(worst, KernelComparison.Guard(actual, i));
        }

        return worst;
    }

    private static double Mix(
        KernelSet set, KernelTestData data, AttentionShape shape, in ValueRows values, float range)
    {
        int cols = shape.Heads * shape.HeadDim;
        FloatMatrix weights = data.Floats(shape.Queries, shape.Count + Gap, 1f).Columns(0, shape.Count);
        FloatMatrix expected = data.Filled(shape.Rows, cols, cols + Gap, KernelComparison.Untouched);
        FloatMatrix actual = data.Filled(shape.Rows, cols, cols + Gap, KernelComparison.Untouched);
        FloatMatrix continued = data.Filled(shape.Rows, cols, cols + Gap, KernelComparison.Untouched);
        FloatMatrix single = data.Filled(1, shape.HeadDim, shape.HeadDim + Gap, KernelComparison.Untouched);
        Reference.AttentionMix(weights, values, shape.Count, expected, accumulate: false);
        set.AttentionMix(weights, values, shape.Count, actual, accumulate: false);
        int cut = shape.Count / 3;
        set.AttentionMix(weights, values, cut, continued, accumulate: false);
        set.AttentionMix(
            weights.Columns(cut, shape.Count - cut),
            values.Slice(cut, shape.Count - cut),
            shape.Count - cut,
            continued,
            accumulate: true);
        FloatMatrix columns = data.Filled(shape.Rows, cols, cols + Gap, KernelComparison.Untouched);
        for (int start = 0; start < shape.HeadDim; start += PackedLayout.GroupSize)
        {
            int width = Math.Min(PackedLayout.GroupSize, shape.HeadDim - start);
            set.AttentionMixColumns(weights, values, shape.Count, columns, accumulate: false, start, width);
        }

        double allowed = set.IsFused ? 0 : 2.0 * shape.Count * KernelComparison.Rounding * shape.Count * range;
        double worst = 0;
        for (int row = 0; row < shape.Rows; row++)
        {
            worst = Math.Max(worst, Worst(expected.Row(row), actual.Row(row), allowed));
            worst = Math.Max(worst, Worst(actual.Row(row), continued.Row(row), 0));
            worst = Math.Max(worst, Worst(actual.Row(row), columns.Row(row), 0));
            worst = Math.Max(worst, KernelComparison.Guard(actual, row));
            for (int head = 0; head < shape.Heads; head++)
            {
                FloatMatrix weight = weights.Slice((row * shape.Heads) + head, 1);
                set.AttentionMix(weight, values, shape.Count, single, accumulate: false);
                Span<float> part = actual.Row(row).Slice(head * shape.HeadDim, shape.HeadDim);
                worst = Math.Max(worst, Worst(part, single.Row(0), 0));
                worst = Math.Max(worst, KernelComparison.Guard(single, 0));
            }
        }

        return worst;
    }

    private static void Poison(in FloatMatrix x, float special)
    {
        x.Row(x.Rows / 2)[x.Cols / 2] = special;
        x.Row(0).Clear();
        x.Row(x.Rows - 1).Fill(3e-5f);
        x.Row(x.Rows / 3).Fill(1e-3f);
        x.Row(x.Rows / 4)[x.Cols - 1] = Excess;
    }

    private static double Worst(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double allowed)
    {
        double worst = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            worst = Math.Max(worst, KernelComparison.Ratio(expected[i], actual[i], allowed));
        }

        return worst;
    }
}
