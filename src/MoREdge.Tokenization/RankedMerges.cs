using System.Text;

namespace MoREdge.Tokenization;

/// <summary>Merges by their place in the merge list, looked up by the pair of ids.</summary>
/// <remarks>
/// <code>
/// _pairs[rank]      left id + 1 and right id of the merge with this rank
/// _mergedIds[rank]  the token that they become
/// _slots            open-addressed hash table over the pairs, at most half full: rank + 1, or 0
/// </code>
/// </remarks>
internal sealed class RankedMerges : MergeRule
{
    private readonly ulong[] _pairs;
    private readonly int[] _mergedIds;
    private readonly int[] _slots;
    private readonly ulong _multiplier = TokenBytes.RandomMultiplier();
    private readonly int _shift;

    public RankedMerges(TokenBytes tokens, TextTable merges)
    {
        _pairs = new ulong[merges.Count];
        _mergedIds = new int[merges.Count];
        _slots = new int[TokenBytes.TableSize(merges.Count)];
        _shift = TokenBytes.HashShift(_slots.Length);
        byte[] buffer = new byte[MergeBytesMax];
        for (int rank = 0; rank < merges.Count; rank++)
        {
            Resolve(tokens, merges.Utf8(rank), rank, buffer);
            // Of two merges of one pair the more urgent one counts.
            ref int slot = ref _slots[FindSlot(_pairs[rank])];
            slot = slot == 0 ? rank + 1 : slot;
        }
    }

    /// <summary>Two tokens and the space between them.</summary>
    private const int MergeBytesMax = (2 * TokenizerLimits.TokenBytesMax) + 1;

    /// <inheritdoc/>
    public override int Find(ReadOnlySpan<byte> text, in Symbol left, in Symbol right, out int mergedId)
    {
        mergedId = -1;
        if ((left.Id | right.Id) < 0)
        {
            return -1;
        }

        int rank = _slots[FindSlot(Pair(left.Id, right.Id))] - 1;
        mergedId = rank < 0 ? -1 : _mergedIds[rank];
        return rank;
    }

    // Pieces may hold spaces themselves, so every space is tried as the separator until both sides are tokens.
    private void Resolve(TokenBytes tokens, ReadOnlySpan<byte> merge, int rank, Span<byte> buffer)
    {
        if (merge.Length > MergeBytesMax)
        {
            throw new TokenizerException(TokenizerError.TokenTooLong, $"Merge {rank} has {merge.Length} bytes.");
        }

        bool separated = false;
        for (int space = NextSpace(merge, 0); space > 0 && space < merge.Length - 1; space = NextSpace(merge, space))
        {
            separated = true;
            int leftBytes = tokens.SpellText(merge[..space], buffer);
            int rightBytes = tokens.SpellText(merge[(space + 1)..], buffer[leftBytes..]);
            int left = tokens.Find(buffer[..leftBytes]);
            int right = tokens.Find(buffer.Slice(leftBytes, rightBytes));
            int merged = tokens.Find(buffer[..(leftBytes + rightBytes)]);
            if (left >= 0 && right >= 0 && merged >= 0)
            {
                _pairs[rank] = Pair(left, right);
                _mergedIds[rank] = merged;
                return;
            }
        }

        string text = Encoding.UTF8.GetString(merge);
        throw separated
            ? new TokenizerException(
                TokenizerError.MergeOutOfVocabulary, $"Merge {rank} (\"{text}\") names a piece that is no token.")
            : new TokenizerException(
                TokenizerError.MalformedMerge, $"Merge {rank} (\"{text}\") is not two parts with a space between.");
    }

    /// <summary>The first space behind an index, or -1; the left part is never empty.</summary>
    private static int NextSpace(ReadOnlySpan<byte> merge, int index)
    {
        int distance = merge.Length <= index ? -1 : merge[(index + 1)..].IndexOf((byte)' ');
        return distance < 0 ? -1 : index + 1 + distance;
    }

    /// <summary>The slot of a pair: the one that holds it, or the free one where it belongs.</summary>
    private int FindSlot(ulong pair)
    {
        int[] slots = _slots;
        int slot = (int)((pair * _multiplier) >> _shift);
        while (slots[slot] != 0 && _pairs[slots[slot] - 1] != pair)
        {
            slot = (slot + 1) & (slots.Length - 1);
        }

        return slot;
    }

    // The left id is stored plus one, so that the pairs of the lowest ids spread over the table too.
    private static ulong Pair(int left, int right) => ((ulong)(uint)(left + 1) << 32) | (uint)right;
}
