using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static MoREdge.Kernels.Avx2Weights;

namespace MoREdge.Kernels;

/// <summary>
/// Packed products of one token for AVX-VNNI: vpdpbusd sums four products of an unsigned and a signed byte into int32.
/// </summary>
/// <remarks>
/// SAFETY: pointers only, shapes as PackedDriver states them; the pointers are whole tiles and whole groups. Flipping
/// the top bit of a signed weight makes it w + 128, unsigned; the accumulator starts at −128·Σx (−8·Σx for nibbles) and
/// vpdpbusd does not saturate. Prefetches may pass the end of the weights, which the processor allows.
/// </remarks>
internal static unsafe class AvxVnniMatVec
{
    private const int PrefetchBytes = 2048;

    /// <summary>Q8G32, one token: y[0 … tileCount·8) from consecutive tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Q8(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, int tileCount, float* y)
    {
        for (int tile = 0; tile < tileCount; tile++)
        {
            Vector256<float> sum = Vector256<float>.Zero;
            int* quads = (int*)x;
            for (int group = 0; group < groupCount; group++)
            {
                Sse.Prefetch0(quants + PrefetchBytes);
                Sse.Prefetch0(quants + PrefetchBytes + 64);
                Sse.Prefetch0(quants + PrefetchBytes + 128);
                Sse.Prefetch0(quants + PrefetchBytes + 192);
                Vector256<int> even = AddQuad(Vector256.Create(xSums[group] * -128), Unsigned(quants), quads[0]);
                Vector256<int> odd = AddQuad(Vector256<int>.Zero, Unsigned(quants + 32), quads[1]);
                even = AddQuad(even, Unsigned(quants + 64), quads[2]);
                odd = AddQuad(odd, Unsigned(quants + 96), quads[3]);
                even = AddQuad(even, Unsigned(quants + 128), quads[4]);
                odd = AddQuad(odd, Unsigned(quants + 160), quads[5]);
                even = AddQuad(even, Unsigned(quants + 192), quads[6]);
                odd = AddQuad(odd, Unsigned(quants + 224), quads[7]);
                sum = AddGroup(even + odd, Scales(scales), xScales[group], sum);
                quants += 256;
                scales += 8;
                quads += 8;
            }

            sum.Store(y + (tile * 8));
        }
    }

    /// <summary>Q4G32, one token: y[0 … tileCount·8) from consecutive tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Q4(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, int tileCount, float* y)
    {
        for (int tile = 0; tile < tileCount; tile++)
        {
            Vector256<float> sum = Vector256<float>.Zero;
            int* quads = (int*)x;
            for (int group = 0; group < groupCount; group++)
            {
                Sse.Prefetch0(quants + PrefetchBytes);
                Sse.Prefetch0(quants + PrefetchBytes + 64);
                Vector256<int> low = AddQuad(Vector256.Create(xSums[group] * -8), Low(quants), quads[0]);
                Vector256<int> high = AddQuad(Vector256<int>.Zero, High(quants), quads[4]);
                low = AddQuad(low, Low(quants + 32), quads[1]);
                high = AddQuad(high, High(quants + 32), quads[5]);
                low = AddQuad(low, Low(quants + 64), quads[2]);
                high = AddQuad(high, High(quants + 64), quads[6]);
                low = AddQuad(low, Low(quants + 96), quads[3]);
                high = AddQuad(high, High(quants + 96), quads[7]);
                sum = AddGroup(low + high, Scales(scales), xScales[group], sum);
                quants += 128;
                scales += 8;
                quads += 8;
            }

            sum.Store(y + (tile * 8));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> AddQuad(Vector256<int> sum, Vector256<byte> w, int quad) =>
        AvxVnni.MultiplyWideningAndAdd(sum, w, Vector256.Create(quad).AsSByte());
}
