using System.Diagnostics;
using MoREdge.Model;
using MoREdge.Model.Threads;

namespace MoREdge.Tests.Model.Threads;

/// <summary>Every item is done exactly once, however the threads meet.</summary>
public sealed class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Run_AnyItemCount_DoesEachItemOnce(int threads)
    {
        using WorkerPool pool = new(threads);
        foreach (int items in (int[])[0, 1, 2, 7, 64, 1000])
        {
            CountingWork work = new(items);
            for (int repetition = 1; repetition <= 50; repetition++)
            {
                pool.Run(work, items);
                Assert.All(work.Counts, count => Assert.Equal(repetition, count));
            }
        }
    }

    /// <summary>A hundred thousand would start for minutes.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(DecoderModel.ThreadsMax + 1)]
    public void Workers_TooFewOrTooMany_AreRefused(int threads) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new WorkerPool(threads));

    [Fact]
    public void Run_AfterWorkersParked_WakesThem()
    {
        using WorkerPool pool = new(3);
        CountingWork work = new(300);
        for (int repetition = 1; repetition <= 3; repetition++)
        {
            // Far longer than the spin, so that the workers are parked for certain.
            Thread.Sleep(50);
            pool.Run(work, 300);
            Assert.All(work.Counts, count => Assert.Equal(repetition, count));
        }
    }

    [Fact]
    public void Run_ManyItems_GivesEachWorkerItsOwnNumber()
    {
        using WorkerPool pool = new(4);
        CountingWork work = new(10_000);
        pool.Run(work, 10_000);
        Assert.InRange(work.WorkerMax, 0, 3);
    }

    /// <summary>Many more threads than cores want to run, so that workers lose their cores in every state.</summary>
    [Fact]
    public void Run_OnABusyMachine_DoesEveryItemOnceInBoundedTime()
    {
        using CancellationTokenSource stop = new();
        Thread[] others = new Thread[2 * Environment.ProcessorCount];
        for (int i = 0; i < others.Length; i++)
        {
            others[i] = new Thread(() => SpinUntil(stop.Token)) { IsBackground = true };
            others[i].Start();
        }

        Stopwatch clock = Stopwatch.StartNew();
        using (WorkerPool pool = new(4))
        {
            Random random = new(5);
            for (int piece = 0; piece < 2000; piece++)
            {
                int items = random.Next(1, 200);
                CountingWork work = new(items);
                pool.Run(work, items, random.Next(1, 20));
                Assert.All(work.Counts, count => Assert.Equal(1, count));
            }
        }

        stop.Cancel();
        Assert.All(others, thread => thread.Join());

        // Far from the milliseconds that each of the 2,000 pieces would take if someone slept or waited for a slice.
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 60);
    }

    [Fact]
    public void Run_OneWorkerSlow_GivesItLessToBeginWith()
    {
        using WorkerPool pool = new(2);
        SleepingWork work = new(milliseconds: [1, 5]);
        for (int piece = 0; piece < 60; piece++)
        {
            pool.Run(work, 12);
        }

        Assert.InRange(pool.Shares(WorkKind.Rows)[1], 0, 0.35);
        Assert.Equal(0.5, pool.Shares(WorkKind.MatMul)[1]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Run_AWorkerThrows_ThrowsToTheCallerAndTheNextPieceRuns(int thrower)
    {
        using WorkerPool pool = new(3);
        Assert.Throws<InvalidDataException>(() => RunUntilThrown(pool, new ThrowingWork(thrower)));
        CountingWork work = new(500);
        pool.Run(work, 500);
        Assert.All(work.Counts, count => Assert.Equal(1, count));
    }

    /// <summary>Who leaves early frees what the workers write into, or begins the next piece.</summary>
    [Fact]
    public void Run_CallerInterrupted_StaysUntilTheWorkersAreDone()
    {
        using WorkerPool pool = new(2);
        HeldWork work = new();
        bool isInterrupted = false;
        Thread caller = new(() => isInterrupted = IsInterrupted(() => pool.Run(work, 2)) || IsInterrupted(Yield));
        caller.Start();
        bool waits = SpinWait.SpinUntil(() => work.IsCallerDone && IsWaiting(caller), 10_000);

        caller.Interrupt();

        bool hasLeft = caller.Join(200);
        work.Release();
        caller.Join();
        Assert.Equal((true, false, true), (waits, hasLeft, isInterrupted));
        CountingWork next = new(500);
        pool.Run(next, 500);
        Assert.All(next.Counts, count => Assert.Equal(1, count));
    }

    [Fact]
    public void Run_WithoutWorkers_ThrowsToTheCaller()
    {
        using WorkerPool pool = new(1);
        Assert.Throws<InvalidDataException>(() => pool.Run(new ThrowingWork(0), 10));
    }

    [Fact]
    public void Dispose_ParkedAndSpinningWorkers_Ends()
    {
        WorkerPool parked = new(4);
        Thread.Sleep(50);
        parked.Dispose();
        WorkerPool spinning = new(4);
        spinning.Run(new CountingWork(100), 100);
        spinning.Dispose();
        spinning.Dispose();
    }

    private static void SpinUntil(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            Thread.SpinWait(100);
        }
    }

    /// <summary>A worker may come late and find nothing to do: then once more.</summary>
    private static void RunUntilThrown(WorkerPool pool, ThrowingWork work)
    {
        for (int piece = 0; piece < 1000; piece++)
        {
            pool.Run(work, 12);
        }
    }

    private static void Yield() => Thread.Sleep(1);

    private static bool IsWaiting(Thread thread) =>
        thread.ThreadState.HasFlag(System.Threading.ThreadState.WaitSleepJoin);

    private static bool IsInterrupted(Action action)
    {
        try
        {
            action();
            return false;
        }
        catch (ThreadInterruptedException)
        {
            return true;
        }
    }

    /// <summary>Two items: the caller's, and one in which the worker stays until it is released.</summary>
    private sealed class HeldWork : ParallelWork
    {
        private volatile bool _isWorkerIn;
        private volatile bool _isReleased;
        private volatile bool _isCallerDone;

        public bool IsCallerDone => _isCallerDone;

        public void Release() => _isReleased = true;

        public override void Execute(int start, int end, int worker)
        {
            if (worker == 0)
            {
                SpinWait.SpinUntil(() => _isWorkerIn);
                _isCallerDone = true;
            }
            else
            {
                _isWorkerIn = true;
                SpinWait.SpinUntil(() => _isReleased);
            }
        }
    }

    private sealed class SleepingWork(int[] milliseconds) : ParallelWork
    {
        public override void Execute(int start, int end, int worker) =>
            Thread.Sleep((end - start) * milliseconds[worker]);
    }

    private sealed class ThrowingWork(int thrower) : ParallelWork
    {
        public override void Execute(int start, int end, int worker)
        {
            Thread.Sleep(1);
            if (worker == thrower)
            {
                throw new InvalidDataException("A worker failed.");
            }
        }
    }

    private sealed class CountingWork(int items) : ParallelWork
    {
        private int _workerMax;

        public int[] Counts { get; } = new int[items];

        public int WorkerMax => _workerMax;

        public override void Execute(int start, int end, int worker)
        {
            for (int i = start; i < end; i++)
            {
                Interlocked.Increment(ref Counts[i]);
            }

            _workerMax = Math.Max(_workerMax, worker);
        }
    }
}
