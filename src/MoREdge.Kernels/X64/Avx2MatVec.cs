using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static MoREdge.Kernels.Avx2Weights;

namespace MoREdge.Kernels;

/// <summary>
/// Packed products of one token for AVX2 and FMA. One vector lane is one row of the tile, so no lane is ever summed.
/// </summary>
/// <remarks>
/// SAFETY: pointers only, shapes as PackedDriver states them; the pointers are whole tiles and whole groups. vpmaddubsw
/// takes an unsigned and a signed operand and saturates at 2¹⁵: |w|·(x with the sign of w) stays at 2·128·127 = 32512.
/// Prefetches may pass the end of the weights, which the processor allows.
/// </remarks>
internal static unsafe class Avx2MatVec
{
    private const int PrefetchBytes = 1024;

    /// <summary>Q8G32, one token: y[0 … tileCount·8) from consecutive tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Q8(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, int tileCount, float* y)
    {
        // Two tiles far apart are two streams of memory: one core reads them faster than one stream.
        int half = tileCount / 2;
        long quantStride = groupCount * 256L;
        long scaleStride = groupCount * 8L;
        for (int tile = 0; tile < half; tile++)
        {
            TilesQ8(
                quants, quants + (half * quantStride), scales, scales + (half * scaleStride),
                (int*)x, xScales, groupCount, y, y + (half * 8L));
            quants += quantStride;
            scales += scaleStride;
            y += 8;
        }

        if (tileCount % 2 != 0)
        {
            quants += half * quantStride;
            scales += half * scaleStride;
            TileQ8(quants, scales, (int*)x, xScales, groupCount, y + (half * 8L));
        }
    }

    /// <summary>Q4G32, one token: y[0 … tileCount·8) from consecutive tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Q4(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, int tileCount, float* y)
    {
        int half = tileCount / 2;
        long quantStride = groupCount * 128L;
        long scaleStride = groupCount * 8L;
        for (int tile = 0; tile < half; tile++)
        {
            TilesQ4(
                quants, quants + (half * quantStride), scales, scales + (half * scaleStride),
                (int*)x, xScales, xSums, groupCount, y, y + (half * 8L));
            quants += quantStride;
            scales += scaleStride;
            y += 8;
        }

        if (tileCount % 2 != 0)
        {
            quants += half * quantStride;
            scales += half * scaleStride;
            TileQ4(quants, scales, (int*)x, xScales, xSums, groupCount, y + (half * 8L));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TileQ8(byte* quants, ushort* scales, int* quads, float* xScales, int groupCount, float* y)
    {
        Vector256<float> sum = Vector256<float>.Zero;
        for (int group = 0; group < groupCount; group++)
        {
            sum = AddGroup(GroupQ8(quants, quads), Scales(scales), xScales[group], sum);
            quants += 256;
            scales += 8;
            quads += 8;
        }

        sum.Store(y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TilesQ8(
        byte* quants0, byte* quants1, ushort* scales0, ushort* scales1,
        int* quads, float* xScales, int groupCount, float* y0, float* y1)
    {
        Vector256<float> sum0 = Vector256<float>.Zero, sum1 = Vector256<float>.Zero;
        for (int group = 0; group < groupCount; group++)
        {
            Prefetch(quants0);
            Prefetch(quants1);
            Prefetch(quants0 + 128);
            Prefetch(quants1 + 128);
            sum0 = AddGroup(GroupQ8(quants0, quads), Scales(scales0), xScales[group], sum0);
            sum1 = AddGroup(GroupQ8(quants1, quads), Scales(scales1), xScales[group], sum1);
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
    private static void TileQ4(
        byte* quants, ushort* scales, int* quads, float* xScales, int* xSums, int groupCount, float* y)
    {
        Vector256<float> sum = Vector256<float>.Zero;
        for (int group = 0; group < groupCount; group++)
        {
            sum = AddQ4(GroupQ4(quants, quads), xSums[group], Scales(scales), xScales[group], sum);
            quants += 128;
            scales += 8;
            quads += 8;
        }

        sum.Store(y);
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
            sum0 = AddQ4(GroupQ4(quants0, quads), xSums[group], Scales(scales0), xScales[group], sum0);
            sum1 = AddQ4(GroupQ4(quants1, quads), xSums[group], Scales(scales1), xScales[group], sum1);
            quants0 += 128;
            quants1 += 128;
            scales0 += 8;
            scales1 += 8;
            quads += 8;
        }

        sum0.Store(y0);
        sum1.Store(y1);
    }

    // Two cache lines ahead of one stream.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(byte* stream)
    {
        Sse.Prefetch0(stream + PrefetchBytes);
        Sse.Prefetch0(stream + PrefetchBytes + 64);
    }

    // Σ w·x over a group, one int32 lane per row.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> GroupQ8(byte* quants, int* quads)
    {
        Vector256<short> one = Vector256.Create((short)1);
        Vector256<int> even = QuadQ8(quants, quads[0], one) + QuadQ8(quants + 64, quads[2], one);
        Vector256<int> odd = QuadQ8(quants + 32, quads[1], one) + QuadQ8(quants + 96, quads[3], one);
        even += QuadQ8(quants + 128, quads[4], one) + QuadQ8(quants + 192, quads[6], one);
        odd += QuadQ8(quants + 160, quads[5], one) + QuadQ8(quants + 224, quads[7], one);
        return even + odd;
    }

    // Σ nibble·x over a group, two int16 lanes per row: at most 8·2·15·127 = 30480.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> GroupQ4(byte* quants, int* quads)
    {
        Vector256<short> low = Pairs(Low(quants), quads[0]) + Pairs(Low(quants + 32), quads[1]);
        Vector256<short> high = Pairs(High(quants), quads[4]) + Pairs(High(quants + 32), quads[5]);
        low += Pairs(Low(quants + 64), quads[2]) + Pairs(Low(quants + 96), quads[3]);
        high += Pairs(High(quants + 64), quads[6]) + Pairs(High(quants + 96), quads[7]);
        return low + high;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> QuadQ8(byte* quants, int quad, Vector256<short> one)
    {
        Vector256<sbyte> w = Vector256.Load((sbyte*)quants);
        return Products(Avx2.Abs(w), w, quad, one);
    }
}
