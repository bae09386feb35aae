using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>
/// Packed products for AVX-VNNI: vpdpbusd sums four products of an unsigned and a signed byte into int32.
/// </summary>
/// <remarks>
/// SAFETY: pointers only, shapes as PackedDriver states them; the pointers are whole tiles and whole groups. Flipping
/// the top bit of a signed weight makes it w + 128, unsigned; the accumulator starts at −128·Σx (−8·Σx for nibbles) and
/// vpdpbusd does not saturate. Prefetches may pass the end of the weights, which the processor allows.
/// </remarks>
internal static unsafe class AvxVnniPackedBodies
{
    private const int PrefetchBytes = 2048;
    private const byte SignBit = 0x80;

    /// <summary>Q8G32, one token: y[0 … tileCount·8) from consecutive tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void MatVecQ8(
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
                sum = Avx2PackedBodies.AddGroup(even + odd, Avx2PackedBodies.Scales(scales), xScales[group], sum);
                quants += 256;
                scales += 8;
                quads += 8;
            }

            sum.Store(y + (tile * 8));
        }
    }

    /// <summary>Q4G32, one token: y[0 … tileCount·8) from consecutive tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void MatVecQ4(
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
                sum = Avx2PackedBodies.AddGroup(low + high, Avx2PackedBodies.Scales(scales), xScales[group], sum);
                quants += 128;
                scales += 8;
                quads += 8;
            }

            sum.Store(y + (tile * 8));
        }
    }

    /// <summary>Q8G32, one tile for four tokens.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void MatMulQ8(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, float* y, long yStride)
    {
        Vector256<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        int* x0 = (int*)x, x1 = x0 + (groupCount * 8L), x2 = x1 + (groupCount * 8L), x3 = x2 + (groupCount * 8L);
        for (int group = 0; group < groupCount; group++)
        {
            int* xn = xSums + group;
            Vector256<int> int0 = Vector256.Create(xn[0] * -128);
            Vector256<int> int1 = Vector256.Create(xn[groupCount] * -128);
            Vector256<int> int2 = Vector256.Create(xn[2L * groupCount] * -128);
            Vector256<int> int3 = Vector256.Create(xn[3L * groupCount] * -128);
            for (nint quad = 0; quad < 8; quad++)
            {
                Vector256<byte> w = Unsigned(quants);
                int0 = AddQuad(int0, w, x0[quad]);
                int1 = AddQuad(int1, w, x1[quad]);
                int2 = AddQuad(int2, w, x2[quad]);
                int3 = AddQuad(int3, w, x3[quad]);
                quants += 32;
            }

            Vector256<float> scale = Avx2PackedBodies.Scales(scales);
            float* xs = xScales + group;
            sum0 = Avx2PackedBodies.AddGroup(int0, scale, xs[0], sum0);
            sum1 = Avx2PackedBodies.AddGroup(int1, scale, xs[groupCount], sum1);
            sum2 = Avx2PackedBodies.AddGroup(int2, scale, xs[2L * groupCount], sum2);
            sum3 = Avx2PackedBodies.AddGroup(int3, scale, xs[3L * groupCount], sum3);
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

    /// <summary>Q4G32, one tile for four tokens.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void MatMulQ4(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, float* y, long yStride)
    {
        Vector256<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        int* x0 = (int*)x, x1 = x0 + (groupCount * 8L), x2 = x1 + (groupCount * 8L), x3 = x2 + (groupCount * 8L);
        for (int group = 0; group < groupCount; group++)
        {
            int* xn = xSums + group;
            Vector256<int> int0 = Vector256.Create(xn[0] * -8);
            Vector256<int> int1 = Vector256.Create(xn[groupCount] * -8);
            Vector256<int> int2 = Vector256.Create(xn[2L * groupCount] * -8);
            Vector256<int> int3 = Vector256.Create(xn[3L * groupCount] * -8);
            for (nint quad = 0; quad < 4; quad++)
            {
                Vector256<byte> low = Low(quants);
                Vector256<byte> high = High(quants);
                int0 = AddQuad(AddQuad(int0, low, x0[quad]), high, x0[quad + 4]);
                int1 = AddQuad(AddQuad(int1, low, x1[quad]), high, x1[quad + 4]);
                int2 = AddQuad(AddQuad(int2, low, x2[quad]), high, x2[quad + 4]);
                int3 = AddQuad(AddQuad(int3, low, x3[quad]), high, x3[quad + 4]);
                quants += 32;
            }

            Vector256<float> scale = Avx2PackedBodies.Scales(scales);
            float* xs = xScales + group;
            sum0 = Avx2PackedBodies.AddGroup(int0, scale, xs[0], sum0);
            sum1 = Avx2PackedBodies.AddGroup(int1, scale, xs[groupCount], sum1);
            sum2 = Avx2PackedBodies.AddGroup(int2, scale, xs[2L * groupCount], sum2);
            sum3 = Avx2PackedBodies.AddGroup(int3, scale, xs[3L * groupCount], sum3);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> AddQuad(Vector256<int> sum, Vector256<byte> w, int quad) =>
        AvxVnni.MultiplyWideningAndAdd(sum, w, Vector256.Create(quad).AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Unsigned(byte* quants) => Vector256.Load(quants) ^ Vector256.Create(SignBit);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Low(byte* quants) => Vector256.Load(quants) & Vector256.Create(PackedLayout.NibbleMask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> High(byte* quants) =>
        Vector256.ShiftRightLogical(Vector256.Load((ushort*)quants), PackedLayout.NibbleBits).AsByte()
            & Vector256.Create(PackedLayout.NibbleMask);
}
