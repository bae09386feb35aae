namespace MoREdge.Model.Weights;

/// <summary>The router before a layer that tokens can skip, in float32 because it decides.</summary>
internal sealed class SkipWeights
{
    /// <summary>(ModelDim).</summary>
    public required float[] Router { get; init; }

    /// <summary>Added to the logit.</summary>
    public float Bias { get; init; }

    /// <summary>What foretells the choice: one layer (ModelDim), or the second of two (hidden); or null.</summary>
    public float[]? Predictor { get; init; }

    /// <summary>The first of two layers (hidden, ModelDim), or null.</summary>
    public float[][]? PredictorHidden { get; init; }
}
