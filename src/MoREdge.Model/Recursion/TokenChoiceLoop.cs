using MoREdge.Kernels;
using MoREdge.Model.Layers;
using MoREdge.Model.Weights;
using MoREdge.Tensors;

namespace MoREdge.Model.Recursion;

/// <summary>
/// Token-choice Mixture-of-Recursions (spec section 3.1): one router gives each token a depth d; s ← block(s) for d + 1
/// recursions without gating, then x ← x + w·s once, w the router weight of the chosen depth.
/// </summary>
internal sealed class TokenChoiceLoop : IRecursionLoop
{
    private readonly KernelSet _kernels;
    private readonly RecursionConfig _config;
    private readonly LayerRunner _runner;
    private readonly RouterWeights _weights;
    private readonly TokenRouter _router;
    private readonly Workspace _workspace;
    private readonly RowGather _gather;
    private readonly bool _full;
    private readonly DepthLimit _limit;
    private readonly int[] _chosen;
    private readonly float[] _weight;
    private readonly int[] _rows;
    private readonly float[] _logits;

    public TokenChoiceLoop(
        KernelSet kernels, RecursionConfig config, LayerRunner runner, RouterWeights weights, Workspace workspace,
        bool full, DepthLimit limit)
    {
        _kernels = kernels;
        _config = config;
        _runner = runner;
        _weights = weights;
        _workspace = workspace;
        _full = full;
        _limit = limit;
        _router = new TokenRouter(kernels, config, workspace.RouterHidden);
        _gather = new RowGather(workspace.Gathered, workspace.ChunkRowsMax);
        _chosen = new int[workspace.ChunkRowsMax];
        _weight = new float[workspace.ChunkRowsMax];
        _rows = new int[workspace.ChunkRowsMax];
        _logits = new float[config.RecursionCount];
    }

    public void Run(Chunk chunk)
    {
        FloatMatrix x = _workspace.Residual.Slice(0, chunk.RowCount);
        FloatMatrix state = _workspace.State.Slice(0, chunk.RowCount);
        for (int row = 0; row < chunk.RowCount; row++)
        {
            Choose(x.Row(row), row);
            x.Row(row).CopyTo(state.Row(row));
        }

        for (int r = 0; r < _limit.Recursions; r++)
        {
            // With a shared cache the first recursion stores every token's keys and values; every token runs it anyway.
            int count = 0;
            for (int row = 0; row < chunk.RowCount; row++)
            {
                if (_chosen[row] >= r)
                {
                    _rows[count++] = row;
                }
            }

            if (count == 0)
            {
                return;
            }

            FloatMatrix y = _gather.Gather(state, _rows.AsSpan(0, count), chunk.Positions);
            _runner.Run(_runner.Schedule.Loop[r], y, _gather.Positions);
            for (int i = 0; i < count; i++)
            {
                Advance(chunk, x, state, y.Row(i), _rows[i], r);
            }
        }
    }

    /// <summary>
    /// d = argmax(q + balance) over the depths that the cap allows; the weight is q without the balance.
    /// </summary>
    private void Choose(ReadOnlySpan<float> x, int row)
    {
        _router.Logits(_weights, x, _logits);
        _router.Weights(_logits);
        int best = _full ? _limit.Recursions - 1 : 0;
        for (int depth = 1; depth < _limit.Recursions && !_full; depth++)
        {
            if (_logits[depth] + Balance(depth) > _logits[best] + Balance(best))
            {
                best = depth;
            }
        }

        _chosen[row] = best;
        _weight[row] = _logits[best];
    }

    private float Balance(int depth) => _weights.Balance is null ? 0 : _weights.Balance[depth];

    private void Advance(Chunk chunk, in FloatMatrix x, in FloatMatrix state, ReadOnlySpan<float> y, int row, int recursion)
    {
        y.CopyTo(state.Row(row));
        chunk.Depths[row]++;
        if (_chosen[row] != recursion)
        {
            return;
        }

        if (_config.Gating == GatingKind.Weighted)
        {
            _kernels.AddScaled(x.Row(row), y, _weight[row]);
        }
        else
        {
            _kernels.Add(x.Row(row), y);
        }
    }
}
