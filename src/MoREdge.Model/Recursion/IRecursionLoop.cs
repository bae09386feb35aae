namespace MoREdge.Model.Recursion;

/// <summary>A depth rule: runs the loop block over the rows of the residual stream that it chooses.</summary>
internal interface IRecursionLoop
{
    /// <summary>Updates the residual stream of <paramref name="chunk"/> and records every row's depth.</summary>
    void Run(Chunk chunk);
}
