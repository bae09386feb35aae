using MoREdge.Tensors;

namespace MoREdge.Checkpoints;

/// <summary>One weight tensor of a checkpoint under its canonical name, read as float32 a few rows at a time.</summary>
public sealed class CheckpointTensor
{
    private readonly TensorData _data;

    internal CheckpointTensor(string name, TensorData data)
    {
        Name = name;
        _data = data;
    }

    /// <summary>The canonical name (TensorNames).</summary>
    public string Name { get; }

    /// <summary>The shape, outermost dimension first: a matrix is (rows, cols), a vector (cols).</summary>
    public TensorShape Shape => _data.Shape;

    /// <summary>How the source stores the elements.</summary>
    public ElementType SourceType => _data.Type;

    /// <summary>The name in the source.</summary>
    public string SourceName => _data.Name;

    /// <summary>Reads rows [rowStart, rowStart + rowCount) as float32; a vector is one row.</summary>
    /// <param name="rowStart">First row, of <see cref="TensorShape.Rows"/>.</param>
    /// <param name="rowCount">Rows to read.</param>
    /// <param name="destination">Exactly rowCount × <see cref="TensorShape.Cols"/> floats, row after row.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// Rows outside the tensor, or a destination of another length.
    /// </exception>
    /// <exception cref="CheckpointException">The file cannot be read.</exception>
    public void ReadRows(long rowStart, int rowCount, Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rowStart);
        ArgumentOutOfRangeException.ThrowIfNegative(rowCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rowStart, Shape.Rows - rowCount);
        ArgumentOutOfRangeException.ThrowIfNotEqual(destination.Length, rowCount * Shape.Cols, nameof(destination));
        _data.ReadRows(rowStart, rowCount, destination);
    }
}
