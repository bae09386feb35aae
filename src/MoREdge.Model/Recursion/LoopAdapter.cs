using MoREdge.Kernels;
using MoREdge.Model.Layers;
using MoREdge.Model.Threads;
using MoREdge.Model.Weights;
using MoREdge.Tensors;

namespace MoREdge.Model.Recursion;

/// <summary>adapter·[state; input] for the rows of a pass: what each recursion of Huginn begins with.</summary>
internal sealed class LoopAdapter(
    KernelSet kernels, WorkerPool pool, Workspace workspace, WeightMatrix adapter, int modelDim)
{
    private readonly QuantizeWork _quantize = new(kernels);
    private readonly ProjectionWork _projection = new(kernels);

    /// <summary>Keeps the input (ModelDim) of a row of the pass.</summary>
    public void Take(int row, ReadOnlySpan<float> input) =>
        input.CopyTo(workspace.Pairs.Row(row)[modelDim..]);

    /// <summary>Replaces the states <paramref name="x"/> (rows, ModelDim) of the pass by what the block runs
    /// over.</summary>
    public void Run(in FloatMatrix x)
    {
        for (int start = 0; start < x.Rows; start += Workspace.RowsMax)
        {
            FloatMatrix states = x.Slice(start, Math.Min(Workspace.RowsMax, x.Rows - start));
            FloatMatrix both = workspace.Pairs.Slice(start, states.Rows);
            states.CopyTo(both.Columns(0, modelDim));
            QuantizedRows quantized = workspace.Quantized(states.Rows, 2 * modelDim);
            _quantize.Run(pool, both, quantized);
            _projection.Begin(both, quantized);
            _projection.Add(adapter, states);
            _projection.Run(pool);
        }
    }
}
