using System.Diagnostics;

namespace MoREdge.Tensors;

/// <summary>A view of the values of one head in a cache, (positions, HeadDim) without gaps.</summary>
/// <remarks>
/// Q8 values are signed bytes; their fp16 scales lie apart, (groups of 32 columns, capacity), so that the scales of one
/// group of neighbouring positions are neighbours.
/// </remarks>
// SAFETY: the view neither owns nor checks its memory; Over checks the size of the buffer, whose owner keeps it alive.
public readonly unsafe struct ValueRows
{
    private ValueRows(byte* data, ushort* scales, in KvLayout layout, int rows, bool isFinite)
    {
        Data = data;
        Scales = scales;
        Layout = layout;
        Rows = rows;
        IsFinite = isFinite;
    }

    /// <summary>The first element.</summary>
    public byte* Data { get; }

    /// <summary>Scales of Q8 values: group g of position p is element g · <see cref="ScaleStride"/> + p.</summary>
    public ushort* Scales { get; }

    /// <summary>Scales between one group and the next.</summary>
    public int ScaleStride => Layout.Capacity;

    /// <summary>The stored form.</summary>
    public KvFormat Format => Layout.Format;

    /// <summary>Positions.</summary>
    public int Rows { get; }

    /// <summary>Columns (HeadDim).</summary>
    public int Cols => Layout.HeadDim;

    /// <summary>Groups of 32 columns, the last one possibly shorter.</summary>
    public int GroupCount => (Cols + PackedLayout.GroupSize - 1) / PackedLayout.GroupSize;

    /// <summary>Bytes of one position: what <see cref="Save"/> copies.</summary>
    public int RowBytes => Layout.ValueRowBytes;

    /// <summary>Bytes between one position's elements and the next.</summary>
    public int ElementRowBytes => Cols * KvLayout.ElementBytes(Format);

    /// <summary>The owner's promise that no element or scale is infinite or NaN, which converts faster.</summary>
    public bool IsFinite { get; }

    private KvLayout Layout { get; }

    /// <summary>
    /// Views the values that start <paramref name="byteOffset"/> bytes into <paramref name="buffer"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The values leave the buffer.</exception>
    public static ValueRows Over(AlignedBuffer buffer, long byteOffset, in KvLayout layout, bool isFinite)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        ArgumentOutOfRangeException.ThrowIfNegative(byteOffset);
        long end = checked(byteOffset + layout.ValueBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(end, buffer.ByteCount, nameof(byteOffset));
        byte* data = buffer.Data + byteOffset;
        return new ValueRows(data, (ushort*)(data + layout.ValueScaleOffset), layout, layout.Capacity, isFinite);
    }

    /// <summary>The first element of position <paramref name="row"/>.</summary>
    public byte* Row(int row)
    {
        Debug.Assert((uint)row < (uint)Rows, "Position outside the cache.");
        return Data + ((long)row * ElementRowBytes);
    }

    /// <summary>Positions [start, start + count).</summary>
    public ValueRows Slice(int start, int count)
    {
        Debug.Assert(start >= 0 && count >= 0 && start + count <= Rows, "Slice outside the cache.");
        return new ValueRows(Data + ((long)start * ElementRowBytes), Scales + start, Layout, count, IsFinite);
    }

    /// <summary>
    /// Copies every position to the first of <paramref name="destination"/>, values of the same width and format, which
    /// may be of the same memory.
    /// </summary>
    public void CopyTo(in ValueRows destination)
    {
        Debug.Assert(Rows <= destination.Rows, "Positions outside the cache.");
        Debug.Assert(Cols == destination.Cols && Format == destination.Format, "Values of another form.");
        long bytes = (long)Rows * ElementRowBytes;
        // SAFETY: the positions are inside both views; MemoryCopy lets them overlap.
        Buffer.MemoryCopy(Data, destination.Data, bytes, bytes);
        for (long group = 0; group < GroupCount && Format == KvFormat.Q8; group++)
        {
            ushort* scales = destination.Scales + (group * destination.ScaleStride);
            Buffer.MemoryCopy(
                Scales + (group * ScaleStride), scales, Rows * sizeof(ushort), Rows * sizeof(ushort));
        }
    }

    /// <summary>Copies the stored bytes of a position: elements, then scales.</summary>
    public void Save(int row, Span<byte> destination)
    {
        // SAFETY: Row checks the index; a position has ElementRowBytes, and a scale per group if it is Q8.
        new ReadOnlySpan<byte>(Row(row), ElementRowBytes).CopyTo(destination);
        for (int at = ElementRowBytes, group = 0; at < RowBytes; at += sizeof(ushort), group++)
        {
            BitConverter.TryWriteBytes(destination[at..], Scales[((long)group * ScaleStride) + row]);
        }
    }

    /// <summary>Puts back what <see cref="Save"/> copied.</summary>
    public void Restore(int row, ReadOnlySpan<byte> source)
    {
        // SAFETY: as in Save.
        source[..ElementRowBytes].CopyTo(new Span<byte>(Row(row), ElementRowBytes));
        for (int at = ElementRowBytes, group = 0; at < RowBytes; at += sizeof(ushort), group++)
        {
            Scales[((long)group * ScaleStride) + row] = BitConverter.ToUInt16(source[at..]);
        }
    }
}
