using MoREdge.Model;

namespace MoREdge.Tests.Kernels;

/// <summary>
/// The identities of specs/retnet-mod-moe-families.md, section A.15, in float64 on its own test vectors: the forms
/// agree, so that one state serves decoding, prompts and both dialects.
/// </summary>
public sealed class RetentionIdentityTests
{
    private const int Tokens = 12;
    private const int Heads = 2;
    private const int KeyDim = 4;
    private const int ValueDim = 6;
    private const double Tolerance = 1e-12;

    private static readonly double[] Angles = RetentionConfig.AnglesOf(KeyDim, 10000, includesLast: true);
    private static readonly double[] Decays = RetentionConfig.PowerDecays(Heads);

    private readonly double[][][] _queries;
    private readonly double[][][] _keys;
    private readonly double[][][] _values;
    private uint _random = 12345;

    public RetentionIdentityTests()
    {
        _queries = PerHead(KeyDim);
        _keys = PerHead(KeyDim);
        _values = PerHead(ValueDim);
        for (int head = 0; head < Heads; head++)
        {
            for (int n = 0; n < Tokens; n++)
            {
                _queries[head][n] = Turned(_queries[head][n], n);
                double[] scaled = Array.ConvertAll(_keys[head][n], value => value / Math.Sqrt(KeyDim));
                _keys[head][n] = Turned(scaled, n);
            }
        }
    }

    public static TheoryData<int, int> HeadsTimesChunks() => new()
    {
        { 0, 1 }, { 0, 3 }, { 0, 4 }, { 0, Tokens }, { 1, 1 }, { 1, 3 }, { 1, 4 }, { 1, Tokens },
    };

    [Theory]
    [MemberData(nameof(HeadsTimesChunks))]
    public void Forms_OfThePaper_Agree(int head, int chunk)
    {
        (double[][] q, double[][] k, double[][] v) = (_queries[head], _keys[head], _values[head]);
        double[][] recurrentState = RetentionForms.Zeros(KeyDim, ValueDim);
        double[][] chunkState = RetentionForms.Zeros(KeyDim, ValueDim);
        double[][] parallel = RetentionForms.Parallel(q, k, v, Decays[head]);
        double[][] recurrent = RetentionForms.Recurrent(q, k, v, Decays[head], recurrentState);
        double[][] chunkwise = RetentionForms.Chunkwise(q, k, v, Decays[head], chunk, chunkState);

        Assert.InRange(RetentionForms.Difference(parallel, recurrent), 0, Tolerance);
        Assert.InRange(RetentionForms.Difference(parallel, chunkwise), 0, Tolerance);
        Assert.InRange(RetentionForms.Difference(recurrentState, chunkState), 0, Tolerance);
    }

    [Theory]
    [MemberData(nameof(HeadsTimesChunks))]
    public void Forms_OfTorchscale_AreTheCanonicalOneBehindTheNorm(int head, int chunk)
    {
        (double[][] q, double[][] k, double[][] v) = (_queries[head], _keys[head], _values[head]);
        double decay = Decays[head];
        double[][] state = RetentionForms.Zeros(KeyDim, ValueDim);
        double[][] canonical = RetentionForms.Recurrent(q, k, v, decay, state);
        double[][] theirs = RetentionForms.Zeros(ValueDim, KeyDim);
        double[][] theirChunks = RetentionForms.Zeros(KeyDim, ValueDim);
        double[][] recurrent = RetentionForms.TorchscaleRecurrent(q, k, v, decay, theirs);
        double[][] parallel = RetentionForms.TorchscaleParallel(q, k, v, decay);
        double[][] chunkwise = RetentionForms.TorchscaleChunkwise(q, k, v, decay, chunk, theirChunks);
        for (int n = 0; n < Tokens; n++)
        {
            // o_n = q·R / √s exactly; all forms alike behind a norm without an ε.
            double root = Math.Sqrt(RetentionForms.Sum(decay, n));
            double[] scaled = Array.ConvertAll(canonical[n], value => value / root);
            Assert.InRange(RetentionForms.Difference([scaled], [recurrent[n]]), 0, Tolerance);
            double[] normed = RetentionForms.Normed(canonical[n]);
            Assert.InRange(RetentionForms.Difference([normed], [RetentionForms.Normed(recurrent[n])]), 0, Tolerance);
            Assert.InRange(RetentionForms.Difference([normed], [RetentionForms.Normed(parallel[n])]), 0, Tolerance);
            Assert.InRange(RetentionForms.Difference([normed], [RetentionForms.Normed(chunkwise[n])]), 0, Tolerance);
        }

        // S·√s = Rᵀ, and X·s of a whole chunk = R.
        double lastRoot = Math.Sqrt(RetentionForms.Sum(decay, Tokens - 1));
        double chunkSum = RetentionForms.Sum(decay, chunk - 1);
        for (int d = 0; d < KeyDim; d++)
        {
            for (int e = 0; e < ValueDim; e++)
            {
                Assert.Equal(state[d][e], theirs[e][d] * lastRoot, Tolerance);
                Assert.Equal(state[d][e], theirChunks[d][e] * chunkSum, Tolerance);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(11)]
    public void Recurrent_CutAnywhere_GoesOnFromTheState(int cut)
    {
        (double[][] q, double[][] k, double[][] v) = (_queries[0], _keys[0], _values[0]);
        double[][] whole = RetentionForms.Zeros(KeyDim, ValueDim);
        double[][] parts = RetentionForms.Zeros(KeyDim, ValueDim);
        double[][] expected = RetentionForms.Recurrent(q, k, v, Decays[0], whole);

        RetentionForms.Recurrent(q[..cut], k[..cut], v[..cut], Decays[0], parts);
        double[][] rest = RetentionForms.Recurrent(q[cut..], k[cut..], v[cut..], Decays[0], parts);

        Assert.Equal(0, RetentionForms.Difference(expected[cut..], rest));
        Assert.Equal(0, RetentionForms.Difference(whole, parts));
    }

    [Fact]
    public void Parallel_ShiftedPositions_IsTheSame()
    {
        double[][] queries = Array.ConvertAll(_queries[0], row => Turned(row, 1000));
        double[][] keys = Array.ConvertAll(_keys[0], row => Turned(row, 1000));

        double[][] shifted = RetentionForms.Parallel(queries, keys, _values[0], Decays[0]);

        double[][] expected = RetentionForms.Parallel(_queries[0], _keys[0], _values[0], Decays[0]);
        Assert.InRange(RetentionForms.Difference(expected, shifted), 0, Tolerance);
    }

    [Fact]
    public void ScaledValues_BehindTheNorm_AreTheSame()
    {
        double[][] scaled = Array.ConvertAll(_values[0], row => Array.ConvertAll(row, value => 7.5 * value));
        double[][] first = RetentionForms.Parallel(_queries[0], _keys[0], _values[0], Decays[0]);
        double[][] second = RetentionForms.Parallel(_queries[0], _keys[0], scaled, Decays[0]);
        for (int n = 0; n < Tokens; n++)
        {
            double difference = RetentionForms.Difference(
                [RetentionForms.Normed(first[n])], [RetentionForms.Normed(second[n])]);
            Assert.InRange(difference, 0, Tolerance);
        }
    }

    [Fact]
    public void TorchscaleVectors_LastToken_AreTheStoredNumbers()
    {
        double[] expected =
            [0.65603431, 0.18917869, 1.47383837, 0.12030500, 1.08899858, -1.47011553];
        double[][] state = RetentionForms.Zeros(KeyDim, ValueDim);

        double[][] output = RetentionForms.Recurrent(_queries[0], _keys[0], _values[0], Decays[0], state);

        Assert.InRange(RetentionForms.Difference([expected], [RetentionForms.Normed(output[^1])]), 0, 5e-9);
        RetentionConfig config = new() { ValueDim = ValueDim, Decays = Decays, Angles = Angles };
        Assert.Equal(10.13796604494014, config.DecaySum(0, Tokens - 1), 1e-12);
    }

    [Fact]
    public void Angles_OfBothDialects_EndWhereTheyShould()
    {
        double[] torchscale = RetentionConfig.AnglesOf(256, 10000, includesLast: true);
        double[] fla = RetentionConfig.AnglesOf(256, 10000, includesLast: false);

        Assert.Equal((1, 1), (torchscale[0], fla[0]));
        Assert.Equal(1e-4, torchscale[^1], 1e-18);
        Assert.Equal(Math.Pow(10000, -254.0 / 256), fla[^1], 1e-15);
        Assert.Equal([1], RetentionConfig.AnglesOf(2, 10000, includesLast: true));
    }

    [Fact]
    public void Decays_OfBothKinds_AreTheirFormulas()
    {
        Assert.Equal([31.0 / 32, 63.0 / 64, 127.0 / 128], RetentionConfig.PowerDecays(3));
        double[] even = RetentionConfig.EvenDecays(3);
        Assert.Equal(31.0 / 32, even[0], 1e-15);
        Assert.Equal(1 - Math.Sqrt(1 / 32.0 / 512), even[1], 1e-15);
        Assert.Equal(511.0 / 512, even[2], 1e-15);
        RetentionConfig config = new() { ValueDim = 1, Decays = even, Angles = [1] };
        Assert.Equal(RetentionForms.Sum(even[1], 500), config.DecaySum(1, 500), 1e-9);
    }

    /// <summary>The adjacent pairs of a head turned by position · angle.</summary>
    private static double[] Turned(double[] head, int position)
    {
        double[] turned = new double[head.Length];
        for (int pair = 0; pair < Angles.Length; pair++)
        {
            (double sin, double cos) = Math.SinCos(position * Angles[pair]);
            turned[2 * pair] = (head[2 * pair] * cos) - (head[(2 * pair) + 1] * sin);
            turned[(2 * pair) + 1] = (head[(2 * pair) + 1] * cos) + (head[2 * pair] * sin);
        }

        return turned;
    }

    private double[][][] PerHead(int width)
    {
        double[][][] heads = new double[Heads][][];
        for (int head = 0; head < Heads; head++)
        {
            heads[head] = new double[Tokens][];
            for (int n = 0; n < Tokens; n++)
            {
                heads[head][n] = new double[width];
                for (int i = 0; i < width; i++)
                {
                    heads[head][n][i] = Next();
                }
            }
        }

        return heads;
    }

    /// <summary>The generator of the stored vectors, uniform in [−1, 1).</summary>
    private double Next()
    {
        _random = unchecked((1664525 * _random) + 1013904223);
        return ((_random >> 8) / (double)(1 << 24) * 2) - 1;
    }
}
