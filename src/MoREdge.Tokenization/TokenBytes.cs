using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;

namespace MoREdge.Tokenization;

/// <summary>The bytes of every token in one block, and the way back from bytes to the id.</summary>
/// <remarks>
/// Three arrays and no object per token. SentencePiece's ▁ is stored as the space it stands for, and a byte-level
/// spelling as the bytes it spells, so text needs no escaping.
/// <code>
/// _bytes    every token's bytes, end to end in the order of the ids
/// _offsets  token id is _bytes[_offsets[id] .. _offsets[id + 1]]
/// _slots    open-addressed hash table, at most half full: id + 1 of a text token, or 0; a token that does not find its
///           slot free takes the next free one
/// </code>
/// </remarks>
internal sealed class TokenBytes
{
    private readonly TokenizerAlgorithm _algorithm;
    private readonly byte[] _bytes;
    private readonly int[] _offsets;
    private readonly int[] _slots;
    private readonly int _shift;
    private readonly ulong _multiplier = RandomMultiplier();

    public TokenBytes(TokenizerDefinition definition)
    {
        _algorithm = definition.Algorithm;
        TextTable tokens = definition.Tokens;
        if (tokens.ByteCount > TokenizerLimits.FileBytesMax)
        {
            throw new TokenizerException(
                TokenizerError.VocabularyTooLarge, $"The tokens have {tokens.ByteCount} bytes together.");
        }

        _offsets = new int[tokens.Count + 1];
        _bytes = new byte[tokens.ByteCount];
        for (int id = 0; id < tokens.Count; id++)
        {
            ReadOnlySpan<byte> text = tokens.Utf8(id);
            if (text.Length > TokenizerLimits.TokenBytesMax)
            {
                throw new TokenizerException(
                    TokenizerError.TokenTooLong,
                    $"Token {id} has {text.Length} bytes; the limit is {TokenizerLimits.TokenBytesMax}.");
            }

            int count = Spell(text, definition.Kinds[id], _bytes.AsSpan(_offsets[id]));
            _offsets[id + 1] = _offsets[id] + count;
            LongestToken = Math.Max(LongestToken, count);
        }

        _slots = new int[TableSize(tokens.Count)];
        _shift = HashShift(_slots.Length);
        Insert(definition.Kinds, userDefined: false);
        Insert(definition.Kinds, userDefined: true);
    }

    /// <summary>SentencePiece's visible space ▁, U+2581.</summary>
    public static ReadOnlySpan<byte> VisibleSpace => "▁"u8;

    /// <summary>Length of the longest token, in bytes.</summary>
    public int LongestToken { get; }

    /// <summary>The bytes of one token.</summary>
    public ReadOnlySpan<byte> this[int id]
    {
        get
        {
            int start = _offsets[id];
            return _bytes.AsSpan(start, _offsets[id + 1] - start);
        }
    }

    /// <summary>The id of the text token with these bytes, or -1; control, unknown and byte tokens are not
    /// text.</summary>
    public int Find(ReadOnlySpan<byte> bytes) =>
        bytes.Length > LongestToken || bytes.IsEmpty ? -1 : _slots[FindSlot(bytes)] - 1;

    /// <summary>The bytes that a part of a merge spells; they may be those of no token.</summary>
    /// <param name="text">A token text as the file has it, in UTF-8.</param>
    /// <param name="bytes">Output, at least text.Length.</param>
    /// <returns>How many bytes, at most text.Length.</returns>
    public int SpellText(ReadOnlySpan<byte> text, Span<byte> bytes) => Spell(text, TokenKind.Normal, bytes);

    /// <summary>Reads <c>&lt;0xAB&gt;</c>.</summary>
    public static bool TryParseByte(ReadOnlySpan<byte> text, out byte value)
    {
        value = 0;
        return text.Length == 6 && text.StartsWith("<0x"u8) && text[5] == '>'
            && byte.TryParse(text[3..5], System.Globalization.NumberStyles.AllowHexSpecifier, null, out value);
    }

    /// <summary>A power of two that keeps the open-addressed table at most half full.</summary>
    public static int TableSize(int count)
    {
        Debug.Assert(count <= 1 << 28, "Checked against the limits before any table is built.");
        return (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, count * 2));
    }

    /// <summary>How far to shift a product with a random multiplier so that its high bits index such a table.</summary>
    public static int HashShift(int tableSize) => 64 - System.Numerics.BitOperations.Log2((uint)tableSize);

    /// <summary>A random odd number: multiplying by it makes the high bits a hash that nobody can predict.</summary>
    public static ulong RandomMultiplier()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes) | 1;
    }

    private int Spell(ReadOnlySpan<byte> text, TokenKind kind, Span<byte> bytes)
    {
        bool isText = kind is TokenKind.Normal or TokenKind.Unused;
        if (_algorithm == TokenizerAlgorithm.ByteLevelBpe)
        {
            return isText && ByteLevelAlphabet.TryDecode(text, bytes, out int count) ? count : Copy(text, bytes);
        }

        if (kind == TokenKind.Byte && TryParseByte(text, out byte value))
        {
            bytes[0] = value;
            return 1;
        }

        return kind is TokenKind.Control or TokenKind.Unknown ? Copy(text, bytes) : CopyWithSpaces(text, bytes);
    }

    private static int Copy(ReadOnlySpan<byte> text, Span<byte> bytes)
    {
        text.CopyTo(bytes);
        return text.Length;
    }

    private static int CopyWithSpaces(ReadOnlySpan<byte> text, Span<byte> bytes)
    {
        int count = 0;
        for (int plain = text.IndexOf(VisibleSpace); plain >= 0; plain = text.IndexOf(VisibleSpace))
        {
            count += Copy(text[..plain], bytes[count..]);
            bytes[count++] = (byte)' ';
            text = text[(plain + VisibleSpace.Length)..];
        }

        return count + Copy(text, bytes[count..]);
    }

    // Of two tokens with the same bytes the first keeps its slot, and a normal one before a user-defined one.
    private void Insert(TokenKind[] kinds, bool userDefined)
    {
        for (int id = 0; id < kinds.Length; id++)
        {
            bool wanted = userDefined
                ? kinds[id] == TokenKind.UserDefined
                : kinds[id] is TokenKind.Normal or TokenKind.Unused;
            if (wanted && !this[id].IsEmpty)
            {
                ref int slot = ref _slots[FindSlot(this[id])];
                slot = slot == 0 ? id + 1 : slot;
            }
        }
    }

    /// <summary>The slot of these bytes: the one that holds them, or the free one where they belong.</summary>
    private int FindSlot(ReadOnlySpan<byte> bytes)
    {
        int[] slots = _slots;
        int slot = Hash(bytes);
        while (slots[slot] != 0 && !this[slots[slot] - 1].SequenceEqual(bytes))
        {
            slot = (slot + 1) & (slots.Length - 1);
        }

        return slot;
    }

    // The multiplier is random per table, so a hostile file cannot choose colliding tokens.
    private int Hash(ReadOnlySpan<byte> bytes)
    {
        ulong hash = (ulong)bytes.Length;
        for (; bytes.Length > sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            hash = (hash ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes)) * _multiplier;
            hash ^= hash >> 32;
        }

        // One to eight bytes are left; the two reads of four overlap, and so do those of one.
        ulong tail = bytes.Length >= sizeof(uint)
            ? BinaryPrimitives.ReadUInt32LittleEndian(bytes)
                | ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(bytes[^sizeof(uint)..]) << 32)
            : bytes[0] | ((uint)bytes[bytes.Length / 2] << 8) | ((uint)bytes[^1] << 16);
        return (int)(((hash ^ tail) * _multiplier) >> _shift);
    }
}
