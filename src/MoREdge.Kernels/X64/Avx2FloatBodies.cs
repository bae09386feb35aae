using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace MoREdge.Kernels;

/// <summary>float32 bodies for AVX2 and FMA.</summary>
/// <remarks>SAFETY: pointers only; shapes as DenseDriver and QuantizeDriver state them.</remarks>
internal static unsafe class Avx2FloatBodies
{
    /// <summary>Quantizes one group of 32, bit for bit what the scalar reference makes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void QuantizeGroup(float* x, sbyte* quants, float* scale, int* sum)
    {
        Vector256<int> mask = Vector256.Create(int.MaxValue);
        Vector256<int> maxima = Avx2.Max(
            Avx2.Max(Vector256.Load((int*)x) & mask, Vector256.Load((int*)x + 8) & mask),
            Avx2.Max(Vector256.Load((int*)x + 16) & mask, Vector256.Load((int*)x + 24) & mask));
        Vector128<int> half = Sse41.Max(maxima.GetLower(), maxima.GetUpper());
        half = Sse41.Max(half, Sse2.Shuffle(half, 0x4e));
        half = Sse41.Max(half, Sse2.Shuffle(half, 0xb1));
        *scale = QuantizeScale.FromMagnitude(half.AsSingle().ToScalar());
        if (!(*scale > 0f))
        {
            Vector256<sbyte>.Zero.Store(quants);
            *sum = 0;
            return;
        }

        // cvtps2dq rounds to nearest even. The packs work inside 128-bit halves; the permutation restores the order.
        Vector256<float> divisor = Vector256.Create(*scale);
        Vector256<short> first = Avx2.PackSignedSaturate(Round(x, divisor), Round(x + 8, divisor));
        Vector256<short> second = Avx2.PackSignedSaturate(Round(x + 16, divisor), Round(x + 24, divisor));
        Vector256<int> packed = Avx2.PackSignedSaturate(first, second).AsInt32();
        Avx2.PermuteVar8x32(packed, Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7)).AsSByte().Store(quants);
        *sum = Vector256.Sum(Avx2.MultiplyAddAdjacent(first + second, Vector256.Create((short)1)));
    }

    /// <summary>Dot products of 4 rows and 2 tokens (see DenseDriver).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Dot4x2(float* w, long wStride, float* x, long xStride, int count, float* sums)
    {
        Vector256<float> sum00 = default, sum10 = default, sum20 = default, sum30 = default;
        Vector256<float> sum01 = default, sum11 = default, sum21 = default, sum31 = default;
        float* w1 = w + wStride, w2 = w1 + wStride, w3 = w2 + wStride, x1 = x + xStride;
        int i = 0;
        for (; i + 8 <= count; i += 8)
        {
            Vector256<float> first = Vector256.Load(x + i);
            Vector256<float> second = Vector256.Load(x1 + i);
            Vector256<float> row = Vector256.Load(w + i);
            sum00 = Fma.MultiplyAdd(row, first, sum00);
            sum01 = Fma.MultiplyAdd(row, second, sum01);
            row = Vector256.Load(w1 + i);
            sum10 = Fma.MultiplyAdd(row, first, sum10);
            sum11 = Fma.MultiplyAdd(row, second, sum11);
            row = Vector256.Load(w2 + i);
            sum20 = Fma.MultiplyAdd(row, first, sum20);
            sum21 = Fma.MultiplyAdd(row, second, sum21);
            row = Vector256.Load(w3 + i);
            sum30 = Fma.MultiplyAdd(row, first, sum30);
            sum31 = Fma.MultiplyAdd(row, second, sum31);
        }

        AddFour(sum00, sum10, sum20, sum30).Store(sums);
        AddFour(sum01, sum11, sum21, sum31).Store(sums + 4);
        AddTails(w, wStride, x, xStride, i, count, 2, sums);
    }

    /// <summary>
    /// As Dot4x2 for three tokens, which bounds a prompt by its multiply-adds: eight chains of a latency of four leave
    /// two units no slack, twelve do. Takes all sixteen registers.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Dot4x3(float* w, long wStride, float* x, long xStride, int count, float* sums)
    {
        Vector256<float> sum00 = default, sum10 = default, sum20 = default, sum30 = default;
        Vector256<float> sum01 = default, sum11 = default, sum21 = default, sum31 = default;
        Vector256<float> sum02 = default, sum12 = default, sum22 = default, sum32 = default;
        float* w1 = w + wStride, w2 = w1 + wStride, w3 = w2 + wStride, x1 = x + xStride, x2 = x1 + xStride;
        int i = 0;
        for (; i + 8 <= count; i += 8)
        {
            Vector256<float> first = Vector256.Load(x + i);
            Vector256<float> second = Vector256.Load(x1 + i);
            Vector256<float> third = Vector256.Load(x2 + i);
            Vector256<float> row = Vector256.Load(w + i);
            sum00 = Fma.MultiplyAdd(row, first, sum00);
            sum01 = Fma.MultiplyAdd(row, second, sum01);
            sum02 = Fma.MultiplyAdd(row, third, sum02);
            row = Vector256.Load(w1 + i);
            sum10 = Fma.MultiplyAdd(row, first, sum10);
            sum11 = Fma.MultiplyAdd(row, second, sum11);
            sum12 = Fma.MultiplyAdd(row, third, sum12);
            row = Vector256.Load(w2 + i);
            sum20 = Fma.MultiplyAdd(row, first, sum20);
            sum21 = Fma.MultiplyAdd(row, second, sum21);
            sum22 = Fma.MultiplyAdd(row, third, sum22);
            row = Vector256.Load(w3 + i);
            sum30 = Fma.MultiplyAdd(row, first, sum30);
            sum31 = Fma.MultiplyAdd(row, second, sum31);
            sum32 = Fma.MultiplyAdd(row, third, sum32);
        }

        AddFour(sum00, sum10, sum20, sum30).Store(sums);
        AddFour(sum01, sum11, sum21, sum31).Store(sums + 4);
        AddFour(sum02, sum12, sum22, sum32).Store(sums + 8);
        AddTails(w, wStride, x, xStride, i, count, 3, sums);
    }

    // Columns [start, count), fewer than a vector.
    private static void AddTails(
        float* w, long wStride, float* x, long xStride, int start, int count, int tokens, float* sums)
    {
        for (int i = 0; i < tokens * 4 && start < count; i++)
        {
            float* row = w + (i % 4 * wStride), token = x + (i / 4 * xStride);
            sums[i] += Vector128FloatBodies.Tail(row, token, start, count);
        }
    }

    /// <summary>Eight float16 as float32, infinities and NaN included.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Half(ushort* halves)
    {
        Vector256<int> shifted = Vector256.ShiftLeft(
            Avx2.ConvertToVector256Int32((short*)halves), HalfBits.MantissaShift);
        Vector256<float> single = (shifted & Vector256.Create(HalfBits.ShiftedMask)).AsSingle();
        Vector256<int> bits = (single * Vector256.Create(HalfBits.Rebias)).AsInt32();
        Vector256<int> special = Vector256.GreaterThan(
            bits & Vector256.Create(int.MaxValue), Vector256.Create(HalfConversion.FiniteMax));
        return (bits | (special & Vector256.Create(HalfConversion.InfinityBits))).AsSingle();
    }

    /// <summary>The xor of the 32-byte blocks, read as four streams: one core reads them faster than one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static ulong ReadBlocks(byte* data, long blockCount)
    {
        Vector256<ulong> lanes0 = default, lanes1 = default, lanes2 = default, lanes3 = default;
        long stride = blockCount / 8 * 64;
        byte* end = data + stride;
        byte* last = data + (blockCount * 32);
        for (; data < end; data += 64)
        {
            lanes0 ^= ReadLine(data);
            lanes1 ^= ReadLine(data + stride);
            lanes2 ^= ReadLine(data + (2 * stride));
            lanes3 ^= ReadLine(data + (3 * stride));
        }

        for (data += 3 * stride; data < last; data += 32)
        {
            lanes0 ^= Vector256.Load((ulong*)data);
        }

        Vector256<ulong> lanes = lanes0 ^ lanes1 ^ lanes2 ^ lanes3;
        return lanes[0] ^ lanes[1] ^ lanes[2] ^ lanes[3];
    }

    // One cache line; the one a kilobyte ahead is asked for.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> ReadLine(byte* line)
    {
        Sse.Prefetch0(line + 1024);
        return Vector256.Load((ulong*)line) ^ Vector256.Load((ulong*)(line + 32));
    }

    /// <summary>The four sums of eight lanes each, always in the same order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> AddFour(
        Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d)
    {
        Vector256<float> sums = Avx.HorizontalAdd(Avx.HorizontalAdd(a, b), Avx.HorizontalAdd(c, d));
        return sums.GetLower() + sums.GetUpper();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Round(float* x, Vector256<float> divisor) =>
        Avx.ConvertToVector256Int32(Vector256.Load(x) / divisor);
}
