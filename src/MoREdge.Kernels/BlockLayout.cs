namespace MoREdge.Kernels;

/// <summary>
/// How unpacked blocks and the activations that they meet lie in scratch memory. Constants only, so that the ARM64
/// harness compiles them too; KERNELS.md draws it.
/// </summary>
/// <remarks>
/// A chunk is 8 groups of 32 columns, 256 bytes. The two halves of a group (16 columns) lie in the same half of two
/// 256-bit registers, whose other halves belong to the group four further: adding lanes in pairs, three times, then
/// leaves the sums of groups 0 … 7 in order.
/// </remarks>
internal static class BlockLayout
{
    /// <summary>Groups of a chunk: one lane each.</summary>
    internal const int Groups = 8;

    /// <summary>Columns, and bytes, of a chunk.</summary>
    internal const int Quants = Groups * DenseBlock.Length;

    /// <summary>Bytes from a group to its next, but not from the fourth to the fifth.</summary>
    internal const int GroupStep = 64;

    /// <summary>Bytes from the first 16 columns of a group to the others, and of one half of a register.</summary>
    internal const int HalfStep = 32;

    /// <summary>Bytes from a group to the one four further.</summary>
    internal const int FourGroupsStep = 16;

    /// <summary>
    /// Floats that scale a chunk: 8 scales, then 8 minimums; for Q6_K 8 scales of first halves, then 8 of second ones.
    /// </summary>
    internal const int Factors = 2 * Groups;

    /// <summary>Offset of the 8 scales of a token behind its 256 quants.</summary>
    internal const int ScalesOffset = Quants;

    /// <summary>
    /// Offset of the 8 sums of the quants of a group, int32; for types with minimums times the scales, float32.
    /// </summary>
    internal const int SumsOffset = ScalesOffset + (Groups * sizeof(float));

    /// <summary>Offset of the 8 sums of the quants of the first half of a group, for Q6_K.</summary>
    internal const int FirstSumsOffset = SumsOffset + (Groups * sizeof(int));

    /// <summary>
    /// Where the columns of a token keep their order: offset of what zero points of 32 add to the sums of half groups,
    /// int32, the first halves of groups 0 … 3, the second ones, then those of groups 4 … 7.
    /// </summary>
    internal const int ZeroPointsOffset = SumsOffset;

    /// <summary>Bytes of a chunk of one token: quants, scales, sums, sums of first halves.</summary>
    internal const int TokenBytes = FirstSumsOffset + (Groups * sizeof(int));

    /// <summary>Where the first 16 columns of a group begin.</summary>
    internal static int Offset(int group) =>
        (group / Groups * Quants) + (group % 4 * GroupStep) + (group / 4 % 2 * FourGroupsStep);
}
