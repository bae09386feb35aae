namespace MoREdge.Model.Threads;

/// <summary>
/// A piece of work over items [0, count) that any thread may take a range of. Reused, so that running it allocates
/// nothing.
/// </summary>
internal abstract class ParallelWork
{
    /// <summary>Does items [start, end); ranges of different workers never overlap.</summary>
    /// <param name="start">First item.</param>
    /// <param name="end">One past the last item.</param>
    /// <param name="worker">0-based number of the worker, for scratch memory of its own.</param>
    public abstract void Execute(int start, int end, int worker);
}
