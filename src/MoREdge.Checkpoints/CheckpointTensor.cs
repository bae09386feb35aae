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

    /// <summary>
    /// True when the source stores every 32 columns as integers of 8 bits or fewer and one fp16 scale (Q8_0, Q5_0,
    /// Q4_0, packed): w = scale·quant, so that a packed format can take both over without rounding again.
    /// </summary>
    public bool HasGroups => _data.HasGroups;

    /// <summary>Reads rows [rowStart, rowStart + rowCount) as they are stored.</summary>
    /// <param name="rowStart">First row, of <see cref="TensorShape.Rows"/>.</param>
    /// <param name="rowCount">Rows to read.</param>
    /// <param name="quants">Integers (rowCount, cols), zero points taken off.</param>
    /// <param name="scales">Bits of the fp16 scales (rowCount, cols / 32, rounded up).</param>
    /// <exception cref="ArgumentOutOfRangeException">Rows outside the tensor, or a span of another length.</exception>
    /// <exception cref="NotSupportedException"><see cref="HasGroups"/> is false.</exception>
    /// <exception cref="CheckpointException">The file cannot be read.</exception>
    public void ReadGroups(long rowStart, int rowCount, Span<sbyte> quants, Span<ushort> scales)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rowStart);
        ArgumentOutOfRangeException.ThrowIfNegative(rowCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rowStart, Shape.Rows - rowCount);
        ArgumentOutOfRangeException.ThrowIfNotEqual(quants.Length, rowCount * Shape.Cols, nameof(quants));
        long rowGroups = (Shape.Cols + PackedLayout.GroupSize - 1) / PackedLayout.GroupSize;
        ArgumentOutOfRangeException.ThrowIfNotEqual(scales.Length, rowCount * rowGroups, nameof(scales));
        _data.ReadGroups(rowStart, rowCount, quants, scales);
    }
}
