using MoREdge.Kernels;
using MoREdge.Model.Layers;
using MoREdge.Model.Threads;
using MoREdge.Model.Weights;
using MoREdge.Tensors;

namespace MoREdge.Model;

/// <summary>logits = Whead·norm(x).</summary>
internal sealed class OutputHead(KernelSet kernels, ModelConfig config, WorkerPool pool, Workspace workspace, ModelWeights weights)
{
    private readonly NormWork _norm = new(kernels, config.RmsNormEpsilon);
    private readonly ProjectionWork _projection = new(kernels);

    /// <summary>
    /// Logits (rows, VocabSize) of at most <see cref="Workspace.LogitRows"/> rows of the residual stream.
    /// </summary>
    public FloatMatrix Logits(in FloatMatrix x)
    {
        FloatMatrix normed = workspace.Normed.Slice(0, x.Rows);
        FloatMatrix logits = workspace.Logits.Slice(0, x.Rows);
        QuantizedRows quantized = workspace.Quantized(x.Rows, config.ModelDim);
        _norm.Run(pool, x, weights.OutputNorm, normed, quantized);
        _projection.Begin(normed, quantized);
        _projection.Add(weights.Head, logits);
        _projection.Run(pool);
        return logits;
    }
}
