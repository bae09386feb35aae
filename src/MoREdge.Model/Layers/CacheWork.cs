using MoREdge.Kernels;
using MoREdge.Model.Caches;
using MoREdge.Model.Threads;
using MoREdge.Model.Weights;
using MoREdge.Tensors;

namespace MoREdge.Model.Layers;

/// <summary>
/// Norms queries and keys where the model does, rotates them by their positions and stores keys and values. Items are
/// rows.
/// </summary>
internal sealed class CacheWork(KernelSet kernels, ModelConfig config, RotaryTables rotary, KvOverlay overlay)
    : ParallelWork
{
    private readonly int[] _indexes = new int[Workspace.RowsMax];
    private readonly KvSlot[] _slots = new KvSlot[Workspace.RowsMax];
    private FloatMatrix _query;
    private FloatMatrix _key;
    private FloatMatrix _value;
    private LayerPass? _pass;
    private LayerWeights? _weights;
    private RotaryTable? _angles;

    /// <summary>
    /// Works on <paramref name="query"/> (rows, QueryDim) of the pass's row block, and on <paramref name="key"/> and
    /// <paramref name="value"/> (writing rows, KvDim) of those of its rows that write their slots.
    /// </summary>
    public void Run(
        WorkerPool pool,
        in FloatMatrix query,
        in FloatMatrix key,
        in FloatMatrix value,
        LayerPass pass,
        LayerWeights weights,
        BlockConfig block)
    {
        _weights = weights;
        _angles = rotary.Of(block);
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
                    ? rows.Slot.Place(position)
                    : overlay.Keep(rows.Slot, position);
            }
        }

        pool.Run(this, query.Rows);
    }

    public override void Execute(int start, int end, int worker)
    {
        for (int row = start; row < end; row++)
        {
            int position = _pass!.Turned[_pass.BlockStart + row];
            Norm(_query.Row(row), _weights!.QueryNorm);
            Rotate(_query.Row(row), position);
            if (row < _key.Rows)
            {
                Norm(_key.Row(row), _weights.KeyNorm);
                Rotate(_key.Row(row), position);
                Clamp(_value.Row(row));
                _slots[row].Store(kernels, _key.Row(row), _value.Row(row), _indexes[row]);
            }
        }
    }

    /// <summary>Norms each head, or all of them at once where the weights are so many.</summary>
    private void Norm(Span<float> heads, float[]? weight)
    {
        for (int start = 0; weight is not null && start < heads.Length; start += weight.Length)
        {
            Span<float> head = heads.Slice(start, weight.Length);
            kernels.RmsNorm(head, weight, config.RmsNormEpsilon, head);
        }

        Clamp(heads);
    }

    private void Clamp(Span<float> heads)
    {
        float bound = config.ProjectionBound;
        for (int i = 0; bound > 0 && i < heads.Length; i++)
        {
            heads[i] = Math.Clamp(heads[i], -bound, bound);
        }
    }

    private void Rotate(Span<float> heads, int position)
    {
        if (_angles is not { } angles)
        {
            return;
        }

        bool interleaved = config.RopePairing == RopePairing.Interleaved;
        if (angles.Dim == config.HeadDim)
        {
            kernels.Rotary(heads, config.HeadDim, angles.Cos(position), angles.Sin(position), interleaved);
            return;
        }

        for (int start = 0; start < heads.Length; start += config.HeadDim)
        {
            kernels.Rotary(
                heads.Slice(start, angles.Dim), angles.Dim, angles.Cos(position), angles.Sin(position), interleaved);
        }
    }
}
