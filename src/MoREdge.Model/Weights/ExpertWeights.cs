namespace MoREdge.Model.Weights;

/// <summary>A mixture of experts: its router in float32, because it decides, and the experts.</summary>
internal sealed class ExpertWeights
{
    /// <summary>(ChoiceCount, ModelDim).</summary>
    public required float[][] Router { get; init; }

    /// <summary>Added to the logits (ChoiceCount), or null.</summary>
    public float[]? RouterBias { get; init; }

    /// <summary>Added to the scores for the choice alone (ChoiceCount), or null.</summary>
    public float[]? ChoiceBias { get; init; }

    /// <summary>The experts (Count).</summary>
    public required FfnWeights[] Experts { get; init; }

    /// <summary>
    /// With a feed-forward network for every token: the row whose product with the input decides, through a sigmoid,
    /// how much of it counts (ModelDim); null where all of it does.
    /// </summary>
    public float[]? SharedSwitch { get; init; }
}
