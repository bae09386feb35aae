namespace MoREdge.Tokenization;

/// <summary>
/// Finds special tokens in text, leftmost first and longest of those, in one pass that looks no further ahead than
/// <see cref="TokenizerLimits.SpecialTokenBytesMax"/>.
/// </summary>
internal sealed class SpecialTokenTrie
{
    // Numbered tokens, of which there may be many, have some three nodes each that are theirs alone.
    private const int NodesMax = 4 * TokenizerLimits.TokensMax;

    private readonly List<Node> _nodes = [default];

    // By node and next byte: as fast however many tokens go on from a node.
    private readonly Dictionary<int, int> _children = [];
    private readonly bool[] _startsToken = new bool[256];
    private readonly TokenKind[] _kinds;
    private readonly HashSet<int> _normalized;

    public SpecialTokenTrie(TokenizerDefinition definition, TokenBytes tokens)
    {
        _kinds = definition.Kinds;
        _normalized = [.. definition.NormalizedIds];
        for (int id = 0; id < _kinds.Length; id++)
        {
            if (_kinds[id] is TokenKind.Control or TokenKind.Unknown or TokenKind.UserDefined && !tokens[id].IsEmpty)
            {
                Insert(tokens[id], id);
            }
        }
    }

    /// <summary>Finds the first special token at or after an index.</summary>
    /// <param name="text">UTF-8 text.</param>
    /// <param name="from">Where to start.</param>
    /// <param name="parseSpecial">Whether control and unknown tokens count; user-defined ones always do.</param>
    /// <param name="segmentFrom">Where the text begins that no token has taken.</param>
    /// <param name="opens">Whether a space is put in front of that text.</param>
    /// <param name="start">Where the token starts, or the text's length.</param>
    /// <param name="length">Its byte count, or 0.</param>
    /// <returns>Its id, or -1.</returns>
    public int Find(
        ReadOnlySpan<byte> text, int from, bool parseSpecial, int segmentFrom, bool opens, out int start,
        out int length)
    {
        for (start = from; start < text.Length; start++)
        {
            if (_startsToken[text[start]])
            {
                bool followsSpace = _normalized.Count > 0
                    && (start > segmentFrom
                        ? TokenBytes.LastSpaceLength(text[segmentFrom..start]) > 0
                        : start == segmentFrom && opens);
                int id = LongestAt(text[start..], parseSpecial, followsSpace, out length);
                if (id >= 0)
                {
                    return id;
                }
            }
        }

        length = 0;
        return -1;
    }

    /// <summary>Whether a token is looked for in normalized text.</summary>
    public bool IsNormalized(int id) => _normalized.Contains(id);

    /// <summary>
    /// Whether a text starts with a control or unknown token, or is shorter and the start of a token.
    /// </summary>
    public bool StartsControl(ReadOnlySpan<byte> text)
    {
        if (!_startsToken[text[0]])
        {
            return false;
        }

        int node = 0;
        int i = 0;
        for (; i < text.Length && (node = Child(node, text[i])) > 0; i++)
        {
            int id = _nodes[node].IdPlusOne - 1;
            if (id >= 0 && _kinds[id] != TokenKind.UserDefined)
            {
                return true;
            }
        }

        return i == text.Length && i > 0 && _nodes[node].Continues;
    }

    private int LongestAt(ReadOnlySpan<byte> text, bool parseSpecial, bool followsSpace, out int length)
    {
        int found = -1;
        length = 0;
        int node = 0;
        for (int i = 0; i < text.Length && (node = Child(node, text[i])) > 0; i++)
        {
            int id = _nodes[node].IdPlusOne - 1;
            if (id >= 0 && (parseSpecial || _kinds[id] == TokenKind.UserDefined)
                && (followsSpace || !_normalized.Contains(id)))
            {
                found = id;
                length = i + 1;
            }
        }

        return found;
    }

    // The child, or 0, which is the root.
    private int Child(int node, byte value) => _children.GetValueOrDefault(Key(node, value));

    private static int Key(int node, byte value) => (node << 8) | value;

    private void Insert(ReadOnlySpan<byte> bytes, int id)
    {
        _startsToken[bytes[0]] = true;
        int node = 0;
        foreach (byte value in bytes)
        {
            int child = Child(node, value);
            if (child == 0)
            {
                if (_nodes.Count == NodesMax)
                {
                    throw new TokenizerException(
                        TokenizerError.VocabularyTooLarge, $"The special tokens have more than {NodesMax} bytes.");
                }

                child = _nodes.Count;
                _nodes.Add(default);
                _nodes[node] = _nodes[node] with { Continues = true };
                _children.Add(Key(node, value), child);
            }

            node = child;
        }

        // Of two tokens with one spelling the first keeps it.
        if (_nodes[node].IdPlusOne == 0)
        {
            _nodes[node] = _nodes[node] with { IdPlusOne = id + 1 };
        }
    }

    private struct Node
    {
        public int IdPlusOne;
        public bool Continues;
    }
}
