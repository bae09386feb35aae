using System.Diagnostics.CodeAnalysis;

namespace MoREdge.ModelFile;

/// <summary>The type of a metadata value. The values are the type ids of GGUF v3 files.</summary>
[SuppressMessage("Naming", "CA1720", Justification = "The members are types; GGUF calls them so.")]
public enum GgufValueType
{
    /// <summary>Unsigned 8-bit integer.</summary>
    UInt8 = 0,

    /// <summary>Signed 8-bit integer.</summary>
    Int8 = 1,

    /// <summary>Unsigned 16-bit integer.</summary>
    UInt16 = 2,

    /// <summary>Signed 16-bit integer.</summary>
    Int16 = 3,

    /// <summary>Unsigned 32-bit integer.</summary>
    UInt32 = 4,

    /// <summary>Signed 32-bit integer.</summary>
    Int32 = 5,

    /// <summary>IEEE 754 binary32.</summary>
    Float32 = 6,

    /// <summary>One byte, 0 or 1.</summary>
    Boolean = 7,

    /// <summary>UTF-8 bytes behind a 64-bit length.</summary>
    String = 8,

    /// <summary>Items of one other type behind their type id and a 64-bit count.</summary>
    Array = 9,

    /// <summary>Unsigned 64-bit integer.</summary>
    UInt64 = 10,

    /// <summary>Signed 64-bit integer.</summary>
    Int64 = 11,

    /// <summary>IEEE 754 binary64.</summary>
    Float64 = 12,
}
