using System.Text;

namespace MoREdge.Tokenization;

/// <summary>Merges by their place in the merge list.</summary>
/// <remarks>
/// Two neighbours merge when the vocabulary has their bytes together and the list has a merge that makes that token of
/// a left part as long as the left neighbour: the token and the length say which two pieces were meant. So no table of
/// pairs is needed, only the merges of each token:
/// <code>
/// _first[id]        rank of the most urgent merge that makes this token, or -1
/// _next[rank]       rank of the next one that makes the same token, or -1; most tokens have one
/// _leftBytes[rank]  length of the left part
/// </code>
/// </remarks>
internal sealed class RankedMerges : MergeRule
{
    /// <summary>Two tokens and the space between them.</summary>
    private const int MergeBytesMax = (2 * TokenizerLimits.TokenBytesMax) + 1;

    private readonly TokenBytes _tokens;
    private readonly int[] _first;
    private readonly int[] _next;
    private readonly ushort[] _leftBytes;

    public RankedMerges(TokenBytes tokens, int tokenCount, TextTable merges)
    {
        _tokens = tokens;
        _first = new int[tokenCount];
        Array.Fill(_first, -1);
        _next = new int[merges.Count];
        _leftBytes = new ushort[merges.Count];
        byte[] buffer = new byte[MergeBytesMax];
        int merged = -1;
        for (int rank = 0; rank < merges.Count; rank++)
        {
            // Merges of most vocabularies make one token after the other.
            merged = Resolve(merges.Utf8(rank), rank, buffer, guess: merged + 1);
            Append(merged, rank);
        }
    }

    /// <inheritdoc/>
    public override int Find(ReadOnlySpan<byte> text, in Symbol left, in Symbol right, out int mergedId)
    {
        mergedId = (left.Id | right.Id) < 0 ? -1 : _tokens.Find(text.Slice(left.Start, left.Length + right.Length));
        for (int rank = mergedId < 0 ? -1 : _first[mergedId]; rank >= 0; rank = _next[rank])
        {
            if (_leftBytes[rank] == left.Length)
            {
                return rank;
            }
        }

        return -1;
    }

    /// <summary>Puts a merge at the end of its token's chain, unless it is there already.</summary>
    /// <remarks>A chain has no two merges with left parts of one length, so it is shorter than the text of any merge in
    /// it, and building and searching chains takes time linear in the file, however hostile.</remarks>
    private void Append(int merged, int rank)
    {
        ref int link = ref _first[merged];
        while (link >= 0)
        {
            if (_leftBytes[link] == _leftBytes[rank])
            {
                return;
            }

            link = ref _next[link];
        }

        link = rank;
        _next[rank] = -1;
    }

    /// <summary>Notes the left part of a merge and returns the token that it makes.</summary>
    private int Resolve(ReadOnlySpan<byte> merge, int rank, Span<byte> buffer, int guess)
    {
        if (merge.Length > MergeBytesMax)
        {
            throw new TokenizerException(TokenizerError.TokenTooLong, $"Merge {rank} has {merge.Length} bytes.");
        }

        // Pieces may hold spaces themselves, so every space is tried as the separator until both sides are tokens.
        int space = NextSpace(merge, 0);
        bool isSeparated = IsInside(space, merge);
        for (bool isOnly = NextSpace(merge, space) < 0; IsInside(space, merge); space = NextSpace(merge, space))
        {
            int left = _tokens.SpellText(merge[..space], buffer);
            int right = _tokens.SpellText(merge[(space + 1)..], buffer[left..]);
            int merged = _tokens.Find(buffer[..(left + right)], guess);
            // A merge of one space needs no such proof: of a piece that is no token it is never asked.
            if (merged >= 0
                && (isOnly || (_tokens.Find(buffer[..left]) >= 0 && _tokens.Find(buffer.Slice(left, right)) >= 0)))
            {
                _leftBytes[rank] = (ushort)left;
                return merged;
            }
        }

        string text = Encoding.UTF8.GetString(merge);
        throw isSeparated
            ? new TokenizerException(
                TokenizerError.MergeOutOfVocabulary, $"Merge {rank} (\"{text}\") names a piece that is no token.")
            : new TokenizerException(
                TokenizerError.MalformedMerge, $"Merge {rank} (\"{text}\") is not two parts with a space between.");
    }

    private static bool IsInside(int space, ReadOnlySpan<byte> merge) => space > 0 && space < merge.Length - 1;

    /// <summary>The first space behind an index, or -1; the left part is never empty.</summary>
    private static int NextSpace(ReadOnlySpan<byte> merge, int index)
    {
        int distance = (uint)index < (uint)merge.Length ? merge[(index + 1)..].IndexOf((byte)' ') : -1;
        return distance < 0 ? -1 : index + 1 + distance;
    }
}
