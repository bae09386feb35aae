using System.Text;
using MoREdge.Tensors;

namespace MoREdge.ModelFile;

/// <summary>A tensor that <see cref="GgufWriter"/> is going to be given.</summary>
public sealed class GgufTensorPlan
{
    /// <summary>A dense tensor; <paramref name="shape"/> is outermost first.</summary>
    /// <exception cref="ArgumentException">
    /// The name is empty or longer than <see cref="ModelFileLimits.TensorNameBytesMax"/> bytes, or a row is not a whole
    /// number of blocks.
    /// </exception>
    /// <exception cref="OverflowException">The tensor is too large.</exception>
    public GgufTensorPlan(string name, TensorShape shape, ElementType type)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (Encoding.UTF8.GetByteCount(name) > ModelFileLimits.TensorNameBytesMax)
        {
            throw new ArgumentException(
                $"The tensor name '{name}' is longer than {ModelFileLimits.TensorNameBytesMax} bytes.");
        }

        Name = name;
        Shape = shape;
        Type = type;
        ByteCount = checked(shape.Rows * ElementTypes.RowBytes(type, shape.Cols));
    }

    private GgufTensorPlan(string name, PackedLayout layout)
        : this(name, new TensorShape(layout.TotalBytes), ElementType.I8) => Layout = layout;

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>The stored shape, outermost first: of a packed tensor the one dimension of its bytes.</summary>
    public TensorShape Shape { get; }

    /// <summary>The stored element type: I8 for a packed tensor.</summary>
    public ElementType Type { get; }

    /// <summary>The layout of a packed tensor; null for a dense one.</summary>
    public PackedLayout? Layout { get; }

    /// <summary>Bytes that must be written.</summary>
    public long ByteCount { get; }

    /// <summary>A packed (rows, cols) matrix, written as the bytes of its <see cref="PackedLayout"/>.</summary>
    /// <exception cref="ArgumentException">As the constructor, or rows or cols below 1.</exception>
    public static GgufTensorPlan Packed(string name, QuantFormat format, int rows, int cols) =>
        new(name, new PackedLayout(format, rows, cols));
}
