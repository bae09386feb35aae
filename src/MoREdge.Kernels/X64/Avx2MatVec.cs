using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using MoREdge.Tensors;
using static MoREdge.Kernels.Avx2Weights;

namespace MoREdge.Kernels;

/// <summary>
/// Packed products of one token for AVX2 and FMA. One vector lane is one row of the tile, so no lane is ever summed.
/// </summary>
/// <remarks>
/// SAFETY: pointers only, shapes as PackedDriver states them; the pointers are whole tiles and whole groups. vpmaddubsw
/// takes an unsigned and a signed operand and saturates at 2¹⁵: |w|·(x with the sign of w) stays at 2·128·127 = 32512.
/// Prefetches may pass the end of the weights, which the processor allows.
/// Two tiles half of the rows apart are two streams of memory, which one core reads faster than one, and share what is
/// loaded of the token. Of an odd number of tiles the middle one is in both halves and is written twice, the same bits.
/// </remarks>
internal static unsafe class Avx2MatVec
{
    private const int PrefetchBytes = 1024;

    /// <summary>Q8G32, one token: y[0 … tileCount·8) from consecutive tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Q8(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, int tileCount, float* y) =>
        Pairs(quants, scales, x, xScales, xSums, groupCount, tileCount, y, 256, &TilesQ8);

    /// <summary>Q4G32, one token: y[0 … tileCount·8) from consecutive tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Q4(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, int tileCount, float* y) =>
        Pairs(quants, scales, x, xScales, xSums, groupCount, tileCount, y, 128, &TilesQ4);

    /// <summary>
    /// Each tile of the first half and the one of the second half that lies as far from its beginning.
    /// </summary>
    /// <param name="quants">Quants of consecutive tiles.</param>
    /// <param name="scales">Their scales.</param>
    /// <param name="x">The token.</param>
    /// <param name="xScales">Its scales.</param>
    /// <param name="xSums">Its sums.</param>
    /// <param name="groupCount">Groups of a row.</param>
    /// <param name="tileCount">Tiles.</param>
    /// <param name="y">tileCount·8 sums.</param>
    /// <param name="groupBytes">Bytes of a group of one tile.</param>
    /// <param name="tiles">
    /// (quants, quants, scales, scales, quads, xScales, xSums, groupCount, y, y): the body for two tiles.
    /// </param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Pairs(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, int tileCount, float* y,
        int groupBytes,
        delegate*<byte*, byte*, ushort*, ushort*, int*, float*, int*, int, float*, float*, void> tiles)
    {
        int half = tileCount - (tileCount / 2);
        long second = tileCount / 2;
        long quantStride = (long)groupCount * groupBytes;
        long scaleStride = groupCount * 8L;
        for (int tile = 0; tile < half; tile++)
        {
            tiles(
                quants, quants + (second * quantStride), scales, scales + (second * scaleStride),
                (int*)x, xScales, xSums, groupCount, y, y + (second * 8));
            quants += quantStride;
            scales += scaleStride;
            y += 8;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TilesQ8(
        byte* quants0, byte* quants1, ushort* scales0, ushort* scales1,
        int* quads, float* xScales, int* xSums, int groupCount, float* y0, float* y1)
    {
        Vector256<float> sum0 = Vector256<float>.Zero, sum1 = Vector256<float>.Zero;
        for (int group = 0; group < groupCount; group++)
        {
            Prefetch(quants0);
            Prefetch(quants1);
            Prefetch(quants0 + 128);
            Prefetch(quants1 + 128);
            Vector256<int> products0 = Vector256<int>.Zero, products1 = Vector256<int>.Zero;
            AddQuads(quants0, quants1, quads, ref products0, ref products1);
            AddQuads(quants0 + 64, quants1 + 64, quads + 2, ref products0, ref products1);
            AddQuads(quants0 + 128, quants1 + 128, quads + 4, ref products0, ref products1);
            AddQuads(quants0 + 192, quants1 + 192, quads + 6, ref products0, ref products1);
            sum0 = AddGroup(products0, Scales(scales0), xScales[group], sum0);
            sum1 = AddGroup(products1, Scales(scales1), xScales[group], sum1);
            quants0 += 256;
            quants1 += 256;
            scales0 += 8;
            scales1 += 8;
            quads += 8;
        }

        sum0.Store(y0);
        sum1.Store(y1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TilesQ4(
        byte* quants0, byte* quants1, ushort* scales0, ushort* scales1,
        int* quads, float* xScales, int* xSums, int groupCount, float* y0, float* y1)
    {
        Vector256<float> sum0 = Vector256<float>.Zero, sum1 = Vector256<float>.Zero;
        for (int group = 0; group < groupCount; group++)
        {
            Prefetch(quants0);
            Prefetch(quants1);
            Vector256<short> products0 = Vector256<short>.Zero, products1 = Vector256<short>.Zero;
            AddNibbles(quants0, quants1, quads, 0, ref products0, ref products1);
            AddNibbles(quants0, quants1, quads, 1, ref products0, ref products1);
            AddNibbles(quants0, quants1, quads, 2, ref products0, ref products1);
            AddNibbles(quants0, quants1, quads, 3, ref products0, ref products1);
            sum0 = AddQ4(products0, xSums[group], Scales(scales0), xScales[group], sum0);
            sum1 = AddQ4(products1, xSums[group], Scales(scales1), xScales[group], sum1);
            quants0 += 128;
            quants1 += 128;
            scales0 += 8;
            scales1 += 8;
            quads += 8;
        }

        sum0.Store(y0);
        sum1.Store(y1);
    }

    /// <summary>Asks for two cache lines ahead of one stream.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Prefetch(byte* stream)
    {
        Sse.Prefetch0(stream + PrefetchBytes);
        Sse.Prefetch0(stream + PrefetchBytes + 64);
    }

    // Σ w·x over two quads of two tiles, one int32 lane per row.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddQuads(
        byte* quants0, byte* quants1, int* quads, ref Vector256<int> products0, ref Vector256<int> products1)
    {
        // Vectors, not integers, are shared: those would come by way of an integer register, twice.
        Vector256<sbyte> first = Vector256.Create(quads[0]).AsSByte(), second = Vector256.Create(quads[1]).AsSByte();
        products0 += QuadQ8(quants0, first);
        products1 += QuadQ8(quants1, first);
        products0 += QuadQ8(quants0 + 32, second);
        products1 += QuadQ8(quants1 + 32, second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> QuadQ8(byte* quants, Vector256<sbyte> x)
    {
        Vector256<sbyte> w = Vector256.Load((sbyte*)quants);
        return Avx2.MultiplyAddAdjacent(
            Avx2.MultiplyAddAdjacent(Avx2.Abs(w), Avx2.Sign(x, w)), Vector256.Create((short)1));
    }

    // Σ nibble·x over quads pair and pair + 4 of two tiles, two int16 lanes per row: over a group at most
    // 8·2·15·127 = 30480.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddNibbles(
        byte* quants0, byte* quants1, int* quads, int pair, ref Vector256<short> products0,
        ref Vector256<short> products1)
    {
        Vector256<byte> mask = Vector256.Create(PackedLayout.NibbleMask);
        Vector256<sbyte> lower = Vector256.Create(quads[pair]).AsSByte();
        Vector256<sbyte> upper = Vector256.Create(quads[pair + 4]).AsSByte();
        Vector256<byte> w0 = Vector256.Load(quants0 + (32 * pair)), w1 = Vector256.Load(quants1 + (32 * pair));
        products0 += Avx2.MultiplyAddAdjacent(w0 & mask, lower);
        products1 += Avx2.MultiplyAddAdjacent(w1 & mask, lower);
        w0 = Vector256.ShiftRightLogical(w0.AsUInt16(), PackedLayout.NibbleBits).AsByte();
        w1 = Vector256.ShiftRightLogical(w1.AsUInt16(), PackedLayout.NibbleBits).AsByte();
        products0 += Avx2.MultiplyAddAdjacent(w0 & mask, upper);
        products1 += Avx2.MultiplyAddAdjacent(w1 & mask, upper);
    }
}
