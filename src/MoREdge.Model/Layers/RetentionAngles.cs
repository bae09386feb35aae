using MoREdge.Tensors;

namespace MoREdge.Model.Layers;

/// <summary>
/// cos and sin of position · angle for the rows of one pass. Computed in float64, so that they are as good at any
/// position, and kept for no other pass, so that memory does not grow with the text.
/// </summary>
internal sealed class RetentionAngles : IDisposable
{
    private readonly RetentionConfig _config;
    private readonly AlignedBuffer _cosBuffer;
    private readonly AlignedBuffer _sinBuffer;
    private readonly FloatMatrix _cos;
    private readonly FloatMatrix _sin;

    /// <summary>Takes room for a pass of <paramref name="rowsMax"/> rows.</summary>
    public RetentionAngles(RetentionConfig config, int rowsMax)
    {
        _config = config;
        long bytes = BytesFor(config, rowsMax) / 2;
        _cosBuffer = new AlignedBuffer(bytes);
        _sinBuffer = new AlignedBuffer(bytes);
        _cos = FloatMatrix.Over(_cosBuffer, rowsMax, config.Angles.Count);
        _sin = FloatMatrix.Over(_sinBuffer, rowsMax, config.Angles.Count);
    }

    /// <summary>Bytes of both.</summary>
    public long ByteCount => _cosBuffer.ByteCount + _sinBuffer.ByteCount;

    /// <summary>Bytes that <see cref="ByteCount"/> will be; 0 where the model attends.</summary>
    public static long BytesFor(ModelConfig config, SequencePlan plan) =>
        config.Retention is { } retention ? BytesFor(retention, plan.RowsMax(config)) : 0;

    /// <summary>Computes the angles of rows at these positions of their texts.</summary>
    public void Compute(ReadOnlySpan<int> positions)
    {
        for (int row = 0; row < positions.Length; row++)
        {
            Span<float> cos = _cos.Row(row);
            Span<float> sin = _sin.Row(row);
            for (int pair = 0; pair < cos.Length; pair++)
            {
                (double s, double c) = Math.SinCos(positions[row] * _config.Angles[pair]);
                (sin[pair], cos[pair]) = ((float)s, (float)c);
            }
        }
    }

    /// <summary>Cosines of a row of the pass (KeyDim / 2).</summary>
    public ReadOnlySpan<float> Cos(int row) => _cos.Row(row);

    /// <summary>Sines of a row of the pass (KeyDim / 2).</summary>
    public ReadOnlySpan<float> Sin(int row) => _sin.Row(row);

    public void Dispose()
    {
        _cosBuffer.Dispose();
        _sinBuffer.Dispose();
    }

    private static long BytesFor(RetentionConfig config, int rowsMax) =>
        2L * rowsMax * config.Angles.Count * sizeof(float);
}
