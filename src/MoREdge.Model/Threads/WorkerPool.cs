using System.Runtime.ExceptionServices;

namespace MoREdge.Model.Threads;

/// <summary>
/// Fixed workers that share one piece of work at a time. Each begins with a range in proportion to its speed
/// (<see cref="WorkerShares"/>) and takes it in shrinking chunks; one that is done takes chunks of the others, so that
/// a worker whose core is busy elsewhere delays a piece by its current chunk at most. Waiting spins briefly, because a
/// token has hundreds of pieces, and then parks, because spinning takes the core from whoever is waited for.
/// </summary>
internal sealed class WorkerPool : IDisposable
{
    /// <summary>
    /// Polls, of about 40 ns each, before a worker parks: 20 µs bridge the caller's own steps between two pieces.
    /// </summary>
    private const int WorkerSpinMax = 500;

    /// <summary>
    /// Polls before the caller parks. It waits for the rest of one chunk, unless a worker has lost its core: then for
    /// milliseconds, and its own core may be what that worker needs.
    /// </summary>
    private const int CallerSpinMax = 2000;

    private const int GenerationShift = 32;

    private readonly Lock _runLock = new();
    private readonly object _workersGate = new();
    private readonly object _callerGate = new();
    private readonly List<Thread> _threads = [];
    private readonly WorkerShares[] _shares;
    private readonly Action _beginRun;
    private readonly Action _wakeWorkers;
    private readonly Action _parkCaller;

    // Per worker: the generation in the upper half, the items left of its range in the lower. Items can only be taken
    // from the piece of work that a worker has seen, and a finished piece has none left: so a worker that comes late,
    // because its core was busy, finds nothing, whatever of the next piece is written already, and nobody waits for it.
    private readonly PaddedLong[] _tickets;
    private readonly int[] _ends;
    private readonly int[] _counts;
    private PaddedLong _generation;
    private PaddedLong _unfinished;
    private ParallelWork? _work;
    private int _itemsMin;
    private int _parkedWorkers;
    private int _parkedCaller;
    private ExceptionDispatchInfo? _failure;
    private volatile bool _disposed;

    /// <summary>Starts the workers.</summary>
    /// <param name="threadCount">Workers, the calling thread included.</param>
    /// <exception cref="InsufficientMemoryException">
    /// The system does not start so many threads; none is left.
    /// </exception>
    public WorkerPool(int threadCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threadCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threadCount, DecoderModel.ThreadsMax);
        _tickets = new PaddedLong[threadCount];
        _ends = new int[threadCount];
        _counts = new int[threadCount];
        _shares = Array.ConvertAll(Enum.GetValues<WorkKind>(), _ => new WorkerShares(threadCount));
        _beginRun = _runLock.Enter;
        _wakeWorkers = WakeWorkers;
        _parkCaller = ParkCaller;
        try
        {
            while (WorkerCount < threadCount)
            {
                StartWorker(WorkerCount);
            }
        }
        catch (OutOfMemoryException failure)
        {
            // What the runtime says at a limit of threads, too.
            Dispose();
            throw new InsufficientMemoryException(
                $"The system starts no more than {WorkerCount} of {threadCount} threads; ask for fewer.", failure);
        }
    }

    /// <summary>Workers, the calling thread included.</summary>
    public int WorkerCount => _threads.Count + 1;

    /// <summary>What the workers have shown so far in work of a kind.</summary>
    public WorkerShares Shares(WorkKind kind) => _shares[(int)kind];

    /// <summary>
    /// Runs <paramref name="work"/> over items [0, itemCount) and returns when all are done. An exception of any worker
    /// comes out here, the first one if there are several, when no worker is in the piece any more; items that were not
    /// begun by then are left undone. A caller that is interrupted (<see cref="Thread.Interrupt"/>) stays until then,
    /// too, and the interrupt waits for its next wait: workers write into what it would free.
    /// </summary>
    /// <param name="work">What to do.</param>
    /// <param name="itemCount">Number of items.</param>
    /// <param name="itemsMin">A chunk never holds fewer items: what is worth waking a thread for.</param>
    public void Run(ParallelWork work, int itemCount, int itemsMin = 1)
    {
        if (_threads.Count == 0 || itemCount <= itemsMin)
        {
            work.Execute(0, itemCount, 0);
            return;
        }

        bool isInterrupted = Insist(_beginRun);
        try
        {
            WorkerShares shares = Shares(work.Kind);
            shares.Split(itemCount, _ends);
            int generation = Publish(work, itemCount, itemsMin);
            isInterrupted |= Volatile.Read(ref _parkedWorkers) > 0 && Insist(_wakeWorkers);
            TakeItems(generation, 0);
            isInterrupted |= WaitForWorkers();
            shares.Learn(_counts);
            if (_failure is { } failure)
            {
                _failure = null;
                failure.Throw();
            }
        }
        finally
        {
            _runLock.Exit();
            if (isInterrupted)
            {
                Thread.CurrentThread.Interrupt();
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
        lock (_workersGate)
        {
            Interlocked.Increment(ref _generation.Value);
            Monitor.PulseAll(_workersGate);
        }

        foreach (Thread thread in _threads)
        {
            thread.Join();
        }
    }

    private void StartWorker(int worker)
    {
        Thread thread = new(() => WorkerLoop(worker))
        {
            IsBackground = true,
            Name = $"moredge-worker-{worker}",
        };
        thread.Start();
        _threads.Add(thread);
    }

    private int Publish(ParallelWork work, int itemCount, int itemsMin)
    {
        _work = work;
        _itemsMin = itemsMin;
        _unfinished.Value = itemCount;
        int generation = unchecked((int)_generation.Value + 1);
        int start = 0;
        for (int worker = 0; worker < _tickets.Length; worker++)
        {
            _counts[worker] = 0;
            long itemsLeft = _ends[worker] - start;
            Volatile.Write(ref _tickets[worker].Value, ((long)generation << GenerationShift) | itemsLeft);
            start = _ends[worker];
        }

        Interlocked.Exchange(ref _generation.Value, generation);
        return generation;
    }

    /// <summary>Takes a step of the caller's that waits, however often the caller is interrupted.</summary>
    /// <returns>Whether it was.</returns>
    private static bool Insist(Action step)
    {
        bool isInterrupted = false;
        while (true)
        {
            try
            {
                step();
                return isInterrupted;
            }
            catch (ThreadInterruptedException)
            {
                isInterrupted = true;
            }
        }
    }

    private void WakeWorkers()
    {
        lock (_workersGate)
        {
            Monitor.PulseAll(_workersGate);
        }
    }

    /// <returns>Whether the caller was interrupted.</returns>
    private bool WaitForWorkers()
    {
        for (int i = 0; i < CallerSpinMax; i++)
        {
            if (Volatile.Read(ref _unfinished.Value) == 0)
            {
                return false;
            }

            Thread.SpinWait(1);
        }

        return Insist(_parkCaller);
    }

    private void ParkCaller()
    {
        lock (_callerGate)
        {
            // Set before the last look at the count, so that either the last worker sees it or the wait sees the count.
            Interlocked.Exchange(ref _parkedCaller, 1);
            while (Volatile.Read(ref _unfinished.Value) > 0)
            {
                Monitor.Wait(_callerGate);
            }

            _parkedCaller = 0;
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

            TakeItems(seen, worker);
        }
    }

    private int WaitForNext(int seen)
    {
        for (int i = 0; i < WorkerSpinMax; i++)
        {
            int generation = (int)Volatile.Read(ref _generation.Value);
            if (generation != seen)
            {
                return generation;
            }

            Thread.SpinWait(1);
        }

        lock (_workersGate)
        {
            // Counted before the last look at the generation, so that Run either sees the count or the wait sees the
            // generation.
            Interlocked.Increment(ref _parkedWorkers);
            while ((int)Volatile.Read(ref _generation.Value) == seen)
            {
                Monitor.Wait(_workersGate);
            }

            Interlocked.Decrement(ref _parkedWorkers);
            return (int)Volatile.Read(ref _generation.Value);
        }
    }

    /// <summary>Does the worker's own range, then what the others have left of theirs.</summary>
    private void TakeItems(int generation, int worker)
    {
        int count = 0;
        for (int i = 0; i < _tickets.Length; i++)
        {
            int owner = worker + i < _tickets.Length ? worker + i : worker + i - _tickets.Length;
            count += TakeRange(generation, worker, owner);
        }

        if (count == 0)
        {
            return;
        }

        // Whoever has done an item is part of the piece until here, so the counts are still this piece's.
        _counts[worker] = count;
        if (Interlocked.Add(ref _unfinished.Value, -count) == 0 && Volatile.Read(ref _parkedCaller) != 0)
        {
            lock (_callerGate)
            {
                Monitor.PulseAll(_callerGate);
            }
        }
    }

    private int TakeRange(int generation, int worker, int owner)
    {
        ref long current = ref _tickets[owner].Value;
        int count = 0;
        while (true)
        {
            long ticket = Volatile.Read(ref current);
            int itemsLeft = (int)ticket;
            if ((int)(ticket >> GenerationShift) != generation || itemsLeft == 0)
            {
                return count;
            }

            int chunk = WorkerShares.ChunkSize(itemsLeft, _itemsMin);
            if (Interlocked.CompareExchange(ref current, ticket - chunk, ticket) == ticket)
            {
                // The chunk was free, so the piece is unfinished until it is done, and Run replaces nothing of it.
                int start = _ends[owner] - itemsLeft;
                Execute(_work!, start, start + chunk, worker);
                count += chunk;
            }
        }
    }

    /// <summary>
    /// The one place that catches everything: an exception on a worker's thread would end the program, and one on the
    /// caller's would leave while workers still write into its buffers. Run throws it again.
    /// </summary>
    private void Execute(ParallelWork work, int start, int end, int worker)
    {
        try
        {
            if (Volatile.Read(ref _failure) is null)
            {
                work.Execute(start, end, worker);
            }
        }
        catch (Exception failure)
        {
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(failure), null);
        }
    }
}
