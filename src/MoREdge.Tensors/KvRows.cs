using System.Diagnostics;

namespace MoREdge.Tensors;

/// <summary>A view of contiguous key or value rows (rows, cols) of one head in a cache: one row per position.</summary>
// SAFETY: the view neither owns nor checks its memory; Over checks the size of the buffer, whose owner keeps it alive.
public readonly unsafe struct KvRows
{
    /// <summary>Views <paramref name="rows"/> × <paramref name="cols"/> elements of F16 or F32 without gaps.</summary>
    public KvRows(byte* data, ElementType type, int rows, int cols)
    {
        Debug.Assert(type is ElementType.F16 or ElementType.F32, "A cache holds F16 or F32.");
        Data = data;
        Type = type;
        Rows = rows;
        Cols = cols;
    }

    /// <summary>The first byte.</summary>
    public byte* Data { get; }

    /// <summary>F16 or F32.</summary>
    public ElementType Type { get; }

    /// <summary>Rows (positions).</summary>
    public int Rows { get; }

    /// <summary>Columns (HeadDim).</summary>
    public int Cols { get; }

    /// <summary>Bytes of one row.</summary>
    public long RowBytes => (long)Cols * ElementTypes.BlockBytes(Type);

    /// <summary>Views rows that start <paramref name="byteOffset"/> bytes into <paramref name="buffer"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The rows leave the buffer.</exception>
    public static KvRows Over(AlignedBuffer buffer, long byteOffset, ElementType type, int rows, int cols)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        ArgumentOutOfRangeException.ThrowIfNegative(byteOffset);
        long byteCount = checked(rows * ElementTypes.RowBytes(type, cols));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(checked(byteOffset + byteCount), buffer.ByteCount, nameof(rows));
        return new KvRows(buffer.Data + byteOffset, type, rows, cols);
    }

    /// <summary>The first byte of row <paramref name="index"/>.</summary>
    public byte* Row(int index)
    {
        Debug.Assert((uint)index < (uint)Rows, "Row outside the cache.");
        return Data + (index * RowBytes);
    }

    /// <summary>Rows [start, start + count).</summary>
    public KvRows Slice(int start, int count)
    {
        Debug.Assert(start >= 0 && count >= 0 && start + count <= Rows, "Slice outside the cache.");
        return new KvRows(Data + (start * RowBytes), Type, count, Cols);
    }
}
