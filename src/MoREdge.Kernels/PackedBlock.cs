namespace MoREdge.Kernels;

/// <summary>A packed body for several tokens, and how much one call of it computes.</summary>
/// <param name="tiles">Tiles per call.</param>
/// <param name="tokens">Tokens per call.</param>
/// <param name="body">
/// (quants, scales, x, xScales, xSums, groupCount, y, yStride): quants and scales of consecutive tiles; the tokens' x
/// lie groupCount·32 apart, xScales and xSums groupCount apart, and y yStride floats apart.
/// </param>
// SAFETY: a function pointer to a static body; PackedDriver calls it with whole tiles and groups only.
internal readonly unsafe struct PackedBlock(
    int tiles, int tokens, delegate*<byte*, ushort*, sbyte*, float*, int*, int, float*, long, void> body)
{
    /// <summary>Tiles per call.</summary>
    public int Tiles { get; } = tiles;

    /// <summary>Tokens per call.</summary>
    public int Tokens { get; } = tokens;

    /// <summary>The body.</summary>
    public delegate*<byte*, ushort*, sbyte*, float*, int*, int, float*, long, void> Body { get; } = body;
}
