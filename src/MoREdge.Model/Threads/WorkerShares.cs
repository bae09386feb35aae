namespace MoREdge.Model.Threads;

/// <summary>
/// Which part of a piece of work each worker begins with. All workers finish a piece at about the same time, because
/// the early ones take from the late ones, so the items that each has done are in proportion to its speed: their
/// average is the share to begin with next time. No clock is needed, and a core that is slow for any reason (a little
/// core, a throttled one, one with another program on it) gets less. Pure arithmetic.
/// </summary>
internal sealed class WorkerShares
{
    /// <summary>
    /// Weight of the latest piece: a token has some hundred, so a change is followed within one, and one odd piece (a
    /// worker that had to be woken) moves little.
    /// </summary>
    private const double LatestWeight = 0.05;

    private readonly double[] _shares;

    /// <summary>Starts with equal shares.</summary>
    public WorkerShares(int workerCount)
    {
        _shares = new double[workerCount];
        Array.Fill(_shares, 1.0 / workerCount);
    }

    /// <summary>The share of a worker; all together are 1.</summary>
    public double this[int worker] => _shares[worker];

    /// <summary>
    /// Items of the next chunk of a range: half of what is left, so that the last chunks, which decide who waits for
    /// whom, are small.
    /// </summary>
    /// <param name="itemsLeft">Items left in the range, at least 1.</param>
    /// <param name="itemsMin">What is worth taking by itself.</param>
    public static int ChunkSize(int itemsLeft, int itemsMin) =>
        Math.Min(itemsLeft, Math.Max(itemsMin, itemsLeft - (itemsLeft / 2)));

    /// <summary>
    /// Cuts items [0, itemCount) into a range per worker; <paramref name="ends"/> receives their ends.
    /// </summary>
    public void Split(int itemCount, Span<int> ends)
    {
        double sum = 0;
        for (int worker = 0; worker < ends.Length; worker++)
        {
            sum += _shares[worker];
            ends[worker] = Math.Min(itemCount, (int)((itemCount * sum) + 0.5));
        }

        ends[^1] = itemCount;
    }

    /// <summary>Takes in that the workers have done <paramref name="counts"/> items of a piece.</summary>
    public void Learn(ReadOnlySpan<int> counts)
    {
        int itemCount = 0;
        foreach (int count in counts)
        {
            itemCount += count;
        }

        for (int worker = 0; worker < counts.Length && itemCount > 0; worker++)
        {
            double latest = (double)counts[worker] / itemCount;
            _shares[worker] += LatestWeight * (latest - _shares[worker]);
        }
    }
}
