using MoREdge.Kernels;
using MoREdge.Model.Threads;

namespace MoREdge.Model.Caches;

/// <summary>
/// The states of one sequence, a layer's each. Between calls all stand at the same position; a pass that was cancelled
/// leaves some further on, until <see cref="Truncate"/> brings them back.
/// </summary>
internal sealed class RetentionCache : IDisposable
{
    private readonly RetentionState[] _states;
    private readonly RetentionLayout _layout;
    private readonly bool _isTruncated;
    private readonly RetentionReplay? _replay;
    private readonly WorkerPool _pool;

    /// <summary>Takes empty states.</summary>
    /// <param name="config">The model.</param>
    /// <param name="stateCount">Layers.</param>
    /// <param name="isTruncated">Whether tokens will ever be taken back.</param>
    /// <param name="kernels">Takes tokens of the past again.</param>
    /// <param name="pool">The workers that do it.</param>
    /// <exception cref="OutOfMemoryException">They do not fit.</exception>
    public RetentionCache(ModelConfig config, int stateCount, bool isTruncated, KernelSet kernels, WorkerPool pool)
    {
        _layout = RetentionLayout.Of(config);
        _isTruncated = isTruncated;
        _pool = pool;
        _states = new RetentionState[stateCount];
        for (int i = 0; i < stateCount; i++)
        {
            _states[i] = new RetentionState(_layout, isTruncated);
        }

        _replay = isTruncated
            ? new RetentionReplay(kernels, config.Retention!, _layout, _states, pool.WorkerCount)
            : null;
    }

    /// <summary>The state of a <see cref="LayerCall"/>.</summary>
    public RetentionState this[int slot] => _states[slot];

    /// <summary>Bytes of the states: what a token reads and writes.</summary>
    public long LiveBytes => _states.Length * _layout.Bytes;

    /// <summary>Bytes of what it takes to go back, without a mark.</summary>
    public long HistoryBytes =>
        _isTruncated ? HistoryBytesFor(_layout, _states.Length, _pool.WorkerCount) : 0;

    /// <summary>Bytes that <see cref="LiveBytes"/> will be.</summary>
    public static long LiveBytesFor(ModelConfig config, int stateCount) =>
        checked(stateCount * RetentionLayout.Of(config).Bytes);

    /// <summary>Bytes that <see cref="HistoryBytes"/> will be.</summary>
    public static long HistoryBytesFor(ModelConfig config, int stateCount, int workerCount) =>
        HistoryBytesFor(RetentionLayout.Of(config), stateCount, workerCount);

    /// <summary>
    /// Sees to it that <see cref="Truncate"/> can come back to where the states are now, and keeps room for another
    /// token. Before every call that takes tokens.
    /// </summary>
    public void Hold()
    {
        int position = _states[0].Position;
        RetentionHistory? first = _states[0].History;
        if (first is null)
        {
            return;
        }

        if (first.CopyPosition < 0 || first.End != position)
        {
            foreach (RetentionState state in _states)
            {
                state.History!.Save(state);
            }
        }
        else if (first.Count == RetentionHistory.KeptTokensMax)
        {
            _replay!.Run(_pool, RetentionHistory.TokensPerMove, ontoCopies: true);
            foreach (RetentionState state in _states)
            {
                state.History!.MoveOn(RetentionHistory.TokensPerMove);
            }
        }
    }

    /// <summary>
    /// Makes where the states are now a position that <see cref="Truncate"/> can come back to until the next mark.
    /// </summary>
    /// <exception cref="OutOfMemoryException">There is no room for a copy of the states.</exception>
    public void Mark()
    {
        foreach (RetentionState state in _states)
        {
            state.History!.SetMark(state);
        }
    }

    /// <summary>
    /// Forgets the tokens behind a position, or as many more as it takes to come to one that can be gone back to.
    /// </summary>
    /// <returns>Tokens left, at most <paramref name="position"/>.</returns>
    public int Truncate(int position)
    {
        int reached = Reach(position);
        RetentionHistory? first = _states[0].History;
        bool isReplayed = first is not null && first.CopyPosition >= 0 && first.CopyPosition <= reached
            && first.End >= reached;
        bool isMoved = false;
        foreach (RetentionState state in _states)
        {
            isMoved |= state.Position != reached;
        }

        foreach (RetentionState state in _states)
        {
            if (isMoved)
            {
                state.Restore(
                    isReplayed ? state.History!.Copy : reached > 0 ? state.History!.Mark : null, reached);
            }

            state.History?.Truncate(reached);
        }

        if (isMoved && isReplayed)
        {
            _replay!.Run(_pool, first!.Count, ontoCopies: false);
        }

        return reached;
    }

    public void Dispose()
    {
        _replay?.Dispose();
        foreach (RetentionState state in _states)
        {
            state.Dispose();
        }
    }

    private static long HistoryBytesFor(in RetentionLayout layout, int stateCount, int workerCount) =>
        checked((stateCount * RetentionHistory.BytesFor(layout)) + RetentionReplay.BytesFor(layout, workerCount));

    /// <summary>The last position at or before <paramref name="position"/> that all states can come to.</summary>
    private int Reach(int position)
    {
        int reached = position;
        bool isThere = true;
        foreach (RetentionState state in _states)
        {
            isThere &= state.Position == position;
            reached = Math.Min(reached, state.History?.Reach(position) ?? 0);
        }

        return isThere ? position : reached;
    }
}
