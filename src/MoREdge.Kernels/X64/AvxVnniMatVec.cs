using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static MoREdge.Kernels.Avx2Weights;
using static MoREdge.Kernels.AvxVnniWeights;

namespace MoREdge.Kernels;

/// <summary>
/// Packed products of one token for AVX-VNNI: vpdpbusd sums four products of an unsigned and a signed byte into int32.
/// </summary>
/// <remarks>
/// SAFETY: pointers only, shapes as PackedDriver states them; the pointers are whole tiles and whole groups. Flipping
/// the top bit of a signed weight makes it w + 128, unsigned; the sums start at −128·Σx (−8·Σx for nibbles), and
/// vpdpbusd does not saturate. Prefetches may pass the end of the weights, which the processor allows. Two tiles half
/// of the rows apart, as in Avx2MatVec.
/// </remarks>
internal static unsafe class AvxVnniMatVec
{
    /// <summary>Q8G32, one token: y[0 … tileCount·8) from consecutive tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Q8(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, int tileCount, float* y) =>
        Avx2MatVec.Pairs(quants, scales, x, xScales, xSums, groupCount, tileCount, y, 256, &TilesQ8);

    /// <summary>Q4G32, one token: y[0 … tileCount·8) from consecutive tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Q4(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, int tileCount, float* y) =>
        Avx2MatVec.Pairs(quants, scales, x, xScales, xSums, groupCount, tileCount, y, 128, &TilesQ4);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TilesQ8(
        byte* quants0, byte* quants1, ushort* scales0, ushort* scales1,
        int* quads, float* xScales, int* xSums, int groupCount, float* y0, float* y1)
    {
        Vector256<float> sum0 = Vector256<float>.Zero, sum1 = Vector256<float>.Zero;
        for (int group = 0; group < groupCount; group++)
        {
            Avx2MatVec.Prefetch(quants0);
            Avx2MatVec.Prefetch(quants1);
            Avx2MatVec.Prefetch(quants0 + 128);
            Avx2MatVec.Prefetch(quants1 + 128);
            Vector256<int> even0 = Start(xSums + group, ByteShift), even1 = even0;
            Vector256<int> odd0 = Vector256<int>.Zero, odd1 = Vector256<int>.Zero;
            AddQuads(quants0, quants1, quads, ref even0, ref odd0, ref even1, ref odd1);
            AddQuads(quants0 + 64, quants1 + 64, quads + 2, ref even0, ref odd0, ref even1, ref odd1);
            AddQuads(quants0 + 128, quants1 + 128, quads + 4, ref even0, ref odd0, ref even1, ref odd1);
            AddQuads(quants0 + 192, quants1 + 192, quads + 6, ref even0, ref odd0, ref even1, ref odd1);
            sum0 = AddGroup(even0 + odd0, Scales(scales0), xScales[group], sum0);
            sum1 = AddGroup(even1 + odd1, Scales(scales1), xScales[group], sum1);
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
            Avx2MatVec.Prefetch(quants0);
            Avx2MatVec.Prefetch(quants1);
            Vector256<int> low0 = Start(xSums + group, NibbleShift), low1 = low0;
            Vector256<int> high0 = Vector256<int>.Zero, high1 = Vector256<int>.Zero;
            AddNibbles(quants0, quants1, quads, 0, ref low0, ref high0, ref low1, ref high1);
            AddNibbles(quants0, quants1, quads, 1, ref low0, ref high0, ref low1, ref high1);
            AddNibbles(quants0, quants1, quads, 2, ref low0, ref high0, ref low1, ref high1);
            AddNibbles(quants0, quants1, quads, 3, ref low0, ref high0, ref low1, ref high1);
            sum0 = AddGroup(WithUpper(low0, high0), Scales(scales0), xScales[group], sum0);
            sum1 = AddGroup(WithUpper(low1, high1), Scales(scales1), xScales[group], sum1);
            quants0 += 128;
            quants1 += 128;
            scales0 += 8;
            scales1 += 8;
            quads += 8;
        }

        sum0.Store(y0);
        sum1.Store(y1);
    }

    // Two quads of two tiles.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddQuads(
        byte* quants0, byte* quants1, int* quads, ref Vector256<int> even0, ref Vector256<int> odd0,
        ref Vector256<int> even1, ref Vector256<int> odd1)
    {
        // Vectors, not integers, are shared: those would come by way of an integer register, twice.
        Vector256<sbyte> first = Vector256.Create(quads[0]).AsSByte(), second = Vector256.Create(quads[1]).AsSByte();
        even0 = AvxVnni.MultiplyWideningAndAdd(even0, Unsigned(quants0), first);
        even1 = AvxVnni.MultiplyWideningAndAdd(even1, Unsigned(quants1), first);
        odd0 = AvxVnni.MultiplyWideningAndAdd(odd0, Unsigned(quants0 + 32), second);
        odd1 = AvxVnni.MultiplyWideningAndAdd(odd1, Unsigned(quants1 + 32), second);
    }

    // Quads pair and pair + 4 of nibbles of two tiles.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddNibbles(
        byte* quants0, byte* quants1, int* quads, int pair, ref Vector256<int> low0, ref Vector256<int> high0,
        ref Vector256<int> low1, ref Vector256<int> high1)
    {
        Vector256<sbyte> lower = Vector256.Create(quads[pair]).AsSByte();
        Vector256<sbyte> upper = Vector256.Create(quads[pair + 4]).AsSByte();
        quants0 += 32 * pair;
        quants1 += 32 * pair;
        low0 = AvxVnni.MultiplyWideningAndAdd(low0, Low(quants0), lower);
        low1 = AvxVnni.MultiplyWideningAndAdd(low1, Low(quants1), lower);
        high0 = AvxVnni.MultiplyWideningAndAdd(high0, Upper(quants0), upper);
        high1 = AvxVnni.MultiplyWideningAndAdd(high1, Upper(quants1), upper);
    }
}
