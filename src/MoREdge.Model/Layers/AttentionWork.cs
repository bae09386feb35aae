using MoREdge.Kernels;
using MoREdge.Model.Caches;
using MoREdge.Model.Threads;
using MoREdge.Tensors;

namespace MoREdge.Model.Layers;

/// <summary>
/// softmax(q·Kᵀ / √HeadDim)·V for every row and head. Causality needs no mask: a query sees the slot's tokens up to its
/// own position, wherever gaps of unselected tokens are. Items are (block of rows, head), heads innermost; neighbouring
/// heads of one block that share a key/value head go through one call of the kernels, which reads each key and value
/// once for all of them.
/// </summary>
internal sealed class AttentionWork(KernelSet kernels, ModelConfig config, Workspace workspace) : ParallelWork
{
    private readonly float _scale = 1 / MathF.Sqrt(config.HeadDim);
    private readonly int _headsPerKvHead = config.HeadCount / config.KvHeadCount;
    private FloatMatrix _query;
    private FloatMatrix _mixed;
    private int[] _positions = [];
    private int _positionStart;
    private KvSlot? _slot;

    private int HeadsPerCall => Math.Min(_headsPerKvHead, workspace.ScoreQueries);

    private int RowsPerBlock => workspace.ScoreQueries / HeadsPerCall;

    /// <summary>
    /// Attends with <paramref name="query"/> (rows, QueryDim) over <paramref name="slot"/> into
    /// <paramref name="mixed"/>.
    /// </summary>
    public void Run(
        WorkerPool pool,
        in FloatMatrix query,
        in FloatMatrix mixed,
        KvSlot slot,
        int[] positions,
        int positionStart)
    {
        _query = query;
        _mixed = mixed;
        _slot = slot;
        _positions = positions;
        _positionStart = positionStart;
        int blocks = (query.Rows + RowsPerBlock - 1) / RowsPerBlock;
        // A single block, as in decoding, is cut into as few ranges as there are workers: 15 heads become 8 and 7.
        int itemsMin = blocks == 1 ? (config.HeadCount + pool.WorkerCount - 1) / pool.WorkerCount : _headsPerKvHead;
        pool.Run(this, blocks * config.HeadCount, itemsMin);
    }

    public override void Execute(int start, int end, int worker)
    {
        for (int item = start; item < end;)
        {
            int head = item % config.HeadCount;
            int sharing = _headsPerKvHead - (head % _headsPerKvHead);
            int heads = Math.Min(Math.Min(sharing, HeadsPerCall), end - item);
            int row = item / config.HeadCount * RowsPerBlock;
            AttendBlock(row, Math.Min(RowsPerBlock, _query.Rows - row), head, heads, worker);
            item += heads;
        }
    }

    private void AttendBlock(int rowStart, int rows, int head, int heads, int worker)
    {
        KeyRows keys = _slot!.Keys(head / _headsPerKvHead);
        ValueRows values = _slot.Values(head / _headsPerKvHead);
        FloatMatrix query = Heads(_query, rowStart, rows, head, heads);
        FloatMatrix mixed = Heads(_mixed, rowStart, rows, head, heads);
        int longest = VisibleCount(rowStart + rows - 1);
        FloatMatrix scores = workspace.Scores(worker, rows * heads, longest);
        kernels.AttentionScores(query, keys, longest, _scale, workspace.QuantizedQueries(worker), scores);
        for (int i = 0; i < scores.Rows; i++)
        {
            kernels.Softmax(scores.Row(i)[..VisibleCount(rowStart + (i / heads))]);
        }

        // What all rows see, then each row's own rest: a weight of 0 for an unseen value would still spread its NaN.
        int common = VisibleCount(rowStart);
        kernels.AttentionMix(scores, values, common, mixed, accumulate: false);
        for (int row = 1; row < rows; row++)
        {
            int rest = VisibleCount(rowStart + row) - common;
            if (rest > 0)
            {
                kernels.AttentionMix(
                    scores.Slice(row * heads, heads).Columns(common, rest),
                    values.Slice(common, rest),
                    rest,
                    mixed.Slice(row, 1),
                    accumulate: true);
            }
        }
    }

    private FloatMatrix Heads(in FloatMatrix x, int rowStart, int rows, int head, int heads) =>
        x.Slice(rowStart, rows).Columns(head * config.HeadDim, heads * config.HeadDim);

    private int VisibleCount(int row) => _slot!.VisibleCount(_positions[_positionStart + row]);
}
