using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>Products of unpacked blocks with portable 128-bit vectors.</summary>
/// <remarks>
/// SAFETY: pointers only, as BlockBodies and BlockLayout state them. Bytes are widened to int16, where two products of
/// them still fit (2·128·127 = 32512). The Split variants round product and sum apart, for processors without a fused
/// multiply-add.
/// </remarks>
internal static unsafe class Vector128BlockBodies
{
    /// <summary>Quants without zero point (Q8_0).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Signed(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Products(quants, factors, panel, chunks, tokens, sums, 0, hasMinimum: false, fused: true);

    /// <summary>Product and sum rounded apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void SignedSplit(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Products(quants, factors, panel, chunks, tokens, sums, 0, hasMinimum: false, fused: false);

    /// <summary>Zero point 8 (Q4_0).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Four(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Products(
            quants, factors, panel, chunks, tokens, sums, PackedLayout.Q4ZeroPoint, hasMinimum: false, fused: true);

    /// <summary>Product and sum rounded apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void FourSplit(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Products(
            quants, factors, panel, chunks, tokens, sums, PackedLayout.Q4ZeroPoint, hasMinimum: false, fused: false);

    /// <summary>Zero point 16 (Q5_0).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Five(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Products(
            quants, factors, panel, chunks, tokens, sums, DenseBlock.Q5ZeroPoint, hasMinimum: false, fused: true);

    /// <summary>Product and sum rounded apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void FiveSplit(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Products(
            quants, factors, panel, chunks, tokens, sums, DenseBlock.Q5ZeroPoint, hasMinimum: false, fused: false);

    /// <summary>Minimums (Q4_1, Q5_1, Q4_K, Q5_K).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Minimum(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Products(quants, factors, panel, chunks, tokens, sums, 0, hasMinimum: true, fused: true);

    /// <summary>Product and sum rounded apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void MinimumSplit(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Products(quants, factors, panel, chunks, tokens, sums, 0, hasMinimum: true, fused: false);

    /// <summary>Zero point 32 and a scale for each half of a group (Q6_K).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Six(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Halves(quants, factors, panel, chunks, tokens, sums, fused: true);

    /// <summary>Product and sum rounded apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void SixSplit(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Halves(quants, factors, panel, chunks, tokens, sums, fused: false);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Products(
        byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums,
        int zeroPoint, bool hasMinimum, bool fused)
    {
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            for (int token = 0; token < tokens; token++, panel += BlockLayout.TokenBytes)
            {
                float* xScales = (float*)(panel + BlockLayout.ScalesOffset);
                int* xSums = (int*)(panel + BlockLayout.SumsOffset);
                for (int lane = 0; lane < BlockLayout.Groups; lane += 4)
                {
                    int at = lane / 4 * BlockLayout.FourGroupsStep;
                    float* sum = sums + (token * BlockLayout.Groups) + lane;
                    Vector128<float> xScale = Vector128.Load(xScales + lane);
                    Vector128<int> products = FourGroups(quants + at, panel + at)
                        + FourGroups(quants + at + BlockLayout.HalfStep, panel + at + BlockLayout.HalfStep);
                    if (zeroPoint != 0)
                    {
                        products -= Vector128.Load(xSums + lane) * zeroPoint;
                    }

                    Vector128<float> scale = Vector128.Load(factors + lane) * xScale;
                    Vector128<float> result =
                        AddProduct(Vector128.ConvertToSingle(products), scale, Vector128.Load(sum), fused);
                    if (hasMinimum)
                    {
                        Vector128<float> minimum = Vector128.Load(factors + BlockLayout.Groups + lane);
                        result = AddProduct(minimum, Vector128.Load((float*)xSums + lane), result, fused);
                    }

                    result.Store(sum);
                }
            }

            quants += BlockLayout.Quants;
            factors += BlockLayout.Factors;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Halves(
        byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums, bool fused)
    {
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            for (int token = 0; token < tokens; token++, panel += BlockLayout.TokenBytes)
            {
                float* xScales = (float*)(panel + BlockLayout.ScalesOffset);
                int* xSums = (int*)(panel + BlockLayout.SumsOffset);
                int* firstSums = (int*)(panel + BlockLayout.FirstSumsOffset);
                for (int lane = 0; lane < BlockLayout.Groups; lane += 4)
                {
                    int at = lane / 4 * BlockLayout.FourGroupsStep;
                    float* sum = sums + (token * BlockLayout.Groups) + lane;
                    Vector128<float> xScale = Vector128.Load(xScales + lane);
                    Vector128<int> xFirst = Vector128.Load(firstSums + lane);
                    Vector128<int> xSecond = Vector128.Load(xSums + lane) - xFirst;
                    Vector128<int> first = FourGroups(quants + at, panel + at) - (xFirst * DenseBlock.Q6ZeroPoint);
                    Vector128<int> second =
                        FourGroups(quants + at + BlockLayout.HalfStep, panel + at + BlockLayout.HalfStep)
                            - (xSecond * DenseBlock.Q6ZeroPoint);
                    Vector128<float> scale = Vector128.Load(factors + lane) * xScale;
                    Vector128<float> result =
                        AddProduct(Vector128.ConvertToSingle(first), scale, Vector128.Load(sum), fused);
                    scale = Vector128.Load(factors + BlockLayout.Groups + lane) * xScale;
                    AddProduct(Vector128.ConvertToSingle(second), scale, result, fused).Store(sum);
                }
            }

            quants += BlockLayout.Quants;
            factors += BlockLayout.Factors;
        }
    }

    // One half of four groups: a sum in each lane.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> FourGroups(byte* quants, byte* x) =>
        AddLanes(
            AddLanes(
                Sixteen(quants, x),
                Sixteen(quants + BlockLayout.GroupStep, x + BlockLayout.GroupStep)),
            AddLanes(
                Sixteen(quants + (2 * BlockLayout.GroupStep), x + (2 * BlockLayout.GroupStep)),
                Sixteen(quants + (3 * BlockLayout.GroupStep), x + (3 * BlockLayout.GroupStep))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Sixteen(byte* quants, byte* x)
    {
        Vector128<sbyte> w = Vector128.Load((sbyte*)quants), v = Vector128.Load((sbyte*)x);
        Vector128<int> pairs = ((Vector128.WidenLower(w) * Vector128.WidenLower(v))
            + (Vector128.WidenUpper(w) * Vector128.WidenUpper(v))).AsInt32();
        return Vector128.ShiftRightArithmetic(Vector128.ShiftLeft(pairs, 16), 16)
            + Vector128.ShiftRightArithmetic(pairs, 16);
    }

    // (a0 + a1, a2 + a3, b0 + b1, b2 + b3).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> AddLanes(Vector128<int> a, Vector128<int> b) =>
        Vector128.Narrow(a.AsInt64(), b.AsInt64()) + Vector128.Narrow(
            Vector128.ShiftRightLogical(a.AsInt64(), 32), Vector128.ShiftRightLogical(b.AsInt64(), 32));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> AddProduct(
        Vector128<float> value, Vector128<float> factor, Vector128<float> sum, bool fused) =>
        fused ? Vector128.FusedMultiplyAdd(value, factor, sum) : sum + (value * factor);
}
