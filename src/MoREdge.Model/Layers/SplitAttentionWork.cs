using MoREdge.Kernels;
using MoREdge.Model.Caches;
using MoREdge.Model.Threads;
using MoREdge.Tensors;

namespace MoREdge.Model.Layers;

/// <summary>
/// Attention of a single row with much behind it, for key/value heads that workers cannot share evenly (5 between 2
/// cores, 3 between 4). All heads take three rounds: scores by positions, softmax by heads, the mix by columns. None of
/// these cuts changes a bit, and every worker gets its share of a head.
/// </summary>
internal sealed class SplitAttentionWork(KernelSet kernels, ModelConfig config, Workspace workspace) : ParallelWork
{
    /// <summary>Positions from which balance is worth two rounds more.</summary>
    public const int PositionsMin = 256;

    /// <summary>Positions of a piece are a multiple: the longest run of keys that a kernel takes at once.</summary>
    private const int PieceMultiple = 64;

    private readonly int _headsPerKvHead = config.HeadCount / config.KvHeadCount;
    private readonly int _columnGroups = (config.HeadDim + PackedLayout.GroupSize - 1) / PackedLayout.GroupSize;
    private Round _round;
    private FloatMatrix _query;
    private FloatMatrix _mixed;
    private FloatMatrix _scores;
    private KvSlot? _slot;
    private float _scale;
    private int _first;
    private int _hidden;
    private int _visible;
    private int _piecePositions;
    private int _pieces;

    private enum Round
    {
        Scores,
        Softmax,
        Mix,
    }

    /// <summary>
    /// Attends with one <paramref name="query"/> (1, QueryDim) over tokens [hidden, visible) of a slot into
    /// <paramref name="mixed"/>. False, with nothing done, where heads are as good as even, or too little to share.
    /// </summary>
    public bool TryRun(
        WorkerPool pool, in FloatMatrix query, in FloatMatrix mixed, KvSlot slot, int hidden, int visible, float scale)
    {
        if (!IsUneven(config.KvHeadCount, pool.WorkerCount) || visible - hidden < PositionsMin
            || _headsPerKvHead > workspace.ScoreQueries)
        {
            return false;
        }

        _first = hidden / PackedLayout.TileRows * PackedLayout.TileRows;
        int count = visible - _first;
        _scores = workspace.SharedScores(config.HeadCount, count);
        if (_scores.Rows == 0)
        {
            return false;
        }

        _query = query;
        _mixed = mixed;
        _slot = slot;
        _scale = scale;
        _hidden = hidden;
        _visible = visible;
        _piecePositions = Quotient(Quotient(count, pool.WorkerCount), PieceMultiple) * PieceMultiple;
        _pieces = Quotient(count, _piecePositions);
        RunRound(pool, Round.Scores, config.KvHeadCount * _pieces);
        RunRound(pool, Round.Softmax, config.HeadCount);
        RunRound(pool, Round.Mix, config.KvHeadCount * _columnGroups);
        return true;
    }

    public override void Execute(int start, int end, int worker)
    {
        if (_round == Round.Softmax)
        {
            Softmax(start, end);
            return;
        }

        // Neighbouring parts of a head are one call.
        int parts = _round == Round.Scores ? _pieces : _columnGroups;
        for (int item = start; item < end;)
        {
            int part = item % parts;
            int count = Math.Min(parts - part, end - item);
            if (_round == Round.Scores)
            {
                Score(item / parts, part, count, worker);
            }
            else
            {
                Mix(item / parts, part, count);
            }

            item += count;
        }
    }

    /// <summary>Whether whole heads would leave a worker with a tenth more than its share.</summary>
    private static bool IsUneven(int heads, int workers) => 10 * Quotient(heads, workers) * workers > 11 * heads;

    private static int Quotient(int dividend, int divisor) => (dividend + divisor - 1) / divisor;

    // As few ranges as there are workers.
    private void RunRound(WorkerPool pool, Round round, int items)
    {
        _round = round;
        pool.Run(this, items, Quotient(items, pool.WorkerCount));
    }

    private void Score(int kvHead, int piece, int pieces, int worker)
    {
        int start = piece * _piecePositions;
        int count = Math.Min(pieces * _piecePositions, _scores.Cols - start);
        kernels.AttentionScores(
            Heads(_query, kvHead), _slot!.Keys(kvHead).From(_first + start), count, _scale,
            workspace.QuantizedQueries(worker), ScoresOf(kvHead).Columns(start, count));
    }

    private void Softmax(int start, int end)
    {
        for (int head = start; head < end; head++)
        {
            AttentionWork.Softmax(kernels, config, _scores.Row(head)[(_hidden - _first)..]);
        }
    }

    private void Mix(int kvHead, int group, int groups)
    {
        int count = _visible - _hidden;
        int start = group * PackedLayout.GroupSize;
        int cols = Math.Min(groups * PackedLayout.GroupSize, config.HeadDim - start);
        kernels.AttentionMixColumns(
            ScoresOf(kvHead).Columns(_hidden - _first, count), _slot!.Values(kvHead).Slice(_hidden, count), count,
            Heads(_mixed, kvHead), accumulate: false, start, cols);
    }

    private FloatMatrix ScoresOf(int kvHead) => _scores.Slice(kvHead * _headsPerKvHead, _headsPerKvHead);

    private FloatMatrix Heads(in FloatMatrix x, int kvHead) =>
        x.Columns(kvHead * _headsPerKvHead * config.HeadDim, _headsPerKvHead * config.HeadDim);
}
