using MoREdge.Kernels;
using MoREdge.Model;
using MoREdge.Model.Layers;
using MoREdge.Model.Threads;
using MoREdge.ModelFile;
using MoREdge.Tensors;

namespace MoREdge.Tests.Model.Layers;

public sealed class RetentionOutputTests
{
    // So large that it decides; published models have 10⁻⁶ and 10⁻⁵, which hardly show.
    private const float Epsilon = 0.25f;

    /// <summary>
    /// Torchscale divides a read-out r by √s, s the sum of its decays, before the norm: r / √(mean r² + ε·s).
    /// </summary>
    [Theory]
    [InlineData("torchscale")]
    [InlineData("fla")]
    public void Run_LateToken_NormsBehindTheDivision(string dialect)
    {
        int[] positions = [0, 40];
        using TinyModel model = TinyRetNet.Create(dialect);
        model.Set(MetadataKeys.RmsNormEpsilon, GgufValue.FromFloat32(Epsilon));
        ModelConfig config = model.Load().Network.Config;
        RetentionConfig retention = config.Retention! with { HasGate = false };
        int cols = config.HeadCount * retention.ValueDim;
        using AlignedBuffer rows = new((long)positions.Length * cols * sizeof(float));
        using AlignedBuffer quants = new(QuantizedRows.ByteCount(positions.Length, cols));
        FloatMatrix mixed = FloatMatrix.Over(rows, positions.Length, cols);
        LayerPass pass = new(KvPolicy.RecursionWise, positions.Length, segmentsMax: 1);
        float[][] read = new float[positions.Length][];
        for (int row = 0; row < positions.Length; row++)
        {
            pass.Positions[row] = positions[row];
            read[row] = Array.ConvertAll(TinyModel.RandomIds(cols, seed: row), id => (id - 30) / 32f);
            read[row].CopyTo(mixed.Row(row));
        }

        float[] weight = Array.ConvertAll(new float[retention.ValueDim], _ => 1f);
        using WorkerPool pool = new(1);
        new RetentionOutputWork(new KernelSet(), config, retention).Run(
            pool, mixed, mixed, weight, pass, QuantizedRows.Over(quants, positions.Length, cols));

        for (int row = 0; row < positions.Length; row++)
        {
            for (int col = 0; col < cols; col++)
            {
                int head = col / retention.ValueDim;
                double sum = dialect == "torchscale" ? DecaySum(retention.Decays[head], positions[row]) : 1;
                double mean = MeanSquare(read[row].AsSpan(head * retention.ValueDim, retention.ValueDim));
                Assert.Equal(read[row][col] / Math.Sqrt(mean + (Epsilon * sum)), mixed.Row(row)[col], 1e-5);
            }
        }
    }

    private static double DecaySum(double decay, int position)
    {
        double sum = 0;
        for (int age = 0; age <= position; age++)
        {
            sum += Math.Pow(decay, age);
        }

        return sum;
    }

    private static double MeanSquare(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float value in values)
        {
            sum += (double)value * value;
        }

        return sum / values.Length;
    }
}
