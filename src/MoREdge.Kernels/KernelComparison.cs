using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>The outcome of comparing one operation of one set with the reference.</summary>
/// <param name="Operation">Operation and shape.</param>
/// <param name="Worst">
/// The largest difference as a multiple of what is allowed: at most 1 passes, 0 is bit-identical.
/// </param>
public sealed record KernelDifference(string Operation, double Worst)
{
    /// <summary>True when no element differs by more than is allowed.</summary>
    public bool Passed => Worst <= 1;
}

/// <summary>
/// Runs one operation of a set and of the reference on the same seeded data. Shared by KernelSelfTest and the unit
/// tests.
/// </summary>
/// <remarks>
/// Tolerances: <see cref="Rounding"/> is the error of one float32 rounding; a sum of n products may be off by n
/// roundings of Σ|products| (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 3.1).
/// </remarks>
internal static unsafe class KernelComparison
{
    // SAFETY: throughout this class, every pointer comes from a view that KernelTestData made, and is read within the
    // rows, groups and stride of that view.

    /// <summary>Half the distance from 1 to the next float32.</summary>
    internal const double Rounding = 1.0 / (1 << 24);

    /// <summary>
    /// Roundings allowed to an exponential: two libraries, each within 4 units in the last place of 2 roundings.
    /// </summary>
    internal const double ExponentialRoundings = 16;

    /// <summary>Fills memory that nobody may write.</summary>
    internal const float Untouched = -12345f;
    private static readonly KernelSet Reference = new();

    /// <summary>MatMul against the reference, and MatVec of every token against the same numbers.</summary>
    internal static KernelDifference Packed(KernelSet set, QuantFormat format, int rows, int cols, int tokens)
    {
        using KernelTestData data = new(rows + (31 * cols) + (977 * tokens));
        PackedMatrix w = data.Packed(format, rows, cols);
        QuantizedRows x = data.Quantized(tokens, cols);
        FloatMatrix expected = data.Filled(tokens, rows, rows, Untouched);
        FloatMatrix actual = data.Filled(tokens, rows, rows + 3, Untouched);
        FloatMatrix single = data.Filled(tokens, rows, rows + 3, Untouched);
        int tiles = w.Layout.TileCount;
        Run(Reference, format, w, x, expected, 0, tiles);
        // Two slices, as two threads would take them, the later one first.
        Run(set, format, w, x, actual, tiles / 2, tiles);
        Run(set, format, w, x, actual, 0, tiles / 2);
        double worst = 0;
        for (int token = 0; token < tokens; token++)
        {
            MatVec(set, format, w, x.Slice(token, 1), single.Slice(token, 1), tiles);
            for (int row = 0; row < rows; row++)
            {
                // Two roundings per group instead of one, each at most of the sum of magnitudes.
                double allowed = set.IsFused ? 0 : 2 * x.GroupCount * Rounding * PackedMagnitude(w, x, row, token);
                worst = Math.Max(worst, Ratio(expected.Row(token)[row], actual.Row(token)[row], allowed));
                worst = Math.Max(worst, Ratio(actual.Row(token)[row], single.Row(token)[row], 0));
            }

            worst = Math.Max(worst, Guard(actual, token));
            worst = Math.Max(worst, Guard(single, token));
        }

        return new KernelDifference($"{format} ({rows}, {cols}) × {tokens}", worst);
    }

    /// <summary>
    /// MatMulDense and DequantizeRow against the reference; a token alone against the same token in a batch.
    /// </summary>
    internal static KernelDifference Dense(KernelSet set, ElementType type, int rows, int cols, int tokens)
    {
        using KernelTestData data = new(rows + (31 * cols) + (977 * tokens));
        DenseMatrix w = data.Dense(type, rows, cols);
        FloatMatrix x = data.Floats(tokens, cols, 2f);
        FloatMatrix expected = data.Filled(tokens, rows, rows, Untouched);
        FloatMatrix actual = data.Filled(tokens, rows, rows + 3, Untouched);
        FloatMatrix single = data.Filled(tokens, rows, rows + 3, Untouched);
        Reference.MatMulDense(w, x, expected, 0, rows);
        set.MatMulDense(w, x, actual, rows / 2, rows);
        set.MatMulDense(w, x, actual, 0, rows / 2);
        double worst = 0;
        for (int token = 0; token < tokens; token++)
        {
            set.MatMulDense(w, x.Slice(token, 1), single.Slice(token, 1), 0, rows);
            for (int row = 0; row < rows; row++)
            {
                double magnitude = 0;
                for (int col = 0; col < cols; col++)
                {
                    magnitude += Math.Abs((double)DenseReference.Element(w, row, col) * x.Row(token)[col]);
                }

                double allowed = (cols + 1) * Rounding * magnitude;
                worst = Math.Max(worst, Ratio(expected.Row(token)[row], actual.Row(token)[row], allowed));
                worst = Math.Max(worst, Ratio(actual.Row(token)[row], single.Row(token)[row], 0));
            }

            worst = Math.Max(worst, Guard(actual, token));
        }

        float[] exact = new float[cols];
        float[] dequantized = new float[cols];
        Reference.DequantizeRow(w, rows - 1, exact);
        set.DequantizeRow(w, rows - 1, dequantized);
        return new KernelDifference(
            $"{type} ({rows}, {cols}) × {tokens}", Math.Max(worst, Exact(exact, dequantized)));
    }

    /// <summary>QuantizeRows: quants, scales and sums are the same bits.</summary>
    internal static KernelDifference Quantize(KernelSet set, int rows, int cols)
    {
        using KernelTestData data = new(rows + (31 * cols));
        FloatMatrix x = data.Floats(rows, cols, 3f);
        // A zero group, a group too small for a scale, and a poisoned one.
        x.Row(0)[..Math.Min(cols, PackedLayout.GroupSize)].Clear();
        x.Row(rows / 2)[0] = rows > 1 ? 1e-39f : 0f;
        x.Row(rows - 1)[cols - 1] = rows > 2 ? float.NaN : 1f;
        QuantizedRows expected = data.Quantized(rows, cols);
        QuantizedRows actual = data.Quantized(rows, cols);
        Reference.QuantizeRows(x, expected);
        set.QuantizeRows(x, actual);
        int groups = rows * expected.GroupCount;
        bool same = new Span<sbyte>(expected.Values, groups * PackedLayout.GroupSize)
            .SequenceEqual(new Span<sbyte>(actual.Values, groups * PackedLayout.GroupSize));
        same &= new Span<int>(expected.Sums, groups).SequenceEqual(new Span<int>(actual.Sums, groups));
        double worst = Exact(new Span<float>(expected.Scales, groups), new Span<float>(actual.Scales, groups));
        return new KernelDifference($"QuantizeRows ({rows}, {cols})", same ? worst : double.PositiveInfinity);
    }

    /// <summary>Every operation on vectors of <paramref name="length"/> elements.</summary>
    internal static KernelDifference Vectors(KernelSet set, int length)
    {
        using KernelTestData data = new(length);
        float[] x = data.Floats(1, length, 8f).Row(0).ToArray();
        float[] z = data.Floats(1, length, 8f).Row(0).ToArray();
        double dotMagnitude = 0;
        for (int i = 0; i < length; i++)
        {
            dotMagnitude += Math.Abs((double)x[i] * z[i]);
        }

        double worst = Worst(
            [Reference.Dot(x, z)], [set.Dot(x, z)], _ => (length + 1) * Rounding * dotMagnitude);
        worst = Math.Max(worst, Each((k, y) => k.RmsNorm(x, z, 1e-5f, y), y => (length + 8) * Rounding * Math.Abs(y)));
        worst = Math.Max(worst, Each((k, y) => k.SwiGlu(x, z, y), y => ExponentialRoundings * Rounding * Math.Abs(y)));
        worst = Math.Max(worst, Each((k, y) => k.GeGlu(x, z, y), y => GeluAllowed(y)));
        worst = Math.Max(worst, Each((k, y) => k.ClampedGlu(x, z, y), _ => 0));
        worst = Math.Max(worst, Each((k, y) => Filled(x, y, v => k.Scale(v, 0.3f)), _ => 0));
        worst = Math.Max(
            worst, Each((k, y) => Filled(x, y, v => k.SoftCap(v, 30)), _ => ExponentialRoundings * Rounding * 30));
        worst = Math.Max(worst, Each((k, y) => Filled(x, y, k.Softmax), y => SoftmaxAllowed(length, y)));
        worst = Math.Max(worst, Each((k, y) => Filled(x, y, v => k.Gelu(v)), _ => 0));
        worst = Math.Max(worst, Each((k, y) => Filled(x, y, v => k.Add(v, z)), _ => 0));
        worst = Math.Max(
            worst,
            Each((k, y) => Filled(x, y, v => k.AddScaled(v, z, 0.3f)), _ => set.IsFused ? 0 : 2 * Rounding * 16));
        return new KernelDifference($"vectors ({length})", worst);

        double Each(Action<KernelSet, float[]> operation, Func<double, double> allowed)
        {
            float[] expected = new float[length];
            float[] actual = new float[length];
            operation(Reference, expected);
            operation(set, actual);
            return Worst(expected, actual, allowed);
        }
    }

    /// <summary>Rotary in both pairings; bit-identical.</summary>
    internal static KernelDifference Rotary(KernelSet set, int headDim, bool interleaved)
    {
        using KernelTestData data = new(headDim);
        float[] expected = data.Floats(1, 3 * headDim, 2f).Row(0).ToArray();
        float[] actual = [.. expected];
        float[] cos = data.Floats(1, headDim / 2, 1f).Row(0).ToArray();
        float[] sin = data.Floats(1, headDim / 2, 1f).Row(0).ToArray();
        Reference.Rotary(expected, headDim, cos, sin, interleaved);
        set.Rotary(actual, headDim, cos, sin, interleaved);
        return new KernelDifference($"Rotary ({headDim}, interleaved {interleaved})", Exact(expected, actual));
    }

    /// <summary>ReadBytes of <paramref name="count"/> bytes; the same checksum.</summary>
    internal static KernelDifference ReadBytes(KernelSet set, int count)
    {
        byte[] bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        bool same = Reference.ReadBytes(bytes) == set.ReadBytes(bytes);
        return new KernelDifference($"ReadBytes ({count})", same ? 0 : double.PositiveInfinity);
    }

    // Four roundings of the exponent z become an error of 4·|z| roundings, and beyond |z| = 104 the result is 0 or g.
    private static double GeluAllowed(double y) =>
        ((ExponentialRoundings + (4 * 104)) * Rounding * Math.Abs(y)) + float.Epsilon;

    private static double SoftmaxAllowed(int length, double y) =>
        ((length + (2 * ExponentialRoundings)) * Rounding * y) + float.Epsilon;

    private static void Filled(float[] x, float[] y, SpanAction action)
    {
        x.CopyTo(y, 0);
        action(y);
    }

    private delegate void SpanAction(Span<float> values);

    private static void Run(
        KernelSet set, QuantFormat format, in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int start, int end)
    {
        if (format == QuantFormat.Q8G32)
        {
            set.MatMulQ8(w, x, y, start, end);
        }
        else
        {
            set.MatMulQ4(w, x, y, start, end);
        }
    }

    private static void MatVec(
        KernelSet set, QuantFormat format, in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tiles)
    {
        if (format == QuantFormat.Q8G32)
        {
            set.MatVecQ8(w, x, y, 0, tiles);
        }
        else
        {
            set.MatVecQ4(w, x, y, 0, tiles);
        }
    }

    private static double PackedMagnitude(in PackedMatrix w, in QuantizedRows x, int row, int token)
    {
        double sum = 0;
        for (int k = 0; k < x.GroupCount * PackedLayout.GroupSize; k++)
        {
            long index = ((long)token * x.GroupCount) + (k / PackedLayout.GroupSize);
            double value = x.Scales[index];
            value *= x.Values[((long)token * x.GroupCount * PackedLayout.GroupSize) + k];
            double scale = PackedReference.Scale(w, row, k / PackedLayout.GroupSize);
            sum += Math.Abs(PackedReference.Quant(w, row, k) * value * scale);
        }

        return sum;
    }

    /// <summary>What lies between the columns of a row and the next row must still be there.</summary>
    internal static double Guard(in FloatMatrix y, int token)
    {
        ReadOnlySpan<float> gap = new(y.Data + ((long)token * y.Stride) + y.Cols, y.Stride - y.Cols);
        return gap.IndexOfAnyExcept(Untouched) < 0 ? 0 : double.PositiveInfinity;
    }

    private static double Worst(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, Func<double, double> allowed)
    {
        double worst = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            worst = Math.Max(worst, Ratio(expected[i], actual[i], allowed(expected[i])));
        }

        return worst;
    }

    private static double Exact(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual) =>
        Worst(expected, actual, _ => 0);

    /// <summary>The difference as a multiple of what is allowed; two NaN are equal.</summary>
    internal static double Ratio(float expected, float actual, double allowed)
    {
        if (expected == actual || (float.IsNaN(expected) && float.IsNaN(actual)))
        {
            return 0;
        }

        double ratio = Math.Abs((double)expected - actual) / allowed;
        return double.IsNaN(ratio) ? double.PositiveInfinity : ratio;
    }
}
