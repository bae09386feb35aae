namespace MoREdge.Cli;

/// <summary>
/// Cuts the tokens of a text into windows that do not overlap. Each starts with the begin token where the model has
/// one; the last one may be shorter.
/// </summary>
internal sealed class TextWindows
{
    private readonly int[] _ids;
    private readonly int _beginId;
    private readonly int _textTokens;

    /// <param name="ids">The text without a begin token.</param>
    /// <param name="size">Tokens per window, the begin token included; at least 2.</param>
    /// <param name="beginId">The begin token, or -1.</param>
    public TextWindows(int[] ids, int size, int beginId)
    {
        _ids = ids;
        _beginId = beginId;
        _textTokens = beginId >= 0 ? size - 1 : size;
        Count = (ids.Length + _textTokens - 1) / _textTokens;

        // A last window of one token predicts nothing.
        Count -= beginId < 0 && ids.Length % _textTokens == 1 ? 1 : 0;
    }

    /// <summary>Windows that score at least one token.</summary>
    public int Count { get; }

    /// <summary>The ids of window <paramref name="index"/>.</summary>
    public int[] this[int index]
    {
        get
        {
            ReadOnlySpan<int> text = _ids.AsSpan(index * _textTokens);
            text = text[..Math.Min(text.Length, _textTokens)];
            return _beginId >= 0 ? [_beginId, .. text] : text.ToArray();
        }
    }
}
