using MoREdge.Kernels;
using MoREdge.Model.Threads;
using MoREdge.Tensors;

namespace MoREdge.Model.Caches;

/// <summary>
/// Takes the first tokens of the histories again, onto the states or onto the copies they lie behind: the same kernel,
/// therefore the same bits. Items are heads, counted through the states.
/// </summary>
internal sealed class RetentionReplay : ParallelWork, IDisposable
{
    private readonly KernelSet _kernels;
    private readonly RetentionConfig _config;
    private readonly RetentionLayout _layout;
    private readonly RetentionState[] _states;
    private readonly AlignedBuffer _unread;
    private readonly FloatMatrix _readOuts;
    private int _tokens;
    private bool _ontoCopies;

    public RetentionReplay(
        KernelSet kernels, RetentionConfig config, in RetentionLayout layout, RetentionState[] states, int workerCount)
    {
        _kernels = kernels;
        _config = config;
        _layout = layout;
        _states = states;
        _unread = new AlignedBuffer(BytesFor(layout, workerCount));
        _readOuts = FloatMatrix.Over(_unread, workerCount, ReadOutFloats(layout));
    }

    /// <summary>Bytes of the read-outs of all workers, which the kernel makes and nobody reads.</summary>
    public static long BytesFor(in RetentionLayout layout, int workerCount) =>
        (long)workerCount * ReadOutFloats(layout) * sizeof(float);

    /// <summary>Takes the first <paramref name="tokens"/> of every history.</summary>
    public void Run(WorkerPool pool, int tokens, bool ontoCopies)
    {
        _tokens = tokens;
        _ontoCopies = ontoCopies;
        pool.Run(this, _states.Length * _layout.HeadCount);
    }

    public override void Execute(int start, int end, int worker)
    {
        for (int item = start; item < end; item++)
        {
            RetentionState state = _states[item / _layout.HeadCount];
            RetentionHistory history = state.History!;
            int head = item % _layout.HeadCount;
            int kvHead = _layout.KvHead(head);
            FloatMatrix keys = history.Keys.Slice(0, _tokens).Columns(kvHead * _layout.KeyDim, _layout.KeyDim);
            FloatMatrix values = history.Values.Slice(0, _tokens).Columns(kvHead * _layout.ValueDim, _layout.ValueDim);
            _kernels.Retention(
                _ontoCopies ? _layout.Head(history.Copy, head) : state.Head(head), (float)_config.Decays[head], keys,
                keys, values, _readOuts.Slice(worker, 1).Reshaped(_tokens, _layout.ValueDim, _layout.ValueDim));
        }
    }

    public void Dispose() => _unread.Dispose();

    private static int ReadOutFloats(in RetentionLayout layout) =>
        checked(RetentionHistory.KeptTokensMax * layout.ValueDim);
}
