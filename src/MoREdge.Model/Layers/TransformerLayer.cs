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
/// A decoder layer: x += Attention(x) or x += Retention(x), then x += FeedForward(x) or x += Experts(x), each with the
/// norms that the model has before and behind it. Works on the rows it is given, whatever tokens they are.
/// </summary>
internal sealed class TransformerLayer
{
    private readonly ModelConfig _config;
    private readonly KvOverlay _overlay;
    private readonly AttentionPart _attention;
    private readonly RetentionPart? _retention;
    private readonly FeedForwardPart _feedForward;
    private readonly ExpertPart? _experts;

    public TransformerLayer(
        KernelSet kernels,
        ModelConfig config,
        WorkerPool pool,
        Workspace workspace,
        RotaryTables rotary,
        RetentionAngles? angles,
        KvOverlay overlay)
    {
        _config = config;
        _overlay = overlay;
        Branch branch = new(kernels, config, pool, workspace);
        _attention = new AttentionPart(kernels, config, pool, workspace, rotary, overlay, branch);
        _retention = angles is not null && config.Retention is { } retention
            ? new RetentionPart(kernels, config, retention, pool, workspace, angles, branch)
            : null;
        _feedForward = new FeedForwardPart(kernels, config, pool, workspace, branch);
        _experts = config.Experts is { } experts
            ? new ExpertPart(kernels, experts, config, pool, workspace, _feedForward, branch)
            : null;
    }

    /// <summary>Runs the layer in place over the rows <paramref name="x"/> (rows, ModelDim) of a pass.</summary>
    public void Forward(in FloatMatrix x, LayerPass pass, LayerWeights weights, int block)
    {
        for (int start = 0; start < x.Rows; start += Workspace.RowsMax)
        {
            FloatMatrix rows = x.Slice(start, Math.Min(Workspace.RowsMax, x.Rows - start));
            pass.Cut(start, rows.Rows);
            MixBlock(rows, pass, weights, block);
            FeedBlock(rows, weights);
        }

        // Hybrid caches run one text at a time.
        if (_retention is null && pass.Slots[0].Access == CacheAccess.Overlay)
        {
            _overlay.Restore(pass.Slots[0].Slot);
        }
    }

    /// <summary>Runs attention or retention alone, in place.</summary>
    public void Attend(in FloatMatrix x, LayerPass pass, LayerWeights weights, int block)
    {
        for (int start = 0; start < x.Rows; start += Workspace.RowsMax)
        {
            FloatMatrix rows = x.Slice(start, Math.Min(Workspace.RowsMax, x.Rows - start));
            pass.Cut(start, rows.Rows);
            MixBlock(rows, pass, weights, block);
        }
    }

    /// <summary>Runs the feed-forward network or the experts alone, in place.</summary>
    public void Feed(in FloatMatrix x, LayerWeights weights)
    {
        for (int start = 0; start < x.Rows; start += Workspace.RowsMax)
        {
            FeedBlock(x.Slice(start, Math.Min(Workspace.RowsMax, x.Rows - start)), weights);
        }
    }

    private void MixBlock(in FloatMatrix rows, LayerPass pass, LayerWeights weights, int block)
    {
        if (_retention is not null)
        {
            _retention.Forward(rows, pass, weights);
        }
        else
        {
            _attention.Forward(rows, pass, weights, _config.Block(block));
        }
    }

    private void FeedBlock(in FloatMatrix rows, LayerWeights weights)
    {
        if (weights.Experts is { } experts)
        {
            _experts!.Forward(rows, weights, experts);
        }
        else
        {
            _feedForward.Forward(rows, weights.Ffn!, weights.FfnNorm, weights.PostFfnNorm);
        }
    }
}
