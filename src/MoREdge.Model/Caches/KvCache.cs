using MoREdge.Tensors;

namespace MoREdge.Model.Caches;

/// <summary>
/// All slots of one sequence. Which layer uses which slot is the <see cref="LayerSchedule"/>'s decision.
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

    /// <summary>The slot of a <see cref="LayerCall"/>.</summary>
    public KvSlot this[int slot] => _slots[slot];

    /// <summary>Bytes that hold tokens now.</summary>
    public long BytesUsed
    {
        get
        {
            long bytes = 0;
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

    /// <summary>Forgets every token at or behind <paramref name="position"/>.</summary>
    public void Truncate(int position)
    {
        foreach (KvSlot slot in _slots)
        {
            slot.Truncate(position);
        }
    }

    public void Dispose()
    {
        foreach (KvSlot slot in _slots)
        {
            slot.Dispose();
        }
    }
}
