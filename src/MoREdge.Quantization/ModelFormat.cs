namespace MoREdge.Quantization;

/// <summary>The number format a model is asked to have.</summary>
public enum ModelFormat
{
    /// <summary>float32 everywhere: the reference.</summary>
    F32,

    /// <summary>float16 matrices, float32 vectors and routers.</summary>
    F16,

    /// <summary>Packed int8 matrices.</summary>
    Q8,

    /// <summary>Packed int4 matrices; the embedding and the head, which every token's choice passes through, stay
    /// int8.</summary>
    Q4,
}
