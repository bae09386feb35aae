using System.Text;

namespace MoREdge.Tokenization;

/// <summary>Text to token ids and back. Immutable after construction and safe to use from several threads.</summary>
public sealed class Tokenizer
{
    private readonly TokenBytes _tokens;
    private readonly MergeRule _rule;
    private readonly SpecialTokenTrie _special;
    private readonly int[] _byteIds;
    private readonly bool[] _endsSequence;
    private readonly HashSet<int> _leftStrip;
    private readonly HashSet<int> _rightStrip;
    private readonly bool _hasUnused;

    /// <summary>Builds the tables of one tokenizer.</summary>
    /// <param name="definition">What the file says; its arrays are kept and must not change afterwards.</param>
    /// <exception cref="TokenizerException">The definition contradicts itself.</exception>
    public Tokenizer(TokenizerDefinition definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        TokenizerChecks.Check(definition);
        Definition = definition;
        _tokens = new TokenBytes(definition);
        _rule = (definition.Merges, definition.Scores, definition.Algorithm) switch
        {
            (not null, _, _) => new RankedMerges(_tokens, VocabSize, definition.Merges),
            (null, not null, TokenizerAlgorithm.SentencePieceBpe) => new ScoredMerges(_tokens, definition.Scores),
            _ => throw new TokenizerException(
                TokenizerError.MissingMergesOrScores, "Neither merges nor scores say which pieces merge first."),
        };
        _special = new SpecialTokenTrie(definition, _tokens);
        _byteIds = FindByteIds();
        _hasUnused = Array.IndexOf(definition.Kinds, TokenKind.Unused) >= 0 && _rule is ScoredMerges;
        _leftStrip = [.. definition.LeftStripIds];
        _rightStrip = [.. definition.RightStripIds];
        _endsSequence = new bool[VocabSize];
        MarkEnd(definition.EosId);
        MarkEnd(definition.EndOfTurnId);
        foreach (int id in definition.EosIds)
        {
            MarkEnd(id);
        }
    }

    /// <summary>What this tokenizer was built from.</summary>
    public TokenizerDefinition Definition { get; }

    /// <summary>Number of tokens.</summary>
    public int VocabSize => Definition.Tokens.Count;

    /// <summary>The token ids of a text. A lone UTF-16 surrogate counts as U+FFFD.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="addSpecial">Whether the begin and end tokens that the definition asks for are added.</param>
    /// <param name="parseSpecial">Whether the spelling of a control token in the text becomes that token; pass false
    /// for
    /// untrusted text. User-defined tokens are always matched.</param>
    /// <exception cref="TokenizerException">The text is too long.</exception>
    public int[] Encode(ReadOnlySpan<char> text, bool addSpecial = true, bool parseSpecial = true)
    {
        return Encode(text, addBegin: addSpecial, addEnd: addSpecial, parseSpecial, isMarked: false);
    }

    /// <inheritdoc cref="Encode(ReadOnlySpan{char}, bool, bool)"/>
    public int[] Encode(string text, bool addSpecial = true, bool parseSpecial = true) =>
        Encode(text.AsSpan(), addSpecial, parseSpecial);

    /// <summary>
    /// The token ids of a text that is to be continued: with the begin token that the definition asks for, without an
    /// end token. The spelling of a control token becomes that token.
    /// </summary>
    /// <exception cref="TokenizerException">The text is too long.</exception>
    public int[] EncodePrompt(string text) =>
        Encode(text, addBegin: true, addEnd: false, parseSpecial: true, isMarked: false);

    /// <summary>
    /// The ids of what a chat template made of marked strings: control tokens are those without a mark.
    /// </summary>
    internal int[] EncodeMarked(string text) =>
        Encode(text, addBegin: false, addEnd: false, parseSpecial: true, isMarked: true);

    /// <summary>Whether a token stands for the space before it, too.</summary>
    internal bool TakesSpace(int id) => _special.IsNormalized(id);

    /// <summary>Whether a text starts with a control token's spelling, or is the start of one.</summary>
    internal bool StartsControl(ReadOnlySpan<byte> text) => _special.StartsControl(text);

    private int[] Encode(ReadOnlySpan<char> text, bool addBegin, bool addEnd, bool parseSpecial, bool isMarked)
    {
        if (text.Length > TokenizerLimits.TextCharsMax)
        {
            throw new TokenizerException(
                TokenizerError.TextTooLong,
                $"The text has {text.Length} characters; the limit is {TokenizerLimits.TextCharsMax}.");
        }

        byte[] utf8 = new byte[Encoding.UTF8.GetByteCount(text)];
        Encoding.UTF8.GetBytes(text, utf8);
        List<int> ids = new(8 + (utf8.Length / 4));
        if (addBegin && Definition.AddBos && Definition.BosId >= 0)
        {
            ids.Add(Definition.BosId);
        }

        EncodeParts(utf8, parseSpecial, isMarked, ids);
        if (addEnd && Definition.AddEos && Definition.EosId >= 0)
        {
            ids.Add(Definition.EosId);
        }

        return ids.ToArray();
    }

    private void EncodeParts(byte[] utf8, bool parseSpecial, bool isMarked, List<int> ids)
    {
        SegmentEncoder encoder = new(this, ids);
        SegmentStart before = SegmentStart.Text;
        int from = 0;
        for (int next = 0; next < utf8.Length;)
        {
            bool opens = before != SegmentStart.NormalizedToken;
            int id = _special.Find(utf8, next, parseSpecial, from, opens, out int start, out int length);
            bool takesSpace = id >= 0 && TakesSpace(id);
            int spaceLength = takesSpace ? TokenBytes.LastSpaceLength(utf8.AsSpan(from, start - from)) : 0;
            int end = start - spaceLength;
            if (opens && spaceLength > 0 && end == from)
            {
                // The token takes the space of the text, and leaves the one that is put in front.
                encoder.EncodePrefix();
            }

            end = id >= 0 && _leftStrip.Contains(id) ? TrimEnd(utf8, from, end) : end;
            Span<byte> segment = utf8.AsSpan(from, Math.Max(0, end - from));
            segment = isMarked ? segment[..ChatGuard.Unmark(segment)] : segment;
            encoder.Encode(segment, before);

            // White space that a token swallows may still hold other tokens, as in the Hugging Face library.
            next = from = start + length;
            if (id >= 0)
            {
                ids.Add(id);
                from = _rightStrip.Contains(id) ? SkipWhiteSpace(utf8, from) : from;
                before = takesSpace ? SegmentStart.NormalizedToken : SegmentStart.Token;
            }
        }
    }

    /// <summary>
    /// The text of a whole sequence. Bytes that are not UTF-8 become U+FFFD; the space that a SentencePiece encoder
    /// puts in front of a text is taken away again.
    /// </summary>
    /// <param name="ids">Token ids.</param>
    /// <param name="skipSpecial">Whether control and unknown tokens are left out.</param>
    /// <exception cref="TokenizerException">An id lies outside the vocabulary.</exception>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecial = true)
    {
        TokenStream stream = new(this, skipSpecial);
        StringBuilder text = new();
        foreach (int id in ids)
        {
            text.Append(stream.Append(id));
        }

        return text.Append(stream.Flush()).ToString();
    }

    /// <summary>The bytes of the text that <see cref="Decode"/> gives, before what is no UTF-8 is replaced.</summary>
    /// <param name="ids">Token ids.</param>
    /// <param name="skipSpecial">Whether control and unknown tokens are left out.</param>
    /// <exception cref="TokenizerException">An id lies outside the vocabulary.</exception>
    public byte[] DecodeBytes(ReadOnlySpan<int> ids, bool skipSpecial = true)
    {
        TokenStream stream = new(this, skipSpecial);
        List<byte> bytes = [];
        foreach (int id in ids)
        {
            bytes.AddRange(stream.Next(id));
        }

        return bytes.ToArray();
    }

    /// <summary>The raw bytes of one token; they need not be whole characters.</summary>
    /// <param name="id">A token id.</param>
    /// <exception cref="TokenizerException">The id lies outside the vocabulary.</exception>
    public ReadOnlySpan<byte> DecodeBytes(int id)
    {
        CheckId(id);
        return _tokens[id];
    }

    /// <summary>The token as the file spells it.</summary>
    /// <param name="id">A token id.</param>
    /// <exception cref="TokenizerException">The id lies outside the vocabulary.</exception>
    public string TokenText(int id)
    {
        CheckId(id);
        return Definition.Tokens[id];
    }

    /// <summary>Whether a token is a control or the unknown token.</summary>
    /// <param name="id">A token id.</param>
    /// <exception cref="TokenizerException">The id lies outside the vocabulary.</exception>
    public bool IsSpecial(int id)
    {
        CheckId(id);
        return Definition.Kinds[id] is TokenKind.Control or TokenKind.Unknown;
    }

    /// <summary>Whether a token ends a generation.</summary>
    /// <param name="id">A token id.</param>
    /// <exception cref="TokenizerException">The id lies outside the vocabulary.</exception>
    public bool IsEndOfSequence(int id)
    {
        CheckId(id);
        return _endsSequence[id];
    }

    /// <summary>The tables that an encoding reads.</summary>
    internal (TokenBytes Tokens, MergeRule Rule, int[] ByteIds, bool HasUnused) Tables =>
        (_tokens, _rule, _byteIds, _hasUnused);

    private void CheckId(int id)
    {
        if ((uint)id >= (uint)VocabSize)
        {
            throw new TokenizerException(
                TokenizerError.TokenOutOfRange, $"Token {id} lies outside the vocabulary of {VocabSize} tokens.");
        }
    }

    private int[] FindByteIds()
    {
        int[] byteIds = new int[256];
        Array.Fill(byteIds, -1);
        if (Definition.Algorithm == TokenizerAlgorithm.ByteLevelBpe)
        {
            for (int value = 0; value < 256; value++)
            {
                byteIds[value] = _tokens.Find([(byte)value]);
            }

            return byteIds;
        }

        for (int id = 0; id < VocabSize; id++)
        {
            if (Definition.Kinds[id] == TokenKind.Byte
                && TokenBytes.TryParseByte(Definition.Tokens.Utf8(id), out byte value))
            {
                byteIds[value] = id;
            }
        }

        bool complete = Array.IndexOf(byteIds, -1) < 0;
        return complete || Definition.UnknownId >= 0 ? byteIds : throw TokenizerChecks.NoFallback();
    }

    private void MarkEnd(int id)
    {
        if (id >= 0)
        {
            _endsSequence[id] = true;
        }
    }

    private static int TrimEnd(ReadOnlySpan<byte> text, int from, int end)
    {
        while (end > from && Rune.DecodeLastFromUtf8(text[from..end], out Rune rune, out int length) == 0
            && Rune.IsWhiteSpace(rune))
        {
            end -= length;
        }

        return end;
    }

    private static int SkipWhiteSpace(ReadOnlySpan<byte> text, int from)
    {
        while (from < text.Length && Rune.DecodeFromUtf8(text[from..], out Rune rune, out int length) == 0
            && Rune.IsWhiteSpace(rune))
        {
            from += length;
        }

        return from;
    }
}
