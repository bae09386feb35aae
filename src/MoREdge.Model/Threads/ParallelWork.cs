namespace MoREdge.Model.Threads;

/// <summary>
/// Pieces of work in which the cores of a processor compare alike. A core that is half as fast at arithmetic may be
/// just as fast at reading memory, so <see cref="WorkerShares"/> are learnt for each kind.
/// </summary>
internal enum WorkKind
{
    /// <summary>Rows of activations or heads: short, in the caches.</summary>
    Rows,

    /// <summary>Products with one token: bound by reading weights.</summary>
    MatVec,

    /// <summary>Products with several tokens: bound by arithmetic.</summary>
    MatMul,
}

/// <summary>
/// A piece of work over items [0, count) that any thread may take a range of. Reused, so that running it allocates
/// nothing.
/// </summary>
internal abstract class ParallelWork
{
    /// <summary>What its speed depends on.</summary>
    public virtual WorkKind Kind => WorkKind.Rows;

    /// <summary>Does items [start, end); ranges of different workers never overlap.</summary>
    /// <param name="start">First item.</param>
    /// <param name="end">One past the last item.</param>
    /// <param name="worker">0-based number of the worker, for scratch memory of its own.</param>
    public abstract void Execute(int start, int end, int worker);
}
