using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

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
    /// <summary>All types but Q6_K, of whose constants zero point and minimum matter here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Products<TFormat, TDot>(
        byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums)
        where TFormat : unmanaged, IBlockFormat
        where TDot : unmanaged, IDotProduct
    {
        for (nint chunk = 0; chunk < chunks; chunk++)
        {
            float* sum = sums;
            for (nint token = 0; token < tokens; token++)
            {
                AddFour(quants, factors, panel, sum, 0, sizeof(TFormat), sizeof(TDot) > 1);
                AddFour(quants, factors, panel, sum, 4, sizeof(TFormat), sizeof(TDot) > 1);
                panel += BlockLayout.TokenBytes;
                sum += BlockLayout.Groups;
            }

            quants += BlockLayout.Quants;
            factors += BlockLayout.Factors;
        }
    }

    /// <summary>Q6_K: zero point 32 and a scale for each half of a group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Halves<TDot>(
        byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums)
        where TDot : unmanaged, IDotProduct
    {
        for (nint chunk = 0; chunk < chunks; chunk++)
        {
            float* sum = sums;
            for (nint token = 0; token < tokens; token++)
            {
                AddFourHalves(quants, factors, panel, sum, 0, sizeof(TDot) > 1);
                AddFourHalves(quants, factors, panel, sum, 4, sizeof(TDot) > 1);
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
        byte* quants, float* factors, byte* x, float* sum, int lane, int format, bool dot)
    {
        int at = lane * (BlockLayout.FourGroupsStep / 4);
        Vector128<int> integers = AdvSimd.Arm64.AddPairwise(
            AdvSimd.Arm64.AddPairwise(Group(quants, x, at, dot), Group(quants, x, at + 64, dot)),
            AdvSimd.Arm64.AddPairwise(Group(quants, x, at + 128, dot), Group(quants, x, at + 192, dot)));
        if ((format & FormatSize.ZeroPoint) != 0)
        {
            Vector128<int> xSum = AdvSimd.LoadVector128((int*)(x + BlockLayout.SumsOffset) + lane);
            integers -= xSum * (format >> FormatSize.ZeroPointShift);
        }

        Vector128<float> scale = AdvSimd.Multiply(
            AdvSimd.LoadVector128(factors + lane),
            AdvSimd.LoadVector128((float*)(x + BlockLayout.ScalesOffset) + lane));
        Vector128<float> result = AdvSimd.FusedMultiplyAdd(
            AdvSimd.LoadVector128(sum + lane), AdvSimd.ConvertToSingle(integers), scale);
        if ((format & FormatSize.HasMinimum) != 0)
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
