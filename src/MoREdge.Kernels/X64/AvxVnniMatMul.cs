using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using MoREdge.Tensors;
using static MoREdge.Kernels.Avx2Weights;
using static MoREdge.Kernels.AvxVnniWeights;

namespace MoREdge.Kernels;

/// <summary>Packed products for four to fifteen tokens with AVX-VNNI: two tiles (16 rows) by four at a time.</summary>
/// <remarks>
/// SAFETY: pointers only, shapes as PackedBlock states them; the pointers are whole tiles and whole groups. Weights
/// become unsigned by their zero point (128 or 8), which comes off the int32 sums at the end of a group. A broadcast
/// quad of a token serves both tiles; the float sums live in y, which stays in the first-level cache. The next two
/// tiles are asked for as in Avx2MatMulQ4. Prefetches may pass the end of the weights, which the processor allows.
/// </remarks>
internal static unsafe class AvxVnniMatMul
{
    /// <summary>Q8G32: y[t, 0 … 16) for tokens t = 0 … 3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Q8(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, float* y, long yStride)
    {
        long groups = groupCount;
        byte* quants1 = quants + (groups * 256);
        ushort* scales1 = scales + (groups * 8);
        int* x0 = (int*)x, x1 = x0 + (groups * 8), x2 = x1 + (groups * 8), x3 = x2 + (groups * 8);
        float* y1 = y + yStride, y2 = y1 + yStride, y3 = y2 + yStride;
        Clear(y, y1);
        Clear(y2, y3);
        byte* next = quants + (2 * groups * 256);
        bool isNear = groups <= NearGroups / 2;
        for (long group = 0; group < groups; group++)
        {
            Ask(ref next, isNear);
            Ask(ref next, isNear);
            Vector256<int> a0 = default, b0 = default, a1 = default, b1 = default;
            Vector256<int> a2 = default, b2 = default, a3 = default, b3 = default;
            for (nint quad = 0; quad < 8; quad += 2)
            {
                Vector256<byte> w = Unsigned(quants + (quad * 32)), v = Unsigned(quants1 + (quad * 32));
                AddTwo(w, v, x0 + quad, ref a0, ref b0);
                AddTwo(w, v, x1 + quad, ref a1, ref b1);
                AddTwo(w, v, x2 + quad, ref a2, ref b2);
                AddTwo(w, v, x3 + quad, ref a3, ref b3);
                w = Unsigned(quants + (quad * 32) + 32);
                v = Unsigned(quants1 + (quad * 32) + 32);
                AddTwo(w, v, x0 + quad + 1, ref a0, ref b0);
                AddTwo(w, v, x1 + quad + 1, ref a1, ref b1);
                AddTwo(w, v, x2 + quad + 1, ref a2, ref b2);
                AddTwo(w, v, x3 + quad + 1, ref a3, ref b3);
            }

            Vector256<float> scale = Scales(scales), scale1 = Scales(scales1);
            Accumulate(a0, b0, Zero(xSums, 7), scale, scale1, xScales, y);
            Accumulate(a1, b1, Zero(xSums + groups, 7), scale, scale1, xScales + groups, y1);
            Accumulate(a2, b2, Zero(xSums + (2 * groups), 7), scale, scale1, xScales + (2 * groups), y2);
            Accumulate(a3, b3, Zero(xSums + (3 * groups), 7), scale, scale1, xScales + (3 * groups), y3);
            quants += 256;
            quants1 += 256;
            scales += 8;
            scales1 += 8;
            xScales++;
            xSums++;
            x0 += 8;
            x1 += 8;
            x2 += 8;
            x3 += 8;
        }
    }

    /// <summary>Q4G32: y[t, 0 … 16) for tokens t = 0 … 3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Q4(
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
            Vector256<int> a0 = default, b0 = default, a1 = default, b1 = default;
            Vector256<int> a2 = default, b2 = default, a3 = default, b3 = default;
            for (nint quad = 0; quad < PackedLayout.QuadPairs; quad++)
            {
                Vector256<byte> w = Low(quants + (quad * 32)), v = Low(quants1 + (quad * 32));
                AddTwo(w, v, x0 + quad, ref a0, ref b0);
                AddTwo(w, v, x1 + quad, ref a1, ref b1);
                AddTwo(w, v, x2 + quad, ref a2, ref b2);
                AddTwo(w, v, x3 + quad, ref a3, ref b3);
                w = High(quants + (quad * 32));
                v = High(quants1 + (quad * 32));
                AddTwo(w, v, x0 + quad + 4, ref a0, ref b0);
                AddTwo(w, v, x1 + quad + 4, ref a1, ref b1);
                AddTwo(w, v, x2 + quad + 4, ref a2, ref b2);
                AddTwo(w, v, x3 + quad + 4, ref a3, ref b3);
            }

            Vector256<float> scale = Scales(scales), scale1 = Scales(scales1);
            Accumulate(a0, b0, Zero(xSums, 3), scale, scale1, xScales, y);
            Accumulate(a1, b1, Zero(xSums + groups, 3), scale, scale1, xScales + groups, y1);
            Accumulate(a2, b2, Zero(xSums + (2 * groups), 3), scale, scale1, xScales + (2 * groups), y2);
            Accumulate(a3, b3, Zero(xSums + (3 * groups), 3), scale, scale1, xScales + (3 * groups), y3);
            quants += 128;
            quants1 += 128;
            scales += 8;
            scales1 += 8;
            xScales++;
            xSums++;
            x0 += 8;
            x1 += 8;
            x2 += 8;
            x3 += 8;
        }
    }

    // What the zero point 2^shift of the weights has added to each sum.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Zero(int* xSum, int shift) => Vector256.ShiftLeft(Vector256.Create(*xSum), shift);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Accumulate(
        Vector256<int> a, Vector256<int> b, Vector256<int> zero, Vector256<float> scale, Vector256<float> scale1,
        float* xScale, float* y)
    {
        AddGroup(a - zero, scale, *xScale, Vector256.Load(y)).Store(y);
        AddGroup(b - zero, scale1, *xScale, Vector256.Load(y + 8)).Store(y + 8);
    }
}
