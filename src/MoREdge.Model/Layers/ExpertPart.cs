using MoREdge.Kernels;
using MoREdge.Model.Experts;
using MoREdge.Model.Threads;
using MoREdge.Model.Weights;
using MoREdge.Tensors;

namespace MoREdge.Model.Layers;

/// <summary>
/// x += Σ weight · expert(norm(x)) over the experts that the router chooses for each row, plus what a shared network
/// makes of every row where there is one. Rows that chose the same expert go through it together; weights of experts
/// that nobody chose are not read.
/// </summary>
internal sealed class ExpertPart(
    KernelSet kernels,
    ExpertConfig experts,
    ModelConfig config,
    WorkerPool pool,
    Workspace workspace,
    FeedForwardPart feedForward,
    Branch branch)
{
    private readonly NormWork _norm = new(kernels, config.RmsNormEpsilon);
    private readonly RouterWork _router = new(kernels, experts.ChoiceCount);
    private readonly GatherWork _gather = new(kernels);
    private readonly ExpertProjectionWork _projection = new(kernels, 2 * experts.Count);
    private readonly GateWork _gate = new(
        kernels, experts.IsClamped ? GateActivation.Clamped : config.Activation);
    private readonly CombineWork _combine = new(kernels, experts.UsedCount);
    private readonly ExpertPlan _plan = new(experts, Workspace.RowsMax);

    /// <summary>Runs the experts in place over <paramref name="x"/> (rows, ModelDim).</summary>
    public void Forward(in FloatMatrix x, LayerWeights layer, ExpertWeights weights)
    {
        FloatMatrix normed = workspace.Normed.Slice(0, x.Rows);
        FloatMatrix combined = workspace.Projected.Slice(0, x.Rows);
        FloatMatrix logits = workspace.ExpertLogits.Slice(0, x.Rows);
        QuantizedRows quantized = workspace.Quantized(x.Rows, config.ModelDim);
        _norm.Run(pool, x, layer.FfnNorm, normed, quantized);
        if (layer.Ffn is { } shared)
        {
            feedForward.Project(normed, quantized, shared, combined);
        }

        _router.Run(pool, normed, weights, logits);
        _plan.Choose(weights, logits);
        FloatMatrix slots = RunExperts(normed, weights);
        _combine.Run(pool, normed, weights, layer.Ffn is not null, _plan, slots, combined);
        branch.Join(x, combined, layer.PostFfnNorm);
    }

    /// <summary>What the chosen experts make of the rows, slot by slot.</summary>
    private FloatMatrix RunExperts(in FloatMatrix normed, ExpertWeights weights)
    {
        FloatMatrix slots = workspace.ExpertSlots.Slice(0, _plan.SlotCount);
        if (_plan.SlotCount == 0)
        {
            return slots;
        }

        FloatMatrix gate = workspace.Gate(_plan.SlotCount, experts.FfnDim);
        FloatMatrix up = workspace.Up(_plan.SlotCount, experts.FfnDim);
        QuantizedRows quantized = workspace.Quantized(_plan.SlotCount, config.ModelDim);
        _gather.Run(pool, normed, _plan, slots, quantized);
        _projection.Begin(slots, quantized);
        for (int expert = 0; expert < experts.Count; expert++)
        {
            int start = _plan.Start(expert);
            int count = _plan.Start(expert + 1) - start;
            if (count > 0)
            {
                _projection.Add(weights.Experts[expert].Gate, gate, start, count);
                _projection.Add(weights.Experts[expert].Up!, up, start, count);
            }
        }

        _projection.Run(pool);
        QuantizedRows hidden = workspace.Quantized(_plan.SlotCount, experts.FfnDim);
        _gate.Run(pool, gate, up, hidden);
        _projection.Begin(gate, hidden);
        for (int expert = 0; expert < experts.Count; expert++)
        {
            int start = _plan.Start(expert);
            int count = _plan.Start(expert + 1) - start;
            if (count > 0)
            {
                _projection.Add(weights.Experts[expert].Down, slots, start, count);
            }
        }

        _projection.Run(pool);
        return slots;
    }
}
