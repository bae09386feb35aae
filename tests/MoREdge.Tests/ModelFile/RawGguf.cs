using System.Buffers.Binary;
using System.Text;
using MoREdge.ModelFile;

namespace MoREdge.Tests.ModelFile;

/// <summary>
/// Builds GGUF bytes field by field, right or wrong: an encoder that shares no code with the product's.
/// </summary>
internal sealed class RawGguf
{
    private readonly List<byte> _bytes = [];

    /// <summary>Magic, version and the two counts.</summary>
    public RawGguf(ulong tensors, ulong keys, uint version = 3)
    {
        _bytes.AddRange("GGUF"u8);
        UInt32(version).UInt64(tensors).UInt64(keys);
    }

    public RawGguf UInt8(byte value)
    {
        _bytes.Add(value);
        return this;
    }

    public RawGguf UInt32(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return Bytes(bytes);
    }

    public RawGguf UInt64(ulong value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return Bytes(bytes);
    }

    public RawGguf Bytes(params byte[] bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public RawGguf Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return UInt64((ulong)bytes.Length).Bytes(bytes);
    }

    public RawGguf Key(string key, GgufValueType type) => Text(key).UInt32((uint)type);

    public RawGguf Number(string key, uint value) => Key(key, GgufValueType.UInt32).UInt32(value);

    public RawGguf String(string key, string text) => Key(key, GgufValueType.String).Text(text);

    public RawGguf Array(string key, GgufValueType itemType, ulong count) =>
        Key(key, GgufValueType.Array).UInt32((uint)itemType).UInt64(count);

    public RawGguf Strings(string key, params string[] texts)
    {
        Array(key, GgufValueType.String, (ulong)texts.Length);
        foreach (string text in texts)
        {
            Text(text);
        }

        return this;
    }

    public RawGguf Numbers(string key, params uint[] values)
    {
        Array(key, GgufValueType.UInt32, (ulong)values.Length);
        foreach (uint value in values)
        {
            UInt32(value);
        }

        return this;
    }

    /// <summary>A line of the tensor table; dimensions innermost first, as the file has them.</summary>
    public RawGguf Tensor(string name, uint type, ulong offset, params ulong[] dimensions)
    {
        Text(name).UInt32((uint)dimensions.Length);
        foreach (ulong dimension in dimensions)
        {
            UInt64(dimension);
        }

        return UInt32(type).UInt64(offset);
    }

    /// <summary>Zeros up to a multiple of the alignment, then <paramref name="count"/> more: the tensor data.</summary>
    public RawGguf Data(int count, int alignment = 32)
    {
        while (_bytes.Count % alignment != 0)
        {
            UInt8(0);
        }

        return Bytes(new byte[count]);
    }

    public byte[] ToArray() => [.. _bytes];

    public string Save(TemporaryFolder folder) => folder.Write("raw.gguf", ToArray());

    /// <summary>Writes the file and opens it; used where opening is expected to fail.</summary>
    public void Open(TemporaryFolder folder)
    {
        using GgufFile file = GgufFile.Open(Save(folder));
    }
}
