using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>
/// Products of unpacked blocks on ARM64: with sdot (ARMv8.2), or in int16, where two products of bytes fit (ARMv8.0).
/// </summary>
/// <remarks>
/// SAFETY: pointers only, as BlockBodies and BlockLayout state them. Pairwise additions bring the sums of four groups
/// into the lanes of a register.
/// </remarks>
internal static unsafe class NeonBlockBodies
{
    /// <summary>Quants without zero point (Q8_0).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Signed(
        byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Products(
            quants, factors, panel, chunks, tokens, sums, 0, hasMinimum: false, dot: false);

    /// <summary>Zero point 8 (Q4_0).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Four(
        byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Products(
            quants, factors, panel, chunks, tokens, sums, PackedLayout.Q4ZeroPoint, hasMinimum: false, dot: false);

    /// <summary>Zero point 16 (Q5_0).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Five(
        byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Products(
            quants, factors, panel, chunks, tokens, sums, DenseBlock.Q5ZeroPoint, hasMinimum: false, dot: false);

    /// <summary>Minimums (Q4_1, Q5_1, Q4_K, Q5_K).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Minimum(
        byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Products(
            quants, factors, panel, chunks, tokens, sums, 0, hasMinimum: true, dot: false);

    /// <summary>Zero point 32 and a scale for each half of a group (Q6_K).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Six(
        byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Halves(quants, factors, panel, chunks, tokens, sums, dot: false);

    /// <summary>Quants without zero point (Q8_0).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void DotSigned(
        byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Products(
            quants, factors, panel, chunks, tokens, sums, 0, hasMinimum: false, dot: true);

    /// <summary>Zero point 8 (Q4_0).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void DotFour(
        byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Products(
            quants, factors, panel, chunks, tokens, sums, PackedLayout.Q4ZeroPoint, hasMinimum: false, dot: true);

    /// <summary>Zero point 16 (Q5_0).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void DotFive(
        byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Products(
            quants, factors, panel, chunks, tokens, sums, DenseBlock.Q5ZeroPoint, hasMinimum: false, dot: true);

    /// <summary>Minimums (Q4_1, Q5_1, Q4_K, Q5_K).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void DotMinimum(
        byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Products(
            quants, factors, panel, chunks, tokens, sums, 0, hasMinimum: true, dot: true);

    /// <summary>Zero point 32 and a scale for each half of a group (Q6_K).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void DotSix(
        byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Halves(quants, factors, panel, chunks, tokens, sums, dot: true);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Products(
        byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums,
        int zeroPoint, bool hasMinimum, bool dot)
    {
        for (nint chunk = 0; chunk < chunks; chunk++)
        {
            float* sum = sums;
            for (nint token = 0; token < tokens; token++)
            {
                AddFour(quants, factors, panel, sum, 0, zeroPoint, hasMinimum, dot);
                AddFour(quants, factors, panel, sum, 4, zeroPoint, hasMinimum, dot);
                panel += BlockLayout.TokenBytes;
                sum += BlockLayout.Groups;
            }

            quants += BlockLayout.Quants;
            factors += BlockLayout.Factors;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Halves(
        byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums, bool dot)
    {
        for (nint chunk = 0; chunk < chunks; chunk++)
        {
            float* sum = sums;
            for (nint token = 0; token < tokens; token++)
            {
                AddFourHalves(quants, factors, panel, sum, 0, dot);
                AddFourHalves(quants, factors, panel, sum, 4, dot);
                panel += BlockLayout.TokenBytes;
                sum += BlockLayout.Groups;
            }

            quants += BlockLayout.Quants;
            factors += BlockLayout.Factors;
        }
    }

    // Groups lane … lane + 3 of a chunk and a token.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddFour(
        byte* quants, float* factors, byte* x, float* sum, int lane, int zeroPoint, bool hasMinimum, bool dot)
    {
        int at = lane * (BlockLayout.FourGroupsStep / 4);
        Vector128<int> integers = AdvSimd.Arm64.AddPairwise(
            AdvSimd.Arm64.AddPairwise(Group(quants, x, at, dot), Group(quants, x, at + 64, dot)),
            AdvSimd.Arm64.AddPairwise(Group(quants, x, at + 128, dot), Group(quants, x, at + 192, dot)));
        if (zeroPoint != 0)
        {
            Vector128<int> xSum = AdvSimd.LoadVector128((int*)(x + BlockLayout.SumsOffset) + lane);
            integers -= xSum * zeroPoint;
        }

        Vector128<float> scale = AdvSimd.Multiply(
            AdvSimd.LoadVector128(factors + lane),
            AdvSimd.LoadVector128((float*)(x + BlockLayout.ScalesOffset) + lane));
        Vector128<float> result = AdvSimd.FusedMultiplyAdd(
            AdvSimd.LoadVector128(sum + lane), AdvSimd.ConvertToSingle(integers), scale);
        if (hasMinimum)
        {
            result = AdvSimd.FusedMultiplyAdd(
                result, AdvSimd.LoadVector128(factors + BlockLayout.Groups + lane),
                AdvSimd.LoadVector128((float*)(x + BlockLayout.SumsOffset) + lane));
        }

        AdvSimd.Store(sum + lane, result);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddFourHalves(byte* quants, float* factors, byte* x, float* sum, int lane, bool dot)
    {
        int at = lane * (BlockLayout.FourGroupsStep / 4);
        Vector128<int> xFirst = AdvSimd.LoadVector128((int*)(x + BlockLayout.FirstSumsOffset) + lane);
        Vector128<int> xSecond = AdvSimd.LoadVector128((int*)(x + BlockLayout.SumsOffset) + lane) - xFirst;
        Vector128<float> xScale = AdvSimd.LoadVector128((float*)(x + BlockLayout.ScalesOffset) + lane);
        Vector128<int> first = FourHalves(quants, x, at, dot) - (xFirst * DenseBlock.Q6ZeroPoint);
        Vector128<int> second =
            FourHalves(quants, x, at + BlockLayout.HalfStep, dot) - (xSecond * DenseBlock.Q6ZeroPoint);
        Vector128<float> result = AdvSimd.FusedMultiplyAdd(
            AdvSimd.LoadVector128(sum + lane), AdvSimd.ConvertToSingle(first),
            AdvSimd.Multiply(AdvSimd.LoadVector128(factors + lane), xScale));
        result = AdvSimd.FusedMultiplyAdd(
            result, AdvSimd.ConvertToSingle(second),
            AdvSimd.Multiply(AdvSimd.LoadVector128(factors + BlockLayout.Groups + lane), xScale));
        AdvSimd.Store(sum + lane, result);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> FourHalves(byte* quants, byte* x, int at, bool dot) => AdvSimd.Arm64.AddPairwise(
        AdvSimd.Arm64.AddPairwise(Sixteen(quants, x, at, dot), Sixteen(quants, x, at + 64, dot)),
        AdvSimd.Arm64.AddPairwise(Sixteen(quants, x, at + 128, dot), Sixteen(quants, x, at + 192, dot)));

    // Four sums that add up to the product of a group.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Group(byte* quants, byte* x, int at, bool dot)
    {
        Vector128<sbyte> w = AdvSimd.LoadVector128((sbyte*)quants + (at + BlockLayout.HalfStep));
        Vector128<sbyte> v = AdvSimd.LoadVector128((sbyte*)x + (at + BlockLayout.HalfStep));
        Vector128<int> sum = Sixteen(quants, x, at, dot);
        return dot
            ? Dp.DotProduct(sum, w, v)
            : AdvSimd.AddPairwiseWideningAndAdd(sum, Pairs(w, v));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Sixteen(byte* quants, byte* x, int at, bool dot)
    {
        Vector128<sbyte> w = AdvSimd.LoadVector128((sbyte*)quants + at), v = AdvSimd.LoadVector128((sbyte*)x + at);
        return dot
            ? Dp.DotProduct(Vector128<int>.Zero, w, v)
            : AdvSimd.AddPairwiseWidening(Pairs(w, v));
    }

    // Two products of bytes per lane: at most 2·128·127.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Pairs(Vector128<sbyte> w, Vector128<sbyte> v)
    {
        Vector128<short> upper = AdvSimd.MultiplyWideningUpper(w, v);
        return AdvSimd.MultiplyWideningLowerAndAdd(upper, w.GetLower(), v.GetLower());
    }
}
