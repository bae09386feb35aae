using MoREdge.Tensors;

namespace MoREdge.ModelFile;

/// <summary>One tensor of a model file: what it is and where its bytes lie.</summary>
public sealed class GgufTensor
{
    internal GgufTensor(string name, TensorShape shape, ElementType type, long offset, long byteCount)
    {
        Name = name;
        Shape = shape;
        Type = type;
        Offset = offset;
        ByteCount = byteCount;
    }

    /// <summary>The name, unique in the file.</summary>
    public string Name { get; }

    /// <summary>
    /// Dimensions, outermost first (GGUF's "ne" reversed); of a packed tensor the logical (rows, cols).
    /// </summary>
    public TensorShape Shape { get; private set; }

    /// <summary>The stored element type; I8 for a packed tensor.</summary>
    public ElementType Type { get; }

    /// <summary>Where quants and scales lie, when the tensor is packed; null for a dense one.</summary>
    public PackedLayout? Packed { get; private set; }

    /// <summary>First byte, counted from the start of the file.</summary>
    public long Offset { get; }

    /// <summary>Bytes, without alignment padding.</summary>
    public long ByteCount { get; }

    /// <summary>XXH3-128 of the bytes as 32 lower-case hexadecimal digits; null when the file has no digests.</summary>
    public string? Digest { get; internal set; }

    /// <summary>Checks the shape, outermost dimension first, that the model's configuration asks for.</summary>
    /// <exception cref="ModelFileException">ShapeMismatch.</exception>
    public void RequireShape(params ReadOnlySpan<long> expected)
    {
        if (!Shape.Dimensions.SequenceEqual(expected))
        {
            throw new ModelFileException(
                ModelFileError.ShapeMismatch,
                $"Tensor {ModelFileException.Quote(Name)} has shape {Shape} where the model's configuration asks for "
                + $"{new TensorShape(expected)}.");
        }
    }

    /// <summary>Name, shape and form, for people.</summary>
    public override string ToString() => $"{Name} {Shape} {(Packed is { } layout ? layout.Format : Type)}";

    /// <summary>Makes a one-dimensional I8 tensor the packed matrix that the packed table says it is.</summary>
    internal void SetPacked(PackedLayout layout)
    {
        Packed = layout;
        Shape = new TensorShape(layout.Rows, layout.Cols);
    }
}
