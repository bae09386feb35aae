namespace MoREdge.ModelFile;

/// <summary>The numbers of the GGUF v3 container and of our additions (FORMAT.md).</summary>
internal static class GgufFormat
{
    /// <summary>"GGUF" as a little-endian 32-bit number.</summary>
    public const uint Magic = 0x46554747;

    /// <summary>The version that is written, and the newest that is read.</summary>
    public const uint Version = 3;

    /// <summary>
    /// The oldest version that is read: little-endian files of both are the same but for this number.
    /// </summary>
    public const uint OldestVersion = 2;

    /// <summary>Most dimensions of a tensor.</summary>
    public const int TensorRankMax = 4;

    /// <summary>Magic, version, tensor count, key count.</summary>
    public const int FixedHeaderBytes = 4 + 4 + 8 + 8;

    /// <summary>Alignment of tensor data when the file does not say.</summary>
    public const int DefaultAlignment = 32;

    /// <summary>Alignment of files with packed tensors: one cache line, which their kernels want.</summary>
    public const int PackedAlignment = 64;

    /// <summary>
    /// <paramref name="offset"/> rounded up to a multiple of <paramref name="alignment"/>, a power of two.
    /// </summary>
    public static long AlignUp(long offset, int alignment) => checked(offset + alignment - 1) & -(long)alignment;
}
