namespace MoREdge.Model.Caches;

/// <summary>
/// What a sequence keeps of its tokens: the slots of layers that attend, or the states of layers that retain. Which
/// layer uses which is the <see cref="LayerSchedule"/>'s decision.
/// </summary>
internal sealed class KvCache : IDisposable
{
    private readonly KvSlot[] _slots;
    private int? _markPosition;

    /// <summary>Takes empty slots.</summary>
    /// <param name="config">The model.</param>
    /// <param name="plan">How it is run.</param>
    /// <param name="slotCount">Slots.</param>
    /// <param name="tokensMax">Most tokens of the text.</param>
    /// <param name="isTruncated">Whether tokens will ever be taken back.</param>
    /// <exception cref="OutOfMemoryException">They do not fit.</exception>
    public KvCache(ModelConfig config, SequencePlan plan, int slotCount, int tokensMax, bool isTruncated)
    {
        _slots = new KvSlot[slotCount];
        for (int i = 0; i < slotCount; i++)
        {
            SlotRoom room = SlotRoom.Of(config, plan, i, tokensMax, isTruncated);
            _slots[i] = new KvSlot(plan.KvLayout(config, room.Capacity), config.KvHeadCount, room);
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
    public long BytesReserved
    {
        get
        {
            long bytes = 0;
            foreach (KvSlot slot in _slots)
            {
                bytes += slot.BytesReserved;
            }

            return bytes;
        }
    }

    /// <summary>Bytes of a token in one slot.</summary>
    public long BytesPerSlotToken => _slots.Length == 0 ? 0 : _slots[0].BytesPerToken;

    /// <summary>Bytes of a token that reaches every slot.</summary>
    public long BytesPerTokenMax => _slots.Length * BytesPerSlotToken;

    /// <summary>Bytes that <see cref="BytesReserved"/> will be; see the constructor for the parameters.</summary>
    public static long BytesFor(ModelConfig config, SequencePlan plan, int slotCount, int tokensMax, bool isTruncated)
    {
        long bytes = 0;
        for (int i = 0; i < slotCount; i++)
        {
            int capacity = SlotRoom.Of(config, plan, i, tokensMax, isTruncated).Capacity;
            bytes = checked(bytes + KvSlot.ReservedBytes(plan.KvLayout(config, capacity), config.KvHeadCount));
        }

        return bytes;
    }

    /// <summary>Before every pass: makes sure that its tokens have room, see <see cref="KvSlot.MakeRoom"/>.</summary>
    public void MakeRoom(int position, int count)
    {
        foreach (KvSlot slot in _slots)
        {
            slot.MakeRoom(position, count);
        }
    }

    /// <summary>
    /// Makes <paramref name="position"/>, where the text is now, one that <see cref="Truncate"/> can come back to until
    /// the next mark.
    /// </summary>
    /// <exception cref="OutOfMemoryException">There is no room for copies.</exception>
    public void Mark(int position)
    {
        Retention?.Mark();
        _markPosition = null;
        foreach (KvSlot slot in _slots)
        {
            slot.Mark();
        }

        _markPosition = position;
    }

    /// <summary>
    /// Whether <see cref="Truncate"/> comes to <paramref name="position"/>, at which a prompt began. States always do.
    /// </summary>
    public bool Reaches(int position) => Retention is not null || Reach(position) == position;

    /// <summary>Forgets every token at or behind <paramref name="position"/>, or, where a state or a slot that has
    /// dropped tokens cannot come back to it, behind an earlier one.</summary>
    /// <returns>Tokens left.</returns>
    public int Truncate(int position)
    {
        if (Retention is not null)
        {
            return Retention.Truncate(position);
        }

        int reached = Reach(position);
        foreach (KvSlot slot in _slots)
        {
            if (slot.Keeps(reached))
            {
                slot.Truncate(reached);
            }
            else
            {
                slot.ReturnToMark();
            }
        }

        _markPosition = _markPosition > reached ? null : _markPosition;
        return reached;
    }

    public void Dispose()
    {
        Retention?.Dispose();
        foreach (KvSlot slot in _slots)
        {
            slot.Dispose();
        }
    }

    /// <summary>The last position at or before <paramref name="position"/> that all slots can come to.</summary>
    private int Reach(int position)
    {
        foreach (KvSlot slot in _slots)
        {
            if (!slot.Keeps(position))
            {
                return _markPosition is { } mark && mark <= position ? mark : 0;
            }
        }

        return position;
    }
}
