using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace MoREdge.ModelFile;

/// <summary>Reads the header front to back. Every length is compared with what remains before it is used.</summary>
internal sealed class HeaderCursor
{
    private readonly MappedFile _file;
    private readonly long _end;

    /// <summary>Starts at byte 0.</summary>
    public HeaderCursor(MappedFile file)
    {
        _file = file;
        _end = Math.Min(file.Length, ModelFileLimits.HeaderBytesMax);
    }

    /// <summary>Byte offset of what is read next.</summary>
    public long Position { get; private set; }

    /// <summary>Bytes left in the header at most.</summary>
    public long Remaining => _end - Position;

    /// <summary>A 32-bit number.</summary>
    public uint ReadUInt32() => (uint)ReadFixed(GgufValueType.UInt32);

    /// <summary>A 64-bit number.</summary>
    public ulong ReadUInt64() => ReadFixed(GgufValueType.UInt64);

    /// <summary>The bits of a fixed-size value.</summary>
    /// <exception cref="ModelFileException">TruncatedHeader, HeaderTooLarge or InvalidBoolean.</exception>
    public ulong ReadFixed(GgufValueType type)
    {
        int count = GgufValueTypes.FixedBytes(type);
        if (count > Remaining)
        {
            throw Overrun(
                (ulong)count,
                ModelFileError.TruncatedHeader,
                $"the file ends inside the header, at byte {_file.Length}.");
        }

        ulong bits = GgufValueTypes.Read(type, _file.Span(Position, count));
        Position += count;
        if (type == GgufValueType.Boolean)
        {
            RequireBoolean(bits);
        }

        return bits;
    }

    /// <summary>A string of any length, checked to be UTF-8.</summary>
    /// <exception cref="ModelFileException">TruncatedHeader, HeaderTooLarge, StringBounds or InvalidUtf8.</exception>
    public string ReadString() => Encoding.UTF8.GetString(ReadBytes(ReadUInt64()));

    /// <summary>The bytes of a string whose length was read already, checked to be UTF-8.</summary>
    /// <exception cref="ModelFileException">HeaderTooLarge, StringBounds or InvalidUtf8.</exception>
    public ReadOnlySpan<byte> ReadBytes(ulong length)
    {
        if (length > (ulong)Remaining)
        {
            throw Overrun(
                length,
                ModelFileError.StringBounds,
                $"the string at byte {Position} claims {length} bytes where {Remaining} remain.");
        }

        ReadOnlySpan<byte> bytes = _file.Span(Position, (int)length);
        if (!Utf8.IsValid(bytes))
        {
            throw _file.Fault(ModelFileError.InvalidUtf8, $"the string at byte {Position} is not valid UTF-8.");
        }

        Position += (long)length;
        return bytes;
    }

    /// <summary>Walks over the items of an array, checks each, and leaves them where they are.</summary>
    /// <exception cref="ModelFileException">
    /// ArrayBounds, StringBounds, InvalidUtf8, InvalidBoolean or HeaderTooLarge.
    /// </exception>
    public GgufValue ReadItems(GgufValueType itemType, ulong count)
    {
        // A string needs at least its length, so that a claimed count is never larger than the file's bytes / 8.
        bool isString = itemType == GgufValueType.String;
        int itemBytes = isString ? sizeof(ulong) : GgufValueTypes.FixedBytes(itemType);
        ulong bytesMin = count > (ulong)long.MaxValue / sizeof(ulong) ? ulong.MaxValue : count * (ulong)itemBytes;
        if (bytesMin > (ulong)Remaining)
        {
            throw Overrun(
                bytesMin,
                ModelFileError.ArrayBounds,
                $"the array at byte {Position} claims {count} items of {itemType} where {Remaining} bytes remain.");
        }

        long start = Position;
        if (isString)
        {
            SkipStrings((int)count);
        }
        else
        {
            Position += (long)bytesMin;
        }

        int byteCount = (int)(Position - start);
        if (itemType == GgufValueType.Boolean)
        {
            foreach (byte item in _file.Span(start, byteCount))
            {
                RequireBoolean(item);
            }
        }

        return new GgufValue(itemType, (int)count, _file, start, byteCount);
    }

    // A vocabulary has 100 000 strings and more: the common case is one loop over one span, and what is wrong with a
    // string that does not fit is said by the methods that read a single one.
    private void SkipStrings(int count)
    {
        long start = Position;
        ReadOnlySpan<byte> bytes = _file.Span(start, (int)Remaining);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> rest = bytes[(int)(Position - start)..];
            if (BinaryPrimitives.TryReadUInt64LittleEndian(rest, out ulong length)
                && length <= (ulong)(rest.Length - sizeof(ulong))
                && Utf8.IsValid(rest.Slice(sizeof(ulong), (int)length)))
            {
                Position += sizeof(ulong) + (long)length;
            }
            else
            {
                ReadBytes(ReadUInt64());
            }
        }
    }

    private ModelFileException Overrun(ulong count, ModelFileError error, string sentence) =>
        count <= (ulong)(_file.Length - Position)
            ? _file.Fault(
                ModelFileError.HeaderTooLarge, $"the header is longer than {ModelFileLimits.HeaderBytesMax} bytes.")
            : _file.Fault(error, sentence);

    private void RequireBoolean(ulong bits)
    {
        if (bits > 1)
        {
            throw _file.Fault(
                ModelFileError.InvalidBoolean, $"a boolean in front of byte {Position} is {bits}, not 0 or 1.");
        }
    }
}
