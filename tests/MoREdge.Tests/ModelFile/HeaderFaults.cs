using System.Text;
using MoREdge.ModelFile;

namespace MoREdge.Tests.ModelFile;

/// <summary>Files whose path, preamble or metadata are wrong.</summary>
internal static class HeaderFaults
{
    public static readonly FaultCase[] All =
    [
        new(ModelFileError.NotFound, "no such file", folder => Open(folder.File("absent.gguf"))),
        new(ModelFileError.NotFound, "no such folder", folder => Open(folder.File("absent/absent.gguf"))),
        new(ModelFileError.NotFound, "empty path", _ => Open("")),
        new(ModelFileError.Unreadable, "a folder", folder => Open(folder.Path)),
        new(ModelFileError.TooSmall, "empty file", folder => Open(folder.Write("f", []))),
        new(ModelFileError.TooSmall, "23 bytes", folder => Open(folder.Write("f", new byte[23]))),
        new(ModelFileError.BadMagic, "zip",
            folder => Open(folder.Write("f", Encoding.ASCII.GetBytes("PK" + new string('x', 30))))),
        new(ModelFileError.UnsupportedVersion, "version 0", new RawGguf(0, 0, version: 0).Open),
        new(ModelFileError.UnsupportedVersion, "version 1", new RawGguf(0, 0, version: 1).Open),
        new(ModelFileError.UnsupportedVersion, "version 4", new RawGguf(0, 0, version: 4).Open),
        new(ModelFileError.BigEndian, "version 3 big-endian", new RawGguf(0, 0, version: 0x03000000).Open),
        new(ModelFileError.TensorCountLimit, "one above", new RawGguf(ModelFileLimits.TensorCountMax + 1, 0).Open),
        new(ModelFileError.TensorCountLimit, "2^64 - 1", new RawGguf(ulong.MaxValue, 0).Open),
        new(ModelFileError.MetadataCountLimit, "one above", new RawGguf(0, ModelFileLimits.MetadataCountMax + 1).Open),
        new(ModelFileError.MetadataCountLimit, "2^63", new RawGguf(0, 1UL << 63).Open),
        new(ModelFileError.HeaderTooLarge, "sparse array", OpenHugeHeader),
        new(ModelFileError.TruncatedHeader, "no keys", new RawGguf(0, 1).Open),
        new(ModelFileError.TruncatedHeader, "half a value",
            new RawGguf(0, 1).Key("a", GgufValueType.UInt64).UInt32(0).Open),
        new(ModelFileError.TruncatedHeader, "no tensor table", new RawGguf(1, 0).Open),
        new(ModelFileError.UnknownValueType, "13", new RawGguf(0, 1).Key("a", (GgufValueType)13).UInt64(0).Open),
        new(ModelFileError.UnknownValueType, "item type", new RawGguf(0, 1).Array("a", (GgufValueType)99, 0).Open),
        new(ModelFileError.KeyEmpty, "length 0", new RawGguf(0, 1).Number("", 1).Open),
        new(ModelFileError.KeyTooLong, "65536", new RawGguf(0, 1).Number(new string('k', 65536), 1).Open),
        new(ModelFileError.KeyTooLong, "2^64 - 1", new RawGguf(0, 1).UInt64(ulong.MaxValue).Open),
        new(ModelFileError.InvalidUtf8, "key", new RawGguf(0, 1).UInt64(1).UInt8(0xFF).UInt32(4).UInt32(1).Open),
        new(ModelFileError.InvalidUtf8, "value",
            new RawGguf(0, 1).Key("a", GgufValueType.String).UInt64(2).Bytes(0xC3, 0x28).Open),
        new(ModelFileError.InvalidUtf8, "item",
            new RawGguf(0, 1).Array("a", GgufValueType.String, 1).UInt64(1).UInt8(0x80).Open),
        new(ModelFileError.StringBounds, "key", new RawGguf(0, 1).UInt64(100).Bytes(new byte[50]).Open),
        new(ModelFileError.StringBounds, "value",
            new RawGguf(0, 1).Key("a", GgufValueType.String).UInt64(1UL << 63).UInt64(0).Open),
        new(ModelFileError.StringBounds, "item",
            new RawGguf(0, 1).Array("a", GgufValueType.String, 2).Text("x").UInt64(2).UInt8(0).Open),
        new(ModelFileError.ArrayBounds, "numbers",
            new RawGguf(0, 1).Array("a", GgufValueType.UInt32, 3).UInt64(0).Open),
        new(ModelFileError.ArrayBounds, "strings", new RawGguf(0, 1).Array("a", GgufValueType.String, 2).Text("").Open),
        new(ModelFileError.ArrayBounds, "size overflows",
            new RawGguf(0, 1).Array("a", GgufValueType.UInt64, 1UL << 61).UInt64(0).Open),
        new(ModelFileError.NestedArray, "array of arrays", new RawGguf(0, 1).Array("a", GgufValueType.Array, 0).Open),
        new(ModelFileError.InvalidBoolean, "value", new RawGguf(0, 1).Key("a", GgufValueType.Boolean).UInt8(2).Open),
        new(ModelFileError.InvalidBoolean, "item",
            new RawGguf(0, 1).Array("a", GgufValueType.Boolean, 2).Bytes(1, 0xFF).Open),
        new(ModelFileError.DuplicateKey, "twice", new RawGguf(0, 2).Number("a", 1).Number("a", 1).Open),
        new(ModelFileError.BadAlignment, "0", new RawGguf(0, 1).Number("general.alignment", 0).Open),
        new(ModelFileError.BadAlignment, "4", new RawGguf(0, 1).Number("general.alignment", 4).Open),
        new(ModelFileError.BadAlignment, "48", new RawGguf(0, 1).Number("general.alignment", 48).Open),
        new(ModelFileError.BadAlignment, "2^31", new RawGguf(0, 1).Number("general.alignment", 1u << 31).Open),
        new(ModelFileError.WrongValueType, "alignment", new RawGguf(0, 1).String("general.alignment", "32").Open),
    ];

    private static void Open(string path)
    {
        using GgufFile file = GgufFile.Open(path);
    }

    private static void OpenHugeHeader(TemporaryFolder folder)
    {
        ulong count = (ulong)ModelFileLimits.HeaderBytesMax;
        string path = new RawGguf(0, 1).Array("a", GgufValueType.UInt8, count).Save(folder);
        using (FileStream stream = new(path, FileMode.Open))
        {
            // A sparse file: the length is real, the blocks are not.
            stream.SetLength(ModelFileLimits.HeaderBytesMax + 4096);
        }

        Open(path);
    }
}
