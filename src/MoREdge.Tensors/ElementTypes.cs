namespace MoREdge.Tensors;

/// <summary>The one home of block lengths and block sizes of every <see cref="ElementType"/>.</summary>
public static class ElementTypes
{
    /// <summary>True when <paramref name="type"/> is a type this project can size.</summary>
    public static bool IsKnown(ElementType type) => Enum.IsDefined(type);

    /// <summary>Elements in one block: 1 for plain types, 32 or 256 for block-quantized ones.</summary>
    public static int BlockLength(ElementType type) => type switch
    {
        ElementType.Q4_0 or ElementType.Q4_1 or ElementType.Q5_0 or ElementType.Q5_1 or ElementType.Q8_0 => 32,
        ElementType.Q4_K or ElementType.Q5_K or ElementType.Q6_K => 256,
        _ => 1,
    };

    /// <summary>Bytes of one block.</summary>
    public static int BlockBytes(ElementType type) => type switch
    {
        ElementType.I8 => 1,
        ElementType.F16 or ElementType.BF16 or ElementType.I16 => 2,
        ElementType.F32 or ElementType.I32 => 4,
        ElementType.F64 or ElementType.I64 => 8,
        ElementType.Q4_0 => 2 + 16,
        ElementType.Q4_1 => 2 + 2 + 16,
        ElementType.Q5_0 => 2 + 4 + 16,
        ElementType.Q5_1 => 2 + 2 + 4 + 16,
        ElementType.Q8_0 => 2 + 32,
        ElementType.Q4_K => 2 + 2 + 12 + 128,
        ElementType.Q5_K => 2 + 2 + 12 + 32 + 128,
        ElementType.Q6_K => 128 + 64 + 16 + 2,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a tensor element type."),
    };

    /// <summary>Bytes of one row of <paramref name="cols"/> elements.</summary>
    /// <exception cref="ArgumentException"><paramref name="cols"/> is not a whole number of blocks.</exception>
    /// <exception cref="OverflowException">The size does not fit in 64 bits.</exception>
    public static long RowBytes(ElementType type, long cols)
    {
        int blockLength = BlockLength(type);
        if (cols % blockLength != 0)
        {
            throw new ArgumentException(
                $"A row of {cols} elements is not a whole number of {type} blocks of {blockLength}.");
        }

        return checked(cols / blockLength * BlockBytes(type));
    }
}
