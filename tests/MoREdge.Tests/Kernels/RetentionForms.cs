namespace MoREdge.Tests.Kernels;

/// <summary>
/// Retention of one head in float64, in every form of its paper (arXiv:2307.08621, equations 5 to 7) and of torchscale,
/// for comparison with each other and with the kernel. Source: specs/retnet-mod-moe-families.md, section A.4. Queries q
/// (T, d), keys k (T, d), values v (T, e), states R (d, e); γ is the decay.
/// </summary>
internal static class RetentionForms
{
    /// <summary>s_n = 1 + γ + … + γ^n.</summary>
    public static double Sum(double decay, int n)
    {
        double sum = 0;
        for (int i = 0; i <= n; i++)
        {
            sum += Math.Pow(decay, i);
        }

        return sum;
    }

    /// <summary>o = ((q·kᵀ) ⊙ γ^(n−m))·v: all rows at once.</summary>
    public static double[][] Parallel(double[][] q, double[][] k, double[][] v, double decay) =>
        Rows(q.Length, n => Weighted(v, n + 1, m => Dot(q[n], k[m]) * Math.Pow(decay, n - m)));

    /// <summary>R ← γ·R + kᵀ·v, o = q·R: row by row.</summary>
    public static double[][] Recurrent(
        double[][] q, double[][] k, double[][] v, double decay, double[][] state) =>
        Rows(q.Length, n =>
        {
            for (int d = 0; d < state.Length; d++)
            {
                for (int e = 0; e < state[d].Length; e++)
                {
                    state[d][e] = (decay * state[d][e]) + (k[n][d] * v[n][e]);
                }
            }

            return Read(q[n], state);
        });

    /// <summary>
    /// Chunks of <paramref name="size"/> rows: inside them the parallel form, what came before from the state, which
    /// each chunk moves on by γ^rows. The last may be shorter.
    /// </summary>
    public static double[][] Chunkwise(
        double[][] q, double[][] k, double[][] v, double decay, int size, double[][] state)
    {
        List<double[]> output = [];
        for (int start = 0; start < q.Length; start += size)
        {
            int count = Math.Min(size, q.Length - start);
            double[][] inner = Parallel(
                q[start..(start + count)], k[start..(start + count)], v[start..(start + count)], decay);
            for (int i = 0; i < count; i++)
            {
                double[] cross = Read(q[start + i], state);
                double carried = Math.Pow(decay, i + 1);
                output.Add(Row(cross.Length, e => inner[i][e] + (carried * cross[e])));
            }

            for (int d = 0; d < state.Length; d++)
            {
                for (int e = 0; e < state[d].Length; e++)
                {
                    state[d][e] *= Math.Pow(decay, count);
                    for (int j = 0; j < count; j++)
                    {
                        state[d][e] += Math.Pow(decay, count - 1 - j) * k[start + j][d] * v[start + j][e];
                    }
                }
            }
        }

        return [.. output];
    }

    /// <summary>Torchscale's parallel form: A_nm / √s_n, divided by Σ|A| within [1, 5·10⁴].</summary>
    public static double[][] TorchscaleParallel(double[][] q, double[][] k, double[][] v, double decay) =>
        Rows(q.Length, n =>
        {
            double[] scores = Row(
                n + 1, m => Dot(q[n], k[m]) * Math.Pow(decay, n - m) / Math.Sqrt(Sum(decay, n)));
            double scale = Math.Clamp(scores.Sum(Math.Abs), 1, 5e4);
            return Weighted(v, n + 1, m => scores[m] / scale);
        });

    /// <summary>Torchscale's recurrent form: S ← γ·√(s' / s)·S + v·kᵀ / √s with S (e, d); fills the state.</summary>
    public static double[][] TorchscaleRecurrent(
        double[][] q, double[][] k, double[][] v, double decay, double[][] state) =>
        Rows(q.Length, n =>
        {
            double sum = Sum(decay, n);
            double kept = n == 0 ? 0 : decay * Math.Sqrt(Sum(decay, n - 1) / sum);
            for (int e = 0; e < state.Length; e++)
            {
                for (int d = 0; d < state[e].Length; d++)
                {
                    state[e][d] = (kept * state[e][d]) + (v[n][e] * k[n][d] / Math.Sqrt(sum));
                }
            }

            return Row(state.Length, e => Dot(state[e], q[n]));
        });

    /// <summary>
    /// Torchscale's chunkwise form, chunks of whole <paramref name="size"/>, s counted from the start of each; fills
    /// the state (d, e).
    /// </summary>
    public static double[][] TorchscaleChunkwise(
        double[][] q, double[][] k, double[][] v, double decay, int size, double[][] state)
    {
        List<double[]> output = [];
        double scale = 1;
        double last = Sum(decay, size - 1);
        for (int start = 0; start < q.Length; start += size)
        {
            int first = start;
            for (int i = 0; i < size; i++)
            {
                int row = i;
                double root = Math.Sqrt(Sum(decay, i));
                double[] scores = Row(
                    i + 1, j => Dot(q[first + row], k[first + j]) * Math.Pow(decay, row - j) / root);
                double divisor = Math.Max(Math.Max(scores.Sum(Math.Abs), 1), scale);
                double[] inner = Weighted(v[first..], i + 1, j => scores[j]);
                double[] cross = Read(q[first + i], state);
                double carried = Math.Pow(decay, i + 1) * last / root;
                output.Add(Row(inner.Length, e => (inner[e] + (carried * cross[e])) / divisor));
            }

            for (int d = 0; d < state.Length; d++)
            {
                for (int e = 0; e < state[d].Length; e++)
                {
                    state[d][e] *= Math.Pow(decay, size);
                    for (int j = 0; j < size; j++)
                    {
                        state[d][e] += Math.Pow(decay, size - 1 - j) / last * k[first + j][d] * v[first + j][e];
                    }
                }
            }

            scale = Math.Max(1, Enumerable.Range(0, state[0].Length).Max(e => state.Sum(row => Math.Abs(row[e]))));
        }

        return [.. output];
    }

    /// <summary>x / √(mean(x²) + ε), the norm of each head behind its retention.</summary>
    public static double[] Normed(double[] x, double epsilon = 0)
    {
        double root = Math.Sqrt((x.Sum(value => value * value) / x.Length) + epsilon);
        return Row(x.Length, i => x[i] / root);
    }

    /// <summary>A (rows, cols) matrix of zeros.</summary>
    public static double[][] Zeros(int rows, int cols) => Rows(rows, _ => new double[cols]);

    /// <summary>The largest difference of two matrices.</summary>
    public static double Difference(double[][] x, double[][] y)
    {
        Assert.Equal(x.Length, y.Length);
        double worst = 0;
        for (int i = 0; i < x.Length; i++)
        {
            for (int j = 0; j < x[i].Length; j++)
            {
                worst = Math.Max(worst, Math.Abs(x[i][j] - y[i][j]));
            }
        }

        return worst;
    }

    /// <summary>Σ x·y.</summary>
    public static double Dot(double[] x, double[] y)
    {
        double sum = 0;
        for (int i = 0; i < x.Length; i++)
        {
            sum += x[i] * y[i];
        }

        return sum;
    }

    private static double[] Read(double[] query, double[][] state) =>
        Row(state[0].Length, e =>
        {
            double sum = 0;
            for (int d = 0; d < query.Length; d++)
            {
                sum += query[d] * state[d][e];
            }

            return sum;
        });

    private static double[] Weighted(double[][] values, int count, Func<int, double> weight)
    {
        double[] weights = Row(count, weight);
        return Row(values[0].Length, e =>
        {
            double sum = 0;
            for (int m = 0; m < count; m++)
            {
                sum += weights[m] * values[m][e];
            }

            return sum;
        });
    }

    private static double[][] Rows(int count, Func<int, double[]> row)
    {
        double[][] rows = new double[count][];
        for (int i = 0; i < count; i++)
        {
            rows[i] = row(i);
        }

        return rows;
    }

    private static double[] Row(int count, Func<int, double> element)
    {
        double[] row = new double[count];
        for (int i = 0; i < count; i++)
        {
            row[i] = element(i);
        }

        return row;
    }
}
