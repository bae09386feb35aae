namespace MoREdge.Model.Threads;

/// <summary>
/// Fixed workers that share one piece of work at a time by contiguous ranges. They spin briefly for the next piece,
/// because a token has hundreds of them, and then park, because pure spinning collapses when the cores are shared.
/// </summary>
internal sealed class WorkerPool : IDisposable
{
    /// <summary>
    /// Polls before a worker parks: some tens of microseconds, the usual gap between two pieces of a token.
    /// </summary>
    private const int SpinCountMax = 4000;

    /// <summary>Ranges per worker: finer ranges even out cores that are slower or shared.</summary>
    private const int RangesPerWorker = 4;

    private readonly Lock _runLock = new();
    private readonly object _gate = new();
    private readonly Thread[] _threads;
    private ParallelWork? _work;
    private int _itemCount;
    private int _rangeSize;
    private int _rangeCount;
    private int _unfinishedCount;
    private int _parkedCount;
    private int _generation;

    // The generation in the upper half, the next free range in the lower: a range can only be taken from the piece of
    // work that a worker has read, so a worker that comes late, because its core was busy, finds nothing and nobody
    // waits for it.
    private long _ticket;
    private volatile bool _disposed;

    public WorkerPool(int threadCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threadCount, 1);
        _threads = new Thread[threadCount - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            int worker = i + 1;
            _threads[i] = new Thread(() => WorkerLoop(worker))
            {
                IsBackground = true,
                Name = $"moredge-worker-{worker}",
            };
            _threads[i].Start();
        }
    }

    /// <summary>Workers, the calling thread included.</summary>
    public int WorkerCount => _threads.Length + 1;

    /// <summary>Runs <paramref name="work"/> over items [0, itemCount) and returns when all are done.</summary>
    /// <param name="work">What to do.</param>
    /// <param name="itemCount">Number of items.</param>
    /// <param name="itemsMin">A range never holds fewer items: what is worth waking a thread for.</param>
    public void Run(ParallelWork work, int itemCount, int itemsMin = 1)
    {
        if (_threads.Length == 0 || itemCount <= itemsMin)
        {
            work.Execute(0, itemCount, 0);
            return;
        }

        lock (_runLock)
        {
            int ranges = WorkerCount * RangesPerWorker;
            _work = work;
            _itemCount = itemCount;
            _rangeSize = Math.Max(itemsMin, (itemCount + ranges - 1) / ranges);
            _rangeCount = (itemCount + _rangeSize - 1) / _rangeSize;
            _unfinishedCount = _rangeCount;
            int generation = unchecked(_generation + 1);
            Volatile.Write(ref _ticket, (long)generation << 32);
            Interlocked.Exchange(ref _generation, generation);
            if (Volatile.Read(ref _parkedCount) > 0)
            {
                lock (_gate)
                {
                    Monitor.PulseAll(_gate);
                }
            }

            TakeRanges(generation, 0);
            SpinWait spin = default;
            while (Volatile.Read(ref _unfinishedCount) > 0)
            {
                spin.SpinOnce(sleep1Threshold: -1);
            }
        }
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        lock (_gate)
        {
            Interlocked.Increment(ref _generation);
            Monitor.PulseAll(_gate);
        }

        foreach (Thread thread in _threads)
        {
            thread.Join();
        }
    }

    private void WorkerLoop(int worker)
    {
        int seen = 0;
        while (true)
        {
            seen = WaitForNext(seen);
            if (_disposed)
            {
                return;
            }

            TakeRanges(seen, worker);
        }
    }

    private int WaitForNext(int seen)
    {
        for (int i = 0; i < SpinCountMax; i++)
        {
            int generation = Volatile.Read(ref _generation);
            if (generation != seen)
            {
                return generation;
            }

            Thread.SpinWait(1);
        }

        lock (_gate)
        {
            // Counted before the last look at the generation, so that Run either sees the count or the wait sees the
            // generation.
            Interlocked.Increment(ref _parkedCount);
            while (Volatile.Read(ref _generation) == seen)
            {
                Monitor.Wait(_gate);
            }

            Interlocked.Decrement(ref _parkedCount);
            return Volatile.Read(ref _generation);
        }
    }

    private void TakeRanges(int generation, int worker)
    {
        while (true)
        {
            long ticket = Volatile.Read(ref _ticket);
            int range = (int)ticket;
            if ((int)(ticket >> 32) != generation || range >= Volatile.Read(ref _rangeCount))
            {
                return;
            }

            // These belong to the ticket's generation if the exchange succeeds: the piece of work is then unfinished,
            // and Run does not replace it.
            ParallelWork work = _work!;
            int start = range * _rangeSize;
            int end = Math.Min(start + _rangeSize, _itemCount);
            if (Interlocked.CompareExchange(ref _ticket, ticket + 1, ticket) == ticket)
            {
                work.Execute(start, end, worker);
                Interlocked.Decrement(ref _unfinishedCount);
            }
        }
    }
}
