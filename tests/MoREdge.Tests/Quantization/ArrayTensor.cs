using MoREdge.Checkpoints;
using MoREdge.Tensors;

namespace MoREdge.Tests.Quantization;

/// <summary>A source tensor in memory.</summary>
internal sealed class ArrayTensor(string name, float[] weights, params long[] dimensions)
    : TensorData(name, new TensorShape(dimensions), ElementType.F32)
{
    public static CheckpointTensor Create(string name, float[] weights, params long[] dimensions) =>
        new(name, new ArrayTensor(name, weights, dimensions));

    /// <summary>Normally distributed weights, as trained matrices nearly are.</summary>
    public static float[] Gaussian(int seed, int count, double deviation = 0.05)
    {
        Random random = new(seed);
        float[] weights = new float[count];
        for (int i = 0; i < count; i++)
        {
            double radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            weights[i] = (float)(deviation * radius * Math.Cos(2 * Math.PI * random.NextDouble()));
        }

        return weights;
    }

    public override void ReadRows(long rowStart, int rowCount, Span<float> destination) =>
        weights.AsSpan((int)(rowStart * Shape.Cols), destination.Length).CopyTo(destination);
}
