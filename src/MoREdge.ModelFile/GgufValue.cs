using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace MoREdge.ModelFile;

/// <summary>One metadata value: a number, a boolean, a string, or an array of one of these.</summary>
/// <remarks>
/// The items of an array stay encoded, in the map for an opened file, and are decoded when asked for: a vocabulary of
/// 150 000 strings costs nothing until the tokenizer reads it. Arrays of a file that was disposed cannot be read.
/// </remarks>
public sealed class GgufValue
{
    private readonly ulong _bits;
    private readonly string? _text;
    private readonly byte[]? _items;
    private readonly MappedFile? _file;
    private readonly long _itemsOffset;
    private readonly int _itemsBytes;

    /// <summary>A fixed-size value from its bits (see <see cref="GgufValueTypes.Read"/>).</summary>
    internal GgufValue(GgufValueType type, ulong bits)
    {
        Type = type;
        _bits = bits;
    }

    /// <summary>An array whose checked items lie in <paramref name="file"/>.</summary>
    internal GgufValue(GgufValueType itemType, int count, MappedFile file, long itemsOffset, int itemsBytes)
    {
        Type = GgufValueType.Array;
        ItemType = itemType;
        Count = count;
        _file = file;
        _itemsOffset = itemsOffset;
        _itemsBytes = itemsBytes;
    }

    private GgufValue(string text)
    {
        Type = GgufValueType.String;
        _text = text;
    }

    private GgufValue(GgufValueType itemType, int count, byte[] items)
    {
        Type = GgufValueType.Array;
        ItemType = itemType;
        Count = count;
        _items = items;
    }

    /// <summary>The type of the value.</summary>
    public GgufValueType Type { get; }

    /// <summary>The type of the items of an array; meaningless otherwise.</summary>
    public GgufValueType ItemType { get; }

    /// <summary>The number of items of an array; 0 otherwise.</summary>
    public int Count { get; }

    /// <summary>The encoded items of an array.</summary>
    internal ReadOnlySpan<byte> Items => _file is null ? _items : _file.Span(_itemsOffset, _itemsBytes);

    /// <summary>The bits of a fixed-size value.</summary>
    internal ulong Bits => _bits;

    /// <summary>A string.</summary>
    public static GgufValue FromString(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new GgufValue(text);
    }

    /// <summary>A uint32: GGUF's usual type for counts and sizes.</summary>
    public static GgufValue FromUInt32(uint value) => new(GgufValueType.UInt32, value);

    /// <summary>An int32.</summary>
    public static GgufValue FromInt32(int value) => new(GgufValueType.Int32, (ulong)value);

    /// <summary>A uint64.</summary>
    public static GgufValue FromUInt64(ulong value) => new(GgufValueType.UInt64, value);

    /// <summary>A float32.</summary>
    public static GgufValue FromFloat32(float value) =>
        new(GgufValueType.Float32, BitConverter.SingleToUInt32Bits(value));

    /// <summary>A float64.</summary>
    public static GgufValue FromFloat64(double value) =>
        new(GgufValueType.Float64, BitConverter.DoubleToUInt64Bits(value));

    /// <summary>A boolean.</summary>
    public static GgufValue FromBoolean(bool value) => new(GgufValueType.Boolean, value ? 1UL : 0UL);

    /// <summary>An array of strings.</summary>
    public static GgufValue FromStrings(params ReadOnlySpan<string> texts)
    {
        int byteCount = 0;
        foreach (string text in texts)
        {
            byteCount = checked(byteCount + sizeof(ulong) + Encoding.UTF8.GetByteCount(text));
        }

        byte[] items = new byte[byteCount];
        Span<byte> rest = items;
        foreach (string text in texts)
        {
            int written = Encoding.UTF8.GetBytes(text, rest[sizeof(ulong)..]);
            BinaryPrimitives.WriteUInt64LittleEndian(rest, (ulong)written);
            rest = rest[(sizeof(ulong) + written)..];
        }

        return new GgufValue(GgufValueType.String, texts.Length, items);
    }

    /// <summary>An array of uint32.</summary>
    public static GgufValue FromUInt32s(params ReadOnlySpan<uint> values)
    {
        byte[] items = new byte[checked(values.Length * sizeof(uint))];
        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(items.AsSpan(i * sizeof(uint)), values[i]);
        }

        return new GgufValue(GgufValueType.UInt32, values.Length, items);
    }

    /// <summary>An array of int32.</summary>
    public static GgufValue FromInt32s(params ReadOnlySpan<int> values)
    {
        byte[] items = new byte[checked(values.Length * sizeof(int))];
        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(items.AsSpan(i * sizeof(int)), values[i]);
        }

        return new GgufValue(GgufValueType.Int32, values.Length, items);
    }

    /// <summary>An array of booleans.</summary>
    public static GgufValue FromBooleans(params ReadOnlySpan<bool> values)
    {
        byte[] items = new byte[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            items[i] = values[i] ? (byte)1 : (byte)0;
        }

        return new GgufValue(GgufValueType.Boolean, values.Length, items);
    }

    /// <summary>An array of float32.</summary>
    public static GgufValue FromFloat32s(params ReadOnlySpan<float> values)
    {
        byte[] items = new byte[checked(values.Length * sizeof(float))];
        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(items.AsSpan(i * sizeof(float)), values[i]);
        }

        return new GgufValue(GgufValueType.Float32, values.Length, items);
    }

    /// <summary>An array of float64.</summary>
    public static GgufValue FromFloat64s(params ReadOnlySpan<double> values)
    {
        byte[] items = new byte[checked(values.Length * sizeof(double))];
        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(items.AsSpan(i * sizeof(double)), values[i]);
        }

        return new GgufValue(GgufValueType.Float64, values.Length, items);
    }

    /// <summary>The string; false for any other type.</summary>
    public bool TryGetString([NotNullWhen(true)] out string? text)
    {
        text = _text;
        return text is not null;
    }

    /// <summary>The value of any of the eight integer types; false for any other type.</summary>
    public bool TryGetInteger(out Int128 value) => TryInteger(Type, _bits, out value);

    /// <summary>The value of a float32 or float64; false for any other type.</summary>
    public bool TryGetFloat(out double value) => TryFloat(Type, _bits, out value);

    /// <summary>The boolean; false for any other type.</summary>
    public bool TryGetBoolean(out bool value)
    {
        value = Type == GgufValueType.Boolean && _bits != 0;
        return Type == GgufValueType.Boolean;
    }

    /// <summary>Item <paramref name="index"/> of an array of integers; false for any other type.</summary>
    public bool TryGetIntegerAt(int index, out Int128 value) => TryInteger(ItemType, ItemBits(index), out value);

    /// <summary>Item <paramref name="index"/> of an array of float32 or float64; false for any other type.</summary>
    public bool TryGetFloatAt(int index, out double value) => TryFloat(ItemType, ItemBits(index), out value);

    /// <summary>All strings of an array of strings, decoded anew by each call; false for any other type.</summary>
    /// <exception cref="ModelFileException">The file was changed while it was open.</exception>
    public bool TryGetStrings([NotNullWhen(true)] out string[]? texts)
    {
        texts = null;
        if (!TryGetUtf8(out byte[]? utf8, out int[]? offsets))
        {
            return false;
        }

        texts = new string[Count];
        for (int i = 0; i < texts.Length; i++)
        {
            texts[i] = Encoding.UTF8.GetString(utf8, offsets[i], offsets[i + 1] - offsets[i]);
        }

        return true;
    }

    /// <summary>
    /// All strings of an array of strings, copied end to end by each call: two arrays, however many strings there are;
    /// false for any other type.
    /// </summary>
    /// <param name="utf8">The bytes of all strings.</param>
    /// <param name="offsets">Where each string starts, shape (Count + 1); the last one is utf8.Length.</param>
    /// <exception cref="ModelFileException">The file was changed while it was open.</exception>
    public bool TryGetUtf8([NotNullWhen(true)] out byte[]? utf8, [NotNullWhen(true)] out int[]? offsets)
    {
        (utf8, offsets) = (null, null);
        if (Type != GgufValueType.Array || ItemType != GgufValueType.String)
        {
            return false;
        }

        ReadOnlySpan<byte> items = Items;
        utf8 = new byte[items.Length - (Count * sizeof(ulong))];
        offsets = new int[Count + 1];
        for (int i = 0; i < Count; i++)
        {
            // Opening has checked the lengths; they are compared again because the bytes may have changed in the map
            // since.
            int start = offsets[i];
            ReadOnlySpan<byte> rest = items[(start + (i * sizeof(ulong)))..];
            ulong length = BinaryPrimitives.ReadUInt64LittleEndian(rest);
            if (length > (ulong)(utf8.Length - start))
            {
                throw Changed();
            }

            rest.Slice(sizeof(ulong), (int)length).CopyTo(utf8.AsSpan(start));
            offsets[i + 1] = start + (int)length;
        }

        return offsets[^1] == utf8.Length ? true : throw Changed();
    }

    /// <summary>
    /// Copies an array of int32, which is how most files store arrays of integers; false for any other type.
    /// </summary>
    internal bool TryCopyInt32s(Span<int> destination)
    {
        if (ItemType != GgufValueType.Int32)
        {
            return false;
        }

        ReadOnlySpan<byte> items = Items;
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = BinaryPrimitives.ReadInt32LittleEndian(items[(i * sizeof(int))..]);
        }

        return true;
    }

    /// <summary>The value for people: scalars in full, arrays as their length and type.</summary>
    public override string ToString() => Type switch
    {
        GgufValueType.String => _text!,
        GgufValueType.Array => $"[{Count} x {ItemType}]",
        GgufValueType.Boolean => _bits != 0 ? "true" : "false",
        GgufValueType.Float32 =>
            BitConverter.UInt32BitsToSingle((uint)_bits).ToString("R", CultureInfo.InvariantCulture),
        GgufValueType.Float64 => BitConverter.UInt64BitsToDouble(_bits).ToString("R", CultureInfo.InvariantCulture),
        _ => TryGetInteger(out Int128 value) ? value.ToString(CultureInfo.InvariantCulture) : Type.ToString(),
    };

    private static ModelFileException Changed() =>
        new(ModelFileError.StringBounds, "A string array changed while its file was open.");

    private static bool TryInteger(GgufValueType type, ulong bits, out Int128 value)
    {
        bool isSigned = type is GgufValueType.Int8 or GgufValueType.Int16 or GgufValueType.Int32 or GgufValueType.Int64;
        value = isSigned ? (long)bits : bits;
        return GgufValueTypes.IsInteger(type);
    }

    private static bool TryFloat(GgufValueType type, ulong bits, out double value)
    {
        value = type == GgufValueType.Float32
            ? BitConverter.UInt32BitsToSingle((uint)bits)
            : BitConverter.UInt64BitsToDouble(bits);
        return type is GgufValueType.Float32 or GgufValueType.Float64;
    }

    private ulong ItemBits(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        int bytes = GgufValueTypes.FixedBytes(ItemType);
        return bytes == 0 ? 0 : GgufValueTypes.Read(ItemType, Items.Slice(index * bytes, bytes));
    }
}
