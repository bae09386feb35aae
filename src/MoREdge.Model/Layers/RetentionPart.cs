using MoREdge.Kernels;
using MoREdge.Model.Threads;
using MoREdge.Model.Weights;
using MoREdge.Tensors;

namespace MoREdge.Model.Layers;

/// <summary>
/// x += Wo·(silu(Wg·u) ⊙ GroupNorm(Retention(Wq·u, Wk·u, Wv·u))) with u = norm(x), multi-scale retention (Sun et al.
/// 2023, arXiv:2307.08621, equation 8), by the states that the pass names.
/// </summary>
internal sealed class RetentionPart(
    KernelSet kernels,
    ModelConfig config,
    RetentionConfig retention,
    WorkerPool pool,
    Workspace workspace,
    RetentionAngles angles,
    Branch branch)
{
    private readonly NormWork _norm = new(kernels, config.RmsNormEpsilon);
    private readonly ProjectionWork _projection = new(kernels);
    private readonly RetentionInputWork _input = new(kernels, config, retention, angles);
    private readonly RetentionWork _retention = new(kernels, config, retention);
    private readonly RetentionOutputWork _output = new(kernels, config, retention);

    /// <summary>Retains with the row block <paramref name="x"/> (rows, ModelDim) of a pass, in place.</summary>
    public void Forward(in FloatMatrix x, LayerPass pass, LayerWeights weights)
    {
        FloatMatrix normed = workspace.Normed.Slice(0, x.Rows);
        FloatMatrix query = workspace.Query.Slice(0, x.Rows);
        FloatMatrix key = workspace.Key.Slice(0, x.Rows);
        FloatMatrix value = workspace.Value.Slice(0, x.Rows);
        FloatMatrix gate = workspace.Gate(x.Rows, config.MixedDim);
        FloatMatrix mixed = workspace.Mixed.Slice(0, x.Rows);
        QuantizedRows quantized = workspace.Quantized(x.Rows, config.ModelDim);

        _norm.Run(pool, x, weights.AttentionNorm, normed, quantized);
        _projection.Begin(normed, quantized);
        _projection.Add(weights.Query, query);
        _projection.Add(weights.Key, key);
        _projection.Add(weights.Value, value);
        if (weights.Gate is { } gateWeight)
        {
            _projection.Add(gateWeight, gate);
        }

        _projection.Run(pool);
        _input.Run(pool, query, key, pass);
        _retention.Run(pool, query, key, value, mixed, pass);
        foreach (StateRows rows in pass.States)
        {
            rows.State.Advance(key.Slice(rows.Start, rows.Count), value.Slice(rows.Start, rows.Count));
        }

        QuantizedRows quantizedMixed = workspace.Quantized(x.Rows, config.MixedDim);
        _output.Run(pool, mixed, gate, weights.ReadNorm!, pass, quantizedMixed);
        branch.Join(x, weights.Output, mixed, quantizedMixed, weights.PostAttentionNorm);
    }
}
