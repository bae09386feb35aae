namespace MoREdge.Tokenization;

/// <summary>Merges by their place in the merge list, looked up by the pair of ids: 16 bytes per slot, no
/// strings.</summary>
internal sealed class RankedMerges : MergeRule
{
    private readonly ulong[] _pairs;
    private readonly int[] _ranks;
    private readonly int[] _mergedIds;
    private readonly ulong _multiplier;
    private readonly int _shift;

    public RankedMerges(TokenBytes tokens, string[] merges)
    {
        int size = TokenBytes.TableSize(merges.Length);
        _pairs = new ulong[size];
        _ranks = new int[size];
        _mergedIds = new int[size];
        _shift = 64 - System.Numerics.BitOperations.Log2((uint)size);
        _multiplier = TokenBytes.RandomMultiplier();
        byte[] buffer = new byte[8 * TokenizerLimits.TokenBytesMax];
        for (int rank = 0; rank < merges.Length; rank++)
        {
            Resolve(tokens, merges[rank], rank, buffer);
        }
    }

    /// <inheritdoc/>
    public override int Find(ReadOnlySpan<byte> text, in Symbol left, in Symbol right, out int mergedId)
    {
        mergedId = -1;
        if ((left.Id | right.Id) < 0)
        {
            return -1;
        }

        ulong pair = Pair(left.Id, right.Id);
        for (int slot = Slot(pair); _pairs[slot] != 0; slot = (slot + 1) & (_pairs.Length - 1))
        {
            if (_pairs[slot] == pair)
            {
                mergedId = _mergedIds[slot];
                return _ranks[slot];
            }
        }

        return -1;
    }

    // Pieces may hold spaces themselves, so every space is tried as the separator until both sides are tokens.
    private void Resolve(TokenBytes tokens, string merge, int rank, byte[] buffer)
    {
        if (merge.Length > 2 * TokenizerLimits.TokenBytesMax)
        {
            throw new TokenizerException(TokenizerError.TokenTooLong, $"Merge {rank} has {merge.Length} characters.");
        }

        bool separated = false;
        for (int space = merge.IndexOf(' ', 1 % Math.Max(1, merge.Length)); space > 0 && space < merge.Length - 1;
            space = merge.IndexOf(' ', space + 1))
        {
            separated = true;
            int leftBytes = tokens.SpellText(merge.AsSpan(0, space), buffer);
            int rightBytes = tokens.SpellText(merge.AsSpan(space + 1), buffer.AsSpan(leftBytes));
            int left = tokens.Find(buffer.AsSpan(0, leftBytes));
            int right = tokens.Find(buffer.AsSpan(leftBytes, rightBytes));
            int merged = tokens.Find(buffer.AsSpan(0, leftBytes + rightBytes));
            if (left >= 0 && right >= 0 && merged >= 0)
            {
                Insert(Pair(left, right), rank, merged);
                return;
            }
        }

        throw separated
            ? new TokenizerException(
                TokenizerError.MergeOutOfVocabulary, $"Merge {rank} (\"{merge}\") names a piece that is no token.")
            : new TokenizerException(
                TokenizerError.MalformedMerge, $"Merge {rank} (\"{merge}\") is not two parts with a space between.");
    }

    private void Insert(ulong pair, int rank, int mergedId)
    {
        int slot = Slot(pair);
        while (_pairs[slot] != 0)
        {
            if (_pairs[slot] == pair)
            {
                return;
            }

            slot = (slot + 1) & (_pairs.Length - 1);
        }

        _pairs[slot] = pair;
        _ranks[slot] = rank;
        _mergedIds[slot] = mergedId;
    }

    // The left id is stored plus one, so that no pair is 0, the mark of a free slot.
    private static ulong Pair(int left, int right) => ((ulong)(uint)(left + 1) << 32) | (uint)right;

    private int Slot(ulong pair) => (int)((pair * _multiplier) >> _shift);
}
