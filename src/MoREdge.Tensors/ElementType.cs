namespace MoREdge.Tensors;

/// <summary>How the elements of a tensor are stored. The values are the type ids of GGUF v3 files.</summary>
public enum ElementType
{
    /// <summary>IEEE 754 binary32.</summary>
    F32 = 0,

    /// <summary>IEEE 754 binary16.</summary>
    F16 = 1,

    /// <summary>32 weights: fp16 scale d, 16 bytes of nibbles q; w = d·(q − 8).</summary>
    Q4_0 = 2,

    /// <summary>32 weights: fp16 scale d, fp16 minimum m, 16 bytes of nibbles q; w = d·q + m.</summary>
    Q4_1 = 3,

    /// <summary>32 weights: fp16 scale d, 4 bytes of fifth bits, 16 bytes of nibbles; w = d·(q − 16).</summary>
    Q5_0 = 6,

    /// <summary>32 weights: fp16 scale d, fp16 minimum m, 4 bytes of fifth bits, 16 of nibbles; w = d·q + m.</summary>
    Q5_1 = 7,

    /// <summary>32 weights: fp16 scale d, 32 signed bytes q; w = d·q.</summary>
    Q8_0 = 8,

    /// <summary>256 weights in 8 groups with 6-bit scales and minimums, 4-bit quants.</summary>
    Q4_K = 12,

    /// <summary>256 weights in 8 groups with 6-bit scales and minimums, 5-bit quants.</summary>
    Q5_K = 13,

    /// <summary>256 weights in 16 groups with 8-bit scales, 6-bit quants.</summary>
    Q6_K = 14,

    /// <summary>Signed byte. A packed matrix is stored as one I8 vector (see <see cref="QuantFormat"/>).</summary>
    I8 = 24,

    /// <summary>Signed 16-bit integer.</summary>
    I16 = 25,

    /// <summary>Signed 32-bit integer.</summary>
    I32 = 26,

    /// <summary>Signed 64-bit integer.</summary>
    I64 = 27,

    /// <summary>IEEE 754 binary64.</summary>
    F64 = 28,

    /// <summary>bfloat16: the upper half of a binary32.</summary>
    BF16 = 30,
}
