using MoREdge.Model;
using MoREdge.ModelFile;

namespace MoREdge.Tests.Model;

/// <summary>
/// The dense unrolled network in float64, written from the papers without any code of the product: every layer on every
/// token, x ← x + p·block(x) around each recursion of an expert-choice model.
/// </summary>
internal sealed class NaiveDecoder(TinyModel weights, ModelConfig config)
{
    /// <summary>Logits (tokens, vocab).</summary>
    public double[][] Forward(int[] ids)
    {
        double[][] x = Array.ConvertAll(ids, id => Row(TensorNames.TokenEmbedding, id, config.ModelDim));
        LayerSchedule schedule = new(config, KvPolicy.RecursionWise);
        Run(schedule.Prefix, x);
        for (int r = 0; r < schedule.Loop.Length; r++)
        {
            double[][] y = Array.ConvertAll(x, row => (double[])row.Clone());
            Run(schedule.Loop[r], y);
            for (int t = 0; t < x.Length; t++)
            {
                x[t] = config.Recursion!.DepthRule == DepthRule.Fixed ? y[t] : Combine(r, x[t], y[t]);
            }
        }

        Run(schedule.Suffix, x);
        string head = config.Architecture == "llama" ? TensorNames.Output : TensorNames.TokenEmbedding;
        return Array.ConvertAll(x, row => Multiply(head, Norm(TensorNames.OutputNorm, row), config.VocabSize));
    }

    private double[] Combine(int recursion, double[] x, double[] y)
    {
        double z = Multiply(TensorNames.ExpertRouter(recursion, TensorNames.RouterLinear), x, 1)[0];
        double p = config.Recursion!.Alpha / (1 + Math.Exp(-z));
        double[] sum = new double[x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            sum[i] = x[i] + (config.Recursion.Gating == GatingKind.Weighted ? p * y[i] : y[i]);
        }

        return sum;
    }

    private void Run(LayerCall[] calls, double[][] x)
    {
        foreach (LayerCall call in calls)
        {
            Layer(call.Block, x);
        }
    }

    private void Layer(int block, double[][] x)
    {
        double[][] query = new double[x.Length][];
        double[][] key = new double[x.Length][];
        double[][] value = new double[x.Length][];
        for (int t = 0; t < x.Length; t++)
        {
            double[] h = Norm(TensorNames.Block(block, TensorNames.AttentionNorm), x[t]);
            query[t] = Rotate(Project(block, TensorNames.AttentionQuery, h, config.QueryDim), t);
            key[t] = Rotate(Project(block, TensorNames.AttentionKey, h, config.KvDim), t);
            value[t] = Project(block, TensorNames.AttentionValue, h, config.KvDim);
        }

        for (int t = 0; t < x.Length; t++)
        {
            Add(x[t], Project(block, TensorNames.AttentionOutput, Attend(query[t], key, value, t), config.ModelDim));
            double[] h = Norm(TensorNames.Block(block, TensorNames.FfnNorm), x[t]);
            double[] gate = Project(block, TensorNames.FfnGate, h, config.FfnDim);
            double[] up = Project(block, TensorNames.FfnUp, h, config.FfnDim);
            for (int i = 0; i < gate.Length; i++)
            {
                gate[i] = gate[i] / (1 + Math.Exp(-gate[i])) * up[i];
            }

            Add(x[t], Project(block, TensorNames.FfnDown, gate, config.ModelDim));
        }
    }

    private double[] Attend(double[] query, double[][] key, double[][] value, int last)
    {
        double[] mixed = new double[config.QueryDim];
        for (int head = 0; head < config.HeadCount; head++)
        {
            int q = head * config.HeadDim;
            int k = head / (config.HeadCount / config.KvHeadCount) * config.HeadDim;
            double[] weights = new double[last + 1];
            double sum = 0;
            for (int t = 0; t <= last; t++)
            {
                double score = 0;
                for (int i = 0; i < config.HeadDim; i++)
                {
                    score += query[q + i] * key[t][k + i];
                }

                weights[t] = Math.Exp(score / Math.Sqrt(config.HeadDim));
                sum += weights[t];
            }

            for (int t = 0; t <= last; t++)
            {
                for (int i = 0; i < config.HeadDim; i++)
                {
                    mixed[q + i] += weights[t] / sum * value[t][k + i];
                }
            }
        }

        return mixed;
    }

    private double[] Rotate(double[] heads, int position)
    {
        double[] rotated = new double[heads.Length];
        int half = config.HeadDim / 2;
        for (int start = 0; start < heads.Length; start += config.HeadDim)
        {
            for (int pair = 0; pair < half; pair++)
            {
                bool interleaved = config.RopePairing == RopePairing.Interleaved;
                int a = start + (interleaved ? 2 * pair : pair);
                int b = interleaved ? a + 1 : a + half;
                double angle = position * Math.Pow(config.RopeTheta, -2.0 * pair / config.HeadDim);
                rotated[a] = (heads[a] * Math.Cos(angle)) - (heads[b] * Math.Sin(angle));
                rotated[b] = (heads[b] * Math.Cos(angle)) + (heads[a] * Math.Sin(angle));
            }
        }

        return rotated;
    }

    private double[] Norm(string name, double[] x)
    {
        float[] weight = weights.Values(name);
        double squares = 0;
        foreach (double value in x)
        {
            squares += value * value;
        }

        double scale = 1 / Math.Sqrt((squares / x.Length) + config.RmsNormEpsilon);
        double[] y = new double[x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            y[i] = x[i] * scale * weight[i];
        }

        return y;
    }

    private double[] Project(int block, string name, double[] x, int rows)
    {
        double[] y = Multiply(TensorNames.Block(block, name), x, rows);
        string bias = TensorNames.Block(block, name.Replace(".weight", ".bias", StringComparison.Ordinal));
        if (weights.Has(bias))
        {
            Add(y, Array.ConvertAll(weights.Values(bias), value => (double)value));
        }

        return y;
    }

    private double[] Multiply(string name, double[] x, int rows)
    {
        double[] y = new double[rows];
        for (int r = 0; r < rows; r++)
        {
            double[] row = Row(name, r, x.Length);
            for (int i = 0; i < x.Length; i++)
            {
                y[r] += row[i] * x[i];
            }
        }

        return y;
    }

    private double[] Row(string name, int row, int cols) =>
        Array.ConvertAll(weights.Values(name)[(row * cols)..((row + 1) * cols)], value => (double)value);

    private static void Add(double[] x, double[] y)
    {
        for (int i = 0; i < x.Length; i++)
        {
            x[i] += y[i];
        }
    }
}
