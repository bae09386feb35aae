using MoREdge.ModelFile;

namespace MoREdge.Tests.Model;

/// <summary>Random float32 RetNets: width 32, 4 heads of 8 key and 12 value columns, vocabulary 64.</summary>
internal static class TinyRetNet
{
    public const int BlockCount = 3;
    public const int HeadCount = 4;
    public const int KeyDim = 8;
    public const int ValueDim = 12;
    private const int ModelDim = 32;
    private const int FfnDim = 40;

    /// <summary>
    /// "fla", "torchscale", or with their options: "fla-grouped" (two key/value heads, rectified, no gate) and
    /// "torchscale-plain" (even decays, a feed-forward network without a gate, a norm of the embedding).
    /// </summary>
    public static TinyModel Create(string kind, int seed = 1)
    {
        bool isTorchscale = kind.StartsWith("torchscale", StringComparison.Ordinal);
        bool isGrouped = kind == "fla-grouped";
        bool isPlain = kind == "torchscale-plain";
        int kvHeadCount = isGrouped ? 2 : HeadCount;
        TinyModel model = new(seed);
        model.Metadata.Set(MetadataKeys.Architecture, GgufValue.FromString("retnet"));
        SetCount(model, MetadataKeys.BlockCount, BlockCount);
        SetCount(model, MetadataKeys.ContextLength, TinyModel.ContextLength);
        SetCount(model, MetadataKeys.EmbeddingLength, ModelDim);
        SetCount(model, MetadataKeys.FeedForwardLength, FfnDim);
        SetCount(model, MetadataKeys.HeadCount, HeadCount);
        SetCount(model, MetadataKeys.HeadCountKv, kvHeadCount);
        SetCount(model, MetadataKeys.KeyLength, KeyDim);
        SetCount(model, MetadataKeys.ValueLength, ValueDim);
        model.Set(MetadataKeys.RmsNormEpsilon, GgufValue.FromFloat32(1e-6f));
        model.Set(RetentionKeys.Dialect, GgufValue.FromString(isTorchscale ? "torchscale" : "fla"));
        model.Set(RetentionKeys.Gate, GgufValue.FromBoolean(!isGrouped));
        model.Set(RetentionKeys.FeatureMap, GgufValue.FromString(isGrouped ? "relu" : "none"));
        model.Set(RetentionKeys.Decay, GgufValue.FromString(isPlain ? "even" : "power"));
        model.Set(RetentionKeys.FeedForwardActivation, GgufValue.FromString(isPlain ? "gelu" : "silu"));
        model.Set(RetentionKeys.FeedForwardGated, GgufValue.FromBoolean(!isPlain));
        model.Add(TensorNames.TokenEmbedding, TinyModel.VocabSize, ModelDim);
        if (isPlain)
        {
            model.Add(TensorNames.EmbeddingNorm, ModelDim);
        }

        for (int block = 0; block < BlockCount; block++)
        {
            AddBlock(model, block, kvHeadCount, isTorchscale, hasGate: !isGrouped, isFfnGated: !isPlain);
        }

        model.Add(TensorNames.OutputNorm, ModelDim);
        return model;
    }

    private static void AddBlock(
        TinyModel model, int block, int kvHeadCount, bool isTorchscale, bool hasGate, bool isFfnGated)
    {
        Add(TensorNames.AttentionNorm, ModelDim);
        Add(TensorNames.AttentionQuery, HeadCount * KeyDim, ModelDim);
        Add(TensorNames.AttentionKey, kvHeadCount * KeyDim, ModelDim);
        Add(TensorNames.AttentionValue, kvHeadCount * ValueDim, ModelDim);
        if (hasGate)
        {
            Add(TensorNames.RetentionGate, HeadCount * ValueDim, ModelDim);
        }

        if (!isTorchscale)
        {
            Add(TensorNames.RetentionNorm, ValueDim);
        }

        Add(TensorNames.AttentionOutput, ModelDim, HeadCount * ValueDim);
        Add(TensorNames.FfnNorm, ModelDim);
        if (isFfnGated)
        {
            Add(TensorNames.FfnGate, FfnDim, ModelDim);
        }

        Add(TensorNames.FfnUp, FfnDim, ModelDim);
        Add(TensorNames.FfnDown, ModelDim, FfnDim);

        void Add(string name, params long[] shape) => model.Add(TensorNames.Block(block, name), shape);
    }

    private static void SetCount(TinyModel model, string key, int value) =>
        model.Set(key, GgufValue.FromUInt32((uint)value));
}
