using MoREdge.Model.Threads;

namespace MoREdge.Tests.Model.Threads;

/// <summary>The arithmetic of the partition, without a thread or a clock.</summary>
public sealed class WorkerSharesTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 3)]
    [InlineData(3, 2)]
    [InlineData(4, 1000)]
    public void Split_Untaught_IsEvenAndComplete(int workers, int items)
    {
        int[] ends = new int[workers];
        new WorkerShares(workers).Split(items, ends);
        int start = 0;
        foreach (int end in ends)
        {
            Assert.InRange(end - start, items / workers, (items / workers) + 1);
            start = end;
        }

        Assert.Equal(items, start);
    }

    [Theory]
    [InlineData(1, 4, 1)]
    [InlineData(4, 4, 4)]
    [InlineData(7, 4, 4)]
    [InlineData(9, 4, 5)]
    [InlineData(100, 4, 50)]
    [InlineData(3, 1, 2)]
    public void ChunkSize_IsHalfButNeverBelowTheMinimumNorAboveWhatIsLeft(int left, int min, int expected) =>
        Assert.Equal(expected, WorkerShares.ChunkSize(left, min));

    [Fact]
    public void Learn_OnePiece_MovesSharesABitAndKeepsTheirSum()
    {
        WorkerShares shares = new(2);
        shares.Learn([30, 10]);
        Assert.InRange(shares[0], 0.505, 0.525);
        Assert.Equal(1, shares[0] + shares[1], 1e-12);
    }

    [Fact]
    public void Learn_NoItems_ChangesNothing()
    {
        WorkerShares shares = new(2);
        shares.Learn([0, 0]);
        Assert.Equal(0.5, shares[0]);
    }

    /// <summary>
    /// big.LITTLE: the shares become the speeds, and then hardly an item is taken from another worker's range.
    /// </summary>
    [Theory]
    [InlineData(new[] { 1.0, 1.0 })]
    [InlineData(new[] { 3.0, 1.0 })]
    [InlineData(new[] { 1.0, 4.0 })]
    [InlineData(new[] { 2.0, 2.0, 1.0, 1.0 })]
    public void Learn_WorkersOfUnequalSpeed_ConvergesToTheirSpeeds(double[] speeds)
    {
        WorkerShares shares = new(speeds.Length);
        SimulatedPiece last = new(shares, speeds);
        for (int piece = 0; piece < 200; piece++)
        {
            last = new(shares, speeds);
            shares.Learn(last.Counts);
        }

        double total = 0;
        Array.ForEach(speeds, speed => total += speed);
        for (int worker = 0; worker < speeds.Length; worker++)
        {
            Assert.Equal(speeds[worker] / total, shares[worker], 0.02);
        }

        Assert.InRange(last.Seconds, 0, 1.05 * SimulatedPiece.ItemCount / total);
        Assert.InRange(last.StolenItems, 0, SimulatedPiece.ItemCount / 20);
    }

    [Fact]
    public void Learn_AWorkerThatWasAway_GetsItsShareBack()
    {
        WorkerShares shares = new(2);
        for (int piece = 0; piece < 500; piece++)
        {
            shares.Learn([100, 0]);
        }

        Assert.InRange(shares[1], 0, 0.01);
        for (int piece = 0; piece < 500; piece++)
        {
            shares.Learn(new SimulatedPiece(shares, [1.0, 1.0]).Counts);
        }

        Assert.Equal(0.5, shares[1], 0.02);
    }

    /// <summary>One piece of work in simulated time, taken as <see cref="WorkerPool"/> takes it.</summary>
    private sealed class SimulatedPiece
    {
        public const int ItemCount = 400;
        private const int ItemsMin = 4;

        public SimulatedPiece(WorkerShares shares, double[] speeds)
        {
            int workers = speeds.Length;
            Counts = new int[workers];
            int[] ends = new int[workers];
            shares.Split(ItemCount, ends);
            int[] next = [0, .. ends[..^1]];
            double[] free = new double[workers];
            while (true)
            {
                int worker = Array.IndexOf(free, free.Min());
                int owner = worker;
                for (int i = 0; i < workers && next[owner] == ends[owner]; i++)
                {
                    owner = (worker + i) % workers;
                }

                if (next[owner] == ends[owner])
                {
                    break;
                }

                int chunk = WorkerShares.ChunkSize(ends[owner] - next[owner], ItemsMin);
                next[owner] += chunk;
                Counts[worker] += chunk;
                StolenItems += owner == worker ? 0 : chunk;
                free[worker] += chunk / speeds[worker];
            }

            Seconds = free.Max();
        }

        public int[] Counts { get; }

        public int StolenItems { get; }

        public double Seconds { get; }
    }
}
