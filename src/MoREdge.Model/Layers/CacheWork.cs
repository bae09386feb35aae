using MoREdge.Kernels;
using MoREdge.Model.Caches;
using MoREdge.Model.Threads;
using MoREdge.Tensors;

namespace MoREdge.Model.Layers;

/// <summary>Rotates queries and keys by their positions and stores keys and values. Items are rows.</summary>
internal sealed class CacheWork(KernelSet kernels, ModelConfig config, RotaryTable rotary, KvOverlay overlay)
    : ParallelWork
{
    private readonly int[] _indexes = new int[Workspace.RowsMax];
    private readonly KvSlot[] _slots = new KvSlot[Workspace.RowsMax];
    private FloatMatrix _query;
    private FloatMatrix _key;
    private FloatMatrix _value;
    private LayerPass? _pass;

    /// <summary>
    /// Works on <paramref name="query"/> (rows, QueryDim) of the pass's row block, and on <paramref name="key"/> and
    /// <paramref name="value"/> (writing rows, KvDim) of those of its rows that write their slots.
    /// </summary>
    public void Run(
        WorkerPool pool, in FloatMatrix query, in FloatMatrix key, in FloatMatrix value, LayerPass pass)
    {
        _query = query;
        _key = key;
        _value = value;
        _pass = pass;
        foreach (SlotRows rows in pass.Slots)
        {
            for (int i = 0; i < rows.Count && rows.Access != CacheAccess.Read; i++)
            {
                int row = rows.Start + i;
                int position = pass.Positions[pass.BlockStart + row];
                _slots[row] = rows.Slot;
                _indexes[row] = rows.Access == CacheAccess.Append
                    ? rows.Slot.Append(position)
                    : overlay.Keep(rows.Slot, position);
            }
        }

        pool.Run(this, query.Rows);
    }

    public override void Execute(int start, int end, int worker)
    {
        for (int row = start; row < end; row++)
        {
            int position = _pass!.Positions[_pass.BlockStart + row];
            Rotate(_query.Row(row), position);
            if (row < _key.Rows)
            {
                Rotate(_key.Row(row), position);
                _slots[row].Store(kernels, _key.Row(row), _value.Row(row), _indexes[row]);
            }
        }
    }

    private void Rotate(Span<float> heads, int position) =>
        kernels.Rotary(
            heads,
            config.HeadDim,
            rotary.Cos(position),
            rotary.Sin(position),
            config.RopePairing == RopePairing.Interleaved);
}
