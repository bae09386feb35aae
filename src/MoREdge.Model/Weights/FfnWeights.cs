namespace MoREdge.Model.Weights;

/// <summary>A gated feed-forward network: down(act(gate·x) ⊙ up·x).</summary>
internal sealed class FfnWeights
{
    /// <summary>(FfnDim, ModelDim).</summary>
    public required WeightMatrix Gate { get; init; }

    /// <summary>(FfnDim, ModelDim); null for a network without a gate: down(act(gate·x)).</summary>
    public required WeightMatrix? Up { get; init; }

    /// <summary>(ModelDim, FfnDim).</summary>
    public required WeightMatrix Down { get; init; }

    /// <summary>Width of the hidden layer.</summary>
    public int Dim => Gate.Rows;
}
