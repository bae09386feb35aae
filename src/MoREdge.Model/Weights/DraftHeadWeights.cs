namespace MoREdge.Model.Weights;

/// <summary>The weights of a <see cref="DraftHead"/>.</summary>
/// <param name="HiddenNorm">Norm of the residual row (ModelDim).</param>
/// <param name="EmbeddingNorm">Norm of the embedding of the token behind it (ModelDim).</param>
/// <param name="Up">(DraftSize, 2·ModelDim), of the two normed rows side by side.</param>
/// <param name="Down">(ModelDim, DraftSize).</param>
internal sealed record DraftHeadWeights(
    float[] HiddenNorm, float[] EmbeddingNorm, WeightMatrix Up, WeightMatrix Down);
