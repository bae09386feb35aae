using MoREdge.Tensors;

namespace MoREdge.Model.Caches;

/// <summary>
/// The hybrid cache's temporary rows (spec section 4.3): a later recursion sees fresh keys and values of its own tokens
/// in the first recursion's slot, and the slot is as before when the layer ends.
/// </summary>
internal sealed class KvOverlay : IDisposable
{
    private readonly AlignedBuffer? _saved;
    private readonly int[] _indexes;
    private readonly int _bytesPerToken;
    private readonly bool _chunkRelative;
    private int _chunkPosition;
    private int _count;

    /// <param name="layout">Stored form of a head.</param>
    /// <param name="kvHeadCount">Heads.</param>
    /// <param name="rowsMax">Most tokens of a chunk; 0 when the policy is another one.</param>
    /// <param name="chunkRelative">
    /// The released reference replaces row i of the slot for the chunk's token i, so a decoded token replaces position
    /// 0. True reproduces that; false replaces the token's own row.
    /// </param>
    public KvOverlay(in KvLayout layout, int kvHeadCount, int rowsMax, bool chunkRelative)
    {
        _bytesPerToken = KvSlot.TokenBytes(layout, kvHeadCount);
        _saved = rowsMax == 0 ? null : new AlignedBuffer(BytesFor(layout, kvHeadCount, rowsMax));
        _indexes = new int[rowsMax];
        _chunkRelative = chunkRelative;
    }

    /// <summary>Bytes of the saved rows.</summary>
    public long ByteCount => _saved?.ByteCount ?? 0;

    /// <summary>Bytes that <see cref="ByteCount"/> will be.</summary>
    public static long BytesFor(in KvLayout layout, int kvHeadCount, int rowsMax) =>
        checked((long)rowsMax * KvSlot.TokenBytes(layout, kvHeadCount));

    /// <summary>Says which position is the chunk's first.</summary>
    public void BeginChunk(int position) => _chunkPosition = position;

    /// <summary>
    /// Keeps a copy of the row in <paramref name="slot"/> that the token at <paramref name="position"/> replaces, and
    /// returns that row's index.
    /// </summary>
    public int Keep(KvSlot slot, int position)
    {
        int index = _chunkRelative ? position - _chunkPosition : slot.VisibleCount(position) - 1;
        _indexes[_count] = index;
        slot.Save(index, _saved!.Span<byte>((long)_count * _bytesPerToken, _bytesPerToken));
        _count++;
        return index;
    }

    /// <summary>Puts every replaced row back.</summary>
    public void Restore(KvSlot slot)
    {
        for (int i = 0; i < _count; i++)
        {
            slot.Restore(_indexes[i], _saved!.Span<byte>((long)i * _bytesPerToken, _bytesPerToken));
        }

        _count = 0;
    }

    public void Dispose() => _saved?.Dispose();
}
