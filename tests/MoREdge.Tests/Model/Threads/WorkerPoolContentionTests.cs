using MoREdge.Model.Threads;

namespace MoREdge.Tests.Model.Threads;

public sealed class WorkerPoolContentionTests
{
    /// <summary>
    /// More workers than cores, so that some are always late, and enough pieces of work to meet them.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void Run_ManyPieces_DoesEveryItemOnceBeforeItReturns(int threads)
    {
        using WorkerPool pool = new(threads);
        Random random = new(threads);
        CountingWork work = new(threads);
        for (int piece = 0; piece < 20_000; piece++)
        {
            int items = random.Next(1, 200);
            work.Begin(items);
            pool.Run(work, items, random.Next(1, 5));
            Assert.True(work.IsEachDoneOnce, $"Piece {piece} of {items} items.");
        }
    }

    /// <summary>Counts how often each item is done, and notices two threads with one worker number.</summary>
    private sealed class CountingWork(int threads) : ParallelWork
    {
        private readonly int[] _counts = new int[200];
        private readonly int[] _inside = new int[threads];
        private int _itemCount;
        private bool _isShared;

        public bool IsEachDoneOnce
        {
            get
            {
                bool isOnce = !_isShared;
                for (int i = 0; i < _counts.Length; i++)
                {
                    isOnce &= _counts[i] == (i < _itemCount ? 1 : 0);
                }

                return isOnce;
            }
        }

        public void Begin(int itemCount)
        {
            _itemCount = itemCount;
            Array.Clear(_counts);
        }

        public override void Execute(int start, int end, int worker)
        {
            _isShared |= Interlocked.Increment(ref _inside[worker]) != 1;
            for (int i = start; i < end; i++)
            {
                Interlocked.Increment(ref _counts[i]);
            }

            Interlocked.Decrement(ref _inside[worker]);
        }
    }
}
