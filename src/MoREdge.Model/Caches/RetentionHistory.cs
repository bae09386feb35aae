using MoREdge.Tensors;

namespace MoREdge.Model.Caches;

/// <summary>
/// The way back of one state: a copy of it at an earlier position, and the keys and values of the tokens it took since.
/// Taking those again gives the same bits as before and reads no weight. A second copy, the mark, stays where it was
/// put.
/// </summary>
/// <remarks>
/// Undoing a token by R ← (R − kᵀ·v) / γ (specs/retnet-mod-moe-families.md, section A.10) would need no copy, but
/// rounds.
/// </remarks>
internal sealed class RetentionHistory : IDisposable
{
    /// <summary>Most tokens whose keys and values are kept.</summary>
    public const int KeptTokensMax = 64;

    /// <summary>
    /// Tokens that the copy moves on when there is no room for another: at least the rest can be taken back.
    /// </summary>
    public const int TokensPerMove = KeptTokensMax / 2;

    private const int None = -1;

    private readonly RetentionLayout _layout;
    private readonly AlignedBuffer _keyBuffer;
    private readonly AlignedBuffer _valueBuffer;
    private AlignedBuffer? _mark;

    public RetentionHistory(in RetentionLayout layout)
    {
        _layout = layout;
        Copy = new AlignedBuffer(layout.Bytes);
        _keyBuffer = new AlignedBuffer((long)KeptTokensMax * layout.KvHeadCount * layout.KeyDim * sizeof(float));
        _valueBuffer = new AlignedBuffer((long)KeptTokensMax * layout.KvHeadCount * layout.ValueDim * sizeof(float));
    }

    /// <summary>The state behind <see cref="CopyPosition"/> tokens.</summary>
    public AlignedBuffer Copy { get; }

    /// <summary>Tokens the copy has taken; −1 when there is none.</summary>
    public int CopyPosition { get; private set; } = None;

    /// <summary>Tokens kept behind the copy.</summary>
    public int Count { get; private set; }

    /// <summary>Position behind the last token kept; below 0 when there is no copy.</summary>
    public int End => CopyPosition + Count;

    /// <summary>Tokens the mark has taken; −1 when there is none.</summary>
    public int MarkPosition { get; private set; } = None;

    /// <summary>The state at the mark.</summary>
    public AlignedBuffer? Mark => _mark;

    /// <summary>Bytes of a history without a mark.</summary>
    public static long BytesFor(in RetentionLayout layout) => layout.Bytes + (KeptTokensMax * layout.TokenBytes);

    /// <summary>Keys kept (Count, KvHeadCount·KeyDim).</summary>
    public FloatMatrix Keys => Matrix(_keyBuffer, _layout.KeyDim).Slice(0, Count);

    /// <summary>Values kept (Count, KvHeadCount·ValueDim).</summary>
    public FloatMatrix Values => Matrix(_valueBuffer, _layout.ValueDim).Slice(0, Count);

    /// <summary>Keeps tokens that follow those kept, if there is room for all of them.</summary>
    public void Append(int position, in FloatMatrix keys, in FloatMatrix values)
    {
        if (CopyPosition == None || End != position || Count + keys.Rows > KeptTokensMax)
        {
            return;
        }

        for (int row = 0; row < keys.Rows; row++)
        {
            keys.Row(row).CopyTo(Matrix(_keyBuffer, _layout.KeyDim).Row(Count + row));
            values.Row(row).CopyTo(Matrix(_valueBuffer, _layout.ValueDim).Row(Count + row));
        }

        Count += keys.Rows;
    }

    /// <summary>Copies the state as it is now.</summary>
    public void Save(RetentionState state)
    {
        CopyAll(state.Buffer, Copy);
        CopyPosition = state.Position;
        Count = 0;
    }

    /// <summary>Sets the mark to the state as it is now.</summary>
    /// <exception cref="OutOfMemoryException">There is no room for it.</exception>
    public void SetMark(RetentionState state)
    {
        _mark ??= new AlignedBuffer(_layout.Bytes);
        CopyAll(state.Buffer, _mark);
        MarkPosition = state.Position;
    }

    /// <summary>Forgets the first tokens, which the copy has taken.</summary>
    public void MoveOn(int tokens)
    {
        Count -= tokens;
        CopyPosition += tokens;
        for (int row = 0; row < Count; row++)
        {
            Shift(Matrix(_keyBuffer, _layout.KeyDim), row, tokens);
            Shift(Matrix(_valueBuffer, _layout.ValueDim), row, tokens);
        }
    }

    /// <summary>Forgets what lies behind a position.</summary>
    public void Truncate(int position)
    {
        if (CopyPosition > position)
        {
            CopyPosition = None;
            Count = 0;
        }

        Count = Math.Min(Count, Math.Max(position - CopyPosition, 0));
        MarkPosition = MarkPosition > position ? None : MarkPosition;
    }

    /// <summary>The last position at or before <paramref name="position"/> that this leads to; 0 if to none.</summary>
    public int Reach(int position)
    {
        int kept = CopyPosition <= position ? Math.Min(End, position) : None;
        int marked = MarkPosition <= position ? MarkPosition : None;
        return Math.Max(Math.Max(kept, marked), 0);
    }

    public void Dispose()
    {
        Copy.Dispose();
        _keyBuffer.Dispose();
        _valueBuffer.Dispose();
        _mark?.Dispose();
    }

    private static void Shift(in FloatMatrix rows, int row, int by) => rows.Row(row + by).CopyTo(rows.Row(row));

    private FloatMatrix Matrix(AlignedBuffer buffer, int width) =>
        FloatMatrix.Over(buffer, KeptTokensMax, _layout.KvHeadCount * width);

    private void CopyAll(AlignedBuffer source, AlignedBuffer destination) =>
        source.Span<float>(0, _layout.FloatCount).CopyTo(destination.Span<float>(0, _layout.FloatCount));
}
