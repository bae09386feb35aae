using MoREdge.Tensors;

namespace MoREdge.Checkpoints;

/// <summary>Neighbouring rows of another tensor: one projection of several that are stored together.</summary>
internal sealed class RowsTensor(TensorData source, long rowStart, long rowCount)
    : TensorData(source.Name, new TensorShape(rowCount, source.Shape.Cols), source.Type)
{
    /// <inheritdoc/>
    public override bool HasGroups => source.HasGroups;

    /// <inheritdoc/>
    public override void ReadRows(long start, int count, Span<float> destination)
    {
        AssertRange(start, count, destination);
        source.ReadRows(rowStart + start, count, destination);
    }

    /// <inheritdoc/>
    public override void ReadGroups(long start, int count, Span<sbyte> quants, Span<ushort> scales) =>
        source.ReadGroups(rowStart + start, count, quants, scales);
}

/// <summary>Another tensor plus 1: the weights of a norm that are stored as their distance from it.</summary>
internal sealed class AboveOneTensor(TensorData source) : TensorData(source.Name, source.Shape, source.Type)
{
    /// <inheritdoc/>
    public override void ReadRows(long rowStart, int rowCount, Span<float> destination)
    {
        source.ReadRows(rowStart, rowCount, destination);
        foreach (ref float value in destination)
        {
            value += 1;
        }
    }
}

/// <summary>Neighbouring elements of another tensor as a vector.</summary>
internal sealed class ElementsTensor(TensorData source, long start, long count)
    : TensorData(source.Name, new TensorShape(count), source.Type)
{
    /// <inheritdoc/>
    public override void ReadRows(long rowStart, int rowCount, Span<float> destination)
    {
        AssertRange(rowStart, rowCount, destination);
        float[] all = new float[source.Shape.ElementCount];
        source.ReadRows(0, (int)source.Shape.Rows, all);
        all.AsSpan((int)start, destination.Length).CopyTo(destination);
    }
}
