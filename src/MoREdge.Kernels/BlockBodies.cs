namespace MoREdge.Kernels;

/// <summary>What products with the blocks of one element type are computed with.</summary>
/// <param name="unpack">
/// (blocks, groupCount, quants, factors): unpacks groupCount groups of one row, which begin at a chunk, as BlockLayout
/// says: unsigned quants (signed ones of Q8_0) and exact float32 factors; the rest of the last chunk becomes zeros.
/// </param>
/// <param name="products">
/// (quants, factors, panel, chunkCount, tokenCount, sums): adds the products of that row with tokenCount tokens to sums
/// (tokenCount, 8), chunk by chunk; panel is (chunkCount, tokenCount) tokens of BlockLayout.TokenBytes.
/// </param>
/// <param name="one">
/// (blocks, stride, rowCount, chunkCount, panel, sums): both in one, for whole chunks of 1, 2 or 4 rows that begin
/// stride bytes apart and one token, with sums (rowCount, 8). False for factors that the body does not know: the sums
/// are wrong then, and the driver takes the other two. Null where that is not faster.
/// </param>
/// <param name="few">
/// (blocks, stride, rowCount, chunkCount, panel, tokenCount, sums): the same for a few tokens, panel as in products,
/// with sums (rowCount, tokenCount, 8). Null where one takes token after token.
/// </param>
/// <param name="inOrder">
/// Whether one takes the columns of a token in their own order: see <see cref="BlockLayout.ZeroPointsOffset"/>.
/// </param>
// SAFETY: function pointers to static bodies; BlockDriver calls them with whole groups and chunks only.
internal readonly unsafe struct BlockBodies(
    delegate*<byte*, int, byte*, float*, void> unpack,
    delegate*<byte*, float*, byte*, int, int, float*, void> products,
    delegate*<byte*, long, int, int, byte*, float*, bool> one,
    delegate*<byte*, long, int, int, byte*, int, float*, bool> few = null,
    bool inOrder = false)
{
    /// <summary>Unpacks groups of a row.</summary>
    public delegate*<byte*, int, byte*, float*, void> Unpack { get; } = unpack;

    /// <summary>Multiplies an unpacked row with tokens.</summary>
    public delegate*<byte*, float*, byte*, int, int, float*, void> Products { get; } = products;

    /// <summary>Multiplies chunks of rows with one token, or null.</summary>
    public delegate*<byte*, long, int, int, byte*, float*, bool> One { get; } = one;

    /// <summary>Multiplies chunks of rows with a few tokens, or null.</summary>
    public delegate*<byte*, long, int, int, byte*, int, float*, bool> Few { get; } = few;

    /// <summary>Whether One takes a panel in order.</summary>
    public bool InOrder { get; } = inOrder;
}
