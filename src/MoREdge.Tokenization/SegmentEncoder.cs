using System.Text;

namespace MoREdge.Tokenization;

/// <summary>What stands before a segment.</summary>
internal enum SegmentStart
{
    /// <summary>Nothing.</summary>
    Text,

    /// <summary>A special token that was found before the text was normalized.</summary>
    Token,

    /// <summary>One that was found in normalized text, so that the space in front stands before it.</summary>
    NormalizedToken,
}

/// <summary>
/// Encodes the text segments between special tokens, one call's worth: it owns the buffers that they share.
/// </summary>
internal sealed class SegmentEncoder
{
    private readonly TokenizerDefinition _definition;
    private readonly TokenBytes _tokens;
    private readonly int[] _byteIds;
    private readonly BpeMerger _merger;
    private readonly Dictionary<int, (int Left, int Right)>? _undo;
    private readonly List<int> _ids;
    private byte[] _normalized = [];

    public SegmentEncoder(Tokenizer tokenizer, List<int> ids)
    {
        _definition = tokenizer.Definition;
        (_tokens, MergeRule rule, _byteIds, bool hasUnused) = tokenizer.Tables;
        _merger = new BpeMerger(rule);
        _undo = hasUnused ? [] : null;
        _ids = ids;
    }

    /// <summary>Appends the ids of one segment.</summary>
    /// <param name="segment">UTF-8 text.</param>
    /// <param name="start">What stands before it.</param>
    public void Encode(ReadOnlySpan<byte> segment, SegmentStart start)
    {
        if (!segment.IsEmpty)
        {
            EncodeNormalized(Normalize(segment, start));
        }
    }

    /// <summary>Appends the ids of the space that is put in front of a segment of which nothing is left.</summary>
    public void EncodePrefix() => EncodeNormalized(" "u8);

    private void EncodeNormalized(ReadOnlySpan<byte> text)
    {
        bool byteLevel = _definition.Algorithm == TokenizerAlgorithm.ByteLevelBpe;
        while (!text.IsEmpty)
        {
            int length = PreTokenizerScanner.NextLength(text, _definition.PreTokenizer);
            if (byteLevel)
            {
                EncodeBytes(text[..length]);
            }
            else
            {
                EncodeCharacters(text[..length]);
            }

            text = text[length..];
        }
    }

    private void EncodeBytes(ReadOnlySpan<byte> piece)
    {
        int whole = _definition.IgnoreMerges || piece.Length == 1 ? _tokens.Find(piece) : -1;
        if (whole >= 0)
        {
            _ids.Add(whole);
            return;
        }

        piece = WithoutVanishing(piece);
        _merger.Clear();
        for (int i = 0; i < piece.Length; i++)
        {
            _merger.Add(_byteIds[piece[i]], i, 1);
        }

        _merger.Merge(piece);
        bool afterUnknown = false;
        for (int i = _merger.Count > 0 ? 0 : -1; i >= 0; i = _merger[i].Next)
        {
            bool isUnknown = _merger[i].Id < 0;
            if (!isUnknown || !afterUnknown || !_definition.FuseUnknown)
            {
                _ids.Add(isUnknown ? _definition.UnknownId : _merger[i].Id);
            }

            afterUnknown = isUnknown;
        }
    }

    // A byte without a token vanishes unless there is an unknown token, as in the Hugging Face library; its neighbours
    // may then merge.
    private ReadOnlySpan<byte> WithoutVanishing(ReadOnlySpan<byte> piece)
    {
        byte[]? rest = null;
        int count = 0;
        for (int i = 0; i < piece.Length; i++)
        {
            bool vanishes = _byteIds[piece[i]] < 0 && _definition.UnknownId < 0;
            if (vanishes)
            {
                rest ??= piece.ToArray();
            }
            else if (rest is not null)
            {
                rest[count] = piece[i];
            }

            count += vanishes ? 0 : 1;
        }

        return rest is null ? piece : rest.AsSpan(0, count);
    }

    private void EncodeCharacters(ReadOnlySpan<byte> piece)
    {
        int whole = _definition.IgnoreMerges ? _tokens.Find(piece) : -1;
        if (whole >= 0)
        {
            _ids.Add(whole);
            return;
        }

        _merger.Clear();
        for (int i = 0, length; i < piece.Length; i += length)
        {
            Rune.DecodeFromUtf8(piece[i..], out _, out length);
            _merger.Add(_tokens.Find(piece.Slice(i, length)), i, length);
        }

        _undo?.Clear();
        _merger.Merge(piece, _undo);
        bool afterUnknown = false;
        for (int i = _merger.Count > 0 ? 0 : -1; i >= 0; i = _merger[i].Next)
        {
            Symbol symbol = _merger[i];
            if (symbol.Id >= 0)
            {
                AddPiece(symbol.Id);
                afterUnknown = false;
            }
            else if (!TryAddBytes(piece.Slice(symbol.Start, symbol.Length)))
            {
                if (!afterUnknown || !_definition.FuseUnknown)
                {
                    _ids.Add(_definition.UnknownId);
                }

                afterUnknown = true;
            }
            else
            {
                afterUnknown = false;
            }
        }
    }

    private bool TryAddBytes(ReadOnlySpan<byte> character)
    {
        foreach (byte value in character)
        {
            if (_byteIds[value] < 0)
            {
                return false;
            }
        }

        foreach (byte value in character)
        {
            _ids.Add(_byteIds[value]);
        }

        return true;
    }

    // SentencePiece merges through unused pieces and takes the last such merge apart again (its "resegment").
    private void AddPiece(int id)
    {
        Stack<int>? rest = null;
        for (bool more = true; more; more = rest is not null && rest.TryPop(out id))
        {
            if (_undo is not null && _definition.Kinds[id] == TokenKind.Unused
                && _undo.TryGetValue(id, out (int Left, int Right) parts) && parts is { Left: >= 0, Right: >= 0 })
            {
                rest ??= new Stack<int>();
                rest.Push(parts.Right);
                rest.Push(parts.Left);
                continue;
            }

            _ids.Add(id);
        }
    }

    private ReadOnlySpan<byte> Normalize(ReadOnlySpan<byte> segment, SegmentStart start)
    {
        bool visibleSpaces = _definition.Algorithm == TokenizerAlgorithm.SentencePieceBpe;
        bool inScope = start == SegmentStart.Text
            || (start == SegmentStart.Token && _definition.PrefixScope == SpacePrefixScope.EverySegment);
        bool prefix = _definition.AddSpacePrefix && inScope
            && !(_definition.PrefixOnlyIfMissing && StartsWithSpace(segment, visibleSpaces));
        if (_definition.NormalizeNfc && UnicodeComposition.MayChange(segment))
        {
            segment = Encoding.UTF8.GetBytes(UnicodeComposition.Compose(Encoding.UTF8.GetString(segment)));
        }

        if (!prefix && !visibleSpaces)
        {
            return segment;
        }

        if (_normalized.Length < segment.Length + 1)
        {
            _normalized = new byte[segment.Length + 1];
        }

        int count = 0;
        if (prefix)
        {
            _normalized[count++] = (byte)' ';
        }

        if (!visibleSpaces)
        {
            segment.CopyTo(_normalized.AsSpan(count));
            return _normalized.AsSpan(0, count + segment.Length);
        }

        int textStart = count;
        count = CopyWithSpaces(segment, count);
        return count == textStart ? default : _normalized.AsSpan(0, count);
    }

    // Metaspace looks after it has made spaces visible: one that was visible before counts too.
    private static bool StartsWithSpace(ReadOnlySpan<byte> segment, bool visibleSpaces) =>
        segment[0] == ' ' || (visibleSpaces && segment.StartsWith(TokenBytes.VisibleSpace));

    private int CopyWithSpaces(ReadOnlySpan<byte> segment, int start)
    {
        ReadOnlySpan<byte> visibleSpace = TokenBytes.VisibleSpace;
        bool collapse = _definition.RemoveExtraWhitespaces;
        int count = start;
        bool afterSpace = true;
        for (int i = 0; i < segment.Length; i++)
        {
            // Runs are made of spaces alone; at the end visible ones vanish, too.
            bool isSpace = segment[i] == ' ';
            if (!collapse || !isSpace || !afterSpace)
            {
                bool isVisible = segment[i] == visibleSpace[0] && segment[i..].StartsWith(visibleSpace);
                _normalized[count++] = isVisible ? (byte)' ' : segment[i];
                i += isVisible ? visibleSpace.Length - 1 : 0;
            }

            afterSpace = isSpace;
        }

        while (collapse && count > start && _normalized[count - 1] == ' ')
        {
            count--;
        }

        return count;
    }
}
