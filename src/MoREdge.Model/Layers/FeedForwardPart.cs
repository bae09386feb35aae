using MoREdge.Kernels;
using MoREdge.Model.Threads;
using MoREdge.Model.Weights;
using MoREdge.Tensors;

namespace MoREdge.Model.Layers;

/// <summary>x += Wdown·(act(Wgate·norm(x)) ⊙ Wup·norm(x)).</summary>
internal sealed class FeedForwardPart(
    KernelSet kernels, ModelConfig config, WorkerPool pool, Workspace workspace, Branch branch)
{
    private readonly NormWork _norm = new(kernels, config.RmsNormEpsilon);
    private readonly ProjectionWork _projection = new(kernels);
    private readonly GateWork _gate = new(kernels, config.Activation);

    /// <summary>Runs the network in place over <paramref name="x"/> (rows, ModelDim).</summary>
    public void Forward(in FloatMatrix x, FfnWeights weights, float[]? norm, float[]? postNorm)
    {
        FloatMatrix normed = workspace.Normed.Slice(0, x.Rows);
        QuantizedRows quantized = workspace.Quantized(x.Rows, config.ModelDim);
        _norm.Run(pool, x, norm, normed, quantized);
        FloatMatrix hidden = Hidden(normed, quantized, weights, out QuantizedRows quantizedHidden);
        branch.Join(x, weights.Down, hidden, quantizedHidden, postNorm);
    }

    /// <summary>output = Wdown·(act(Wgate·input) ⊙ Wup·input), with no norm and no sum.</summary>
    public void Project(
        in FloatMatrix input, in QuantizedRows quantized, FfnWeights weights, in FloatMatrix output)
    {
        FloatMatrix hidden = Hidden(input, quantized, weights, out QuantizedRows quantizedHidden);
        _projection.Begin(hidden, quantizedHidden);
        _projection.Add(weights.Down, output);
        _projection.Run(pool);
    }

    /// <summary>The hidden layer (rows, FfnDim) of the network.</summary>
    private FloatMatrix Hidden(
        in FloatMatrix input, in QuantizedRows quantized, FfnWeights weights, out QuantizedRows quantizedHidden)
    {
        FloatMatrix gate = workspace.Gate(input.Rows, weights.Dim);
        FloatMatrix up = workspace.Up(input.Rows, weights.Dim);
        _projection.Begin(input, quantized);
        _projection.Add(weights.Gate, gate);
        if (weights.Up is { } upWeight)
        {
            _projection.Add(upWeight, up);
        }

        _projection.Run(pool);
        for (int row = 0; weights.Up is null && row < up.Rows; row++)
        {
            up.Row(row).Fill(1);
        }

        quantizedHidden = workspace.Quantized(input.Rows, weights.Dim);
        _gate.Run(pool, gate, up, quantizedHidden);
        return gate;
    }
}
