using MoREdge.Tensors;

namespace MoREdge.Model.Layers;

/// <summary>
/// cos and sin of position · frequency, in float32 as the references compute them (RoFormer, arXiv:2104.09864). Rows
/// are computed when the text reaches them: the whole context would take milliseconds before the first token, and
/// memory that a short text never needs.
/// </summary>
internal sealed class RotaryTable : IDisposable
{
    private readonly AlignedBuffer _cos;
    private readonly AlignedBuffer _sin;
    private readonly float[] _frequencies;
    private readonly float _amplitude;
    private int _positionCount;

    /// <summary>Takes room for <paramref name="positionsMax"/> rows of one angle per frequency.</summary>
    /// <param name="frequencies">Radians per token.</param>
    /// <param name="amplitude">Factor of cosines and sines.</param>
    /// <param name="positionsMax">Most rows.</param>
    public RotaryTable(float[] frequencies, float amplitude, int positionsMax)
    {
        _frequencies = frequencies;
        _amplitude = amplitude;
        long bytes = (long)positionsMax * frequencies.Length * sizeof(float);
        _cos = new AlignedBuffer(bytes);
        _sin = new AlignedBuffer(bytes);
    }

    /// <summary>Rotated dimensions of a head.</summary>
    public int Dim => 2 * _frequencies.Length;

    /// <summary>Bytes of the table; resident are only the rows computed so far.</summary>
    public long ByteCount => _cos.ByteCount + _sin.ByteCount;

    /// <summary>Bytes that <see cref="ByteCount"/> will be.</summary>
    public static long BytesFor(int dim, int positionsMax) => 2L * positionsMax * (dim / 2) * sizeof(float);

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
                cos[pair] = MathF.Cos(angle) * _amplitude;
                sin[pair] = MathF.Sin(angle) * _amplitude;
            }
        }
    }

    /// <summary>Cosines of a position (Dim / 2) that was reached.</summary>
    public ReadOnlySpan<float> Cos(int position) => Row(_cos, position);

    /// <summary>Sines of a position (Dim / 2) that was reached.</summary>
    public ReadOnlySpan<float> Sin(int position) => Row(_sin, position);

    public void Dispose()
    {
        _cos.Dispose();
        _sin.Dispose();
    }

    private Span<float> Row(AlignedBuffer table, int position) =>
        table.Span<float>((long)position * _frequencies.Length * sizeof(float), _frequencies.Length);
}
