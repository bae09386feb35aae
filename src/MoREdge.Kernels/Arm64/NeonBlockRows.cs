using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using static MoREdge.Kernels.NeonBlocks;

namespace MoREdge.Kernels;

/// <summary>
/// Rows of blocks times one token in registers, without a way through scratch memory: with sdot (ARMv8.2), or in int16
/// (ARMv8.0).
/// </summary>
/// <remarks>SAFETY: pointers only, as BlockBodies and BlockLayout state them.</remarks>
internal static unsafe class NeonBlockRows
{
    // Squares of the factors of a chunk add up to less, unless one of them was an infinity or NaN, which became 2¹⁶ or
    // more; a false alarm costs only time.
    private const float FiniteSquares = 4294967296f;

    /// <summary>All types but Q6_K: a chunk of each row in turn.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool One<TFormat, TDot>(
        byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums)
        where TFormat : struct, IBlockFormat
        where TDot : struct, IDotProduct
    {
        Vector128<float> squares = Vector128<float>.Zero;
        float* end = sums + (rows * BlockLayout.Groups);
        for (; chunks > 0; chunks--)
        {
            byte* block = blocks;
            for (float* sum = sums; sum < end; sum += BlockLayout.Groups)
            {
                FourGroups(
                    block, (sbyte*)panel, 0, default(TFormat).BlockBytes, default(TFormat).Bits,
                    default(TFormat).HasMinimum, default(TDot).IsThere, out Vector128<int> a, out Vector128<int> a4);
                FourGroups(
                    block, (sbyte*)panel, 2, default(TFormat).BlockBytes, default(TFormat).Bits,
                    default(TFormat).HasMinimum, default(TDot).IsThere, out Vector128<int> b, out Vector128<int> b4);
                Factors(
                    block, default(TFormat).BlockBytes, default(TFormat).HasMinimum, ref squares,
                    out Vector128<float> scale, out Vector128<float> scale4, out Vector128<float> minimum,
                    out Vector128<float> minimum4);
                Add(
                    panel, default(TFormat).ZeroPoint, default(TFormat).HasMinimum,
                    Total(a, b, default(TFormat).Bits, default(TDot).IsThere),
                    Total(a4, b4, default(TFormat).Bits, default(TDot).IsThere),
                    scale, scale4, minimum, minimum4, sum);
                block += stride;
            }

            blocks += default(TFormat).BlockBytes >= DenseBlock.BytesQ4K
                ? default(TFormat).BlockBytes
                : BlockLayout.Groups * default(TFormat).BlockBytes;
            panel += BlockLayout.TokenBytes;
        }

        return Vector128.Sum(squares) < FiniteSquares;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool OneSix<TDot>(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums)
        where TDot : struct, IDotProduct
    {
        Vector128<float> squares = Vector128<float>.Zero;
        float* end = sums + (rows * BlockLayout.Groups);
        for (; chunks > 0; chunks--)
        {
            byte* block = blocks;
            for (float* sum = sums; sum < end; sum += BlockLayout.Groups)
            {
                HalfIntegers(
                    block, (sbyte*)panel, 0, default(TDot).IsThere,
                    out Vector128<int> first, out Vector128<int> first4);
                HalfIntegers(
                    block, (sbyte*)panel, 1, default(TDot).IsThere,
                    out Vector128<int> second, out Vector128<int> second4);
                AddHalves(block, panel, first, first4, second, second4, ref squares, sum);
                block += stride;
            }

            blocks += DenseBlock.BytesQ6K;
            panel += BlockLayout.TokenBytes;
        }

        return Vector128.Sum(squares) < FiniteSquares;
    }

    // Groups first and first + 1, and the two four further, whose columns lie side by side in the token.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FourGroups(
        byte* block, sbyte* x, int first, int blockBytes, int bits, bool hasMinimum, bool dot,
        out Vector128<int> sums, out Vector128<int> sums4)
    {
        Two(block, first, blockBytes, bits, hasMinimum,
            out Vector128<sbyte> w0, out Vector128<sbyte> w1, out Vector128<sbyte> w2, out Vector128<sbyte> w3);
        Two(block, first + 4, blockBytes, bits, hasMinimum,
            out Vector128<sbyte> v0, out Vector128<sbyte> v1, out Vector128<sbyte> v2, out Vector128<sbyte> v3);
        int at = first * BlockLayout.GroupStep;
        Vector128<sbyte> x0 = AdvSimd.LoadVector128(x + at), z0 = AdvSimd.LoadVector128(x + (at + 16));
        Vector128<sbyte> x1 = AdvSimd.LoadVector128(x + (at + 32)), z1 = AdvSimd.LoadVector128(x + (at + 48));
        Vector128<int> even = Group(w0, w1, x0, x1, bits, dot), even4 = Group(v0, v1, z0, z1, bits, dot);
        x0 = AdvSimd.LoadVector128(x + (at + 64));
        z0 = AdvSimd.LoadVector128(x + (at + 80));
        x1 = AdvSimd.LoadVector128(x + (at + 96));
        z1 = AdvSimd.LoadVector128(x + (at + 112));
        Vector128<int> odd = Group(w2, w3, x0, x1, bits, dot), odd4 = Group(v2, v3, z0, z1, bits, dot);
        sums = Pair(even, odd, bits, dot);
        sums4 = Pair(even4, odd4, bits, dot);
    }

    // The first or second halves of the eight groups of a Q6_K block.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void HalfIntegers(
        byte* block, sbyte* x, int half, bool dot, out Vector128<int> lower, out Vector128<int> upper)
    {
        Sixes(block + (16 * half), 0, out Vector128<sbyte> w0, out Vector128<sbyte> w1, out Vector128<sbyte> w2,
            out Vector128<sbyte> w3);
        Sixes(block + (16 * half), 1, out Vector128<sbyte> v0, out Vector128<sbyte> v1, out Vector128<sbyte> v2,
            out Vector128<sbyte> v3);
        int at = half * BlockLayout.HalfStep;
        Vector128<sbyte> x0 = AdvSimd.LoadVector128(x + at), z0 = AdvSimd.LoadVector128(x + (at + 16));
        Vector128<sbyte> x1 = AdvSimd.LoadVector128(x + (at + 64)), z1 = AdvSimd.LoadVector128(x + (at + 80));
        Vector128<int> a = Pair(HalfGroup(w0, x0, dot), HalfGroup(w1, x1, dot), SixBits, dot);
        Vector128<int> a4 = Pair(HalfGroup(v0, z0, dot), HalfGroup(v1, z1, dot), SixBits, dot);
        x0 = AdvSimd.LoadVector128(x + (at + 128));
        z0 = AdvSimd.LoadVector128(x + (at + 144));
        x1 = AdvSimd.LoadVector128(x + (at + 192));
        z1 = AdvSimd.LoadVector128(x + (at + 208));
        Vector128<int> b = Pair(HalfGroup(w2, x0, dot), HalfGroup(w3, x1, dot), SixBits, dot);
        Vector128<int> b4 = Pair(HalfGroup(v2, z0, dot), HalfGroup(v3, z1, dot), SixBits, dot);
        lower = Total(a, b, SixBits, dot);
        upper = Total(a4, b4, SixBits, dot);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(
        byte* x, int zeroPoint, bool hasMinimum, Vector128<int> lower, Vector128<int> upper, Vector128<float> scale,
        Vector128<float> scale4, Vector128<float> minimum, Vector128<float> minimum4, float* sum)
    {
        Vector128<float> xScale = AdvSimd.LoadVector128((float*)(x + BlockLayout.ScalesOffset));
        Vector128<float> xScale4 = AdvSimd.LoadVector128((float*)(x + (BlockLayout.ScalesOffset + 16)));
        if (zeroPoint != 0)
        {
            Vector128<int> xSum = AdvSimd.LoadVector128((int*)(x + BlockLayout.SumsOffset));
        Vector128<int> xSum4 = AdvSimd.LoadVector128((int*)(x + (BlockLayout.SumsOffset + 16)));
            lower = AdvSimd.MultiplySubtract(lower, xSum, Vector128.Create(zeroPoint));
            upper = AdvSimd.MultiplySubtract(upper, xSum4, Vector128.Create(zeroPoint));
        }

        (Vector128<float> result, Vector128<float> result4) = AdvSimd.Arm64.LoadPairVector128(sum);
        result = AdvSimd.FusedMultiplyAdd(result, AdvSimd.ConvertToSingle(lower), AdvSimd.Multiply(scale, xScale));
        result4 = AdvSimd.FusedMultiplyAdd(result4, AdvSimd.ConvertToSingle(upper), AdvSimd.Multiply(scale4, xScale4));
        if (hasMinimum)
        {
            Vector128<float> scaled = AdvSimd.LoadVector128((float*)(x + BlockLayout.SumsOffset));
        Vector128<float> scaled4 = AdvSimd.LoadVector128((float*)(x + (BlockLayout.SumsOffset + 16)));
            result = AdvSimd.FusedMultiplyAdd(result, minimum, scaled);
            result4 = AdvSimd.FusedMultiplyAdd(result4, minimum4, scaled4);
        }

        AdvSimd.Arm64.StorePair(sum, result, result4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddHalves(
        byte* block, byte* x, Vector128<int> first, Vector128<int> first4, Vector128<int> second,
        Vector128<int> second4, ref Vector128<float> squares, float* sum)
    {
        Vector128<int> xFirst = AdvSimd.LoadVector128((int*)(x + BlockLayout.FirstSumsOffset));
        Vector128<int> xFirst4 = AdvSimd.LoadVector128((int*)(x + (BlockLayout.FirstSumsOffset + 16)));
        Vector128<int> xSum = AdvSimd.LoadVector128((int*)(x + BlockLayout.SumsOffset));
        Vector128<int> xSum4 = AdvSimd.LoadVector128((int*)(x + (BlockLayout.SumsOffset + 16)));
        Vector128<int> zeroPoint = Vector128.Create((int)DenseBlock.Q6ZeroPoint);
        first = AdvSimd.MultiplySubtract(first, xFirst, zeroPoint);
        first4 = AdvSimd.MultiplySubtract(first4, xFirst4, zeroPoint);
        second = AdvSimd.MultiplySubtract(second, xSum - xFirst, zeroPoint);
        second4 = AdvSimd.MultiplySubtract(second4, xSum4 - xFirst4, zeroPoint);
        Vector128<float> xScale = AdvSimd.LoadVector128((float*)(x + BlockLayout.ScalesOffset));
        Vector128<float> xScale4 = AdvSimd.LoadVector128((float*)(x + (BlockLayout.ScalesOffset + 16)));
        FactorsOfHalves(
            block, ref squares, out Vector128<float> a, out Vector128<float> a4, out Vector128<float> b,
            out Vector128<float> b4);
        (Vector128<float> result, Vector128<float> result4) = AdvSimd.Arm64.LoadPairVector128(sum);
        result = AdvSimd.FusedMultiplyAdd(result, AdvSimd.ConvertToSingle(first), AdvSimd.Multiply(a, xScale));
        result4 = AdvSimd.FusedMultiplyAdd(result4, AdvSimd.ConvertToSingle(first4), AdvSimd.Multiply(a4, xScale4));
        result = AdvSimd.FusedMultiplyAdd(result, AdvSimd.ConvertToSingle(second), AdvSimd.Multiply(b, xScale));
        result4 = AdvSimd.FusedMultiplyAdd(result4, AdvSimd.ConvertToSingle(second4), AdvSimd.Multiply(b4, xScale4));
        AdvSimd.Arm64.StorePair(sum, result, result4);
    }
}
