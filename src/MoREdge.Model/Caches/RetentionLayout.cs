using MoREdge.Tensors;

namespace MoREdge.Model.Caches;

/// <summary>The shape of a state: for each query head R (KeyDim, ValueDim), its rows in whole cache lines.</summary>
internal readonly record struct RetentionLayout(int HeadCount, int KvHeadCount, int KeyDim, int ValueDim)
{
    /// <summary>Floats of a state.</summary>
    public int FloatCount => checked(HeadCount * KeyDim * Stride);

    /// <summary>Bytes of a state.</summary>
    public long Bytes => (long)FloatCount * sizeof(float);

    /// <summary>Bytes of the keys and values of a token.</summary>
    public long TokenBytes => (long)KvHeadCount * (KeyDim + ValueDim) * sizeof(float);

    private int Stride => AlignedBuffer.WholeLines(ValueDim);

    /// <summary>The states of a model.</summary>
    public static RetentionLayout Of(ModelConfig config) =>
        new(config.HeadCount, config.KvHeadCount, config.HeadDim, config.ValueDim);

    /// <summary>The key/value head of a query head.</summary>
    public int KvHead(int head) => head / (HeadCount / KvHeadCount);

    /// <summary>R of a head (KeyDim, ValueDim) in a buffer of <see cref="Bytes"/>.</summary>
    public FloatMatrix Head(AlignedBuffer buffer, int head) =>
        FloatMatrix.Over(buffer, HeadCount * KeyDim, Stride).Slice(head * KeyDim, KeyDim).Columns(0, ValueDim);
}
