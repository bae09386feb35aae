using MoREdge.Kernels;
using MoREdge.Model.Caches;
using MoREdge.Model.Threads;
using MoREdge.Model.Weights;
using MoREdge.Tensors;

namespace MoREdge.Model.Layers;

/// <summary>How a layer call treats its cache slot.</summary>
internal enum CacheAccess
{
    /// <summary>Append the tokens' keys and values, then attend.</summary>
    Append,

    /// <summary>Attend to what an earlier recursion stored; no keys or values are computed.</summary>
    Read,

    /// <summary>
    /// Replace the tokens' rows while attending, then put the stored ones back (hybrid sharing, spec section 4.3).
    /// </summary>
    Overlay,
}

/// <summary>
/// A pre-norm decoder layer (Llama): x += Wo·Attention(norm(x)); x += Wdown·(SiLU(Wgate·norm(x)) ⊙ Wup·norm(x)).
/// Works on the rows it is given, whatever tokens they are.
/// </summary>
internal sealed class TransformerLayer
{
    private readonly ModelConfig _config;
    private readonly WorkerPool _pool;
    private readonly Workspace _workspace;
    private readonly ProjectionWork _projection;
    private readonly CacheWork _cache;
    private readonly AttentionWork _attention;
    private readonly NormWork _norm;
    private readonly SwiGluWork _swiGlu;
    private readonly QuantizeWork _quantize;
    private readonly KvOverlay _overlay;

    public TransformerLayer(
        KernelSet kernels,
        ModelConfig config,
        WorkerPool pool,
        Workspace workspace,
        RotaryTable rotary,
        KvOverlay overlay)
    {
        _config = config;
        _pool = pool;
        _workspace = workspace;
        _overlay = overlay;
        _projection = new ProjectionWork(kernels);
        _cache = new CacheWork(kernels, config, rotary, overlay);
        _attention = new AttentionWork(kernels, config, workspace);
        _norm = new NormWork(kernels, config.RmsNormEpsilon);
        _swiGlu = new SwiGluWork(kernels);
        _quantize = new QuantizeWork(kernels);
    }

    /// <summary>Runs the layer in place over the rows <paramref name="x"/> (rows, ModelDim) of a pass.</summary>
    public void Forward(in FloatMatrix x, LayerPass pass, LayerWeights weights)
    {
        for (int start = 0; start < x.Rows; start += Workspace.RowsMax)
        {
            FloatMatrix rows = x.Slice(start, Math.Min(Workspace.RowsMax, x.Rows - start));
            pass.Cut(start, rows.Rows);
            Attend(rows, pass, weights);
            FeedForward(rows, weights);
        }

        // Hybrid caches run one text at a time.
        if (pass.Slots[0].Access == CacheAccess.Overlay)
        {
            _overlay.Restore(pass.Slots[0].Slot);
        }
    }

    private void Attend(in FloatMatrix x, LayerPass pass, LayerWeights weights)
    {
        FloatMatrix normed = _workspace.Normed.Slice(0, x.Rows);
        FloatMatrix query = _workspace.Query.Slice(0, x.Rows);
        FloatMatrix key = _workspace.Key.Slice(0, pass.WritingCount);
        FloatMatrix value = _workspace.Value.Slice(0, pass.WritingCount);
        FloatMatrix mixed = _workspace.Mixed.Slice(0, x.Rows);
        QuantizedRows quantized = _workspace.Quantized(x.Rows, _config.ModelDim);

        _norm.Run(_pool, x, weights.AttentionNorm, normed, quantized);
        _projection.Begin(normed, quantized);
        _projection.Add(weights.Query, query);
        if (pass.WritingCount > 0)
        {
            _projection.Add(weights.Key, key);
            _projection.Add(weights.Value, value);
        }

        _projection.Run(_pool);
        _cache.Run(_pool, query, key, value, pass);
        _attention.Run(_pool, query, mixed, pass);
        QuantizedRows quantizedMixed = _workspace.Quantized(x.Rows, _config.QueryDim);
        _quantize.Run(_pool, mixed, quantizedMixed);
        AddProjection(x, weights.Output, mixed, quantizedMixed);
    }

    private void FeedForward(in FloatMatrix x, LayerWeights weights)
    {
        FloatMatrix normed = _workspace.Normed.Slice(0, x.Rows);
        FloatMatrix gate = _workspace.Gate.Slice(0, x.Rows);
        FloatMatrix up = _workspace.Up.Slice(0, x.Rows);
        QuantizedRows quantized = _workspace.Quantized(x.Rows, _config.ModelDim);

        _norm.Run(_pool, x, weights.FfnNorm, normed, quantized);
        _projection.Begin(normed, quantized);
        _projection.Add(weights.Gate, gate);
        _projection.Add(weights.Up, up);
        _projection.Run(_pool);

        QuantizedRows quantizedGate = _workspace.Quantized(x.Rows, _config.FfnDim);
        _swiGlu.Run(_pool, gate, up, quantizedGate);
        AddProjection(x, weights.Down, gate, quantizedGate);
    }

    private void AddProjection(in FloatMatrix x, WeightMatrix weight, in FloatMatrix input, in QuantizedRows quantized)
    {
        _projection.Begin(input, quantized);
        _projection.AddTo(x, weight, _workspace.Projected.Slice(0, x.Rows));
        _projection.Run(_pool);
    }
}
