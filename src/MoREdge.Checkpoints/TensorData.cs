using System.Diagnostics;
using MoREdge.Tensors;

namespace MoREdge.Checkpoints;

/// <summary>One tensor of a source: what it is, and how its rows become float32.</summary>
internal abstract class TensorData
{
    protected TensorData(string name, TensorShape shape, ElementType type)
    {
        Name = name;
        Shape = shape;
        Type = type;
    }

    /// <summary>The name in the source.</summary>
    public string Name { get; }

    /// <summary>The logical shape, outermost dimension first.</summary>
    public TensorShape Shape { get; }

    /// <summary>How the source stores the elements.</summary>
    public ElementType Type { get; }

    /// <summary>Reads rows [rowStart, rowStart + rowCount) of <see cref="TensorShape.Cols"/> floats each.</summary>
    public abstract void ReadRows(long rowStart, int rowCount, Span<float> destination);

    /// <summary>
    /// True when the source stores every 32 columns as integers of 8 bits or fewer and one fp16 scale.
    /// </summary>
    public virtual bool HasGroups => false;

    /// <summary>Reads rows as they are stored: quants (rowCount, cols), fp16 scales (rowCount, cols / 32), a
    /// last group being shorter where cols are no multiple of 32.</summary>
    /// <exception cref="NotSupportedException">The source has no groups.</exception>
    public virtual void ReadGroups(long rowStart, int rowCount, Span<sbyte> quants, Span<ushort> scales) =>
        throw new NotSupportedException($"{Type} has no groups of integers.");

    [Conditional("DEBUG")]
    protected void AssertRange(long rowStart, int rowCount, Span<float> destination)
    {
        Debug.Assert(rowStart >= 0 && rowCount >= 0 && rowStart + rowCount <= Shape.Rows, "Rows outside the tensor.");
        Debug.Assert(destination.Length == rowCount * Shape.Cols, "The destination must hold exactly the rows.");
    }
}
