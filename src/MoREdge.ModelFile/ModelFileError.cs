namespace MoREdge.ModelFile;

/// <summary>
/// Every way a model file, or the writing of one, can go wrong. Each value has a test (ModelFileErrorTests).
/// </summary>
public enum ModelFileError
{
    /// <summary>There is no file at the path.</summary>
    NotFound = 1,

    /// <summary>The path is a folder or a device, or the system refuses to read it.</summary>
    Unreadable,

    /// <summary>The file is shorter than the 24 bytes of the fixed header.</summary>
    TooSmall,

    /// <summary>The file does not start with "GGUF".</summary>
    BadMagic,

    /// <summary>A GGUF version other than 2 and 3.</summary>
    UnsupportedVersion,

    /// <summary>A big-endian GGUF file.</summary>
    BigEndian,

    /// <summary>More tensors than <see cref="ModelFileLimits.TensorCountMax"/>.</summary>
    TensorCountLimit,

    /// <summary>More metadata keys than <see cref="ModelFileLimits.MetadataCountMax"/>.</summary>
    MetadataCountLimit,

    /// <summary>The header is longer than <see cref="ModelFileLimits.HeaderBytesMax"/>.</summary>
    HeaderTooLarge,

    /// <summary>The file ends inside the header.</summary>
    TruncatedHeader,

    /// <summary>A metadata value, or the items of an array, has a type id that GGUF v3 does not define.</summary>
    UnknownValueType,

    /// <summary>A metadata key of zero bytes.</summary>
    KeyEmpty,

    /// <summary>A metadata key longer than <see cref="ModelFileLimits.KeyBytesMax"/>.</summary>
    KeyTooLong,

    /// <summary>A key, tensor name or string value that is not UTF-8.</summary>
    InvalidUtf8,

    /// <summary>A string reaches past the end of the file.</summary>
    StringBounds,

    /// <summary>An array reaches past the end of the file.</summary>
    ArrayBounds,

    /// <summary>An array of arrays; no known model file needs one.</summary>
    NestedArray,

    /// <summary>A boolean that is neither 0 nor 1.</summary>
    InvalidBoolean,

    /// <summary>A metadata key occurs twice.</summary>
    DuplicateKey,

    /// <summary>A tensor name occurs twice.</summary>
    DuplicateTensor,

    /// <summary>A tensor name is empty or longer than <see cref="ModelFileLimits.TensorNameBytesMax"/>.</summary>
    TensorNameBounds,

    /// <summary>The alignment is not a power of two in 8…<see cref="ModelFileLimits.AlignmentMax"/>.</summary>
    BadAlignment,

    /// <summary>A tensor without dimensions or with more than four.</summary>
    BadRank,

    /// <summary>A tensor dimension is 0.</summary>
    ZeroDimension,

    /// <summary>The dimensions of a tensor, multiplied, do not fit the program's integers.</summary>
    DimensionOverflow,

    /// <summary>A tensor element type that MoREdge does not know.</summary>
    UnsupportedElementType,

    /// <summary>A row of a block-quantized tensor is not a whole number of blocks.</summary>
    BlockMisfit,

    /// <summary>A tensor's offset is not a multiple of the alignment.</summary>
    OffsetMisaligned,

    /// <summary>A tensor starts before the one in front of it ends.</summary>
    OffsetOverlap,

    /// <summary>More bytes between two tensors than alignment padding.</summary>
    Hole,

    /// <summary>More bytes behind the last tensor than alignment padding.</summary>
    TrailingBytes,

    /// <summary>The file ends inside the tensor data.</summary>
    TruncatedData,

    /// <summary>Another program has written to the file since it was opened.</summary>
    ChangedWhileOpen,

    /// <summary>A digest is not 32 lower-case hexadecimal digits, or there is not one per tensor.</summary>
    DigestMalformed,

    /// <summary>The header does not match its digest.</summary>
    HeaderDigestMismatch,

    /// <summary>A tensor's bytes do not match its digest.</summary>
    TensorDigestMismatch,

    /// <summary>
    /// The arrays of the packed table are incomplete or of different lengths, or name a tensor twice.
    /// </summary>
    PackedTableMalformed,

    /// <summary>The packed table names a format this version does not know.</summary>
    PackedFormatUnknown,

    /// <summary>The packed table has other tile rows or another group size than the kernels read.</summary>
    PackedGeometry,

    /// <summary>The packed table names a tensor that the file does not hold.</summary>
    PackedTensorMissing,

    /// <summary>A packed tensor is not a one-dimensional I8 tensor of exactly the bytes its shape needs.</summary>
    PackedSizeMismatch,

    /// <summary>A packed tensor where a dense one is needed, or the reverse.</summary>
    WrongTensorForm,

    /// <summary>A tensor the model needs is absent.</summary>
    MissingTensor,

    /// <summary>A metadata key the model needs is absent.</summary>
    MissingKey,

    /// <summary>A metadata value has another type than the key asks for.</summary>
    WrongValueType,

    /// <summary>A metadata value has the right type and makes no sense.</summary>
    WrongValue,

    /// <summary>A tensor has another shape than the model's configuration asks for.</summary>
    ShapeMismatch,

    /// <summary>A tensor that the network of the file's configuration has no place for.</summary>
    UnexpectedTensor,

    /// <summary>The file holds a part of a model that was split into several files.</summary>
    SplitFile,

    /// <summary>The target file exists and overwriting was not asked for.</summary>
    AlreadyExists,

    /// <summary>The disk has no room for the file.</summary>
    DiskFull,

    /// <summary>The system refuses to create, write or rename the file.</summary>
    WriteFailed,
}
