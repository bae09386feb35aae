namespace MoREdge.Tensors;

/// <summary>How many bytes the keys and the values of one head take in a cache. The only home of these sizes.</summary>
public readonly struct KvLayout
{
    /// <summary>Computes the sizes for <paramref name="capacity"/> positions.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Capacity or headDim below 1, or an unknown format.</exception>
    /// <exception cref="OverflowException">The cache is too large.</exception>
    public KvLayout(KvFormat format, int capacity, int headDim)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(headDim, 1);
        Format = format;
        Capacity = capacity;
        HeadDim = headDim;
        if (format == KvFormat.Q8)
        {
            PackedLayout keys = new(QuantFormat.Q8G32, capacity, headDim);
            KeyScaleOffset = keys.ScaleOffset;
            KeyBytes = Align(keys.TotalBytes);
            KeyRowBytes = keys.PaddedCols + (keys.GroupCount * sizeof(ushort));
            ValueScaleOffset = Align((long)capacity * headDim);
            ValueBytes = checked(ValueScaleOffset + Align((long)capacity * keys.GroupCount * sizeof(ushort)));
            ValueRowBytes = headDim + (keys.GroupCount * sizeof(ushort));
            return;
        }

        int elementBytes = ElementBytes(format);
        KeyRowBytes = checked(headDim * elementBytes);
        ValueRowBytes = KeyRowBytes;
        long tiles = ((long)capacity + PackedLayout.TileRows - 1) / PackedLayout.TileRows;
        KeyBytes = Align(checked(tiles * PackedLayout.TileRows * KeyRowBytes));
        ValueBytes = Align(checked((long)capacity * ValueRowBytes));
        KeyScaleOffset = KeyBytes;
        ValueScaleOffset = ValueBytes;
    }

    /// <summary>The stored form.</summary>
    public KvFormat Format { get; }

    /// <summary>Positions.</summary>
    public int Capacity { get; }

    /// <summary>Columns.</summary>
    public int HeadDim { get; }

    /// <summary>Bytes of the head's keys, a multiple of 64.</summary>
    public long KeyBytes { get; }

    /// <summary>Byte offset of the scales of Q8 keys, which no other format has.</summary>
    public long KeyScaleOffset { get; }

    /// <summary>Bytes of the head's values, a multiple of 64.</summary>
    public long ValueBytes { get; }

    /// <summary>Byte offset of the scales of Q8 values, which no other format has.</summary>
    public long ValueScaleOffset { get; }

    /// <summary>Bytes of one position's key.</summary>
    public int KeyRowBytes { get; }

    /// <summary>Bytes of one position's value.</summary>
    public int ValueRowBytes { get; }

    /// <summary>Bytes of one stored element, without scales.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An unknown format.</exception>
    public static int ElementBytes(KvFormat format) => ElementTypes.BlockBytes(ElementTypeOf(format));

    /// <summary>The type of one stored element.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An unknown format.</exception>
    public static ElementType ElementTypeOf(KvFormat format) => format switch
    {
        KvFormat.F32 => ElementType.F32,
        KvFormat.F16 => ElementType.F16,
        KvFormat.Q8 => ElementType.I8,
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "Not a format of a cache."),
    };

    private static long Align(long bytes) =>
        checked(bytes + AlignedBuffer.Alignment - 1) / AlignedBuffer.Alignment * AlignedBuffer.Alignment;
}
