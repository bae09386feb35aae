namespace MoREdge.Checkpoints;

/// <summary>Every way in which a source of weights can be wrong.</summary>
public enum CheckpointError
{
    /// <summary>The file or folder does not exist.</summary>
    SourceNotFound,

    /// <summary>The operating system refused to open or read a file.</summary>
    SourceUnreadable,

    /// <summary>Git LFS has not fetched the file.</summary>
    GitLfsPointer,

    /// <summary>The content is none of the formats this library reads.</summary>
    UnknownFormat,

    /// <summary>No config.json lies beside the weights.</summary>
    MissingConfig,

    /// <summary>A folder holds no weight file.</summary>
    MissingWeights,

    /// <summary>A JSON document does not parse or has the wrong structure.</summary>
    JsonMalformed,

    /// <summary>A key that has no safe default is absent.</summary>
    MissingKey,

    /// <summary>A value is outside what it may be.</summary>
    InvalidValue,

    /// <summary>The network is of a family this project does not run.</summary>
    UnsupportedArchitecture,

    /// <summary>The network uses a feature this project would run wrongly.</summary>
    UnsupportedOption,

    /// <summary>A header or index is larger than its named limit.</summary>
    HeaderTooLarge,

    /// <summary>A file ends before its header says.</summary>
    Truncated,

    /// <summary>A tensor's bytes lie outside the file.</summary>
    OffsetsOutOfFile,

    /// <summary>Two tensors claim the same bytes.</summary>
    TensorsOverlap,

    /// <summary>Bytes between two tensors belong to none.</summary>
    Hole,

    /// <summary>A tensor's byte count contradicts its shape and type.</summary>
    SizeMismatch,

    /// <summary>An element type that cannot hold float weights here.</summary>
    UnsupportedElementType,

    /// <summary>A rank or dimension outside the limits.</summary>
    InvalidShape,

    /// <summary>The same tensor name twice.</summary>
    DuplicateTensor,

    /// <summary>A file that the shard index names is absent.</summary>
    ShardMissing,

    /// <summary>The network needs a tensor that the source lacks.</summary>
    MissingTensor,

    /// <summary>The source holds a tensor that this network has no place for.</summary>
    UnexpectedTensor,

    /// <summary>A tensor's shape contradicts the configuration.</summary>
    ShapeMismatch,

    /// <summary>A zip directory is broken.</summary>
    ZipMalformed,

    /// <summary>A zip entry is compressed or encrypted, so its tensors cannot be read in place.</summary>
    ZipEntryNotStored,

    /// <summary>A PyTorch file from before the zip format.</summary>
    LegacyPyTorch,

    /// <summary>A pickle does not follow its own rules.</summary>
    PickleMalformed,

    /// <summary>A pickle instruction outside the whitelist.</summary>
    PickleOpcode,

    /// <summary>A pickle names a function or class outside the whitelist.</summary>
    PickleGlobal,

    /// <summary>A tensor reaches outside its PyTorch storage.</summary>
    StorageOutOfBounds,

    /// <summary>A PyTorch tensor is a transposed or strided view.</summary>
    StrideNotContiguous,

    /// <summary>A YAML document does not parse or has the wrong structure.</summary>
    YamlMalformed,

    /// <summary>A recursive model comes without its recursion configuration.</summary>
    MissingRecursionConfig,

    /// <summary>A sharing strategy this project does not know.</summary>
    UnknownSharing,

    /// <summary>The tensor names contradict the recursion configuration.</summary>
    RecursionMismatch,

    /// <summary>Capacities are malformed, outside (0, 1] or increasing.</summary>
    InvalidCapacity,

    /// <summary>A llama2.c header contradicts itself or the file size.</summary>
    Llama2cMalformed,

    /// <summary>A tokenizer file is absent, ambiguous or unreadable.</summary>
    InvalidTokenizer,

    /// <summary>A GGUF source that the model-file reader refuses.</summary>
    InvalidModelFile,
}
