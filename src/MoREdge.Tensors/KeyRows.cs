using System.Diagnostics;

namespace MoREdge.Tensors;

/// <summary>
/// A view of the keys of one head in a cache, (positions, HeadDim), in tiles of 8 positions with the position
/// innermost, so that a vector lane is a position.
/// </summary>
/// <remarks>
/// F16 and F32: column d of position p is element (p / 8 · cols + d)·8 + p % 8. Q8: a Q8G32 matrix whose rows are the
/// positions (<see cref="PackedLayout"/>).
/// </remarks>
// SAFETY: the view neither owns nor checks its memory; Over checks the size of the buffer, whose owner keeps it alive.
public readonly unsafe struct KeyRows
{
    /// <summary>Views keys that were laid out as <see cref="KvLayout"/> says.</summary>
    private KeyRows(byte* data, in KvLayout layout, bool isFinite)
    {
        Data = data;
        Scales = (ushort*)(data + layout.KeyScaleOffset);
        Format = layout.Format;
        Rows = layout.Capacity;
        Cols = layout.HeadDim;
        RowBytes = layout.KeyRowBytes;
        IsFinite = isFinite;
    }

    private KeyRows(in KeyRows whole, byte* data, ushort* scales, int rows)
    {
        this = whole;
        Data = data;
        Scales = scales;
        Rows = rows;
    }

    /// <summary>The first element.</summary>
    public byte* Data { get; }

    /// <summary>[tile][group][8 positions] fp16 scales of Q8 keys.</summary>
    public ushort* Scales { get; }

    /// <summary>The stored form.</summary>
    public KvFormat Format { get; }

    /// <summary>Positions.</summary>
    public int Rows { get; }

    /// <summary>Columns (HeadDim).</summary>
    public int Cols { get; }

    /// <summary>Bytes of one position: what <see cref="Save"/> copies.</summary>
    public int RowBytes { get; }

    /// <summary>The owner's promise that no element or scale is infinite or NaN, which converts faster.</summary>
    public bool IsFinite { get; }

    /// <summary>Bytes of 8 positions of F16 or F32 keys.</summary>
    public long TileBytes => (long)Cols * PackedLayout.TileRows * KvLayout.ElementBytes(Format);

    private int GroupCount => (Cols + PackedLayout.GroupSize - 1) / PackedLayout.GroupSize;

    /// <summary>Views the keys that start <paramref name="byteOffset"/> bytes into <paramref name="buffer"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The keys leave the buffer.</exception>
    public static KeyRows Over(AlignedBuffer buffer, long byteOffset, in KvLayout layout, bool isFinite)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        ArgumentOutOfRangeException.ThrowIfNegative(byteOffset);
        long end = checked(byteOffset + layout.KeyBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(end, buffer.ByteCount, nameof(byteOffset));
        return new KeyRows(buffer.Data + byteOffset, layout, isFinite);
    }

    /// <summary>The positions from <paramref name="start"/> on, which begins a tile of 8.</summary>
    public KeyRows From(int start)
    {
        Debug.Assert(start >= 0 && start <= Rows && start % PackedLayout.TileRows == 0, "The start of a tile.");
        long rowBytes = Format == KvFormat.Q8 ? GroupCount * PackedLayout.GroupSize : RowBytes;
        // SAFETY: the tile is inside the view.
        return new KeyRows(this, Data + (start * rowBytes), Scales + ((long)start * GroupCount), Rows - start);
    }

    /// <summary>The first <paramref name="count"/> positions of Q8 keys as a weight matrix (count, HeadDim).</summary>
    public PackedMatrix Packed(int count)
    {
        Debug.Assert(Format == KvFormat.Q8 && count <= Rows, "Q8 keys that exist.");
        return new PackedMatrix(Data, Scales, new PackedLayout(QuantFormat.Q8G32, count, Cols));
    }

    /// <summary>
    /// Copies the tiles of the first <paramref name="count"/> positions to the first of <paramref name="destination"/>,
    /// keys of the same width and format, which may be of the same memory.
    /// </summary>
    public void CopyTo(in KeyRows destination, int count)
    {
        Debug.Assert(count <= Rows && count <= destination.Rows, "Positions outside the cache.");
        Debug.Assert(Cols == destination.Cols && Format == destination.Format, "Keys of another form.");
        long tiles = ((long)count + PackedLayout.TileRows - 1) / PackedLayout.TileRows;
        long scaleBytes = Format == KvFormat.Q8 ? GroupCount * PackedLayout.TileRows * sizeof(ushort) : 0;
        long bytes = tiles * ((RowBytes * PackedLayout.TileRows) - scaleBytes);
        // SAFETY: tiles are whole in either; MemoryCopy lets them overlap.
        Buffer.MemoryCopy(Data, destination.Data, bytes, bytes);
        Buffer.MemoryCopy(Scales, destination.Scales, tiles * scaleBytes, tiles * scaleBytes);
    }

    /// <summary>Copies the stored bytes of a position, gathered from its tile: elements, then scales.</summary>
    public void Save(int row, Span<byte> destination)
    {
        for (int at = 0; at < RowBytes; at += Unit(row, at).Length)
        {
            Unit(row, at).CopyTo(destination[at..]);
        }
    }

    /// <summary>Puts back what <see cref="Save"/> copied.</summary>
    public void Restore(int row, ReadOnlySpan<byte> source)
    {
        for (int at = 0; at < RowBytes; at += Unit(row, at).Length)
        {
            Span<byte> unit = Unit(row, at);
            source.Slice(at, unit.Length).CopyTo(unit);
        }
    }

    /// <summary>
    /// Byte <paramref name="at"/> of a position and those that lie with it: an element, a quad or a scale.
    /// </summary>
    private Span<byte> Unit(int row, int at)
    {
        Debug.Assert((uint)row < (uint)Rows && at < RowBytes, "Position outside the cache.");
        int tile = row / PackedLayout.TileRows;
        int lane = row % PackedLayout.TileRows;
        bool isQ8 = Format == KvFormat.Q8;
        int elementBytes = isQ8 ? GroupCount * PackedLayout.GroupSize : RowBytes;
        bool isScale = at >= elementBytes;
        int unitBytes = isScale ? sizeof(ushort) : isQ8 ? PackedLayout.QuadSize : RowBytes / Cols;
        long tileBytes = (isScale ? RowBytes - elementBytes : elementBytes) * (long)PackedLayout.TileRows;
        int inTile = (isScale ? at - elementBytes : at) * PackedLayout.TileRows;
        // SAFETY: the row and the byte are inside the view; the units of a position lie 8 units apart in its tile.
        byte* start = isScale ? (byte*)Scales : Data;
        return new Span<byte>(start + (tile * tileBytes) + inTile + (lane * unitBytes), unitBytes);
    }
}
