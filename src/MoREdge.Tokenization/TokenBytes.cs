using System.Buffers.Binary;
using System.Diagnostics;
using System.Numerics;

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
    private readonly TokenKind[] _kinds;
    private readonly HashSet<int> _unspelled = [];
    private readonly bool _isUnique;
    private readonly int _shift;

    // A random odd number per table: a hostile file cannot choose tokens that collide. Random is seeded by the system,
    // as a cryptographic generator is, but does not load OpenSSL for it, which would take milliseconds.
    private readonly ulong _multiplier = (ulong)Random.Shared.NextInt64(long.MinValue, long.MaxValue) | 1;

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
            CheckLength(id, text.Length, definition.Kinds[id]);
            int count = Spell(text, definition.Kinds[id], _bytes.AsSpan(_offsets[id]), out bool isSpelled);
            if (!isSpelled)
            {
                _unspelled.Add(id);
            }

            _offsets[id + 1] = _offsets[id] + count;
            LongestToken = Math.Max(LongestToken, count);
        }

        Debug.Assert(tokens.Count <= TokenizerLimits.TokensMax, "Checked before any table is built.");
        _slots = new int[BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, 2 * tokens.Count))];
        _shift = 64 - BitOperations.Log2((uint)_slots.Length);
        _kinds = definition.Kinds;
        _isUnique = Insert(userDefined: false) & Insert(userDefined: true);
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

    /// <summary>
    /// The id of the text token with these bytes, or -1. Control, unknown and byte tokens are not text, nor is a token
    /// of a byte-level vocabulary with characters that stand for no byte: text never has its spelling.
    /// </summary>
    public int Find(ReadOnlySpan<byte> bytes) =>
        bytes.Length > LongestToken || bytes.IsEmpty ? -1 : _slots[FindSlot(bytes)] - 1;

    /// <summary>
    /// <see cref="Find(ReadOnlySpan{byte})"/> with a guess that costs no walk through the table: merges of most
    /// vocabularies make one token after the other.
    /// </summary>
    /// <param name="bytes">The bytes to look for.</param>
    /// <param name="guess">An id that may have them, or one outside the vocabulary.</param>
    public int Find(ReadOnlySpan<byte> bytes, int guess) =>
        _isUnique && (uint)guess < (uint)_kinds.Length && IsText(guess) && this[guess].SequenceEqual(bytes)
            ? guess
            : Find(bytes);

    /// <summary>The bytes that a part of a merge spells; they may be those of no token.</summary>
    /// <param name="text">A token text as the file has it, in UTF-8.</param>
    /// <param name="bytes">Output, at least text.Length.</param>
    /// <returns>How many bytes, at most text.Length.</returns>
    public int SpellText(ReadOnlySpan<byte> text, Span<byte> bytes) => Spell(text, TokenKind.Normal, bytes, out _);

    /// <summary>Bytes of the space, visible or not, that a text ends with; 0 where it ends with none.</summary>
    public static int LastSpaceLength(ReadOnlySpan<byte> text) =>
        text.EndsWith(" "u8) ? 1 : text.EndsWith(VisibleSpace) ? VisibleSpace.Length : 0;

    /// <summary>Reads <c>&lt;0xAB&gt;</c>.</summary>
    public static bool TryParseByte(ReadOnlySpan<byte> text, out byte value)
    {
        value = 0;
        return text.Length == 6 && text.StartsWith("<0x"u8) && text[5] == '>'
            && byte.TryParse(text[3..5], System.Globalization.NumberStyles.AllowHexSpecifier, null, out value);
    }

    private static void CheckLength(int id, int bytes, TokenKind kind)
    {
        bool isSpecial = kind is TokenKind.Control or TokenKind.Unknown or TokenKind.UserDefined;
        int limit = isSpecial ? TokenizerLimits.SpecialTokenBytesMax : TokenizerLimits.TokenBytesMax;
        if (bytes > limit)
        {
            string special = isSpecial ? "special " : string.Empty;
            throw new TokenizerException(
                TokenizerError.TokenTooLong,
                $"Token {id} has {bytes} bytes; the limit of {special}tokens is {limit}.");
        }
    }

    private int Spell(ReadOnlySpan<byte> text, TokenKind kind, Span<byte> bytes, out bool isSpelled)
    {
        isSpelled = true;
        if (_algorithm == TokenizerAlgorithm.ByteLevelBpe)
        {
            int count = 0;
            bool isRaw = kind is not (TokenKind.Normal or TokenKind.Unused);
            isSpelled = isRaw || ByteLevelAlphabet.TryDecode(text, bytes, out count);
            return isSpelled && !isRaw ? count : Copy(text, bytes);
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

    private bool IsText(int id) =>
        _kinds[id] is TokenKind.Normal or TokenKind.Unused or TokenKind.UserDefined && !_unspelled.Contains(id);

    // Of two tokens with the same bytes the first keeps its slot, and a normal one before a user-defined one. True when
    // there were no such two.
    private bool Insert(bool userDefined)
    {
        bool isUnique = true;
        for (int id = 0; id < _kinds.Length; id++)
        {
            ReadOnlySpan<byte> bytes = this[id];
            if (!bytes.IsEmpty && IsText(id) && (_kinds[id] == TokenKind.UserDefined) == userDefined)
            {
                ref int slot = ref _slots[FindSlot(bytes)];
                isUnique &= slot == 0;
                slot = slot == 0 ? id + 1 : slot;
            }
        }

        return isUnique;
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

    /// <summary>The high bits of products with the multiplier: where to look first.</summary>
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
