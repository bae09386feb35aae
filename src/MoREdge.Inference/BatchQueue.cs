using MoREdge.Model;

namespace MoREdge.Inference;

/// <summary>Requests that wait for a place in a batch, first come, first served. Thread-safe.</summary>
/// <param name="countMax">Most of them.</param>
internal sealed class BatchQueue(int countMax) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<BatchAnswer> _waiting = [];
    private readonly ManualResetEventSlim _hasWork = new();
    private volatile bool _isClosed;
    private bool _staysAwake;

    /// <summary>True once nobody may come any more.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>How many wait.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Adds one behind the others.</summary>
    /// <exception cref="InferenceException">As many as may are waiting.</exception>
    /// <exception cref="ObjectDisposedException">The queue is closed.</exception>
    public void Add(BatchAnswer answer)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, typeof(BatchScheduler));
            if (_waiting.Count >= countMax)
            {
                throw new InferenceException(
                    InferenceError.QueueFull, $"{_waiting.Count} requests are waiting already; try again later.");
            }

            _waiting.Add(answer);
            _hasWork.Set();
        }
    }

    /// <summary>Takes the first one, if its keys and values need no more than <paramref name="kvBytesMax"/>.</summary>
    public BatchAnswer? Take(long kvBytesMax)
    {
        lock (_gate)
        {
            if (_waiting.Count == 0 || _waiting[0].KvBytes > kvBytesMax)
            {
                return null;
            }

            BatchAnswer first = _waiting[0];
            _waiting.RemoveAt(0);
            return first;
        }
    }

    /// <summary>Ends those that are cancelled.</summary>
    public void EndCancelled(DecoderModel network)
    {
        lock (_gate)
        {
            for (int i = _waiting.Count - 1; i >= 0; i--)
            {
                if (_waiting[i].IsCancelled)
                {
                    _waiting[i].EndCancelled(network);
                    _waiting.RemoveAt(i);
                }
            }
        }
    }

    /// <summary>Ends all.</summary>
    public void EndAll(Action<BatchAnswer> end)
    {
        lock (_gate)
        {
            _waiting.ForEach(end);
            _waiting.Clear();
        }
    }

    /// <summary>Whether one waits; if none does, and none is running, work begins with the next one.</summary>
    public bool HasWaiting(int runningCount)
    {
        lock (_gate)
        {
            if (_waiting.Count == 0 && runningCount == 0 && !_isClosed && !_staysAwake)
            {
                _hasWork.Reset();
            }

            return _waiting.Count > 0;
        }
    }

    /// <summary>Waits until there is work.</summary>
    /// <exception cref="OperationCanceledException">Stopped by <paramref name="cancellation"/>.</exception>
    /// <exception cref="ObjectDisposedException">The queue is closed, or was meanwhile.</exception>
    public void WaitForWork(CancellationToken cancellation)
    {
        _hasWork.Wait(cancellation);
        ObjectDisposedException.ThrowIf(_isClosed, typeof(BatchScheduler));
    }

    /// <summary>Wakes whoever waits for work, and lets nobody wait any more.</summary>
    public void StayAwake()
    {
        lock (_gate)
        {
            _staysAwake = true;
            _hasWork.Set();
        }
    }

    /// <summary>Lets nobody in any more, and wakes whoever waits for work.</summary>
    /// <returns>False when that was done before.</returns>
    public bool Close()
    {
        lock (_gate)
        {
            bool isFirst = !_isClosed;
            _isClosed = true;
            _hasWork.Set();
            return isFirst;
        }
    }

    public void Dispose() => _hasWork.Dispose();
}
