using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>Four rows of floats times one token with AVX2 and FMA, converted in registers.</summary>
/// <remarks>
/// SAFETY: pointers only, as DenseBodies states them. Prefetches may pass the end of the weights, which the processor
/// allows.
/// </remarks>
internal static unsafe class Avx2DenseBodies
{
    /// <summary>Rows of float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool Single(byte* w, long stride, float* x, int count, float* sums) =>
        One(w, stride, x, count, sums, ElementType.F32);

    /// <summary>Rows of float16; false when one may be infinite or NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool Half(byte* w, long stride, float* x, int count, float* sums) =>
        One(w, stride, x, count, sums, ElementType.F16);

    /// <summary>Rows of bfloat16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool BFloat16(byte* w, long stride, float* x, int count, float* sums) =>
        One(w, stride, x, count, sums, ElementType.BF16);

    /// <summary>Asks for bytes [from, to) of four rows, line by line.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Ask(byte* rows, long stride, long from, long to)
    {
        long line = (from + AlignedBuffer.Alignment - 1) & ~(AlignedBuffer.Alignment - 1L);
        for (; line < to; line += AlignedBuffer.Alignment)
        {
            Sse.Prefetch1(rows + line);
            Sse.Prefetch1(rows + stride + line);
            Sse.Prefetch1(rows + (2 * stride) + line);
            Sse.Prefetch1(rows + (3 * stride) + line);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool One(byte* w, long stride, float* x, int count, float* sums, ElementType type)
    {
        int size = type == ElementType.F32 ? sizeof(float) : sizeof(ushort);
        byte* w1 = w + stride, w2 = w1 + stride, w3 = w2 + stride;
        Vector256<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        Vector256<int> any = default;
        int i = 0;
        for (; i + 8 <= count; i += 8)
        {
            // A line of each row is asked for while a line of the rows is read.
            long at = (long)i * size, turn = i >> 3;
            byte* ahead = w + at + Avx2Weights.AheadBytesOfFour;
            Sse.Prefetch0(ahead + ((turn & (type == ElementType.F32 ? 1 : 3)) * stride));
            if (type == ElementType.F32)
            {
                Sse.Prefetch0(ahead + (((turn & 1) + 2) * stride));
            }

            Vector256<float> input = Vector256.Load(x + i);
            sum0 = Fma.MultiplyAdd(Eight(w + at, type, out Vector256<int> bits0), input, sum0);
            sum1 = Fma.MultiplyAdd(Eight(w1 + at, type, out Vector256<int> bits1), input, sum1);
            sum2 = Fma.MultiplyAdd(Eight(w2 + at, type, out Vector256<int> bits2), input, sum2);
            sum3 = Fma.MultiplyAdd(Eight(w3 + at, type, out Vector256<int> bits3), input, sum3);
            if (type == ElementType.F16)
            {
                any |= bits0 | bits1 | (bits2 | bits3);
            }
        }

        // Where one may be special, the caller works twice. This is before the call below, across which no register
        // lives.
        bool isKnown = type != ElementType.F16 || !Avx2CacheBodies.MayBeSpecial(any);
        Avx2FloatBodies.AddFour(sum0, sum1, sum2, sum3).Store(sums);
        for (int r = 0; i < count && r < 4; r++)
        {
            sums[r] += Vector128DenseBodies.Tail(w + (r * stride), x, i, count, type);
        }

        return isKnown;
    }

    // Eight weights; of float16 also their bits: all bits of an exponent are set in infinities and NaN.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Eight(byte* w, ElementType type, out Vector256<int> bits)
    {
        bits = default;
        if (type == ElementType.F32)
        {
            return Vector256.Load((float*)w);
        }

        if (type == ElementType.BF16)
        {
            return Vector256.ShiftLeft(Avx2.ConvertToVector256Int32((ushort*)w), 16).AsSingle();
        }

        bits = Avx2CacheBodies.Shifted((short*)w).AsInt32();
        return Avx2CacheBodies.Rebiased(bits);
    }
}
