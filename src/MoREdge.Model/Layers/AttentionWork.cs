using MoREdge.Kernels;
using MoREdge.Model.Caches;
using MoREdge.Model.Threads;
using MoREdge.Tensors;

namespace MoREdge.Model.Layers;

/// <summary>
/// softmax(q·Kᵀ · scale)·V for every row and head. Causality needs no mask: a query sees the slot's tokens up to its
/// own position, wherever gaps of unselected tokens are, and with a window only the last of them. Items are (block of
/// rows of one slot, head), heads innermost; neighbouring heads of one block that share a key/value head go through one
/// call of the kernels, which reads each key and value once for all of them.
/// </summary>
internal sealed class AttentionWork(KernelSet kernels, ModelConfig config, Workspace workspace) : ParallelWork
{
    private readonly float _scale = config.AttentionScale ?? (1 / MathF.Sqrt(config.HeadDim));
    private readonly int _headsPerKvHead = config.HeadCount / config.KvHeadCount;
    private readonly SplitAttentionWork _split = new(kernels, config, workspace);
    private readonly SlotRows[] _blocks = new SlotRows[Workspace.RowsMax];
    private FloatMatrix _query;
    private FloatMatrix _mixed;
    private LayerPass? _pass;
    private int _window;

    private int HeadsPerCall => Math.Min(_headsPerKvHead, workspace.ScoreQueries);

    private int RowsPerBlock => workspace.ScoreQueries / HeadsPerCall;

    /// <summary>
    /// Attends with <paramref name="query"/> (rows, QueryDim) of the pass's row block over the slots of its rows into
    /// <paramref name="mixed"/>; each sees <paramref name="window"/> tokens at most, 0 for all.
    /// </summary>
    public void Run(WorkerPool pool, in FloatMatrix query, in FloatMatrix mixed, LayerPass pass, int window)
    {
        _window = window;
        _query = query;
        _mixed = mixed;
        _pass = pass;
        int blocks = 0;
        int rowsPerBlock = RowsPerBlock;
        foreach (SlotRows rows in pass.Slots)
        {
            for (int start = 0; start < rows.Count; start += rowsPerBlock)
            {
                int count = Math.Min(rowsPerBlock, rows.Count - start);
                _blocks[blocks++] = rows with { Start = rows.Start + start, Count = count };
            }
        }

        if (blocks == 1 && _blocks[0].Count == 1)
        {
            (int row, KvSlot slot) = (_blocks[0].Start, _blocks[0].Slot);
            int hidden = HiddenCount(slot, row), visible = VisibleCount(slot, row);
            if (_split.TryRun(pool, query.Slice(row, 1), mixed.Slice(row, 1), slot, hidden, visible, _scale))
            {
                return;
            }
        }

        // A single block, as in decoding, is cut into as few ranges as there are workers: 15 heads become 8 and 7.
        int itemsMin = blocks == 1 ? (config.HeadCount + pool.WorkerCount - 1) / pool.WorkerCount : _headsPerKvHead;
        pool.Run(this, blocks * config.HeadCount, itemsMin);
    }

    /// <summary>Weights of a query's scores, which some models cap first.</summary>
    public static void Softmax(KernelSet kernels, ModelConfig config, Span<float> scores)
    {
        if (config.AttentionSoftCap > 0)
        {
            kernels.SoftCap(scores, config.AttentionSoftCap);
        }

        kernels.Softmax(scores);
    }

    public override void Execute(int start, int end, int worker)
    {
        for (int item = start; item < end;)
        {
            int head = item % config.HeadCount;
            int sharing = _headsPerKvHead - (head % _headsPerKvHead);
            int heads = Math.Min(Math.Min(sharing, HeadsPerCall), end - item);
            AttendBlock(_blocks[item / config.HeadCount], head, heads, worker);
            item += heads;
        }
    }

    private void AttendBlock(in SlotRows block, int head, int heads, int worker)
    {
        (int rowStart, int rows, KvSlot slot) = (block.Start, block.Count, block.Slot);
        ValueRows values = slot.Values(head / _headsPerKvHead);
        FloatMatrix query = Heads(_query, rowStart, rows, head, heads);
        FloatMatrix mixed = Heads(_mixed, rowStart, rows, head, heads);
        int longest = VisibleCount(slot, rowStart + rows - 1);
        int first = HiddenCount(slot, rowStart) / PackedLayout.TileRows * PackedLayout.TileRows;
        FloatMatrix scores = workspace.Scores(worker, rows * heads, longest - first);
        kernels.AttentionScores(
            query, slot.Keys(head / _headsPerKvHead).From(first), longest - first, _scale,
            workspace.QuantizedQueries(worker), scores);
        for (int i = 0; i < scores.Rows; i++)
        {
            int row = rowStart + (i / heads);
            int hidden = HiddenCount(slot, row);
            Softmax(kernels, config, scores.Row(i)[(hidden - first)..(VisibleCount(slot, row) - first)]);
        }

        if (HiddenCount(slot, rowStart + rows - 1) > 0)
        {
            MixEach(scores, values, mixed, block, heads, first);
        }
        else
        {
            MixTogether(scores, values, mixed, block, heads);
        }
    }

    /// <summary>
    /// What all rows see, then each row's own rest: a weight of 0 for an unseen value would still spread its NaN.
    /// </summary>
    private void MixTogether(
        in FloatMatrix scores, in ValueRows values, in FloatMatrix mixed, in SlotRows block, int heads)
    {
        int common = VisibleCount(block.Slot, block.Start);
        kernels.AttentionMix(scores, values, common, mixed, accumulate: false);
        for (int row = 1; row < block.Count; row++)
        {
            int rest = VisibleCount(block.Slot, block.Start + row) - common;
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

    /// <summary>Behind a window each row begins somewhere else.</summary>
    private void MixEach(
        in FloatMatrix scores, in ValueRows values, in FloatMatrix mixed, in SlotRows block, int heads, int first)
    {
        for (int row = 0; row < block.Count; row++)
        {
            int hidden = HiddenCount(block.Slot, block.Start + row);
            int count = VisibleCount(block.Slot, block.Start + row) - hidden;
            kernels.AttentionMix(
                scores.Slice(row * heads, heads).Columns(hidden - first, count),
                values.Slice(hidden, count),
                count,
                mixed.Slice(row, 1),
                accumulate: false);
        }
    }

    private FloatMatrix Heads(in FloatMatrix x, int rowStart, int rows, int head, int heads) =>
        x.Slice(rowStart, rows).Columns(head * config.HeadDim, heads * config.HeadDim);

    private int VisibleCount(KvSlot slot, int row) => slot.VisibleCount(Position(row));

    /// <summary>Stored tokens that lie behind the window of a row.</summary>
    private int HiddenCount(KvSlot slot, int row) => _window == 0 ? 0 : slot.VisibleCount(Position(row) - _window);

    private int Position(int row) => _pass!.Positions[_pass.BlockStart + row];
}
