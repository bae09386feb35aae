using MoREdge.Kernels;
using MoREdge.Tensors;

namespace MoREdge.Tests.Kernels;

public sealed class RetentionTests
{
    private const float Decay = 63f / 64f;

    public static IEnumerable<object[]> SetsTimesShapes() => KernelSets.Times(
    [
        [1, 1, 1], [2, 16, 1], [4, 15, 5], [8, 17, 4], [6, 33, 3], [31, 48, 9], [64, 40, 64], [100, 128, 7],
        [7, 100, 130],
    ]);

    public static IEnumerable<object[]> Sets() => KernelSets.Times([[]]);

    [Theory]
    [MemberData(nameof(SetsTimesShapes))]
    public void Retention_AnySupportedSet_MatchesReference(string name, int keyDim, int valueDim, int tokens)
    {
        KernelSet set = KernelSets.Get(name);
        KernelDifference difference = RetentionComparison.Run(set, keyDim, valueDim, tokens);
        Assert.True(set.IsFused ? difference.Worst == 0 : difference.Passed, $"{name}: {difference}");
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Retention_TwoTokens_IsTheRecurrenceByHand(string name)
    {
        using Head head = new(keyDim: 2, valueDim: 1, tokens: 2);
        head.State.Row(0)[0] = 8;
        head.Set(head.Queries, [1, 0, 1, 2]);
        head.Set(head.Keys, [3, 1, 0, 2]);
        head.Set(head.Values, [2, 5]);

        head.Run(KernelSets.Get(name), decay: 0.5f);

        // R = (8, 0) → (4 + 6, 0 + 2), read (1, 0): 10. → (5 + 0, 1 + 10), read (1, 2): 27.
        Assert.Equal([10f, 27f], [head.Output.Row(0)[0], head.Output.Row(1)[0]]);
        Assert.Equal([5f, 11f], [head.State.Row(0)[0], head.State.Row(1)[0]]);
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Retention_ZeroValue_FadesTheStateByExactlyTheDecay(string name)
    {
        using Head head = new(keyDim: 6, valueDim: 20, tokens: 1);
        Random random = new(1);
        head.Fill(head.State, random);
        head.Fill(head.Queries, random);
        head.Fill(head.Keys, random);
        float[] before = head.Copy(head.State);

        head.Run(KernelSets.Get(name), Decay);

        Assert.Equal(Array.ConvertAll(before, value => Decay * value), head.Copy(head.State));
    }

    /// <summary>The forms of the paper in float64 against the kernel: a prompt of three chunks and a rest.</summary>
    [Theory]
    [MemberData(nameof(Sets))]
    public void Retention_Prompt_IsTheChunkwiseAndParallelForm(string name)
    {
        const int Tokens = 210;
        using Head head = new(keyDim: 16, valueDim: 24, Tokens);
        Random random = new(2);
        head.Fill(head.Queries, random);
        head.Fill(head.Keys, random);
        head.Fill(head.Values, random);
        (double[][] q, double[][] k, double[][] v) =
            (Head.Doubles(head.Queries), Head.Doubles(head.Keys), Head.Doubles(head.Values));
        double[][] state = RetentionForms.Zeros(16, 24);
        double[][] chunkwise = RetentionForms.Chunkwise(q, k, v, Decay, 64, state);

        head.Run(KernelSets.Get(name), Decay);

        // An element of R sums products below 1 that fade: below 1 / (1 − γ) = 64, three roundings a token of which
        // those of the past fade too, and a read-out adds 16 such terms with as many roundings.
        const double StateTolerance = 3 * 64 * 64 * KernelComparison.Rounding;
        const double ReadTolerance = (16 * StateTolerance) + (2 * 16 * 16 * 64 * KernelComparison.Rounding);
        Assert.InRange(RetentionForms.Difference(state, Head.Doubles(head.State)), 0, StateTolerance);
        Assert.InRange(RetentionForms.Difference(chunkwise, Head.Doubles(head.Output)), 0, ReadTolerance);
        double[][] parallel = RetentionForms.Parallel(q, k, v, Decay);
        Assert.InRange(RetentionForms.Difference(parallel, chunkwise), 0, 1e-11);
    }

    /// <summary>R ← (R − kᵀ·v) / γ undoes a token, but rounds: why a history replays instead.</summary>
    [Fact]
    public void InverseUpdate_EightTokens_ComesBackWithinAMillionthAndNotExactly()
    {
        using Head head = new(keyDim: 8, valueDim: 16, tokens: 8);
        Random random = new(3);
        head.Fill(head.State, random);
        head.Fill(head.Keys, random);
        head.Fill(head.Values, random);
        float[] before = head.Copy(head.State);
        head.Run(KernelSelector.Best, Decay);
        for (int token = 7; token >= 0; token--)
        {
            for (int d = 0; d < 8; d++)
            {
                Span<float> row = head.State.Row(d);
                float key = head.Keys.Row(token)[d];
                for (int e = 0; e < row.Length; e++)
                {
                    row[e] = MathF.FusedMultiplyAdd(-key, head.Values.Row(token)[e], row[e]) / Decay;
                }
            }
        }

        float[] after = head.Copy(head.State);
        double worst = 0;
        for (int i = 0; i < before.Length; i++)
        {
            worst = Math.Max(worst, Math.Abs((double)after[i] - before[i]));
        }

        Assert.InRange(worst, double.Epsilon, 1e-6);
    }

    /// <summary>
    /// Adjacent pairs are half-split pairs after a permutation of the columns, so one kernel serves both dialects.
    /// </summary>
    [Theory]
    [MemberData(nameof(Sets))]
    public void Rotary_AdjacentPairs_ArePermutedHalves(string name)
    {
        Random random = new(4);
        float[] head = new float[12];
        float[] cos = new float[6];
        float[] sin = new float[6];
        for (int i = 0; i < 12; i++)
        {
            head[i] = random.NextSingle();
            cos[i / 2] = random.NextSingle();
            sin[i / 2] = random.NextSingle();
        }

        float[] halves = Halves(head);
        KernelSets.Get(name).Rotary(halves, 12, cos, sin, interleaved: false);
        KernelSets.Get(name).Rotary(head, 12, cos, sin, interleaved: true);

        Assert.Equal(halves, Halves(head));
    }

    private static float[] Halves(float[] pairs)
    {
        float[] halves = new float[pairs.Length];
        for (int i = 0; i < pairs.Length; i++)
        {
            halves[(i % 2 * pairs.Length / 2) + (i / 2)] = pairs[i];
        }

        return halves;
    }

    /// <summary>One head's memory.</summary>
    private sealed class Head(int keyDim, int valueDim, int tokens) : IDisposable
    {
        private readonly List<AlignedBuffer> _buffers = [];
        private FloatMatrix? _state;
        private FloatMatrix? _queries;
        private FloatMatrix? _keys;
        private FloatMatrix? _values;
        private FloatMatrix? _output;

        public FloatMatrix State => _state ??= Take(keyDim, valueDim);

        public FloatMatrix Queries => _queries ??= Take(tokens, keyDim);

        public FloatMatrix Keys => _keys ??= Take(tokens, keyDim);

        public FloatMatrix Values => _values ??= Take(tokens, valueDim);

        public FloatMatrix Output => _output ??= Take(tokens, valueDim);

        public static double[][] Doubles(FloatMatrix matrix)
        {
            double[][] rows = new double[matrix.Rows][];
            for (int row = 0; row < rows.Length; row++)
            {
                rows[row] = Array.ConvertAll(matrix.Row(row).ToArray(), value => (double)value);
            }

            return rows;
        }

        public void Run(KernelSet set, float decay) => set.Retention(State, decay, Queries, Keys, Values, Output);

        public void Set(FloatMatrix matrix, float[] values)
        {
            for (int i = 0; i < values.Length; i++)
            {
                matrix.Row(i / matrix.Cols)[i % matrix.Cols] = values[i];
            }
        }

        public void Fill(FloatMatrix matrix, Random random)
        {
            for (int row = 0; row < matrix.Rows; row++)
            {
                foreach (ref float value in matrix.Row(row))
                {
                    value = (2 * random.NextSingle()) - 1;
                }
            }
        }

        public float[] Copy(FloatMatrix matrix)
        {
            List<float> all = [];
            for (int row = 0; row < matrix.Rows; row++)
            {
                all.AddRange(matrix.Row(row));
            }

            return [.. all];
        }

        public void Dispose() => _buffers.ForEach(buffer => buffer.Dispose());

        private FloatMatrix Take(int rows, int cols)
        {
            AlignedBuffer buffer = new((long)rows * cols * sizeof(float));
            _buffers.Add(buffer);
            return FloatMatrix.Over(buffer, rows, cols);
        }
    }
}
