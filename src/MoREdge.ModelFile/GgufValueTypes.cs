using System.Buffers.Binary;

namespace MoREdge.ModelFile;

/// <summary>Sizes of the fixed-size value types, and their bytes to and from 64 bits.</summary>
internal static class GgufValueTypes
{
    /// <summary>Bytes of one value; 0 for strings and arrays, whose size is in the file.</summary>
    public static int FixedBytes(GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Boolean => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        GgufValueType.UInt64 or GgufValueType.Int64 or GgufValueType.Float64 => 8,
        _ => 0,
    };

    /// <summary>True for the eight integer types.</summary>
    public static bool IsInteger(GgufValueType type) =>
        FixedBytes(type) != 0 && type is not (GgufValueType.Boolean or GgufValueType.Float32 or GgufValueType.Float64);

    /// <summary>Reads a fixed-size value; signed integers are sign-extended, everything else zero-extended.</summary>
    public static ulong Read(GgufValueType type, ReadOnlySpan<byte> bytes) => type switch
    {
        GgufValueType.Int8 => (ulong)(sbyte)bytes[0],
        GgufValueType.Int16 => (ulong)BinaryPrimitives.ReadInt16LittleEndian(bytes),
        GgufValueType.Int32 => (ulong)BinaryPrimitives.ReadInt32LittleEndian(bytes),
        _ => FixedBytes(type) switch
        {
            1 => bytes[0],
            2 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            4 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            _ => BinaryPrimitives.ReadUInt64LittleEndian(bytes),
        },
    };

    /// <summary>Writes the low bytes of <paramref name="bits"/>; returns how many.</summary>
    public static int Write(GgufValueType type, ulong bits, Span<byte> bytes)
    {
        Span<byte> all = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(all, bits);
        int count = FixedBytes(type);
        all[..count].CopyTo(bytes);
        return count;
    }
}
