namespace MoREdge.Tensors;

/// <summary>
/// A packed weight format: groups of 32 weights of one row share one fp16 scale, and 8 rows are interleaved so that one
/// sequential stream feeds NEON, NEON-dot, AVX2 and AVX-VNNI alike. The only home of group sizes and bytes per group.
/// </summary>
/// <remarks>
/// The layout is drawn in src/MoREdge.Kernels/KERNELS.md. Per tile of 8 rows and group of 32 columns, in this order:
/// Q8G32: 8 quads of 4 columns, each 8 rows × 4 signed bytes (256 bytes). Q4G32: 4 quad pairs, each 8 rows × 4 bytes;
/// the low nibble is of quad j, the high one of quad j + 4 (128 bytes); weight = scale·(nibble − 8).
/// </remarks>
public enum QuantFormat
{
    /// <summary>8-bit symmetric weights in [−127, 127], one fp16 scale per group of 32: 8.5 bits each.</summary>
    Q8G32 = 1,

    /// <summary>4-bit weights, nibble − 8, one fp16 scale per group of 32: 4.5 bits per weight.</summary>
    Q4G32 = 2,
}
