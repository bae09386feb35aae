using MoREdge.Kernels;
using MoREdge.Model.Threads;
using MoREdge.Tensors;

namespace MoREdge.Model.Layers;

/// <summary>
/// y = RmsNorm(x), or x where there is no norm, and its int8 form: the input of a projection. Items are rows.
/// </summary>
internal sealed class NormWork(KernelSet kernels, float epsilon) : ParallelWork
{
    private FloatMatrix _input;
    private FloatMatrix _output;
    private QuantizedRows _quantized;
    private float[]? _weight;

    /// <summary>Norms <paramref name="input"/> (rows, dim) with <paramref name="weight"/> (dim), if there is
    /// one.</summary>
    public void Run(
        WorkerPool pool,
        in FloatMatrix input,
        float[]? weight,
        in FloatMatrix output,
        in QuantizedRows quantized)
    {
        _input = input;
        _weight = weight;
        _output = output;
        _quantized = quantized;
        pool.Run(this, input.Rows);
    }

    public override void Execute(int start, int end, int worker)
    {
        for (int row = start; row < end; row++)
        {
            if (_weight is null)
            {
                _input.Row(row).CopyTo(_output.Row(row));
            }
            else
            {
                kernels.RmsNorm(_input.Row(row), _weight, epsilon, _output.Row(row));
            }
        }

        kernels.QuantizeRows(_output.Slice(start, end - start), _quantized.Slice(start, end - start));
    }
}

/// <summary>gate ← act(gate) ⊙ up, and its int8 form. Items are rows.</summary>
internal sealed class GateWork(KernelSet kernels, GateActivation activation) : ParallelWork
{
    private FloatMatrix _gate;
    private FloatMatrix _up;
    private QuantizedRows _quantized;

    /// <summary>Combines <paramref name="gate"/> and <paramref name="up"/> (rows, FfnDim) into gate.</summary>
    public void Run(WorkerPool pool, in FloatMatrix gate, in FloatMatrix up, in QuantizedRows quantized)
    {
        _gate = gate;
        _up = up;
        _quantized = quantized;
        pool.Run(this, gate.Rows);
    }

    public override void Execute(int start, int end, int worker)
    {
        for (int row = start; row < end; row++)
        {
            switch (activation)
            {
                case GateActivation.Silu:
                    kernels.SwiGlu(_gate.Row(row), _up.Row(row), _gate.Row(row));
                    break;
                case GateActivation.GeluTanh:
                    kernels.GeGlu(_gate.Row(row), _up.Row(row), _gate.Row(row));
                    break;
                case GateActivation.Gelu:
                    kernels.Gelu(_gate.Row(row));
                    Multiply(_gate.Row(row), _up.Row(row));
                    break;
                default:
                    kernels.ClampedGlu(_gate.Row(row), _up.Row(row), _gate.Row(row));
                    break;
            }
        }

        kernels.QuantizeRows(_gate.Slice(start, end - start), _quantized.Slice(start, end - start));
    }

    private static void Multiply(Span<float> x, ReadOnlySpan<float> factors)
    {
        for (int i = 0; i < x.Length; i++)
        {
            x[i] *= factors[i];
        }
    }
}

/// <summary>
/// x += scale · RmsNorm(y), or x = RmsNorm(x + scale · y); without the norm where there is none. Items are rows.
/// </summary>
internal sealed class JoinWork(KernelSet kernels, float epsilon, float scale, bool normsSums) : ParallelWork
{
    private FloatMatrix _residual;
    private FloatMatrix _branch;
    private float[]? _weight;

    /// <summary>Adds <paramref name="branch"/> (rows, ModelDim), which it norms in place, to the residual
    /// stream.</summary>
    public void Run(WorkerPool pool, in FloatMatrix residual, in FloatMatrix branch, float[]? weight)
    {
        _residual = residual;
        _branch = branch;
        _weight = weight;
        pool.Run(this, residual.Rows);
    }

    public override void Execute(int start, int end, int worker)
    {
        for (int row = start; row < end; row++)
        {
            Span<float> branch = _branch.Row(row);
            if (_weight is not null && !normsSums)
            {
                kernels.RmsNorm(branch, _weight, epsilon, branch);
            }

            if (scale == 1)
            {
                kernels.Add(_residual.Row(row), branch);
            }
            else
            {
                kernels.AddScaled(_residual.Row(row), branch, scale);
            }

            if (_weight is not null && normsSums)
            {
                kernels.RmsNorm(_residual.Row(row), _weight, epsilon, _residual.Row(row));
            }
        }
    }
}

/// <summary>The int8 form of rows that need no norm: the attention output. Items are rows.</summary>
internal sealed class QuantizeWork(KernelSet kernels) : ParallelWork
{
    private FloatMatrix _input;
    private QuantizedRows _quantized;

    /// <summary>Quantizes <paramref name="input"/> (rows, cols).</summary>
    public void Run(WorkerPool pool, in FloatMatrix input, in QuantizedRows quantized)
    {
        _input = input;
        _quantized = quantized;
        pool.Run(this, input.Rows);
    }

    public override void Execute(int start, int end, int worker) =>
        kernels.QuantizeRows(_input.Slice(start, end - start), _quantized.Slice(start, end - start));
}
