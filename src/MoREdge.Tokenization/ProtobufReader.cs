using System.Buffers.Binary;

namespace MoREdge.Tokenization;

/// <summary>Walks the fields of one protobuf message inside a buffer that is already in memory.</summary>
/// <remarks>Source: the protocol buffers encoding guide: varints of up to ten bytes, wire types 0, 1, 2 and
/// 5.</remarks>
internal ref struct ProtobufReader(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;

    /// <summary>The number of the field that <see cref="Next"/> found.</summary>
    public int Field { get; private set; }

    /// <summary>Its wire type.</summary>
    public int WireType { get; private set; }

    /// <summary>Its value when it is a number of any width.</summary>
    public ulong Number { get; private set; }

    /// <summary>Its bytes when it has a length.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>Its value as a float32; only wire type 5 has one.</summary>
    public readonly float Float => BitConverter.UInt32BitsToSingle((uint)Number);

    /// <summary>Moves to the next field; false at the end.</summary>
    /// <exception cref="TokenizerException">The bytes are no message.</exception>
    public bool Next()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        ulong tag = Varint();
        if (tag >> 3 is 0 or > int.MaxValue)
        {
            throw new TokenizerException(
                TokenizerError.InvalidProtobuf, $"The field number {tag >> 3} is not a valid one.");
        }

        Field = (int)(tag >> 3);
        WireType = (int)(tag & 7);
        Bytes = default;
        switch (WireType)
        {
            case 0:
                Number = Varint();
                break;
            case 1:
                Number = BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));
                break;
            case 2:
                Bytes = Take(Varint());
                break;
            case 5:
                Number = BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));
                break;
            default:
                throw new TokenizerException(
                    TokenizerError.InvalidProtobuf, $"Field {Field} has the unknown wire type {WireType}.");
        }

        return true;
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = Take(1)[0];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new TokenizerException(TokenizerError.InvalidProtobuf, "A number has more than ten bytes.");
    }

    private ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)_rest.Length)
        {
            throw new TokenizerException(
                TokenizerError.Truncated, $"A field needs {count} bytes where {_rest.Length} are left.");
        }

        ReadOnlySpan<byte> taken = _rest[..(int)count];
        _rest = _rest[(int)count..];
        return taken;
    }
}
