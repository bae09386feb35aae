namespace MoREdge.Model.Weights;

/// <summary>The gate behind a recursion, in float32 because it decides.</summary>
/// <param name="Weights">(ModelDim).</param>
/// <param name="Bias">Added to the product.</param>
internal sealed record ExitGateWeights(float[] Weights, float Bias);
