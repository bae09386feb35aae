using MoREdge.Kernels;
using MoREdge.Model.Layers;
using MoREdge.Model.Threads;
using MoREdge.Model.Weights;
using MoREdge.Tensors;

namespace MoREdge.Model;

/// <summary>
/// Drafts the token behind a draft, from the row that made the draft: x + down·silu(up·[norm(x); norm(e)]), with x the
/// residual row behind the suffix layers and e the embedding of the draft, then the norm and the head of the model.
/// Draft heads that depend on the drafts before them: Hydra (arXiv 2402.05109); a row and an embedding side by side, as
/// in the multi-token prediction of DeepSeek-V3 (arXiv 2412.19437, section 2.2).
/// </summary>
internal sealed class DraftHead(
    KernelSet kernels, ModelConfig config, WorkerPool pool, Workspace workspace, DraftHeadWeights weights)
{
    /// <summary>
    /// Rows of the model's head that a draft with a pass of its own looks at. Ids of a byte-pair vocabulary are in
    /// order of frequency, so the first ones hold nearly all drafts worth making, and a large head is most of a small
    /// model's bytes (FR-Spec, arXiv 2502.14856).
    /// </summary>
    public const int VocabRowsMax = 1 << 13;

    private readonly QuantizeWork _quantize = new(kernels);
    private readonly ProjectionWork _projection = new(kernels);
    private readonly GateWork _gate = new(kernels, GateActivation.Silu);

    /// <summary>Takes the input of a row: x and e (ModelDim).</summary>
    public void Take(int row, ReadOnlySpan<float> hidden, ReadOnlySpan<float> embedding)
    {
        Span<float> pair = workspace.Pairs.Row(row);
        kernels.RmsNorm(hidden, weights.HiddenNorm, config.RmsNormEpsilon, pair[..config.ModelDim]);
        kernels.RmsNorm(embedding, weights.EmbeddingNorm, config.RmsNormEpsilon, pair[config.ModelDim..]);
        hidden.CopyTo(workspace.Gathered.Row(row));
    }

    /// <summary>
    /// What goes through the norm and the head (rows, ModelDim), for the first <paramref name="rows"/> rows taken.
    /// </summary>
    public FloatMatrix Run(int rows)
    {
        FloatMatrix pairs = workspace.Pairs.Slice(0, rows);
        FloatMatrix hidden = workspace.Gate(rows, weights.Up.Rows);
        FloatMatrix ones = workspace.Up(rows, weights.Up.Rows);
        FloatMatrix x = workspace.Gathered.Slice(0, rows);
        QuantizedRows quantized = workspace.Quantized(rows, pairs.Cols);
        _quantize.Run(pool, pairs, quantized);
        _projection.Begin(pairs, quantized);
        _projection.Add(weights.Up, hidden);
        _projection.Run(pool);

        // silu(h) is silu(h)·1: what gates a product gates ones.
        for (int row = 0; row < rows; row++)
        {
            ones.Row(row).Fill(1);
        }

        quantized = workspace.Quantized(rows, hidden.Cols);
        _gate.Run(pool, hidden, ones, quantized);
        _projection.Begin(hidden, quantized);
        _projection.AddTo(x, weights.Down, workspace.Projected.Slice(0, rows));
        _projection.Run(pool);
        return x;
    }
}
