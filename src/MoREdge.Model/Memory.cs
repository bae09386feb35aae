namespace MoREdge.Model;

/// <summary>Takes buffers, all or none.</summary>
internal static class Memory
{
    /// <summary>
    /// Makes something that takes many buffers. When memory runs out half-way, those it had taken are freed before the
    /// caller is told, so that a smaller request can follow; nobody refers to them any more, and their finalizers know
    /// how to.
    /// </summary>
    /// <exception cref="OutOfMemoryException">The system refuses.</exception>
    public static T Take<T>(Func<T> create)
    {
        try
        {
            return create();
        }
        catch (OutOfMemoryException)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            throw;
        }
    }
}
