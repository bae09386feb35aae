using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace MoREdge.Tokenization;

/// <summary>The bytes of every token in one block, and the way back from bytes to the id.</summary>
/// <remarks>SentencePiece's ▁ is stored as the space it stands for, so text needs no escaping.</remarks>
internal sealed class TokenBytes
{
    /// <summary>SentencePiece's visible space, U+2581.</summary>
    public const char VisibleSpace = '\u2581';

    private readonly TokenizerAlgorithm _algorithm;
    private readonly byte[] _bytes;
    private readonly int[] _offsets;
    private readonly int[] _slots;
    private readonly ulong _multiplier = RandomMultiplier();

    public TokenBytes(TokenizerDefinition definition)
    {
        _algorithm = definition.Algorithm;
        string[] tokens = definition.Tokens;
        _offsets = new int[tokens.Length + 1];
        _bytes = new byte[CountBytes(definition)];
        for (int id = 0; id < tokens.Length; id++)
        {
            int count = Spell(tokens[id], definition.Kinds[id], _bytes.AsSpan(_offsets[id]));
            _offsets[id + 1] = _offsets[id] + count;
            LongestToken = Math.Max(LongestToken, count);
        }

        _slots = new int[TableSize(tokens.Length)];
        Insert(definition.Kinds, userDefined: false);
        Insert(definition.Kinds, userDefined: true);
    }

    /// <summary>Length of the longest token, in bytes.</summary>
    public int LongestToken { get; }

    /// <summary>The bytes of one token.</summary>
    public ReadOnlySpan<byte> this[int id] => _bytes.AsSpan(_offsets[id], _offsets[id + 1] - _offsets[id]);

    /// <summary>The id of the text token with these bytes, or -1; control, unknown and byte tokens are not
    /// text.</summary>
    public int Find(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > LongestToken || bytes.IsEmpty)
        {
            return -1;
        }

        int mask = _slots.Length - 1;
        for (int slot = Hash(bytes) & mask; _slots[slot] != 0; slot = (slot + 1) & mask)
        {
            int id = _slots[slot] - 1;
            if (this[id].SequenceEqual(bytes))
            {
                return id;
            }
        }

        return -1;
    }

    /// <summary>The bytes that a part of a merge spells; they may be those of no token.</summary>
    /// <param name="text">A token text as the file has it.</param>
    /// <param name="bytes">Output, at least three times text.Length.</param>
    public int SpellText(ReadOnlySpan<char> text, Span<byte> bytes) => Spell(text, TokenKind.Normal, bytes);

    private int Spell(ReadOnlySpan<char> text, TokenKind kind, Span<byte> bytes)
    {
        bool isText = kind is TokenKind.Normal or TokenKind.Unused;
        if (_algorithm == TokenizerAlgorithm.ByteLevelBpe)
        {
            return isText && ByteLevelAlphabet.TryDecode(text, bytes)
                ? text.Length
                : Encoding.UTF8.GetBytes(text, bytes);
        }

        if (kind == TokenKind.Byte && TryParseByte(text, out byte value))
        {
            bytes[0] = value;
            return 1;
        }

        if (kind is TokenKind.Control or TokenKind.Unknown)
        {
            return Encoding.UTF8.GetBytes(text, bytes);
        }

        int count = 0;
        while (!text.IsEmpty)
        {
            int plain = text.IndexOf(VisibleSpace);
            count += Encoding.UTF8.GetBytes(plain < 0 ? text : text[..plain], bytes[count..]);
            if (plain < 0)
            {
                break;
            }

            bytes[count++] = (byte)' ';
            text = text[(plain + 1)..];
        }

        return count;
    }

    /// <summary>Reads <c>&lt;0xAB&gt;</c>.</summary>
    public static bool TryParseByte(ReadOnlySpan<char> text, out byte value)
    {
        value = 0;
        return text.Length == 6 && text.StartsWith("<0x") && text[5] == '>'
            && byte.TryParse(text[3..5], System.Globalization.NumberStyles.AllowHexSpecifier, null, out value);
    }

    private static int CountBytes(TokenizerDefinition definition)
    {
        long total = 0;
        for (int id = 0; id < definition.Tokens.Length; id++)
        {
            int count = Encoding.UTF8.GetByteCount(definition.Tokens[id]);
            if (count > TokenizerLimits.TokenBytesMax)
            {
                throw new TokenizerException(
                    TokenizerError.TokenTooLong,
                    $"Token {id} has {count} bytes; the limit is {TokenizerLimits.TokenBytesMax}.");
            }

            total += count;
        }

        if (total > TokenizerLimits.FileBytesMax)
        {
            throw new TokenizerException(TokenizerError.VocabularyTooLarge, $"The tokens have {total} bytes together.");
        }

        return (int)total;
    }

    private void Insert(TokenKind[] kinds, bool userDefined)
    {
        int mask = _slots.Length - 1;
        for (int id = 0; id < kinds.Length; id++)
        {
            bool wanted = userDefined
                ? kinds[id] == TokenKind.UserDefined
                : kinds[id] is TokenKind.Normal or TokenKind.Unused;
            if (!wanted || this[id].IsEmpty || Find(this[id]) >= 0)
            {
                continue;
            }

            int slot = Hash(this[id]) & mask;
            while (_slots[slot] != 0)
            {
                slot = (slot + 1) & mask;
            }

            _slots[slot] = id + 1;
        }
    }

    /// <summary>A power of two that keeps the open-addressed table at most half full.</summary>
    public static int TableSize(int count)
    {
        Debug.Assert(count <= 1 << 28, "Checked against the limits before any table is built.");
        return (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, count * 2));
    }

    // The multiplier is random per table, so a hostile file cannot choose colliding tokens.
    private int Hash(ReadOnlySpan<byte> bytes)
    {
        ulong hash = (ulong)bytes.Length;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            hash = (hash ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes)) * _multiplier;
            hash ^= hash >> 32;
        }

        ulong tail = 0;
        foreach (byte value in bytes)
        {
            tail = (tail << 8) | value;
        }

        return (int)(((hash ^ tail) * _multiplier) >> 33);
    }

    /// <summary>A random odd number: multiplying by it makes the high bits a hash that nobody can predict.</summary>
    public static ulong RandomMultiplier()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes) | 1;
    }
}
