namespace MoREdge.Model.Weights;

/// <summary>The weights of one physical block as one recursion sees them.</summary>
internal sealed class LayerWeights
{
    /// <summary>Norm before attention (ModelDim).</summary>
    public required float[] AttentionNorm { get; init; }

    /// <summary>(HeadCount·HeadDim, ModelDim).</summary>
    public required WeightMatrix Query { get; init; }

    /// <summary>(KvHeadCount·HeadDim, ModelDim).</summary>
    public required WeightMatrix Key { get; init; }

    /// <summary>(KvHeadCount·HeadDim, ModelDim).</summary>
    public required WeightMatrix Value { get; init; }

    /// <summary>(ModelDim, HeadCount·HeadDim).</summary>
    public required WeightMatrix Output { get; init; }

    /// <summary>Norm before the feed-forward network (ModelDim).</summary>
    public required float[] FfnNorm { get; init; }

    /// <summary>(FfnDim, ModelDim).</summary>
    public required WeightMatrix Gate { get; init; }

    /// <summary>(FfnDim, ModelDim).</summary>
    public required WeightMatrix Up { get; init; }

    /// <summary>(ModelDim, FfnDim).</summary>
    public required WeightMatrix Down { get; init; }

    /// <summary>Bytes one token reads when it passes through.</summary>
    public long ByteCount =>
        Query.ByteCount + Key.ByteCount + Value.ByteCount + Output.ByteCount
        + Gate.ByteCount + Up.ByteCount + Down.ByteCount
        + (sizeof(float) * ((long)AttentionNorm.Length + FfnNorm.Length));
}
