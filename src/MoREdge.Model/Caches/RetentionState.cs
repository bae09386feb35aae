using MoREdge.Tensors;

namespace MoREdge.Model.Caches;

/// <summary>
/// What a layer with retention keeps of a text, however long: R of every head in float32, and how many tokens it has
/// taken. Half precision would lose the slow heads, whose γ it rounds to 1.
/// </summary>
internal sealed class RetentionState : IDisposable
{
    private readonly RetentionLayout _layout;

    /// <summary>Takes an empty state.</summary>
    /// <param name="layout">Its shape.</param>
    /// <param name="isTruncated">Whether tokens will ever be taken back.</param>
    public RetentionState(in RetentionLayout layout, bool isTruncated)
    {
        _layout = layout;
        Buffer = new AlignedBuffer(layout.Bytes);
        History = isTruncated ? new RetentionHistory(layout) : null;
    }

    /// <summary>Tokens taken: the position of the next one.</summary>
    public int Position { get; private set; }

    /// <summary>What it takes to go back; null where nobody will.</summary>
    public RetentionHistory? History { get; }

    /// <summary>R of all heads.</summary>
    public AlignedBuffer Buffer { get; }

    /// <summary>R (KeyDim, ValueDim) of a query head.</summary>
    public FloatMatrix Head(int head) => _layout.Head(Buffer, head);

    /// <summary>Notes that R has taken tokens.</summary>
    /// <param name="keys">Their keys (tokens, KvHeadCount·KeyDim), rotated.</param>
    /// <param name="values">Their values (tokens, KvHeadCount·ValueDim).</param>
    public void Advance(in FloatMatrix keys, in FloatMatrix values)
    {
        History?.Append(Position, keys, values);
        Position += keys.Rows;
    }

    /// <summary>Makes R what it was behind <paramref name="position"/> tokens, but for the tokens of the history that
    /// are yet to be taken again.</summary>
    /// <param name="source">A state of that past, or null for an empty one.</param>
    /// <param name="position">Tokens it will have taken.</param>
    public void Restore(AlignedBuffer? source, int position)
    {
        Span<float> floats = Buffer.Span<float>(0, _layout.FloatCount);
        if (source is null)
        {
            floats.Clear();
        }
        else
        {
            source.Span<float>(0, _layout.FloatCount).CopyTo(floats);
        }

        Position = position;
    }

    public void Dispose()
    {
        Buffer.Dispose();
        History?.Dispose();
    }
}
