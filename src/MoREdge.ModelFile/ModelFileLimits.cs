namespace MoREdge.ModelFile;

/// <summary>
/// What a model file may claim at most. Every limit lies far above real files and far below what would hurt: nothing is
/// allocated from a claim before the claim was compared with these and with the length of the file.
/// </summary>
public static class ModelFileLimits
{
    /// <summary>
    /// Bytes of metadata and tensor table: 256 MiB. The largest public vocabularies (262 000 tokens and 580 000 merges)
    /// need about 20 MiB; the limit also keeps every offset inside the header within 32 bits.
    /// </summary>
    public const long HeaderBytesMax = 256L * 1024 * 1024;

    /// <summary>Metadata keys: 65 536. Real files have 20 to 100; each one costs a dictionary entry.</summary>
    public const int MetadataCountMax = 1 << 16;

    /// <summary>Tensors: 65 536. The largest public models have a few thousand; each one costs an object.</summary>
    public const int TensorCountMax = 1 << 16;

    /// <summary>Bytes of a metadata key: 65 535, the limit of the GGUF specification.</summary>
    public const int KeyBytesMax = (1 << 16) - 1;

    /// <summary>Bytes of a tensor name: 64, the limit of the GGUF specification.</summary>
    public const int TensorNameBytesMax = 64;

    /// <summary>
    /// Smallest alignment of tensor data in bytes: 8, the specification's smallest, enough for every element type.
    /// </summary>
    public const int AlignmentMin = 8;

    /// <summary>Largest alignment in bytes: 65 536, the largest page size of a 64-bit ARM system.</summary>
    public const int AlignmentMax = 1 << 16;

    /// <summary>
    /// Any dimension of a model (widths, heads, vocabulary, context): 4 194 304, 16 times the largest public
    /// vocabulary.
    /// </summary>
    public const int ModelDimensionMax = 1 << 22;

    /// <summary>
    /// Blocks: 4,096. Published models have up to 126; each one costs objects, and in a loop those of every recursion.
    /// </summary>
    public const int BlockCountMax = 1 << 12;

    /// <summary>Recursions of a loop: 64. Published models have 2 to 4; each one costs cache slots.</summary>
    public const int RecursionCountMax = 64;
}
