namespace MoREdge.Tensors;

/// <summary>Where the quants and scales of a packed (rows, cols) matrix lie. Both sections are tile-major.</summary>
/// <remarks>
/// Section 1, quants: [tile][group][quad or quad pair][8 rows][4]. Section 2, scales, 64-byte aligned behind it: fp16
/// [tile][group][8 rows]. Rows are padded to 8 and columns to 32; padding has quant value 0 and scale 0.
/// </remarks>
public readonly struct PackedLayout
{
    /// <summary>Weights that share one scale.</summary>
    public const int GroupSize = 32;

    /// <summary>Rows interleaved in one tile.</summary>
    public const int TileRows = 8;

    /// <summary>Consecutive columns of one row that lie together.</summary>
    public const int QuadSize = 4;

    /// <summary>Bytes of one quad of all 8 rows of a tile, or of one quad pair of 4-bit weights.</summary>
    public const int QuadBytes = TileRows * QuadSize;

    /// <summary>Quad pairs in a group of 4-bit weights: the low nibbles are the first half of the group.</summary>
    public const int QuadPairs = GroupSize / QuadSize / 2;

    /// <summary>Bytes of the fp16 scales of one group of all 8 rows of a tile.</summary>
    public const int TileScaleBytes = TileRows * sizeof(ushort);

    /// <summary>The zero point of a 4-bit weight.</summary>
    public const int Q4ZeroPoint = 8;

    /// <summary>The lower of the two 4-bit weights of a byte.</summary>
    public const byte NibbleMask = 15;

    /// <summary>Bits of a 4-bit weight: how far the upper one of a byte is shifted.</summary>
    public const int NibbleBits = 4;

    private const int SectionAlignment = 64;

    /// <summary>Computes the layout of a (rows, cols) matrix.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Rows or cols below 1, or an unknown format.</exception>
    /// <exception cref="OverflowException">The matrix is too large.</exception>
    public PackedLayout(QuantFormat format, int rows, int cols)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(cols, 1);
        Format = format;
        Rows = rows;
        Cols = cols;
        TileCount = (int)(((long)rows + TileRows - 1) / TileRows);
        GroupCount = (int)(((long)cols + GroupSize - 1) / GroupSize);
        long groups = checked((long)TileCount * GroupCount);
        QuantBytes = checked(groups * TileGroupBytes(format));
        ScaleOffset = checked((QuantBytes + SectionAlignment - 1) / SectionAlignment * SectionAlignment);
        TotalBytes = checked(ScaleOffset + (groups * TileScaleBytes));
    }

    /// <summary>The packed format.</summary>
    public QuantFormat Format { get; }

    /// <summary>Logical rows (outputs).</summary>
    public int Rows { get; }

    /// <summary>Logical columns (inputs).</summary>
    public int Cols { get; }

    /// <summary>Tiles of 8 rows, the last one possibly padded.</summary>
    public int TileCount { get; }

    /// <summary>Groups of 32 columns, the last one possibly padded.</summary>
    public int GroupCount { get; }

    /// <summary>Columns rounded up to whole groups.</summary>
    public int PaddedCols => GroupCount * GroupSize;

    /// <summary>Bytes of the quant section.</summary>
    public long QuantBytes { get; }

    /// <summary>Byte offset of the scale section.</summary>
    public long ScaleOffset { get; }

    /// <summary>Bytes of the whole packed matrix.</summary>
    public long TotalBytes { get; }

    /// <summary>Quant bytes of one group of all 8 rows of a tile.</summary>
    public static int TileGroupBytes(QuantFormat format) => format switch
    {
        QuantFormat.Q8G32 => TileRows * GroupSize,
        QuantFormat.Q4G32 => TileRows * GroupSize / 2,
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "Not a packed format."),
    };
}
