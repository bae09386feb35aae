using MoREdge.Tensors;

namespace MoREdge.Model.Caches;

/// <summary>
/// What a sequence keeps of its tokens: the slots of layers that attend, or the states of layers that retain. Which
/// layer uses which is the <see cref="LayerSchedule"/>'s decision.
/// </summary>
internal sealed class KvCache : IDisposable
{
    private readonly KvSlot[] _slots;

    public KvCache(in KvLayout layout, int kvHeadCount, int slotCount)
    {
        _slots = new KvSlot[slotCount];
        for (int i = 0; i < slotCount; i++)
        {
            _slots[i] = new KvSlot(layout, kvHeadCount);
        }
    }

    /// <summary>A cache of states; it owns them.</summary>
    public KvCache(RetentionCache retention)
    {
        _slots = [];
        Retention = retention;
    }

    /// <summary>The states; null where layers attend.</summary>
    public RetentionCache? Retention { get; }

    /// <summary>The slot of a <see cref="LayerCall"/>.</summary>
    public KvSlot this[int slot] => _slots[slot];

    /// <summary>Bytes that hold tokens now; of a state all, whatever it has taken.</summary>
    public long BytesUsed
    {
        get
        {
            long bytes = Retention?.LiveBytes ?? 0;
            foreach (KvSlot slot in _slots)
            {
                bytes += slot.Count * slot.BytesPerToken;
            }

            return bytes;
        }
    }

    /// <summary>Address space taken for the whole context.</summary>
    public long BytesReserved => _slots.Length == 0 ? 0 : _slots.Length * _slots[0].BytesReserved;

    /// <summary>Bytes of a token in one slot.</summary>
    public long BytesPerSlotToken => _slots.Length == 0 ? 0 : _slots[0].BytesPerToken;

    /// <summary>Bytes of a token that reaches every slot.</summary>
    public long BytesPerTokenMax => _slots.Length * BytesPerSlotToken;

    /// <summary>Forgets every token at or behind <paramref name="position"/>, or, where a state cannot come back to it,
    /// behind an earlier one.</summary>
    /// <returns>Tokens left.</returns>
    public int Truncate(int position)
    {
        if (Retention is not null)
        {
            return Retention.Truncate(position);
        }

        foreach (KvSlot slot in _slots)
        {
            slot.Truncate(position);
        }

        return position;
    }

    public void Dispose()
    {
        Retention?.Dispose();
        foreach (KvSlot slot in _slots)
        {
            slot.Dispose();
        }
    }
}
