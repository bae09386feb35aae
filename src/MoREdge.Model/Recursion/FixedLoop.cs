using MoREdge.Model.Layers;
using MoREdge.Tensors;

namespace MoREdge.Model.Recursion;

/// <summary>Every row runs every recursion, up to the user's cap: plain recursive models.</summary>
internal sealed class FixedLoop(LayerRunner runner, Workspace workspace, DepthLimit limit) : IRecursionLoop
{
    public void Run(Chunk chunk)
    {
        FloatMatrix x = workspace.Residual.Slice(0, chunk.RowCount);
        for (int r = 0; r < limit.Recursions; r++)
        {
            runner.Run(runner.Schedule.Loop[r], x, chunk.Positions);
        }

        chunk.Depths.AsSpan(0, chunk.RowCount).Fill(limit.Recursions);
    }
}
