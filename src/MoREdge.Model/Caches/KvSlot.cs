using System.Diagnostics;
using MoREdge.Kernels;
using MoREdge.Tensors;

namespace MoREdge.Model.Caches;

/// <summary>
/// Keys and values of one slot: an append-only list of tokens with their true positions, which may skip tokens that the
/// slot's recursion never saw. Keys are stored after the rotary embedding. Per head the keys, then the values, so that
/// a head reads two streams. Where a layer sees a window, the oldest tokens are dropped now and then.
/// </summary>
internal sealed class KvSlot : IDisposable
{
    private readonly KvLayout _layout;
    private readonly AlignedBuffer _buffer;
    private readonly int[] _positions;
    private readonly int _kvHeadCount;
    private readonly SlotRoom _room;
    private bool[]? _flags;
    private KvSlot? _mark;

    // Position behind the last token that was dropped.
    private int _droppedEnd;

    // Only ever cleared while several workers store.
    private volatile bool _keysFinite = true;
    private volatile bool _valuesFinite = true;

    /// <summary>
    /// Reserves room for the tokens of <paramref name="layout"/>; memory becomes resident as tokens arrive.
    /// </summary>
    /// <param name="layout">Stored form of a head.</param>
    /// <param name="kvHeadCount">Heads.</param>
    /// <param name="room">What is to be kept, with the layout's capacity; everything by default.</param>
    public KvSlot(in KvLayout layout, int kvHeadCount, in SlotRoom room = default)
    {
        _room = room;
        _layout = layout;
        _kvHeadCount = kvHeadCount;
        _buffer = new AlignedBuffer(ReservedBytes(layout, kvHeadCount));
        _positions = new int[layout.Capacity];
    }

    /// <summary>Tokens stored.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of one token's key and value.</summary>
    public long BytesPerToken => TokenBytes(_layout, _kvHeadCount);

    /// <summary>Address space taken; resident is only what tokens have touched.</summary>
    public long BytesReserved => _buffer.ByteCount;

    private long HeadBytes => _layout.KeyBytes + _layout.ValueBytes;

    /// <summary>Bytes of one token's key and value in a slot.</summary>
    public static int TokenBytes(in KvLayout layout, int kvHeadCount) =>
        checked(kvHeadCount * (layout.KeyRowBytes + layout.ValueRowBytes));

    /// <summary>Bytes of a slot.</summary>
    public static long ReservedBytes(in KvLayout layout, int kvHeadCount) =>
        checked(kvHeadCount * (layout.KeyBytes + layout.ValueBytes));

    /// <summary>Keys of a key/value head, (capacity, HeadDim).</summary>
    public KeyRows Keys(int head) => KeyRows.Over(_buffer, head * HeadBytes, _layout, _keysFinite);

    /// <summary>Values of a key/value head, (capacity, HeadDim).</summary>
    public ValueRows Values(int head) =>
        ValueRows.Over(_buffer, (head * HeadBytes) + _layout.KeyBytes, _layout, _valuesFinite);

    /// <summary>
    /// Makes sure that tokens from <paramref name="position"/> on have room. If they have none, drops whole tiles of
    /// tokens that nobody will see, even when as many are taken back as can always be. Indexes change.
    /// </summary>
    /// <param name="position">Position in the text of the first.</param>
    /// <param name="count">Tokens, at most those of a pass.</param>
    public void MakeRoom(int position, int count)
    {
        if (_room.Window == 0 || Count + count <= _layout.Capacity)
        {
            return;
        }

        int hidden = VisibleCount(position - _room.Window - _room.TakenBackMax);
        int dropped = hidden / PackedLayout.TileRows * PackedLayout.TileRows;
        Debug.Assert(dropped > 0 && Count - dropped + count <= _layout.Capacity, "More tokens than a pass has.");
        _droppedEnd = _positions[dropped - 1] + 1;
        Count -= dropped;
        CopyRows(this, dropped);
    }

    /// <summary>Whether everything that a token at <paramref name="position"/> would see is stored.</summary>
    public bool Keeps(int position) =>
        position == 0 || _droppedEnd == 0 || position >= _droppedEnd + _room.Window - 1;

    /// <summary>Makes room for one token, whose key and value <see cref="Store"/> then writes.</summary>
    /// <param name="position">Position in the text, above every stored one.</param>
    /// <returns>The token's index.</returns>
    public int Append(int position)
    {
        _positions[Count] = position;
        return Count++;
    }

    /// <summary>The row of a token: the one it has, which <see cref="Store"/> then replaces, or a new one.</summary>
    /// <param name="position">Position in the text: a stored one, or above every stored one.</param>
    public int Place(int position)
    {
        int seen = VisibleCount(position);
        return seen > 0 && _positions[seen - 1] == position ? seen - 1 : Append(position);
    }

    /// <summary>Gives a token what it has in another slot; see <see cref="Place"/> for where.</summary>
    /// <param name="source">A slot of the same layout that holds the token.</param>
    /// <param name="position">Position in the text.</param>
    /// <param name="scratch">Room for a token's bytes.</param>
    public void CopyFrom(KvSlot source, int position, Span<byte> scratch)
    {
        source.Save(source.VisibleCount(position) - 1, scratch);
        Restore(Place(position), scratch);
        _keysFinite &= source._keysFinite;
        _valuesFinite &= source._valuesFinite;
    }

    /// <summary>Marks a token, or takes its mark away.</summary>
    public void SetFlag(int index, bool flag)
    {
        _flags ??= new bool[_positions.Length];
        _flags[index] = flag;
    }

    /// <summary>Marked tokens before <paramref name="position"/>.</summary>
    public int CountFlags(int position)
    {
        int count = 0;
        int seen = VisibleCount(position - 1);
        for (int i = 0; _flags is not null && i < seen; i++)
        {
            count += _flags[i] ? 1 : 0;
        }

        return count;
    }

    /// <summary>Writes the token at <paramref name="index"/>; several workers may write tokens of their own.</summary>
    /// <param name="kernels">Converts to the slot's format.</param>
    /// <param name="key">(KvHeadCount · HeadDim), rotated.</param>
    /// <param name="value">(KvHeadCount · HeadDim).</param>
    /// <param name="index">As <see cref="Append"/> returned it.</param>
    public void Store(KernelSet kernels, ReadOnlySpan<float> key, ReadOnlySpan<float> value, int index)
    {
        int headDim = _layout.HeadDim;
        for (int head = 0; head < _kvHeadCount; head++)
        {
            if (!kernels.StoreKey(key.Slice(head * headDim, headDim), Keys(head), index))
            {
                _keysFinite = false;
            }

            if (!kernels.StoreValue(value.Slice(head * headDim, headDim), Values(head), index))
            {
                _valuesFinite = false;
            }
        }
    }

    /// <summary>How many stored tokens a query at <paramref name="position"/> may see: those at or before it.</summary>
    public int VisibleCount(int position)
    {
        int low = 0;
        int high = Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_positions[middle] <= position)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    /// <summary>
    /// Copies the stored bytes of a token, head by head, key then value, to <paramref name="destination"/>.
    /// </summary>
    public void Save(int index, Span<byte> destination)
    {
        for (int head = 0; head < _kvHeadCount; head++)
        {
            Keys(head).Save(index, destination);
            destination = destination[_layout.KeyRowBytes..];
            Values(head).Save(index, destination);
            destination = destination[_layout.ValueRowBytes..];
        }
    }

    /// <summary>Puts back what <see cref="Save"/> copied.</summary>
    public void Restore(int index, ReadOnlySpan<byte> source)
    {
        for (int head = 0; head < _kvHeadCount; head++)
        {
            Keys(head).Restore(index, source);
            source = source[_layout.KeyRowBytes..];
            Values(head).Restore(index, source);
            source = source[_layout.ValueRowBytes..];
        }
    }

    /// <summary>Forgets every token at or behind <paramref name="position"/>.</summary>
    /// <param name="position">0, or one that it <see cref="Keeps"/>.</param>
    public void Truncate(int position)
    {
        Count = VisibleCount(position - 1);
        if (Count == 0)
        {
            _keysFinite = true;
            _valuesFinite = true;
            _droppedEnd = 0;
        }
    }

    /// <summary>Copies what there is now, unless no token is ever dropped; <see cref="ReturnToMark"/>.</summary>
    /// <exception cref="OutOfMemoryException">There is no room for a copy.</exception>
    public void Mark()
    {
        if (_room.Window > 0)
        {
            _mark ??= new KvSlot(_layout, _kvHeadCount, _room);
            _mark.CopyAll(this);
        }
    }

    /// <summary>Makes the slot what it was when <see cref="Mark"/> was called last.</summary>
    public void ReturnToMark() => CopyAll(_mark!);

    public void Dispose()
    {
        _buffer.Dispose();
        _mark?.Dispose();
    }

    private void CopyAll(KvSlot source)
    {
        Count = source.Count;
        _droppedEnd = source._droppedEnd;
        _keysFinite = source._keysFinite;
        _valuesFinite = source._valuesFinite;
        CopyRows(source, first: 0);
    }

    /// <summary>Fills the slot with tokens of one of the same layout, itself perhaps.</summary>
    /// <param name="source">The other slot.</param>
    /// <param name="first">The first of them, which begins a tile.</param>
    private void CopyRows(KvSlot source, int first)
    {
        for (int head = 0; head < _kvHeadCount; head++)
        {
            source.Keys(head).From(first).CopyTo(Keys(head), Count);
            source.Values(head).Slice(first, Count).CopyTo(Values(head));
        }

        source._positions.AsSpan(first, Count).CopyTo(_positions);
    }
}
