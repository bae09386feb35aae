using MoREdge.Tensors;

namespace MoREdge.Checkpoints;

/// <summary>
/// A small float32 vector that the configuration implies and no file holds, such as RoPE frequency factors.
/// </summary>
internal sealed class ValuesTensor : TensorData
{
    private readonly float[] _values;

    /// <summary>Holds <paramref name="values"/> as one row.</summary>
    public ValuesTensor(string name, float[] values)
        : base(name, new TensorShape(values.Length), ElementType.F32)
    {
        _values = values;
    }

    /// <inheritdoc/>
    public override void ReadRows(long rowStart, int rowCount, Span<float> destination)
    {
        AssertRange(rowStart, rowCount, destination);
        _values.AsSpan(0, destination.Length).CopyTo(destination);
    }
}
