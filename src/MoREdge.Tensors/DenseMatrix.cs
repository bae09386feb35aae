namespace MoREdge.Tensors;

/// <summary>A read-only view of a row-major (rows, cols) weight matrix in mapped or native memory.</summary>
// SAFETY: the view neither owns nor checks its memory; the model file checks the size once, before it makes one.
public readonly unsafe struct DenseMatrix
{
    /// <summary>Views a matrix whose rows follow each other without gaps.</summary>
    /// <exception cref="ArgumentException">A row is not a whole number of blocks.</exception>
    public DenseMatrix(byte* data, ElementType type, int rows, int cols)
    {
        Data = data;
        Type = type;
        Rows = rows;
        Cols = cols;
        RowBytes = ElementTypes.RowBytes(type, cols);
    }

    /// <summary>The first byte.</summary>
    public byte* Data { get; }

    /// <summary>F32, F16, BF16 or a type of blocks.</summary>
    public ElementType Type { get; }

    /// <summary>Rows (outputs).</summary>
    public int Rows { get; }

    /// <summary>Columns (inputs).</summary>
    public int Cols { get; }

    /// <summary>Bytes of one row.</summary>
    public long RowBytes { get; }

    /// <summary>Rows [start, start + count).</summary>
    /// <exception cref="ArgumentOutOfRangeException">They leave the matrix.</exception>
    public DenseMatrix Slice(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, Rows - count);
        return new DenseMatrix(Row(start), Type, count, Cols);
    }

    /// <summary>The first byte of row <paramref name="index"/>.</summary>
    public byte* Row(int index) => Data + (index * RowBytes);
}
