using MoREdge.Kernels;
using MoREdge.Tensors;

namespace MoREdge.Model.Caches;

/// <summary>
/// Keys and values of one slot: an append-only list of tokens with their true positions, which may skip tokens that the
/// slot's recursion never saw. Keys are stored after the rotary embedding. Per head (capacity, HeadDim), so that a head
/// reads one stream.
/// </summary>
internal sealed class KvSlot : IDisposable
{
    private readonly AlignedBuffer _keys;
    private readonly AlignedBuffer _values;
    private readonly int[] _positions;
    private readonly ElementType _type;
    private readonly int _kvHeadCount;
    private readonly int _headDim;
    private readonly int _capacity;

    /// <summary>
    /// Reserves room for <paramref name="capacity"/> tokens; memory becomes resident as tokens arrive.
    /// </summary>
    public KvSlot(ElementType type, int capacity, int kvHeadCount, int headDim)
    {
        _type = type;
        _capacity = capacity;
        _kvHeadCount = kvHeadCount;
        _headDim = headDim;
        long bytes = checked((long)capacity * kvHeadCount * headDim * ElementTypes.BlockBytes(type));
        _keys = new AlignedBuffer(bytes);
        _values = new AlignedBuffer(bytes);
        _positions = new int[capacity];
        BytesReserved = 2 * bytes;
        BytesPerToken = 2L * kvHeadCount * headDim * ElementTypes.BlockBytes(type);
    }

    /// <summary>Tokens stored.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of one token's key and value.</summary>
    public long BytesPerToken { get; }

    /// <summary>Address space taken; resident is only what tokens have touched.</summary>
    public long BytesReserved { get; }

    /// <summary>Keys of a key/value head, (capacity, HeadDim).</summary>
    public KvRows Keys(int head) => Rows(_keys, head);

    /// <summary>Values of a key/value head, (capacity, HeadDim).</summary>
    public KvRows Values(int head) => Rows(_values, head);

    /// <summary>Appends one token.</summary>
    /// <param name="kernels">Converts to the slot's element type.</param>
    /// <param name="key">(KvHeadCount · HeadDim), rotated.</param>
    /// <param name="value">(KvHeadCount · HeadDim).</param>
    /// <param name="position">Position in the text, above every stored one.</param>
    public void Append(KernelSet kernels, ReadOnlySpan<float> key, ReadOnlySpan<float> value, int position)
    {
        Store(kernels, key, value, Count);
        _positions[Count] = position;
        Count++;
    }

    /// <summary>Writes over the token at <paramref name="index"/>.</summary>
    public void Store(KernelSet kernels, ReadOnlySpan<float> key, ReadOnlySpan<float> value, int index)
    {
        for (int head = 0; head < _kvHeadCount; head++)
        {
            kernels.StoreKv(key.Slice(head * _headDim, _headDim), Keys(head), index);
            kernels.StoreKv(value.Slice(head * _headDim, _headDim), Values(head), index);
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
    /// Copies the stored bytes of a token, all heads, keys then values, to <paramref name="destination"/>.
    /// </summary>
    public void Save(int index, Span<byte> destination) => Copy(index, destination, default);

    /// <summary>Puts back what <see cref="Save"/> copied.</summary>
    public void Restore(int index, ReadOnlySpan<byte> source) => Copy(index, default, source);

    /// <summary>Forgets every token at or behind <paramref name="position"/>.</summary>
    public void Truncate(int position) => Count = VisibleCount(position - 1);

    public void Dispose()
    {
        _keys.Dispose();
        _values.Dispose();
    }

    private void Copy(int index, Span<byte> destination, ReadOnlySpan<byte> source)
    {
        int rowBytes = _headDim * ElementTypes.BlockBytes(_type);
        for (int part = 0; part < 2 * _kvHeadCount; part++)
        {
            AlignedBuffer buffer = part < _kvHeadCount ? _keys : _values;
            long row = ((long)(part % _kvHeadCount) * _capacity) + index;
            Span<byte> stored = buffer.Span<byte>(row * rowBytes, rowBytes);
            if (source.IsEmpty)
            {
                stored.CopyTo(destination[(part * rowBytes)..]);
            }
            else
            {
                source.Slice(part * rowBytes, rowBytes).CopyTo(stored);
            }
        }
    }

    private KvRows Rows(AlignedBuffer buffer, int head)
    {
        long headBytes = (long)_capacity * _headDim * ElementTypes.BlockBytes(_type);
        return KvRows.Over(buffer, head * headBytes, _type, _capacity, _headDim);
    }
}
