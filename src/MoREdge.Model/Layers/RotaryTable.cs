
namespace MoREdge.Model.Layers;

/// <summary>
/// cos and sin of position · θ^(−2i / HeadDim), in float32 as the references compute them (RoFormer, arXiv:2104.09864).
/// </summary>
internal sealed class RotaryTable
{
    private readonly float[] _cos;
    private readonly float[] _sin;
    private readonly int _pairCount;

    /// <summary>Computes <paramref name="positionCount"/> rows of HeadDim / 2 angles.</summary>
    /// <param name="config">Head width and base.</param>
    /// <param name="factors">(HeadDim / 2) divisors of the frequencies, or null.</param>
    /// <param name="positionCount">Rows.</param>
    public RotaryTable(ModelConfig config, float[]? factors, int positionCount)
    {
        _pairCount = config.HeadDim / 2;
        _cos = new float[positionCount * _pairCount];
        _sin = new float[positionCount * _pairCount];
        for (int pair = 0; pair < _pairCount; pair++)
        {
            float frequency = 1 / MathF.Pow(config.RopeTheta, 2 * pair / (float)config.HeadDim);
            frequency /= factors is null ? 1 : factors[pair];
            for (int position = 0; position < positionCount; position++)
            {
                float angle = position * frequency;
                _cos[(position * _pairCount) + pair] = MathF.Cos(angle);
                _sin[(position * _pairCount) + pair] = MathF.Sin(angle);
            }
        }
    }

    /// <summary>Bytes of the table.</summary>
    public long ByteCount => 2L * _cos.Length * sizeof(float);

    /// <summary>Bytes that <see cref="ByteCount"/> will be.</summary>
    public static long BytesFor(ModelConfig config, int positionCount) => 2L * positionCount * (config.HeadDim / 2) * sizeof(float);

    /// <summary>Cosines of a position (HeadDim / 2).</summary>
    public ReadOnlySpan<float> Cos(int position) => _cos.AsSpan(position * _pairCount, _pairCount);

    /// <summary>Sines of a position (HeadDim / 2).</summary>
    public ReadOnlySpan<float> Sin(int position) => _sin.AsSpan(position * _pairCount, _pairCount);
}
