using MoREdge.Kernels;
using MoREdge.Model.Caches;
using MoREdge.Model.Weights;
using MoREdge.Tensors;

namespace MoREdge.Model.Layers;

/// <summary>
/// A layer that tokens can skip (Mixture-of-Depths, arXiv:2404.02258, section 3): those that a router chooses go
/// through it, seeing each other's keys at their own positions; the others keep their row. Where nobody runs it, none
/// of its weights is read.
/// </summary>
internal sealed class SkippableLayer(
    KernelSet kernels, ModelConfig config, SequencePlan plan, Workspace workspace, int rowsMax, int segmentsMax)
{
    private readonly SkipConfig _skips = config.Skips!;
    private readonly SkipSelection _selection = new(kernels, config, plan, rowsMax);
    private readonly LayerPass _some = new(plan.KvPolicy, rowsMax, segmentsMax);
    private readonly float[] _zeros = new float[config.KvDim];

    /// <summary>Runs the layer in place over the rows <paramref name="x"/> (rows, ModelDim) of a pass.</summary>
    public void Forward(
        in FloatMatrix x, LayerPass pass, TransformerLayer layer, LayerWeights weights, SkipWeights router, int block)
    {
        if (_skips.Scope == SkipScope.FeedForward)
        {
            layer.Attend(x, pass, weights, block);
        }

        _selection.Choose(x, pass, weights, router, block);
        int count = _selection.ChosenCount;
        FloatMatrix attended = workspace.Attended.Slice(0, count);
        if (_skips.Scope != SkipScope.FeedForward)
        {
            Attend(x, attended, pass, layer, weights, block);
        }
        else
        {
            Gather(x, attended);
        }

        FloatMatrix fed = workspace.Skipping.Slice(0, count);
        attended.CopyTo(fed);
        if (_skips.Scope != SkipScope.Attention && count > 0)
        {
            layer.Feed(fed, weights);
        }

        WeighSkipped(x);
        for (int i = 0; i < count; i++)
        {
            Join(x.Row(_selection.Rows[i]), attended.Row(i), fed.Row(i), _selection.Rows[i]);
        }

        if (_skips.Scope == SkipScope.Attention)
        {
            layer.Feed(x, weights);
        }
    }

    /// <summary>The chosen rows behind attention; which keys and values the layer keeps is an option.</summary>
    private void Attend(
        in FloatMatrix x, in FloatMatrix attended, LayerPass pass, TransformerLayer layer, LayerWeights weights,
        int block)
    {
        if (_skips.SkippedKeys == SkippedKeys.Written)
        {
            FloatMatrix all = workspace.Skipping.Slice(0, x.Rows);
            x.CopyTo(all);
            layer.Attend(all, pass, weights, block);
            Gather(all, attended);
            return;
        }

        _some.TakeFrom(pass, _selection.Rows);
        if (_skips.CompressesPositions)
        {
            CountPositions();
        }

        if (_skips.SkippedKeys == SkippedKeys.Zero)
        {
            StoreZeros(pass);
        }

        Gather(x, attended);
        if (attended.Rows > 0)
        {
            layer.Attend(attended, _some, weights, block);
        }
    }

    /// <summary>Rotates each row by how many tokens came through the layer before it.</summary>
    private void CountPositions()
    {
        for (int segment = 0; segment < _some.SegmentCount; segment++)
        {
            (int start, int count, Flight flight, KvSlot slot) = _some.Segment(segment);
            int before = _skips.SkippedKeys == SkippedKeys.Zero ? CountRun(flight, slot) : slot.Count;
            for (int i = 0; i < count; i++)
            {
                _some.Turned[start + i] = before + i;
            }
        }
    }

    /// <summary>Tokens of a text that have run the layer: those in its slot whose keys are not zeros.</summary>
    private static int CountRun(Flight flight, KvSlot slot) => slot.CountFlags(flight.Positions[0]);

    /// <summary>Places every row of the pass in its slot, those that skip with zeros.</summary>
    private void StoreZeros(LayerPass pass)
    {
        for (int segment = 0; segment < pass.SegmentCount; segment++)
        {
            (int start, int count, _, KvSlot slot) = pass.Segment(segment);
            for (int row = start; row < start + count; row++)
            {
                int index = slot.Place(pass.Positions[row]);
                slot.SetFlag(index, _selection.Chosen[row]);
                if (!_selection.Chosen[row])
                {
                    slot.Store(kernels, _zeros, _zeros, index);
                }
            }
        }
    }

    private void Gather(in FloatMatrix source, in FloatMatrix destination)
    {
        for (int i = 0; i < destination.Rows; i++)
        {
            source.Row(_selection.Rows[i]).CopyTo(destination.Row(i));
        }
    }

    private void WeighSkipped(in FloatMatrix x)
    {
        for (int row = 0; row < x.Rows && _skips.WeighsSkipped; row++)
        {
            if (!_selection.Chosen[row])
            {
                kernels.Scale(x.Row(row), _selection.Weights[row]);
            }
        }
    }

    /// <summary>
    /// What a chosen row becomes: x before the layer, a behind attention, f behind the feed-forward network too.
    /// </summary>
    private void Join(Span<float> x, ReadOnlySpan<float> a, ReadOnlySpan<float> f, int row)
    {
        float w = _selection.Weights[row];
        bool isPlain = _selection.IsPlain(row);
        for (int i = 0; i < x.Length; i++)
        {
            float result = isPlain ? f[i]
                : _skips.Scope == SkipScope.FeedForward ? a[i] + (w * (f[i] - a[i]))
                : _skips.Scope == SkipScope.Attention ? x[i] + (w * (a[i] - x[i]))
                : _skips.WeightTarget switch
                {
                    SkipWeightTarget.Update => x[i] + (w * (f[i] - x[i])),
                    SkipWeightTarget.Output => w * f[i],
                    _ => a[i] + (w * (f[i] - a[i])),
                };
            bool doubles = _skips.DoublesResidual && !isPlain && _skips.Scope == SkipScope.Block;
            x[i] = doubles ? x[i] + result : result;
        }
    }
}
