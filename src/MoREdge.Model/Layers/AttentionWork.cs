using MoREdge.Kernels;
using MoREdge.Model.Caches;
using MoREdge.Model.Threads;
using MoREdge.Tensors;

namespace MoREdge.Model.Layers;

/// <summary>
/// softmax(q·Kᵀ / √HeadDim)·V for every row and head. Causality needs no mask: a query sees the slot's tokens up to its
/// own position, wherever gaps of unselected tokens are. Items are (head, row), head-major, so that neighbours share
/// keys.
/// </summary>
internal sealed class AttentionWork(KernelSet kernels, ModelConfig config, FloatMatrix scores) : ParallelWork
{
    private readonly float _scale = 1 / MathF.Sqrt(config.HeadDim);
    private readonly int _headsPerKvHead = config.HeadCount / config.KvHeadCount;
    private FloatMatrix _query;
    private FloatMatrix _mixed;
    private int[] _positions = [];
    private int _positionStart;
    private KvSlot? _slot;

    /// <summary>
    /// Attends with <paramref name="query"/> (rows, QueryDim) over <paramref name="slot"/> into
    /// <paramref name="mixed"/>.
    /// </summary>
    public void Run(WorkerPool pool, in FloatMatrix query, in FloatMatrix mixed, KvSlot slot, int[] positions, int positionStart)
    {
        _query = query;
        _mixed = mixed;
        _slot = slot;
        _positions = positions;
        _positionStart = positionStart;
        pool.Run(this, query.Rows * config.HeadCount);
    }

    public override void Execute(int start, int end, int worker)
    {
        for (int item = start; item < end; item++)
        {
            int head = item / _query.Rows;
            int row = item % _query.Rows;
            int kvHead = head / _headsPerKvHead;
            int first = head * config.HeadDim;
            int count = _slot!.VisibleCount(_positions[_positionStart + row]);
            Span<float> weights = scores.Row(worker)[..count];
            kernels.AttentionScores(_query.Row(row).Slice(first, config.HeadDim), _slot.Keys(kvHead), count, _scale, weights);
            kernels.Softmax(weights);
            kernels.AttentionMix(weights, _slot.Values(kvHead), count, _mixed.Row(row).Slice(first, config.HeadDim));
        }
    }
}
