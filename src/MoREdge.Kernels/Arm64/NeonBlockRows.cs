using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using static MoREdge.Kernels.NeonBlocks;

namespace MoREdge.Kernels;

/// <summary>
/// Rows of blocks times one token in registers, without a way through scratch memory: with sdot (ARMv8.2), or in int16
/// (ARMv8.0).
/// </summary>
/// <remarks>
/// SAFETY: pointers only, as BlockBodies and BlockLayout state them. Two rows share what is loaded of the token. With
/// sdot, integers are added to those before them, of the other row or of the columns before, which are subtracted from
/// the result: that is fewer operations than to set so many sums to zero.
/// </remarks>
internal static unsafe class NeonBlockRows
{
    /// <summary>All types but Q6_K: a chunk of two rows in turn.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool One<TFormat, TDot>(
        byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums)
        where TFormat : unmanaged, IBlockFormat
        where TDot : unmanaged, IDotProduct
    {
        // A lone row is its own neighbour: both write the same sums.
        stride = rows == 1 ? 0 : stride;
        nint sumStep = rows == 1 ? 0 : BlockLayout.Groups;
        Vector128<float> squares = Vector128<float>.Zero;
        float* end = sums + (rows * BlockLayout.Groups);
        for (; chunks > 0; chunks--)
        {
            byte* block = blocks;
            for (float* sum = sums; sum < end; sum += 2 * BlockLayout.Groups)
            {
                byte* next = block + stride;
                float* nextSum = sum + sumStep;
                Vector128<float> xScale = AdvSimd.LoadVector128((float*)(panel + BlockLayout.ScalesOffset));
                Vector128<float> xScale4 = AdvSimd.LoadVector128((float*)(panel + (BlockLayout.ScalesOffset + 16)));
                Vector128<int> xSum = AdvSimd.LoadVector128((int*)(panel + BlockLayout.SumsOffset));
                Vector128<int> xSum4 = AdvSimd.LoadVector128((int*)(panel + (BlockLayout.SumsOffset + 16)));
                FourGroups(
                    block, next, (sbyte*)panel, 0, sizeof(TFormat), sizeof(TDot) > 1,
                    out Vector128<int> a, out Vector128<int> a4,
                    out Vector128<int> c, out Vector128<int> c4);
                FourGroups(
                    block, next, (sbyte*)panel, 2, sizeof(TFormat), sizeof(TDot) > 1,
                    out Vector128<int> b, out Vector128<int> b4,
                    out Vector128<int> d, out Vector128<int> d4);
                a = Total(a, b, sizeof(TFormat), sizeof(TDot) > 1);
                a4 = Total(a4, b4, sizeof(TFormat), sizeof(TDot) > 1);
                c = Total(c, d, sizeof(TFormat), sizeof(TDot) > 1);
                c4 = Total(c4, d4, sizeof(TFormat), sizeof(TDot) > 1);
                if (sizeof(TDot) > 1)
                {
                    c4 -= a4;
                    a4 -= c;
                    c -= a;
                }

                Add(
                    block, xScale, xScale4, xSum, xSum4, sizeof(TFormat), a, a4, ref squares, sum,
                    out Vector128<float> lower, out Vector128<float> upper);
                Add(
                    next, xScale, xScale4, xSum, xSum4, sizeof(TFormat), c, c4, ref squares, nextSum,
                    out Vector128<float> nextLower, out Vector128<float> nextUpper);
                AdvSimd.Arm64.StorePair(sum, lower, upper);
                AdvSimd.Arm64.StorePair(nextSum, nextLower, nextUpper);
                block = next + stride;
            }

            blocks += FormatSize.ChunkBytes(sizeof(TFormat));
            panel += BlockLayout.TokenBytes;
        }

        return Vector128.Sum(squares) < HalfBits.FiniteSquares;
    }

    /// <summary>Q6_K, whose halves of groups have scales of their own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool OneSix<TDot>(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums)
        where TDot : unmanaged, IDotProduct
    {
        // A lone row is its own neighbour: both write the same sums.
        stride = rows == 1 ? 0 : stride;
        nint sumStep = rows == 1 ? 0 : BlockLayout.Groups;
        Vector128<float> squares = Vector128<float>.Zero;
        float* end = sums + (rows * BlockLayout.Groups);
        for (; chunks > 0; chunks--)
        {
            byte* block = blocks;
            for (float* sum = sums; sum < end; sum += 2 * BlockLayout.Groups)
            {
                byte* next = block + stride;
                float* nextSum = sum + sumStep;
                HalfIntegers(
                    block, next, (sbyte*)panel, 0, sizeof(TDot) > 1, out Vector128<int> a, out Vector128<int> a4,
                    out Vector128<int> c, out Vector128<int> c4);
                HalfIntegers(
                    block, next, (sbyte*)panel, 1, sizeof(TDot) > 1, out Vector128<int> b, out Vector128<int> b4,
                    out Vector128<int> d, out Vector128<int> d4);
                Vector128<float> xScale = AdvSimd.LoadVector128((float*)(panel + BlockLayout.ScalesOffset));
                Vector128<float> xScale4 = AdvSimd.LoadVector128((float*)(panel + (BlockLayout.ScalesOffset + 16)));
                AddHalves(
                    block, xScale, xScale4, a, a4, b, b4, ref squares, sum,
                    out Vector128<float> lower, out Vector128<float> upper);
                AddHalves(
                    next, xScale, xScale4, c, c4, d, d4, ref squares, nextSum,
                    out Vector128<float> nextLower, out Vector128<float> nextUpper);
                AdvSimd.Arm64.StorePair(sum, lower, upper);
                AdvSimd.Arm64.StorePair(nextSum, nextLower, nextUpper);
                block = next + stride;
            }

            blocks += DenseBlock.BytesQ6K;
            panel += BlockLayout.TokenBytes;
        }

        return Vector128.Sum(squares) < HalfBits.FiniteSquares;
    }

    /// <summary>All types but Q6_K: unpacks as BlockBodies says; what is special goes to the portable body.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Unpack<TFormat>(byte* blocks, int groups, byte* quants, float* factors)
        where TFormat : unmanaged, IBlockFormat
    {
        for (; groups >= BlockLayout.Groups; groups -= BlockLayout.Groups)
        {
            Vector128<float> squares = Vector128<float>.Zero;
            Factors(
                blocks, sizeof(TFormat), ref squares,
                out Vector128<float> scale, out Vector128<float> scale4, out Vector128<float> minimum,
                out Vector128<float> minimum4);
            if (Vector128.Sum(squares) < HalfBits.FiniteSquares)
            {
                StoreGroups(blocks, 0, sizeof(TFormat), quants);
                StoreGroups(blocks, 2, sizeof(TFormat), quants);
                AdvSimd.Arm64.StorePair(factors, scale, scale4);
                AdvSimd.Arm64.StorePair(factors + BlockLayout.Groups, minimum, minimum4);
            }
            else
            {
                TFormat.Unpack(blocks, BlockLayout.Groups, quants, factors);
            }

            blocks += FormatSize.ChunkBytes(sizeof(TFormat));
            quants += BlockLayout.Quants;
            factors += BlockLayout.Factors;
        }

        if (groups > 0)
        {
            TFormat.Unpack(blocks, groups, quants, factors);
        }
    }

    /// <summary>Q6_K.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void UnpackSix(byte* blocks, int groups, byte* quants, float* factors)
    {
        for (; groups > 0; groups -= BlockLayout.Groups)
        {
            Vector128<float> squares = Vector128<float>.Zero;
            FactorsOfHalves(
                blocks, ref squares, out Vector128<float> first, out Vector128<float> first4,
                out Vector128<float> second, out Vector128<float> second4);
            if (Vector128.Sum(squares) < HalfBits.FiniteSquares)
            {
                StoreHalves(blocks, 0, quants);
                StoreHalves(blocks, 1, quants);
                AdvSimd.Arm64.StorePair(factors, first, first4);
                AdvSimd.Arm64.StorePair(factors + BlockLayout.Groups, second, second4);
            }
            else
            {
                UnpackKBodies.Q6(blocks, BlockLayout.Groups, quants, factors);
            }

            blocks += DenseBlock.BytesQ6K;
            quants += BlockLayout.Quants;
            factors += BlockLayout.Factors;
        }
    }

    // Groups first and first + 1, and the two four further, whose columns lie side by side in the token, of two rows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FourGroups(
        byte* block, byte* next, sbyte* x, int first, int format, bool dot,
        out Vector128<int> sums, out Vector128<int> sums4, out Vector128<int> others, out Vector128<int> others4)
    {
        int at = first * BlockLayout.GroupStep;
        Vector128<sbyte> x0 = AdvSimd.LoadVector128(x + at), z0 = AdvSimd.LoadVector128(x + (at + 16));
        Vector128<sbyte> x1 = AdvSimd.LoadVector128(x + (at + 32)), z1 = AdvSimd.LoadVector128(x + (at + 48));
        Vector128<sbyte> x2 = AdvSimd.LoadVector128(x + (at + 64)), z2 = AdvSimd.LoadVector128(x + (at + 80));
        Vector128<sbyte> x3 = AdvSimd.LoadVector128(x + (at + 96)), z3 = AdvSimd.LoadVector128(x + (at + 112));
        Vector128<int> even = Vector128<int>.Zero, odd = Vector128<int>.Zero;
        sums = TwoGroups(block, x0, x1, x2, x3, first, format, dot, ref even, ref odd);
        others = TwoGroups(next, x0, x1, x2, x3, first, format, dot, ref even, ref odd);
        sums4 = TwoGroups(block, z0, z1, z2, z3, first + 4, format, dot, ref even, ref odd);
        others4 = TwoGroups(next, z0, z1, z2, z3, first + 4, format, dot, ref even, ref odd);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> TwoGroups(
        byte* block, Vector128<sbyte> x0, Vector128<sbyte> x1, Vector128<sbyte> x2, Vector128<sbyte> x3, int group,
        int format, bool dot, ref Vector128<int> even, ref Vector128<int> odd)
    {
        Two(block, group, format, out Vector128<sbyte> w0, out Vector128<sbyte> w1,
            out Vector128<sbyte> w2, out Vector128<sbyte> w3);
        even = Group(even, w0, w1, x0, x1, format, dot);
        odd = Group(odd, w2, w3, x2, x3, format, dot);
        return Pair(even, odd, format, dot);
    }

    // Groups first and first + 1, and the two four further, to scratch memory.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreGroups(byte* block, int first, int format, byte* quants)
    {
        Two(block, first, format, out Vector128<sbyte> w0, out Vector128<sbyte> w1,
            out Vector128<sbyte> w2, out Vector128<sbyte> w3);
        Two(block, first + 4, format, out Vector128<sbyte> v0, out Vector128<sbyte> v1,
            out Vector128<sbyte> v2, out Vector128<sbyte> v3);
        sbyte* target = (sbyte*)quants + (first * BlockLayout.GroupStep);
        AdvSimd.Arm64.StorePair(target, w0, v0);
        AdvSimd.Arm64.StorePair(target + BlockLayout.HalfStep, w1, v1);
        AdvSimd.Arm64.StorePair(target + BlockLayout.GroupStep, w2, v2);
        AdvSimd.Arm64.StorePair(target + (BlockLayout.GroupStep + BlockLayout.HalfStep), w3, v3);
    }

    // The first or second halves of the eight groups of a Q6_K block of two rows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void HalfIntegers(
        byte* block, byte* next, sbyte* x, int half, bool dot, out Vector128<int> sums, out Vector128<int> sums4,
        out Vector128<int> others, out Vector128<int> others4)
    {
        int at = half * BlockLayout.HalfStep;
        Vector128<sbyte> x0 = AdvSimd.LoadVector128(x + at), z0 = AdvSimd.LoadVector128(x + (at + 16));
        Vector128<sbyte> x1 = AdvSimd.LoadVector128(x + (at + 64)), z1 = AdvSimd.LoadVector128(x + (at + 80));
        Vector128<sbyte> x2 = AdvSimd.LoadVector128(x + (at + 128)), z2 = AdvSimd.LoadVector128(x + (at + 144));
        Vector128<sbyte> x3 = AdvSimd.LoadVector128(x + (at + 192)), z3 = AdvSimd.LoadVector128(x + (at + 208));
        Vector128<int> a = Vector128<int>.Zero, b = a, c = a, d = a;
        sums = FourHalves(block, x0, x1, x2, x3, half, 0, dot, ref a, ref b, ref c, ref d);
        others = FourHalves(next, x0, x1, x2, x3, half, 0, dot, ref a, ref b, ref c, ref d);
        sums4 = FourHalves(block, z0, z1, z2, z3, half, 1, dot, ref a, ref b, ref c, ref d);
        others4 = FourHalves(next, z0, z1, z2, z3, half, 1, dot, ref a, ref b, ref c, ref d);
        if (dot)
        {
            others4 -= sums4;
            sums4 -= others;
            others -= sums;
        }

        Vector128<int> zeroPoint = Vector128.Create((int)DenseBlock.Q6ZeroPoint);
        Vector128<int> xSum = AdvSimd.LoadVector128((int*)(x + BlockLayout.FirstSumsOffset));
        Vector128<int> xSum4 = AdvSimd.LoadVector128((int*)(x + (BlockLayout.FirstSumsOffset + 16)));
        if (half == 1)
        {
            xSum = AdvSimd.LoadVector128((int*)(x + BlockLayout.SumsOffset)) - xSum;
            xSum4 = AdvSimd.LoadVector128((int*)(x + (BlockLayout.SumsOffset + 16))) - xSum4;
        }

        sums = AdvSimd.MultiplySubtract(sums, xSum, zeroPoint);
        sums4 = AdvSimd.MultiplySubtract(sums4, xSum4, zeroPoint);
        others = AdvSimd.MultiplySubtract(others, xSum, zeroPoint);
        others4 = AdvSimd.MultiplySubtract(others4, xSum4, zeroPoint);
    }

    // The first or second halves of the eight groups of a Q6_K block to scratch memory.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreHalves(byte* block, int half, byte* quants)
    {
        Sixes(block, half, 0, out Vector128<sbyte> w0, out Vector128<sbyte> w1, out Vector128<sbyte> w2,
            out Vector128<sbyte> w3);
        Sixes(block, half, 1, out Vector128<sbyte> v0, out Vector128<sbyte> v1, out Vector128<sbyte> v2,
            out Vector128<sbyte> v3);
        sbyte* target = (sbyte*)quants + (half * BlockLayout.HalfStep);
        AdvSimd.Arm64.StorePair(target, w0, v0);
        AdvSimd.Arm64.StorePair(target + BlockLayout.GroupStep, w1, v1);
        AdvSimd.Arm64.StorePair(target + (2 * BlockLayout.GroupStep), w2, v2);
        AdvSimd.Arm64.StorePair(target + (3 * BlockLayout.GroupStep), w3, v3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> FourHalves(
        byte* block, Vector128<sbyte> x0, Vector128<sbyte> x1, Vector128<sbyte> x2, Vector128<sbyte> x3, int half,
        int part, bool dot, ref Vector128<int> a, ref Vector128<int> b, ref Vector128<int> c, ref Vector128<int> d)
    {
        Sixes(block, half, part, out Vector128<sbyte> w0, out Vector128<sbyte> w1, out Vector128<sbyte> w2,
            out Vector128<sbyte> w3);
        a = HalfGroup(a, w0, x0, dot);
        b = HalfGroup(b, w1, x1, dot);
        c = HalfGroup(c, w2, x2, dot);
        d = HalfGroup(d, w3, x3, dot);
        return Total(Pair(a, b, FormatSize.Six, dot), Pair(c, d, FormatSize.Six, dot), FormatSize.Six, dot);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(
        byte* block, Vector128<float> xScale, Vector128<float> xScale4, Vector128<int> xSum, Vector128<int> xSum4,
        int format, Vector128<int> lower, Vector128<int> upper,
        ref Vector128<float> squares, float* sum, out Vector128<float> result, out Vector128<float> result4)
    {
        Factors(
            block, format, ref squares, out Vector128<float> scale, out Vector128<float> scale4,
            out Vector128<float> minimum, out Vector128<float> minimum4);
        if ((format & FormatSize.ZeroPoint) != 0)
        {
            lower = AdvSimd.MultiplySubtract(lower, xSum, Vector128.Create(format >> FormatSize.ZeroPointShift));
            upper = AdvSimd.MultiplySubtract(upper, xSum4, Vector128.Create(format >> FormatSize.ZeroPointShift));
        }

        result = AdvSimd.LoadVector128(sum);
        result4 = AdvSimd.LoadVector128(sum + 4);
        result = AdvSimd.FusedMultiplyAdd(result, AdvSimd.ConvertToSingle(lower), AdvSimd.Multiply(scale, xScale));
        result4 = AdvSimd.FusedMultiplyAdd(result4, AdvSimd.ConvertToSingle(upper), AdvSimd.Multiply(scale4, xScale4));
        if ((format & FormatSize.HasMinimum) != 0)
        {
            // They are scaled, float32.
            result = AdvSimd.FusedMultiplyAdd(result, minimum, xSum.AsSingle());
            result4 = AdvSimd.FusedMultiplyAdd(result4, minimum4, xSum4.AsSingle());
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddHalves(
        byte* block, Vector128<float> xScale, Vector128<float> xScale4, Vector128<int> first, Vector128<int> first4,
        Vector128<int> second, Vector128<int> second4, ref Vector128<float> squares, float* sum,
        out Vector128<float> result, out Vector128<float> result4)
    {
        FactorsOfHalves(
            block, ref squares, out Vector128<float> a, out Vector128<float> a4, out Vector128<float> b,
            out Vector128<float> b4);
        result = AdvSimd.LoadVector128(sum);
        result4 = AdvSimd.LoadVector128(sum + 4);
        result = AdvSimd.FusedMultiplyAdd(result, AdvSimd.ConvertToSingle(first), AdvSimd.Multiply(a, xScale));
        result4 = AdvSimd.FusedMultiplyAdd(result4, AdvSimd.ConvertToSingle(first4), AdvSimd.Multiply(a4, xScale4));
        result = AdvSimd.FusedMultiplyAdd(result, AdvSimd.ConvertToSingle(second), AdvSimd.Multiply(b, xScale));
        result4 = AdvSimd.FusedMultiplyAdd(result4, AdvSimd.ConvertToSingle(second4), AdvSimd.Multiply(b4, xScale4));
    }
}
