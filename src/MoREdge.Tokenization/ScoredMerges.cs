namespace MoREdge.Tokenization;

/// <summary>Merges whatever makes a token, the highest score first: SentencePiece's BPE.</summary>
internal sealed class ScoredMerges : MergeRule
{
    private readonly TokenBytes _tokens;
    private readonly int[] _ranks;

    public ScoredMerges(TokenBytes tokens, float[] scores)
    {
        _tokens = tokens;
        int[] ids = new int[scores.Length];
        float[] keys = new float[scores.Length];
        for (int id = 0; id < scores.Length; id++)
        {
            if (float.IsNaN(scores[id]))
            {
                throw new TokenizerException(TokenizerError.InvalidScore, $"The score of token {id} is not a number.");
            }

            ids[id] = id;
            keys[id] = -scores[id];
        }

        // Equal scores share a rank: the leftmost pair then wins, as in SentencePiece.
        Array.Sort(keys, ids);
        _ranks = new int[scores.Length];
        int rank = 0;
        for (int i = 0; i < ids.Length; i++)
        {
            rank += i > 0 && keys[i] != keys[i - 1] ? 1 : 0;
            _ranks[ids[i]] = rank;
        }
    }

    /// <inheritdoc/>
    public override int Find(ReadOnlySpan<byte> text, in Symbol left, in Symbol right, out int mergedId)
    {
        mergedId = _tokens.Find(text.Slice(left.Start, left.Length + right.Length));
        return mergedId < 0 ? -1 : _ranks[mergedId];
    }
}
