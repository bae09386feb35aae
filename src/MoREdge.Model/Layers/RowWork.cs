using MoREdge.Kernels;
using MoREdge.Model.Threads;
using MoREdge.Tensors;

namespace MoREdge.Model.Layers;

/// <summary>y = RmsNorm(x), and its int8 form: the input of a projection. Items are rows.</summary>
internal sealed class NormWork(KernelSet kernels, float epsilon) : ParallelWork
{
    private FloatMatrix _input;
    private FloatMatrix _output;
    private QuantizedRows _quantized;
    private float[] _weight = [];

    /// <summary>Norms <paramref name="input"/> (rows, dim) with <paramref name="weight"/> (dim).</summary>
    public void Run(
        WorkerPool pool,
        in FloatMatrix input,
        float[] weight,
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
            kernels.RmsNorm(_input.Row(row), _weight, epsilon, _output.Row(row));
        }

        kernels.QuantizeRows(_output.Slice(start, end - start), _quantized.Slice(start, end - start));
    }
}

/// <summary>gate ← SiLU(gate) ⊙ up, and its int8 form. Items are rows.</summary>
internal sealed class SwiGluWork(KernelSet kernels) : ParallelWork
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
            kernels.SwiGlu(_gate.Row(row), _up.Row(row), _gate.Row(row));
        }

        kernels.QuantizeRows(_gate.Slice(start, end - start), _quantized.Slice(start, end - start));
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
