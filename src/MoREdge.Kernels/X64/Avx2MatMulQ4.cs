using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static MoREdge.Kernels.Avx2Weights;

namespace MoREdge.Kernels;

/// <summary>Q4G32 for many tokens with AVX2: two tiles (16 rows) by four tokens at a time.</summary>
/// <remarks>
/// SAFETY: pointers only, shapes as PackedBlock states them; the pointers are whole tiles and whole groups. The eight
/// vector pipes' work, not the loads, is the bound, so a group keeps its products in int16 (at most 8·2·15·127 = 30480
/// per lane) and widens them once. Eight accumulators, two registers of unpacked weights and the temporaries of one
/// product leave no room for the float sums: they live in y, which stays in the first-level cache. Two products before
/// two sums: the scheduler spreads them better over the pipes than product, sum, product, sum. The first tokens of a
/// pair of tiles wait for memory unless the pair before has asked for it: the hardware does not see this coming, and
/// with four to sixteen tokens it was a third to a fifth of the time; for four another sixth to find it near.
/// </remarks>
internal static unsafe class Avx2MatMulQ4
{
    /// <summary>y[t, 0 … 16) for tokens t = 0 … 3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Block(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, float* y, long yStride)
    {
        long groups = groupCount;
        byte* quants1 = quants + (groups * 128);
        ushort* scales1 = scales + (groups * 8);
        int* x0 = (int*)x, x1 = x0 + (groups * 8), x2 = x1 + (groups * 8), x3 = x2 + (groups * 8);
        float* y1 = y + yStride, y2 = y1 + yStride, y3 = y2 + yStride;
        Clear(y, y1);
        Clear(y2, y3);
        byte* next = quants + (2 * groups * 128);
        bool isNear = groups <= NearGroups;
        for (long group = 0; group < groups; group++)
        {
            Ask(ref next, isNear);
            Vector256<short> a0, b0, a1, b1, a2, b2, a3, b3;
            Vector256<byte> w = Low(quants), v = Low(quants1);
            First(w, v, x0, out a0, out b0);
            First(w, v, x1, out a1, out b1);
            First(w, v, x2, out a2, out b2);
            First(w, v, x3, out a3, out b3);
            w = High(quants);
            v = High(quants1);
            Tokens(w, v, 4, x0, x1, x2, x3, ref a0, ref b0, ref a1, ref b1, ref a2, ref b2, ref a3, ref b3);
            w = Low(quants + 32);
            v = Low(quants1 + 32);
            Tokens(w, v, 1, x0, x1, x2, x3, ref a0, ref b0, ref a1, ref b1, ref a2, ref b2, ref a3, ref b3);
            w = High(quants + 32);
            v = High(quants1 + 32);
            Tokens(w, v, 5, x0, x1, x2, x3, ref a0, ref b0, ref a1, ref b1, ref a2, ref b2, ref a3, ref b3);
            w = Low(quants + 64);
            v = Low(quants1 + 64);
            Tokens(w, v, 2, x0, x1, x2, x3, ref a0, ref b0, ref a1, ref b1, ref a2, ref b2, ref a3, ref b3);
            w = High(quants + 64);
            v = High(quants1 + 64);
            Tokens(w, v, 6, x0, x1, x2, x3, ref a0, ref b0, ref a1, ref b1, ref a2, ref b2, ref a3, ref b3);
            w = Low(quants + 96);
            v = Low(quants1 + 96);
            Tokens(w, v, 3, x0, x1, x2, x3, ref a0, ref b0, ref a1, ref b1, ref a2, ref b2, ref a3, ref b3);
            w = High(quants + 96);
            v = High(quants1 + 96);
            Tokens(w, v, 7, x0, x1, x2, x3, ref a0, ref b0, ref a1, ref b1, ref a2, ref b2, ref a3, ref b3);
            Vector256<float> scale = Scales(scales), scale1 = Scales(scales1);
            Accumulate(a0, b0, scale, scale1, xScales, xSums, y);
            Accumulate(a1, b1, scale, scale1, xScales + groups, xSums + groups, y1);
            Accumulate(a2, b2, scale, scale1, xScales + (2 * groups), xSums + (2 * groups), y2);
            Accumulate(a3, b3, scale, scale1, xScales + (3 * groups), xSums + (3 * groups), y3);
            Next(ref quants, ref quants1, ref scales, ref scales1, ref xScales, ref xSums);
            x0 += 8;
            x1 += 8;
            x2 += 8;
            x3 += 8;
        }
    }

    // One quad of both tiles against one quad of each token. References to locals stay registers once inlined.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Tokens(
        Vector256<byte> w, Vector256<byte> v, int quad, int* x0, int* x1, int* x2, int* x3,
        ref Vector256<short> a0, ref Vector256<short> b0, ref Vector256<short> a1, ref Vector256<short> b1,
        ref Vector256<short> a2, ref Vector256<short> b2, ref Vector256<short> a3, ref Vector256<short> b3)
    {
        Add(w, v, x0 + quad, ref a0, ref b0);
        Add(w, v, x1 + quad, ref a1, ref b1);
        Add(w, v, x2 + quad, ref a2, ref b2);
        Add(w, v, x3 + quad, ref a3, ref b3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void First(
        Vector256<byte> w, Vector256<byte> v, int* x, out Vector256<short> a, out Vector256<short> b)
    {
        Vector256<sbyte> quad = Vector256.Create(*x).AsSByte();
        a = Avx2.MultiplyAddAdjacent(w, quad);
        b = Avx2.MultiplyAddAdjacent(v, quad);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(
        Vector256<byte> w, Vector256<byte> v, int* x, ref Vector256<short> a, ref Vector256<short> b)
    {
        First(w, v, x, out Vector256<short> first, out Vector256<short> second);
        a += first;
        b += second;
    }

    // The nibbles are w + 8: 8·Σx comes off before the scales.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Accumulate(
        Vector256<short> a, Vector256<short> b, Vector256<float> scale, Vector256<float> scale1,
        float* xScale, int* xSum, float* y)
    {
        Vector256<int> zero = Vector256.ShiftLeft(Vector256.Create(*xSum), 3);
        Vector256<int> first = Avx2.MultiplyAddAdjacent(a, Vector256<short>.One) - zero;
        Vector256<int> second = Avx2.MultiplyAddAdjacent(b, Vector256<short>.One) - zero;
        AddGroup(first, scale, *xScale, Vector256.Load(y)).Store(y);
        AddGroup(second, scale1, *xScale, Vector256.Load(y + 8)).Store(y + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Next(
        ref byte* quants, ref byte* quants1, ref ushort* scales, ref ushort* scales1,
        ref float* xScales, ref int* xSums)
    {
        quants += 128;
        quants1 += 128;
        scales += 8;
        scales1 += 8;
        xScales++;
        xSums++;
    }
}
