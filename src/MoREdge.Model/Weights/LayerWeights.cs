namespace MoREdge.Model.Weights;

/// <summary>The weights of one physical block as one recursion sees them.</summary>
internal sealed class LayerWeights
{
    /// <summary>Norm before attention (ModelDim), or null.</summary>
    public float[]? AttentionNorm { get; init; }

    /// <summary>(HeadCount·HeadDim, ModelDim).</summary>
    public required WeightMatrix Query { get; init; }

    /// <summary>(KvHeadCount·HeadDim, ModelDim).</summary>
    public required WeightMatrix Key { get; init; }

    /// <summary>(KvHeadCount·ValueDim, ModelDim).</summary>
    public required WeightMatrix Value { get; init; }

    /// <summary>(ModelDim, HeadCount·ValueDim).</summary>
    public required WeightMatrix Output { get; init; }

    /// <summary>Gate of the read-outs of retention (HeadCount·ValueDim, ModelDim), or null.</summary>
    public WeightMatrix? Gate { get; init; }

    /// <summary>
    /// Norm of a head's read-out (ValueDim), ones where the model has no weights for it; null without retention.
    /// </summary>
    public float[]? ReadNorm { get; init; }

    /// <summary>Norm of queries (HeadDim) or (HeadCount·HeadDim), or null.</summary>
    public float[]? QueryNorm { get; init; }

    /// <summary>Norm of keys (HeadDim) or (KvHeadCount·HeadDim), or null.</summary>
    public float[]? KeyNorm { get; init; }

    /// <summary>Norm of what attention adds to the residual stream (ModelDim), or null.</summary>
    public float[]? PostAttentionNorm { get; init; }

    /// <summary>Norm before the feed-forward network (ModelDim), or null.</summary>
    public float[]? FfnNorm { get; init; }

    /// <summary>The feed-forward network of every token; null where experts are all there is.</summary>
    public FfnWeights? Ffn { get; init; }

    /// <summary>The mixture of experts, or null.</summary>
    public ExpertWeights? Experts { get; init; }

    /// <summary>The router of a layer that tokens can skip, or null.</summary>
    public SkipWeights? Skip { get; init; }

    /// <summary>Norm of what the feed-forward network adds to the residual stream (ModelDim), or null.</summary>
    public float[]? PostFfnNorm { get; init; }
}
