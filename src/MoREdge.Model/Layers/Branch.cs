using MoREdge.Kernels;
using MoREdge.Model.Threads;
using MoREdge.Model.Weights;
using MoREdge.Tensors;

namespace MoREdge.Model.Layers;

/// <summary>
/// The end of a branch of the residual stream: a projection, a norm behind it if there is one, the sum.
/// </summary>
internal sealed class Branch(KernelSet kernels, ModelConfig config, WorkerPool pool, Workspace workspace)
{
    private readonly ProjectionWork _projection = new(kernels);
    private readonly JoinWork _join = new(
        kernels, config.RmsNormEpsilon, config.ResidualScale, config.NormsSums);

    /// <summary>x += scale · norm(input · weightᵀ).</summary>
    /// <param name="x">The residual stream (rows, ModelDim).</param>
    /// <param name="weight">The projection (ModelDim, cols).</param>
    /// <param name="input">Its input (rows, cols).</param>
    /// <param name="quantized">The same in int8.</param>
    /// <param name="norm">Norm behind the projection (ModelDim), or null.</param>
    public void Join(
        in FloatMatrix x, WeightMatrix weight, in FloatMatrix input, in QuantizedRows quantized, float[]? norm)
    {
        FloatMatrix projected = workspace.Projected.Slice(0, x.Rows);
        _projection.Begin(input, quantized);
        if (norm is null && config.ResidualScale == 1)
        {
            _projection.AddTo(x, weight, projected);
            _projection.Run(pool);
            return;
        }

        _projection.Add(weight, projected);
        _projection.Run(pool);
        Join(x, projected, norm);
    }

    /// <summary>x += scale · norm(branch); the branch is normed in place.</summary>
    public void Join(in FloatMatrix x, in FloatMatrix branch, float[]? norm) => _join.Run(pool, x, branch, norm);
}
