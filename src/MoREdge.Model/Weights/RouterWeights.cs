namespace MoREdge.Model.Weights;

/// <summary>The weights of one router, in float32: a router decides, so it is never quantized.</summary>
internal sealed class RouterWeights
{
    /// <summary>Linear: (outputs, ModelDim). MLP: the first layer, (2·ModelDim, ModelDim).</summary>
    public required float[][] First { get; init; }

    /// <summary>MLP: the second layer, (outputs, 2·ModelDim); null for a linear router.</summary>
    public float[][]? Second { get; init; }

    /// <summary>
    /// Loss-free balancing bias (outputs) of a token-choice router: moves the choice, not the weight.
    /// </summary>
    public float[]? Balance { get; init; }
}
