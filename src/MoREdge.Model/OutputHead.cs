using MoREdge.Kernels;
using MoREdge.Model.Layers;
using MoREdge.Model.Threads;
using MoREdge.Model.Weights;
using MoREdge.Tensors;

namespace MoREdge.Model;

/// <summary>logits = Whead·norm(x), scaled and kept within bounds where the model says so.</summary>
internal sealed class OutputHead(
    KernelSet kernels, ModelConfig config, WorkerPool pool, Workspace workspace, ModelWeights weights)
{
    private readonly NormWork _norm = new(kernels, config.RmsNormEpsilon);
    private readonly ProjectionWork _projection = new(kernels);

    /// <summary>
    /// Logits (rows, VocabSize) of rows of the residual stream, in rows of <see cref="Workspace.Logits"/> from
    /// <paramref name="firstRow"/> on; only the first <paramref name="headRows"/> logits of each are computed.
    /// </summary>
    public FloatMatrix Logits(in FloatMatrix x, int firstRow, int headRows)
    {
        for (int start = 0; start < x.Rows; start += Workspace.RowsMax)
        {
            int count = Math.Min(Workspace.RowsMax, x.Rows - start);
            FloatMatrix normed = workspace.Normed.Slice(0, count);
            QuantizedRows quantized = workspace.Quantized(count, config.ModelDim);
            _norm.Run(pool, x.Slice(start, count), weights.OutputNorm, normed, quantized);
            _projection.Begin(normed, quantized);
            _projection.AddTop(weights.Head, workspace.Logits.Slice(firstRow + start, count), headRows);
            _projection.Run(pool);
            Finish(workspace.Logits.Slice(firstRow + start, count), headRows);
        }

        return workspace.Logits.Slice(firstRow, x.Rows);
    }

    private void Finish(in FloatMatrix logits, int headRows)
    {
        for (int row = 0; row < logits.Rows && (config.LogitFactor != 1 || config.LogitSoftCap > 0); row++)
        {
            Span<float> all = logits.Row(row)[..headRows];
            if (config.LogitFactor != 1)
            {
                kernels.Scale(all, config.LogitFactor);
            }

            if (config.LogitSoftCap > 0)
            {
                kernels.SoftCap(all, config.LogitSoftCap);
            }
        }
    }
}
