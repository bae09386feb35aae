using MoREdge.Kernels;
using MoREdge.Model.Layers;
using MoREdge.Model.Weights;
using MoREdge.Tensors;

namespace MoREdge.Model.Recursion;

/// <summary>
/// Expert-choice Mixture-of-Recursions (spec section 2.2): before each recursion its router scores the tokens still
/// active, the chosen ones run the shared block, x ← x + p·block(x), and a token that is dropped never returns.
/// </summary>
internal sealed class ExpertChoiceLoop : IRecursionLoop
{
    private readonly KernelSet _kernels;
    private readonly RecursionConfig _config;
    private readonly LayerRunner _runner;
    private readonly RouterWeights[] _routers;
    private readonly TokenRouter _router;
    private readonly ExpertSelection _selection;
    private readonly Workspace _workspace;
    private readonly RowGather _gather;
    private readonly DepthLimit _limit;
    private readonly int[] _active;
    private readonly int[] _everyone;
    private readonly float[] _logits;

    public ExpertChoiceLoop(
        KernelSet kernels, RecursionConfig config, LayerRunner runner, RouterWeights[] routers, Workspace workspace,
        RoutingMode mode, DepthLimit limit)
    {
        _kernels = kernels;
        _config = config;
        _runner = runner;
        _routers = routers;
        _workspace = workspace;
        _limit = limit;
        _router = new TokenRouter(kernels, config, workspace.RouterHidden);
        _selection = new ExpertSelection(config, mode, workspace.ChunkRowsMax);
        _gather = new RowGather(workspace.Gathered, workspace.ChunkRowsMax);
        _active = new int[workspace.ChunkRowsMax];
        _everyone = new int[workspace.ChunkRowsMax];
        _logits = new float[workspace.ChunkRowsMax];
        for (int row = 0; row < _everyone.Length; row++)
        {
            _everyone[row] = row;
        }
    }

    public void Run(Chunk chunk)
    {
        FloatMatrix x = _workspace.Residual.Slice(0, chunk.RowCount);
        _everyone.AsSpan(0, chunk.RowCount).CopyTo(_active);
        int activeCount = chunk.RowCount;
        for (int r = 0; r < _limit.Recursions && activeCount > 0; r++)
        {
            Score(r, x, activeCount);
            activeCount = _selection.Select(r, chunk, _active, _logits, activeCount);

            // With a shared cache the first recursion stores every token's keys and values, so every token runs it.
            bool runsAll = r == 0 && _runner.IsCacheShared;
            ReadOnlySpan<int> rows = runsAll ? _everyone.AsSpan(0, chunk.RowCount) : _active.AsSpan(0, activeCount);
            if (rows.IsEmpty)
            {
                return;
            }

            FloatMatrix y = _gather.Gather(x, rows, chunk.Positions);
            _runner.Run(_runner.Schedule.Loop[r], y, _gather.Positions);
            for (int i = 0; i < activeCount; i++)
            {
                int row = _active[i];
                Combine(x.Row(row), y.Row(runsAll ? row : i), _router.Weight(_logits[i]));
                chunk.Depths[row]++;
            }
        }
    }

    private void Score(int recursion, in FloatMatrix x, int count)
    {
        for (int i = 0; i < count; i++)
        {
            _router.Logits(_routers[recursion], x.Row(_active[i]), _logits.AsSpan(i, 1));
        }
    }

    private void Combine(Span<float> x, ReadOnlySpan<float> y, float weight)
    {
        if (_config.Gating == GatingKind.Weighted)
        {
            _kernels.AddScaled(x, y, weight);
        }
        else
        {
            _kernels.Add(x, y);
        }
    }
}
