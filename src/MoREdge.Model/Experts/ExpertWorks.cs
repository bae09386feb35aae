using MoREdge.Kernels;
using MoREdge.Model.Layers;
using MoREdge.Model.Threads;
using MoREdge.Model.Weights;
using MoREdge.Tensors;

namespace MoREdge.Model.Experts;

/// <summary>Router logits in float32. Items are (row, expert), experts innermost.</summary>
internal sealed class RouterWork(KernelSet kernels, int choiceCount) : ParallelWork
{
    /// <summary>Products of a few thousand floats each: some of them are worth a meeting of the workers.</summary>
    private const int ItemsMin = 8;

    private FloatMatrix _input;
    private FloatMatrix _logits;
    private ExpertWeights? _weights;

    /// <summary>Computes <paramref name="logits"/> (rows, ChoiceCount) of <paramref name="input"/> (rows,
    /// ModelDim).</summary>
    public void Run(WorkerPool pool, in FloatMatrix input, ExpertWeights weights, in FloatMatrix logits)
    {
        _input = input;
        _weights = weights;
        _logits = logits;
        pool.Run(this, input.Rows * choiceCount, ItemsMin);
    }

    public override void Execute(int start, int end, int worker)
    {
        for (int item = start; item < end; item++)
        {
            (int row, int expert) = Math.DivRem(item, choiceCount);
            float logit = kernels.Dot(_input.Row(row), _weights!.Router[expert]);
            _logits.Row(row)[expert] = logit + (_weights.RouterBias is { } bias ? bias[expert] : 0);
        }
    }
}

/// <summary>Copies rows to their slots, and quantizes them. Items are slots.</summary>
internal sealed class GatherWork(KernelSet kernels) : ParallelWork
{
    private FloatMatrix _input;
    private FloatMatrix _slots;
    private QuantizedRows _quantized;
    private ExpertPlan? _plan;

    /// <summary>Copies <paramref name="input"/> (rows, ModelDim) to <paramref name="slots"/> (slots,
    /// ModelDim).</summary>
    public void Run(
        WorkerPool pool, in FloatMatrix input, ExpertPlan plan, in FloatMatrix slots, in QuantizedRows quantized)
    {
        _input = input;
        _plan = plan;
        _slots = slots;
        _quantized = quantized;
        pool.Run(this, slots.Rows);
    }

    public override void Execute(int start, int end, int worker)
    {
        for (int slot = start; slot < end; slot++)
        {
            _input.Row(_plan!.Rows[slot]).CopyTo(_slots.Row(slot));
        }

        kernels.QuantizeRows(_slots.Slice(start, end - start), _quantized.Slice(start, end - start));
    }
}

/// <summary>
/// Products of many experts in one piece of work, each with its own slots. Items are tiles of 8 output rows, counted
/// through all matrices, so that workers share one expert as well as several.
/// </summary>
internal sealed class ExpertProjectionWork(KernelSet kernels, int productsMax) : ParallelWork
{
    private readonly WeightMatrix[] _weights = new WeightMatrix[productsMax];
    private readonly FloatMatrix[] _outputs = new FloatMatrix[productsMax];
    private readonly int[] _slots = new int[productsMax];
    private readonly int[] _ends = new int[productsMax];
    private FloatMatrix _input;
    private QuantizedRows _quantized;
    private int _count;

    public override WorkKind Kind => _count > 0 && _outputs[0].Rows > 1 ? WorkKind.MatMul : WorkKind.MatVec;

    /// <summary>Sets the input (slots, cols) and its int8 form, and forgets earlier matrices.</summary>
    public void Begin(in FloatMatrix input, in QuantizedRows quantized)
    {
        _input = input;
        _quantized = quantized;
        _count = 0;
    }

    /// <summary>Adds output rows [slot, slot + count) = input rows · weightᵀ.</summary>
    public void Add(WeightMatrix weight, in FloatMatrix output, int slot, int count)
    {
        _weights[_count] = weight;
        _outputs[_count] = output.Slice(slot, count);
        _slots[_count] = slot;
        _ends[_count] = weight.TileCount + (_count == 0 ? 0 : _ends[_count - 1]);
        _count++;
    }

    /// <summary>Computes all products.</summary>
    public void Run(WorkerPool pool) => pool.Run(this, _count == 0 ? 0 : _ends[_count - 1], ProjectionWork.TilesMin);

    public override void Execute(int start, int end, int worker)
    {
        int product = Array.BinarySearch(_ends, 0, _count, start + 1);
        product = product < 0 ? ~product : product;
        for (int tile = start; tile < end; product++)
        {
            int first = product == 0 ? 0 : _ends[product - 1];
            int to = Math.Min(end, _ends[product]);
            int count = _outputs[product].Rows;
            _weights[product].Multiply(
                kernels, _input.Slice(_slots[product], count), _quantized.Slice(_slots[product], count),
                _outputs[product], tile - first, to - first);
            tile = to;
        }
    }
}

/// <summary>
/// y = switch · y + Σ weight · slot over a row's experts, best first, whatever else is in the block: a row gets the
/// bits it would get alone. Items are rows.
/// </summary>
internal sealed class CombineWork(KernelSet kernels, int usedCount) : ParallelWork
{
    private FloatMatrix _input;
    private FloatMatrix _output;
    private FloatMatrix _slots;
    private ExpertPlan? _plan;
    private float[]? _switch;
    private bool _hasShared;

    /// <summary>Combines <paramref name="slots"/> (slots, ModelDim).</summary>
    /// <param name="pool">The workers.</param>
    /// <param name="input">What the experts saw (rows, ModelDim), which the shared network's switch sees, too.</param>
    /// <param name="weights">The experts.</param>
    /// <param name="hasShared">Whether <paramref name="output"/> holds what a shared network makes of the rows.</param>
    /// <param name="plan">Who is in which slot.</param>
    /// <param name="slots">What the experts made of the slots.</param>
    /// <param name="output">(rows, ModelDim).</param>
    public void Run(
        WorkerPool pool,
        in FloatMatrix input,
        ExpertWeights weights,
        bool hasShared,
        ExpertPlan plan,
        in FloatMatrix slots,
        in FloatMatrix output)
    {
        _input = input;
        _switch = weights.SharedSwitch;
        _hasShared = hasShared;
        _plan = plan;
        _slots = slots;
        _output = output;
        pool.Run(this, output.Rows);
    }

    public override void Execute(int start, int end, int worker)
    {
        for (int row = start; row < end; row++)
        {
            Span<float> y = _output.Row(row);
            if (!_hasShared)
            {
                y.Clear();
            }
            else if (_switch is not null)
            {
                kernels.Scale(y, KernelSet.Sigmoid(kernels.Dot(_input.Row(row), _switch)));
            }

            for (int i = 0; i < usedCount; i++)
            {
                (int slot, float weight) = _plan!.Choice(row, i);
                if (slot >= 0)
                {
                    kernels.AddScaled(y, _slots.Row(slot), weight);
                }
            }
        }
    }
}
