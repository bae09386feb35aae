using MoREdge.Model.Caches;

namespace MoREdge.Model.Layers;

/// <summary>Rows of a layer's row block that share a cache slot.</summary>
/// <param name="Start">First row, counted in the block.</param>
/// <param name="Count">Rows.</param>
/// <param name="Slot">Their slot.</param>
/// <param name="Access">How they treat it.</param>
internal readonly record struct SlotRows(int Start, int Count, KvSlot Slot, CacheAccess Access);

/// <summary>Rows of a layer's row block that share a state of retention, in the order of their text.</summary>
/// <param name="Start">First row, counted in the block.</param>
/// <param name="Count">Rows.</param>
/// <param name="State">Their state.</param>
internal readonly record struct StateRows(int Start, int Count, RetentionState State);

/// <summary>
/// Whose the rows of a pass through some layers are. Rows of several texts, or of several recursions, may go through
/// one pass over the weights: each segment of rows brings its own cache and its own layer calls, which name the same
/// weights but may name other slots. Segments that write their slots come before those that only read.
/// </summary>
internal sealed class LayerPass(KvPolicy policy, int rowsMax, int segmentsMax)
{
    private readonly Flight[] _flights = new Flight[segmentsMax];
    private readonly KvCache[] _caches = new KvCache[segmentsMax];
    private readonly LayerCall[][] _calls = new LayerCall[segmentsMax][];
    private readonly int[] _ends = new int[segmentsMax];
    private readonly SlotRows[] _slots = new SlotRows[segmentsMax];
    private readonly StateRows[] _states = new StateRows[segmentsMax];
    private int _segmentCount;
    private int _layer;
    private int _slotCount;
    private int _stateCount;

    /// <summary>Rows of the pass.</summary>
    public int RowCount { get; private set; }

    /// <summary>Position in its text of each row.</summary>
    public int[] Positions { get; } = new int[rowsMax];

    /// <summary>
    /// Position by which each row is rotated; another one where only the tokens in a layer are counted.
    /// </summary>
    public int[] Turned { get; } = new int[rowsMax];

    /// <summary>Segments of the pass.</summary>
    public int SegmentCount => _segmentCount;

    /// <summary>Layers of the pass; the calls of the first segment name their weights.</summary>
    public LayerCall[] Calls => _calls[0];

    /// <summary>First row of the block that <see cref="Cut"/> cut out.</summary>
    public int BlockStart { get; private set; }

    /// <summary>Rows of the block whose keys and values are computed; they are its first.</summary>
    public int WritingCount { get; private set; }

    /// <summary>The block's rows by slot.</summary>
    public ReadOnlySpan<SlotRows> Slots => _slots.AsSpan(0, _slotCount);

    /// <summary>The block's rows by state, where the layer retains instead of attending.</summary>
    public ReadOnlySpan<StateRows> States => _states.AsSpan(0, _stateCount);

    /// <summary>Begins an empty pass.</summary>
    public void Clear()
    {
        RowCount = 0;
        _segmentCount = 0;
    }

    /// <summary>Adds all rows of a flight.</summary>
    public void AddAll(Flight flight, LayerCall[] calls)
    {
        flight.Positions.AsSpan(0, flight.RowCount).CopyTo(Positions.AsSpan(RowCount));
        flight.Positions.AsSpan(0, flight.RowCount).CopyTo(Turned.AsSpan(RowCount));
        EndSegment(flight, calls, flight.RowCount);
    }

    /// <summary>Adds the rows of a flight that its next recursion runs.</summary>
    public void AddRunning(Flight flight, LayerCall[] calls)
    {
        int count = flight.RunningCount;
        for (int i = 0; i < count; i++)
        {
            Positions[RowCount + i] = flight.Positions[flight.RunningRow(i)];
            Turned[RowCount + i] = Positions[RowCount + i];
        }

        EndSegment(flight, calls, count);
    }

    /// <summary>Makes this a pass of some rows of another one, through the layer that it is in.</summary>
    /// <param name="whole">The other pass.</param>
    /// <param name="rows">Its rows, ascending.</param>
    public void TakeFrom(LayerPass whole, ReadOnlySpan<int> rows)
    {
        Clear();
        _layer = whole._layer;
        int next = 0;
        for (int segment = 0; segment < whole._segmentCount; segment++)
        {
            int before = RowCount;
            for (; next < rows.Length && rows[next] < whole._ends[segment]; next++)
            {
                Positions[RowCount] = whole.Positions[rows[next]];
                Turned[RowCount++] = whole.Turned[rows[next]];
            }

            if (RowCount > before)
            {
                _flights[_segmentCount] = whole._flights[segment];
                _caches[_segmentCount] = whole._caches[segment];
                _calls[_segmentCount] = whole._calls[segment];
                _ends[_segmentCount++] = RowCount;
            }
        }
    }

    /// <summary>Rows, flight and slot in the layer of a segment, all of whose rows are those of its flight.</summary>
    public (int Start, int Count, Flight Flight, KvSlot Slot) Segment(int index)
    {
        int start = index == 0 ? 0 : _ends[index - 1];
        return (start, _ends[index] - start, _flights[index], _caches[index][_calls[index][_layer].Slot]);
    }

    /// <summary>Says which of <see cref="Calls"/> is made now.</summary>
    public void EnterLayer(int layer) => _layer = layer;

    /// <summary>Cuts rows [start, start + count) out for a layer to work on.</summary>
    public void Cut(int start, int count)
    {
        BlockStart = start;
        WritingCount = 0;
        _slotCount = 0;
        _stateCount = 0;
        int first = 0;
        for (int i = 0; i < _segmentCount && first < start + count; i++)
        {
            int from = Math.Max(first, start);
            int rows = Math.Min(_ends[i], start + count) - from;
            first = _ends[i];
            if (rows <= 0)
            {
                continue;
            }

            LayerCall call = _calls[i][_layer];
            if (_caches[i].Retention is { } retention)
            {
                _states[_stateCount++] = new StateRows(from - start, rows, retention[call.Slot]);
                continue;
            }

            CacheAccess access = call.WritesCache ? CacheAccess.Append
                : policy == KvPolicy.SharedHybrid ? CacheAccess.Overlay
                : CacheAccess.Read;
            WritingCount += access == CacheAccess.Read ? 0 : rows;
            KvSlot slot = _caches[i][call.Slot];
            if (_slotCount > 0 && _slots[_slotCount - 1] is { } before && before.Slot == slot
                && before.Access == access && Positions[from - 1] < Positions[from])
            {
                // Tokens of one text in the order of their positions read its keys and values together.
                _slots[_slotCount - 1] = before with { Count = before.Count + rows };
                continue;
            }

            _slots[_slotCount++] = new SlotRows(from - start, rows, slot, access);
        }
    }

    private void EndSegment(Flight flight, LayerCall[] calls, int count)
    {
        RowCount += count;
        _flights[_segmentCount] = flight;
        _caches[_segmentCount] = flight.Cache;
        _calls[_segmentCount] = calls;
        _ends[_segmentCount] = RowCount;
        _segmentCount++;
    }
}
