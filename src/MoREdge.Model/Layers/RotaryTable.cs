using MoREdge.Tensors;

namespace MoREdge.Model.Layers;

/// <summary>
/// cos and sin of position · θ^(−2i / HeadDim), in float32 as the references compute them (RoFormer, arXiv:2104.09864).
/// Rows are computed when the text reaches them: the whole context would take milliseconds before the first token, and
/// memory that a short text never needs.
/// </summary>
internal sealed class RotaryTable : IDisposable
{
    private readonly AlignedBuffer _cos;
    private readonly AlignedBuffer _sin;
    private readonly float[] _frequencies;
    private int _positionCount;

    /// <summary>Takes room for <paramref name="positionsMax"/> rows of HeadDim / 2 angles.</summary>
    /// <param name="config">Head width and base.</param>
    /// <param name="factors">(HeadDim / 2) divisors of the frequencies, or null.</param>
    /// <param name="positionsMax">Most rows.</param>
    public RotaryTable(ModelConfig config, float[]? factors, int positionsMax)
    {
        _frequencies = new float[config.HeadDim / 2];
        for (int pair = 0; pair < _frequencies.Length; pair++)
        {
            float frequency = 1 / MathF.Pow(config.RopeTheta, 2 * pair / (float)config.HeadDim);
            _frequencies[pair] = frequency / (factors is null ? 1 : factors[pair]);
        }

        long bytes = BytesFor(config, positionsMax) / 2;
        _cos = new AlignedBuffer(bytes);
        _sin = new AlignedBuffer(bytes);
    }

    /// <summary>Bytes of the table; resident are only the rows computed so far.</summary>
    public long ByteCount => _cos.ByteCount + _sin.ByteCount;

    /// <summary>Bytes that <see cref="ByteCount"/> will be.</summary>
    public static long BytesFor(ModelConfig config, int positionsMax) =>
        2L * positionsMax * (config.HeadDim / 2) * sizeof(float);

    /// <summary>Computes the rows of positions below <paramref name="positionCount"/> that are not there yet. Called
    /// before a pass, because its layers read the table from several threads.</summary>
    public void Reach(int positionCount)
    {
        for (; _positionCount < positionCount; _positionCount++)
        {
            Span<float> cos = Row(_cos, _positionCount);
            Span<float> sin = Row(_sin, _positionCount);
            for (int pair = 0; pair < _frequencies.Length; pair++)
            {
                float angle = _positionCount * _frequencies[pair];
                cos[pair] = MathF.Cos(angle);
                sin[pair] = MathF.Sin(angle);
            }
        }
    }

    /// <summary>Cosines of a position (HeadDim / 2) that was reached.</summary>
    public ReadOnlySpan<float> Cos(int position) => Row(_cos, position);

    /// <summary>Sines of a position (HeadDim / 2) that was reached.</summary>
    public ReadOnlySpan<float> Sin(int position) => Row(_sin, position);

    public void Dispose()
    {
        _cos.Dispose();
        _sin.Dispose();
    }

    private Span<float> Row(AlignedBuffer table, int position) =>
        table.Span<float>((long)position * _frequencies.Length * sizeof(float), _frequencies.Length);
}
