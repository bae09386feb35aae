using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static MoREdge.Kernels.Avx2Weights;
using static MoREdge.Kernels.AvxVnniWeights;

namespace MoREdge.Kernels;

/// <summary>
/// Packed products of two or three tokens with AVX-VNNI: a few texts side by side, a token and its drafts, or the query
/// heads that share an int8 key cache. Weights come from memory, and are unpacked once for all tokens.
/// </summary>
/// <remarks>
/// SAFETY: pointers only, shapes as PackedBlock states them; the pointers are whole tiles and whole groups. Prefetches
/// may pass the end of the weights, which the processor allows.
/// </remarks>
internal static unsafe class AvxVnniFewTokens
{
    /// <summary>Q4G32, two tokens.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void TwoQ4(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, float* y, long yStride)
    {
        for (int tile = 0; tile < Avx2FewTokens.TilesPerCall; tile++)
        {
            Vector256<float> sum0 = default, sum1 = default;
            int* x0 = (int*)x, x1 = x0 + (groupCount * 8L);
            for (long group = 0; group < groupCount; group++)
            {
                Sse.Prefetch0(quants + AheadBytes);
                Sse.Prefetch0(quants + AheadBytes + 64);
                Vector256<int> low0 = Start(xSums + group, NibbleShift), high0 = default;
                Vector256<int> low1 = Start(xSums + group + groupCount, NibbleShift), high1 = default;
                AddPair(quants, x0, x1, 0, ref low0, ref high0, ref low1, ref high1);
                AddPair(quants, x0, x1, 1, ref low0, ref high0, ref low1, ref high1);
                AddPair(quants, x0, x1, 2, ref low0, ref high0, ref low1, ref high1);
                AddPair(quants, x0, x1, 3, ref low0, ref high0, ref low1, ref high1);
                Vector256<float> scale = Scales(scales);
                sum0 = AddGroup(WithUpper(low0, high0), scale, xScales[group], sum0);
                sum1 = AddGroup(WithUpper(low1, high1), scale, xScales[group + groupCount], sum1);
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
        for (int tile = 0; tile < Avx2FewTokens.TilesPerCall; tile++)
        {
            Vector256<float> sum0 = default, sum1 = default, sum2 = default;
            int* x0 = (int*)x, x1 = x0 + (groupCount * 8L), x2 = x1 + (groupCount * 8L);
            for (long group = 0; group < groupCount; group++)
            {
                Sse.Prefetch0(quants + AheadBytes);
                Sse.Prefetch0(quants + AheadBytes + 64);
                Vector256<int> low0 = Start(xSums + group, NibbleShift), high0 = default;
                Vector256<int> low1 = Start(sums1 + group, NibbleShift), high1 = default;
                Vector256<int> low2 = Start(sums2 + group, NibbleShift), high2 = default;
                AddPair(quants, x0, x1, 0, ref low0, ref high0, ref low1, ref high1);
                AddPair(quants, x2, 0, ref low2, ref high2);
                AddPair(quants, x0, x1, 1, ref low0, ref high0, ref low1, ref high1);
                AddPair(quants, x2, 1, ref low2, ref high2);
                AddPair(quants, x0, x1, 2, ref low0, ref high0, ref low1, ref high1);
                AddPair(quants, x2, 2, ref low2, ref high2);
                AddPair(quants, x0, x1, 3, ref low0, ref high0, ref low1, ref high1);
                AddPair(quants, x2, 3, ref low2, ref high2);
                Vector256<float> scale = Scales(scales);
                sum0 = AddGroup(WithUpper(low0, high0), scale, xScales[group], sum0);
                sum1 = AddGroup(WithUpper(low1, high1), scale, scales1[group], sum1);
                sum2 = AddGroup(WithUpper(low2, high2), scale, scales2[group], sum2);
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
        for (int tile = 0; tile < Avx2FewTokens.TilesPerCall; tile++)
        {
            Vector256<float> sum0 = default, sum1 = default;
            int* x0 = (int*)x, x1 = x0 + (groupCount * 8L);
            for (long group = 0; group < groupCount; group++)
            {
                Vector256<int> even0 = Start(xSums + group, ByteShift), odd0 = default;
                Vector256<int> even1 = Start(xSums + group + groupCount, ByteShift), odd1 = default;
                AddQuads(quants, x0, x1, 0, ref even0, ref odd0, ref even1, ref odd1);
                AddQuads(quants, x0, x1, 2, ref even0, ref odd0, ref even1, ref odd1);
                AddQuads(quants, x0, x1, 4, ref even0, ref odd0, ref even1, ref odd1);
                AddQuads(quants, x0, x1, 6, ref even0, ref odd0, ref even1, ref odd1);
                Vector256<float> scale = Scales(scales);
                sum0 = AddGroup(even0 + odd0, scale, xScales[group], sum0);
                sum1 = AddGroup(even1 + odd1, scale, xScales[group + groupCount], sum1);
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

    /// <summary>Q8G32, three tokens, and as many tiles as Avx2MatMulQ8.Three.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void ThreeQ8(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, float* y, long yStride)
    {
        float* scales1 = xScales + groupCount, scales2 = scales1 + groupCount;
        int* sums1 = xSums + groupCount, sums2 = sums1 + groupCount;
        for (int tile = 0; tile < Avx2MatMulQ8.Tiles; tile++)
        {
            Vector256<float> sum0 = default, sum1 = default, sum2 = default;
            int* x0 = (int*)x, x1 = x0 + (groupCount * 8L), x2 = x1 + (groupCount * 8L);
            for (long group = 0; group < groupCount; group++)
            {
                Vector256<int> even0 = Start(xSums + group, ByteShift), odd0 = default;
                Vector256<int> even1 = Start(sums1 + group, ByteShift), odd1 = default;
                Vector256<int> even2 = Start(sums2 + group, ByteShift), odd2 = default;
                AddQuads(quants, x0, x1, 0, ref even0, ref odd0, ref even1, ref odd1);
                AddQuads(quants, x2, 0, ref even2, ref odd2);
                AddQuads(quants, x0, x1, 2, ref even0, ref odd0, ref even1, ref odd1);
                AddQuads(quants, x2, 2, ref even2, ref odd2);
                AddQuads(quants, x0, x1, 4, ref even0, ref odd0, ref even1, ref odd1);
                AddQuads(quants, x2, 4, ref even2, ref odd2);
                AddQuads(quants, x0, x1, 6, ref even0, ref odd0, ref even1, ref odd1);
                AddQuads(quants, x2, 6, ref even2, ref odd2);
                Vector256<float> scale = Scales(scales);
                sum0 = AddGroup(even0 + odd0, scale, xScales[group], sum0);
                sum1 = AddGroup(even1 + odd1, scale, scales1[group], sum1);
                sum2 = AddGroup(even2 + odd2, scale, scales2[group], sum2);
                quants += 256;
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

    // Quads pair and pair + 4 of nibbles against those of one or two tokens, which share what is loaded of the weights.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddPair(byte* quants, int* x0, int pair, ref Vector256<int> low0, ref Vector256<int> high0)
    {
        low0 = Add(low0, Low(quants + (32 * pair)), x0 + pair);
        high0 = Add(high0, Upper(quants + (32 * pair)), x0 + pair + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddPair(
        byte* quants, int* x0, int* x1, int pair, ref Vector256<int> low0, ref Vector256<int> high0,
        ref Vector256<int> low1, ref Vector256<int> high1)
    {
        AddPair(quants, x0, pair, ref low0, ref high0);
        AddPair(quants, x1, pair, ref low1, ref high1);
    }

    // Quads quad and quad + 1 of int8.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddQuads(byte* quants, int* x0, int quad, ref Vector256<int> even0, ref Vector256<int> odd0)
    {
        even0 = Add(even0, Unsigned(quants + (32 * quad)), x0 + quad);
        odd0 = Add(odd0, Unsigned(quants + ((32 * quad) + 32)), x0 + quad + 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddQuads(
        byte* quants, int* x0, int* x1, int quad, ref Vector256<int> even0, ref Vector256<int> odd0,
        ref Vector256<int> even1, ref Vector256<int> odd1)
    {
        Sse.Prefetch0(quants + ((32 * quad) + AheadBytes));
        AddQuads(quants, x0, quad, ref even0, ref odd0);
        AddQuads(quants, x1, quad, ref even1, ref odd1);
    }
}
