using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static MoREdge.Kernels.Avx2Weights;

namespace MoREdge.Kernels;

/// <summary>
/// Packed products of two or three tokens with AVX2: a few texts side by side, or a token and its drafts. Weights come
/// from memory, and are unpacked once for all tokens.
/// </summary>
/// <remarks>
/// SAFETY: pointers only, shapes as PackedBlock states them; the pointers are whole tiles and whole groups. int16 sums
/// as in Avx2MatVec. Prefetches may pass the end of the weights, which the processor allows.
/// </remarks>
internal static unsafe class Avx2FewTokens
{
    /// <summary>Tiles per call: the smallest slice of a product that a worker takes.</summary>
    internal const int TilesPerCall = 4;

    /// <summary>Q4G32, two tokens.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void TwoQ4(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, float* y, long yStride)
    {
        for (int tile = 0; tile < TilesPerCall; tile++)
        {
            Vector256<float> sum0 = default, sum1 = default;
            int* x0 = (int*)x, x1 = x0 + (groupCount * 8L);
            for (long group = 0; group < groupCount; group++)
            {
                Sse.Prefetch0(quants + AheadBytes);
                Sse.Prefetch0(quants + AheadBytes + 64);
                Vector256<short> int0 = default, int1 = default;
                AddPair(quants, x0, x1, 0, ref int0, ref int1);
                AddPair(quants, x0, x1, 1, ref int0, ref int1);
                AddPair(quants, x0, x1, 2, ref int0, ref int1);
                AddPair(quants, x0, x1, 3, ref int0, ref int1);
                Vector256<float> scale = Scales(scales);
                sum0 = AddQ4(int0, xSums[group], scale, xScales[group], sum0);
                sum1 = AddQ4(int1, xSums[group + groupCount], scale, xScales[group + groupCount], sum1);
                quants += 128;
                scales += 8;
                x0 += 8;
                x1 += 8;
            }

            sum0.Store(y);
            sum1.Store(y + yStride);
            y += 8;
        }
    }

    /// <summary>Q4G32, three tokens.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void ThreeQ4(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, float* y, long yStride)
    {
        float* scales1 = xScales + groupCount, scales2 = scales1 + groupCount;
        int* sums1 = xSums + groupCount, sums2 = sums1 + groupCount;
        for (int tile = 0; tile < TilesPerCall; tile++)
        {
            Vector256<float> sum0 = default, sum1 = default, sum2 = default;
            int* x0 = (int*)x, x1 = x0 + (groupCount * 8L), x2 = x1 + (groupCount * 8L);
            for (long group = 0; group < groupCount; group++)
            {
                Sse.Prefetch0(quants + AheadBytes);
                Sse.Prefetch0(quants + AheadBytes + 64);
                Vector256<short> int0 = default, int1 = default, int2 = default;
                AddPair(quants, x0, x1, x2, 0, ref int0, ref int1, ref int2);
                AddPair(quants, x0, x1, x2, 1, ref int0, ref int1, ref int2);
                AddPair(quants, x0, x1, x2, 2, ref int0, ref int1, ref int2);
                AddPair(quants, x0, x1, x2, 3, ref int0, ref int1, ref int2);
                Vector256<float> scale = Scales(scales);
                sum0 = AddQ4(int0, xSums[group], scale, xScales[group], sum0);
                sum1 = AddQ4(int1, sums1[group], scale, scales1[group], sum1);
                sum2 = AddQ4(int2, sums2[group], scale, scales2[group], sum2);
                quants += 128;
                scales += 8;
                x0 += 8;
                x1 += 8;
                x2 += 8;
            }

            sum0.Store(y);
            sum1.Store(y + yStride);
            sum2.Store(y + (2 * yStride));
            y += 8;
        }
    }

    /// <summary>Q8G32, two tokens.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void TwoQ8(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, float* y, long yStride)
    {
        Vector256<short> one = Vector256.Create((short)1);
        for (int tile = 0; tile < TilesPerCall; tile++)
        {
            Vector256<float> sum0 = default, sum1 = default;
            int* x0 = (int*)x, x1 = x0 + (groupCount * 8L);
            for (long group = 0; group < groupCount; group++)
            {
                Vector256<int> int0 = default, int1 = default;
                AddQuads(quants, x0, x1, 0, one, ref int0, ref int1);
                AddQuads(quants, x0, x1, 2, one, ref int0, ref int1);
                AddQuads(quants, x0, x1, 4, one, ref int0, ref int1);
                AddQuads(quants, x0, x1, 6, one, ref int0, ref int1);
                Vector256<float> scale = Scales(scales);
                sum0 = AddGroup(int0, scale, xScales[group], sum0);
                sum1 = AddGroup(int1, scale, xScales[group + groupCount], sum1);
                quants += 256;
                scales += 8;
                x0 += 8;
                x1 += 8;
            }

            sum0.Store(y);
            sum1.Store(y + yStride);
            y += 8;
        }
    }

    // Quads pair and pair + 4 of nibbles against those of each token.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddPair(
        byte* quants, int* x0, int* x1, int pair, ref Vector256<short> int0, ref Vector256<short> int1)
    {
        Vector256<byte> low = Low(quants + (32 * pair)), high = High(quants + (32 * pair));
        int0 += Pairs(low, x0[pair]) + Pairs(high, x0[pair + 4]);
        int1 += Pairs(low, x1[pair]) + Pairs(high, x1[pair + 4]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddPair(
        byte* quants, int* x0, int* x1, int* x2, int pair, ref Vector256<short> int0, ref Vector256<short> int1,
        ref Vector256<short> int2)
    {
        Vector256<byte> low = Low(quants + (32 * pair)), high = High(quants + (32 * pair));
        int0 += Pairs(low, x0[pair]) + Pairs(high, x0[pair + 4]);
        int1 += Pairs(low, x1[pair]) + Pairs(high, x1[pair + 4]);
        int2 += Pairs(low, x2[pair]) + Pairs(high, x2[pair + 4]);
    }

    // Quads quad and quad + 1 of int8 against those of each token.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddQuads(
        byte* quants, int* x0, int* x1, int quad, Vector256<short> one, ref Vector256<int> int0,
        ref Vector256<int> int1)
    {
        Sse.Prefetch0(quants + ((32 * quad) + AheadBytes));
        Vector256<sbyte> w = Vector256.Load((sbyte*)quants + (32 * quad));
        Vector256<sbyte> v = Vector256.Load((sbyte*)quants + ((32 * quad) + 32));
        Vector256<byte> magnitude = Avx2.Abs(w), magnitude1 = Avx2.Abs(v);
        int0 += Products(magnitude, w, x0[quad], one) + Products(magnitude1, v, x0[quad + 1], one);
        int1 += Products(magnitude, w, x1[quad], one) + Products(magnitude1, v, x1[quad + 1], one);
    }
}
