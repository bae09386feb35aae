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
