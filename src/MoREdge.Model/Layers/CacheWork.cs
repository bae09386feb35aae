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
    private FloatMatrix _query;
    private FloatMatrix _key;
    private FloatMatrix _value;
    private int[] _positions = [];
    private int _positionStart;
    private KvSlot? _slot;
    private CacheAccess _access;

    /// <summary>
    /// Works on <paramref name="query"/> (rows, QueryDim) and, unless the cache is only read, on
    /// <paramref name="key"/> and <paramref name="value"/> (rows, KvDim).
    /// </summary>
    public void Run(
        WorkerPool pool,
        in FloatMatrix query,
        in FloatMatrix key,
        in FloatMatrix value,
        KvSlot slot,
        CacheAccess access,
        int[] positions,
        int positionStart)
    {
        _query = query;
        _key = key;
        _value = value;
        _slot = slot;
        _access = access;
        _positions = positions;
        _positionStart = positionStart;
        for (int row = 0; row < query.Rows && access != CacheAccess.Read; row++)
        {
            int position = positions[positionStart + row];
            _indexes[row] = access == CacheAccess.Append ? slot.Append(position) : overlay.Keep(slot, position);
        }

        pool.Run(this, query.Rows);
    }

    public override void Execute(int start, int end, int worker)
    {
        for (int row = start; row < end; row++)
        {
            int position = _positions[_positionStart + row];
            Rotate(_query.Row(row), position);
            if (_access != CacheAccess.Read)
            {
                Rotate(_key.Row(row), position);
                _slot!.Store(kernels, _key.Row(row), _value.Row(row), _indexes[row]);
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
