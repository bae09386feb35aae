using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static MoREdge.Kernels.Avx2Weights;

namespace MoREdge.Kernels;

/// <summary>
/// Q8G32 for several tokens with AVX2: one tile for four tokens of a prompt, or eight for the three query heads that
/// share an int8 key cache.
/// </summary>
/// <remarks>
/// SAFETY: pointers only, shapes as PackedDriver states them. The sign trick as in Avx2MatVec. Prefetches may pass the
/// end of the weights, which the processor allows.
/// </remarks>
internal static unsafe class Avx2MatMulQ8
{
    /// <summary>Tokens per call of Three.</summary>
    internal const int Tokens = 3;

    /// <summary>How far ahead four tokens ask for weights, which they need half as fast as one.</summary>
    private const int AheadBytesOfFourTokens = 4096;

    /// <summary>Tiles per call of Three: with a call for each, a sixth of the time went into the calls.</summary>
    internal const int Tiles = 8;

    /// <summary>Consecutive tiles, one after the other, for three tokens (see PackedBlock).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Three(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, float* y, long yStride)
    {
        Vector256<short> one = Vector256.Create((short)1);
        for (int tile = 0; tile < Tiles; tile++)
        {
            Vector256<float> sum0 = default, sum1 = default, sum2 = default;
            int* x0 = (int*)x, x1 = x0 + (groupCount * 8L), x2 = x1 + (groupCount * 8L);
            float* xs = xScales;
            for (int group = 0; group < groupCount; group++)
            {
                Vector256<int> int0 = default, int1 = default, int2 = default;
                AddQuads(quants, x0, x1, x2, 0, one, ref int0, ref int1, ref int2);
                AddQuads(quants, x0, x1, x2, 2, one, ref int0, ref int1, ref int2);
                AddQuads(quants, x0, x1, x2, 4, one, ref int0, ref int1, ref int2);
                AddQuads(quants, x0, x1, x2, 6, one, ref int0, ref int1, ref int2);
                Vector256<float> scale = Scales(scales);
                sum0 = AddGroup(int0, scale, xs[0], sum0);
                sum1 = AddGroup(int1, scale, xs[groupCount], sum1);
                sum2 = AddGroup(int2, scale, xs[2L * groupCount], sum2);
                quants += 256;
                scales += 8;
                xs++;
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

    /// <summary>Q8G32, one tile for four tokens: most of a prompt.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Four(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, float* y, long yStride)
    {
        Vector256<short> one = Vector256.Create((short)1);
        Vector256<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        int* x0 = (int*)x, x1 = x0 + (groupCount * 8L), x2 = x1 + (groupCount * 8L), x3 = x2 + (groupCount * 8L);
        byte* next = quants + AheadBytesOfFourTokens;
        for (int group = 0; group < groupCount; group++)
        {
            PrefetchNear(ref next);
            Vector256<int> int0 = default, int1 = default, int2 = default, int3 = default;
            for (nint quad = 0; quad < 8; quad++)
            {
                Vector256<sbyte> w = Vector256.Load((sbyte*)quants);
                Vector256<byte> magnitude = Avx2.Abs(w);
                int0 += Products(magnitude, w, x0[quad], one);
                int1 += Products(magnitude, w, x1[quad], one);
                int2 += Products(magnitude, w, x2[quad], one);
                int3 += Products(magnitude, w, x3[quad], one);
                quants += 32;
            }

            Vector256<float> scale = Scales(scales);
            float* xs = xScales + group;
            sum0 = AddGroup(int0, scale, xs[0], sum0);
            sum1 = AddGroup(int1, scale, xs[groupCount], sum1);
            sum2 = AddGroup(int2, scale, xs[2L * groupCount], sum2);
            sum3 = AddGroup(int3, scale, xs[3L * groupCount], sum3);
            scales += 8;
            x0 += 8;
            x1 += 8;
            x2 += 8;
            x3 += 8;
        }

        sum0.Store(y);
        sum1.Store(y + yStride);
        sum2.Store(y + (2 * yStride));
        sum3.Store(y + (3 * yStride));
    }

    // Quads quad and quad + 1 of weights against those of three tokens.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddQuads(
        byte* quants, int* x0, int* x1, int* x2, int quad, Vector256<short> one, ref Vector256<int> int0,
        ref Vector256<int> int1, ref Vector256<int> int2)
    {
        Sse.Prefetch0(quants + ((32 * quad) + AheadBytes));
        Vector256<sbyte> w = Vector256.Load((sbyte*)quants + (32 * quad));
        Vector256<byte> magnitude = Avx2.Abs(w);
        int0 += Products(magnitude, w, x0[quad], one);
        int1 += Products(magnitude, w, x1[quad], one);
        int2 += Products(magnitude, w, x2[quad], one);
        w = Vector256.Load((sbyte*)quants + ((32 * quad) + 32));
        magnitude = Avx2.Abs(w);
        int0 += Products(magnitude, w, x0[quad + 1], one);
        int1 += Products(magnitude, w, x1[quad + 1], one);
        int2 += Products(magnitude, w, x2[quad + 1], one);
    }
}
