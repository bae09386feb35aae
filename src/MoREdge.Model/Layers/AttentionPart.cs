using MoREdge.Kernels;
using MoREdge.Model.Caches;
using MoREdge.Model.Threads;
using MoREdge.Model.Weights;
using MoREdge.Tensors;

namespace MoREdge.Model.Layers;

/// <summary>x += Wo·Attention(norm(x)), by the slots that the pass names.</summary>
internal sealed class AttentionPart(
    KernelSet kernels,
    ModelConfig config,
    WorkerPool pool,
    Workspace workspace,
    RotaryTables rotary,
    KvOverlay overlay,
    Branch branch)
{
    private readonly NormWork _norm = new(kernels, config.RmsNormEpsilon);
    private readonly ProjectionWork _projection = new(kernels);
    private readonly CacheWork _cache = new(kernels, config, rotary, overlay);
    private readonly AttentionWork _attention = new(kernels, config, workspace);
    private readonly QuantizeWork _quantize = new(kernels);

    /// <summary>Attends with the row block <paramref name="x"/> (rows, ModelDim) of a pass, in place.</summary>
    public void Forward(in FloatMatrix x, LayerPass pass, LayerWeights weights, BlockConfig block)
    {
        FloatMatrix normed = workspace.Normed.Slice(0, x.Rows);
        FloatMatrix query = workspace.Query.Slice(0, x.Rows);
        FloatMatrix key = workspace.Key.Slice(0, pass.WritingCount);
        FloatMatrix value = workspace.Value.Slice(0, pass.WritingCount);
        FloatMatrix mixed = workspace.Mixed.Slice(0, x.Rows);
        QuantizedRows quantized = workspace.Quantized(x.Rows, config.ModelDim);

        _norm.Run(pool, x, weights.AttentionNorm, normed, quantized);
        _projection.Begin(normed, quantized);
        _projection.Add(weights.Query, query);
        if (pass.WritingCount > 0)
        {
            _projection.Add(weights.Key, key);
            _projection.Add(weights.Value, value);
        }

        _projection.Run(pool);
        _cache.Run(pool, query, key, value, pass, weights, block);
        _attention.Run(pool, query, mixed, pass, block.Window);
        QuantizedRows quantizedMixed = workspace.Quantized(x.Rows, config.QueryDim);
        _quantize.Run(pool, mixed, quantizedMixed);
        branch.Join(x, weights.Output, mixed, quantizedMixed, weights.PostAttentionNorm);
    }
}
