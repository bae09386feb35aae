using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>Packed products with portable 128-bit vectors: two registers hold the eight rows of a tile.</summary>
/// <remarks>
/// SAFETY: pointers only, shapes as PackedDriver states them; the pointers are whole tiles and whole groups. There is
/// no portable widening multiply-add of bytes, so weights are widened to int16, where two products of bytes still fit
/// (2·128·127 = 32512), and pairs of int16 are added by shifting their int32 halves. The Split variants multiply and
/// add with two roundings, for processors without a fused multiply-add.
/// </remarks>
internal static unsafe class Vector128PackedBodies
{
    /// <summary>Q8G32, one token, fused.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void MatVecQ8(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, int tileCount, float* y) =>
        MatVecQ8(quants, scales, x, xScales, groupCount, tileCount, y, fused: true);

    /// <summary>Q8G32, one token, product and sum rounded apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void MatVecQ8Split(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, int tileCount, float* y) =>
        MatVecQ8(quants, scales, x, xScales, groupCount, tileCount, y, fused: false);

    /// <summary>Q4G32, one token, fused.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void MatVecQ4(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, int tileCount, float* y) =>
        MatVecQ4(quants, scales, x, xScales, groupCount, tileCount, y, fused: true);

    /// <summary>Q4G32, one token, product and sum rounded apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void MatVecQ4Split(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, int tileCount, float* y) =>
        MatVecQ4(quants, scales, x, xScales, groupCount, tileCount, y, fused: false);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MatVecQ8(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int groupCount, int tileCount, float* y, bool fused)
    {
        for (int tile = 0; tile < tileCount; tile++)
        {
            Vector128<float> upper = Vector128<float>.Zero;
            Vector128<float> lower = Vector128<float>.Zero;
            for (int group = 0; group < groupCount; group++)
            {
                Vector128<int> rows01 = default, rows23 = default, rows45 = default, rows67 = default;
                for (int pair = 0; pair < 4; pair++)
                {
                    Vector128<short> quads = Vector128.WidenLower(Vector128.CreateScalar(
                        *(long*)(x + (group * 32L) + (pair * 8))).AsSByte());
                    Vector128<short> even = Vector128.Shuffle(quads.AsInt64(), Vector128.Create(0L, 0L)).AsInt16();
                    Vector128<short> odd = Vector128.Shuffle(quads.AsInt64(), Vector128.Create(1L, 1L)).AsInt16();
                    Vector128<sbyte> even03 = Vector128.Load((sbyte*)quants);
                    Vector128<sbyte> even47 = Vector128.Load((sbyte*)quants + 16);
                    Vector128<sbyte> odd03 = Vector128.Load((sbyte*)quants + 32);
                    Vector128<sbyte> odd47 = Vector128.Load((sbyte*)quants + 48);
                    rows01 += AddPairs((Vector128.WidenLower(even03) * even) + (Vector128.WidenLower(odd03) * odd));
                    rows23 += AddPairs((Vector128.WidenUpper(even03) * even) + (Vector128.WidenUpper(odd03) * odd));
                    rows45 += AddPairs((Vector128.WidenLower(even47) * even) + (Vector128.WidenLower(odd47) * odd));
                    rows67 += AddPairs((Vector128.WidenUpper(even47) * even) + (Vector128.WidenUpper(odd47) * odd));
                    quants += 64;
                }

                upper = AddScaled(AddLanes(rows01, rows23), Scales(scales), xScales[group], upper, fused);
                lower = AddScaled(AddLanes(rows45, rows67), Scales(scales + 4), xScales[group], lower, fused);
                scales += 8;
            }

            upper.Store(y + (tile * 8));
            lower.Store(y + (tile * 8) + 4);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MatVecQ4(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int groupCount, int tileCount, float* y, bool fused)
    {
        for (int tile = 0; tile < tileCount; tile++)
        {
            Vector128<float> upper = Vector128<float>.Zero;
            Vector128<float> lower = Vector128<float>.Zero;
            for (int group = 0; group < groupCount; group++)
            {
                // Eight products of |nibble − 8| ≤ 8 and 127 stay at 8128: one int16 sum holds a whole group.
                Vector128<short> rows01 = default, rows23 = default, rows45 = default, rows67 = default;
                for (int quad = 0; quad < 4; quad++)
                {
                    sbyte* values = x + (group * 32L) + (quad * 4);
                    Vector128<short> early = Vector128.WidenLower(Vector128.Create(*(int*)values).AsSByte());
                    Vector128<short> late = Vector128.WidenLower(Vector128.Create(*(int*)(values + 16)).AsSByte());
                    Vector128<byte> pairs03 = Vector128.Load(quants);
                    Vector128<byte> pairs47 = Vector128.Load(quants + 16);
                    Vector128<sbyte> low03 = Low(pairs03), high03 = High(pairs03);
                    Vector128<sbyte> low47 = Low(pairs47), high47 = High(pairs47);
                    rows01 += (Vector128.WidenLower(low03) * early) + (Vector128.WidenLower(high03) * late);
                    rows23 += (Vector128.WidenUpper(low03) * early) + (Vector128.WidenUpper(high03) * late);
                    rows45 += (Vector128.WidenLower(low47) * early) + (Vector128.WidenLower(high47) * late);
                    rows67 += (Vector128.WidenUpper(low47) * early) + (Vector128.WidenUpper(high47) * late);
                    quants += 32;
                }

                Vector128<int> rows03 = AddLanes(AddPairs(rows01), AddPairs(rows23));
                Vector128<int> rows47 = AddLanes(AddPairs(rows45), AddPairs(rows67));
                upper = AddScaled(rows03, Scales(scales), xScales[group], upper, fused);
                lower = AddScaled(rows47, Scales(scales + 4), xScales[group], lower, fused);
                scales += 8;
            }

            upper.Store(y + (tile * 8));
            lower.Store(y + (tile * 8) + 4);
        }
    }

    // int16 lanes 2i and 2i + 1 become int32 lane i.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> AddPairs(Vector128<short> v) =>
        Vector128.ShiftRightArithmetic(Vector128.ShiftLeft(v.AsInt32(), 16), 16)
            + Vector128.ShiftRightArithmetic(v.AsInt32(), 16);

    // (a0 + a1, a2 + a3, b0 + b1, b2 + b3).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> AddLanes(Vector128<int> a, Vector128<int> b) =>
        Vector128.Narrow(a.AsInt64(), b.AsInt64()) + Vector128.Narrow(
            Vector128.ShiftRightLogical(a.AsInt64(), 32), Vector128.ShiftRightLogical(b.AsInt64(), 32));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<sbyte> Low(Vector128<byte> pairs) =>
        (pairs & Vector128.Create(PackedLayout.NibbleMask)).AsSByte() - Vector128.Create((sbyte)8);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<sbyte> High(Vector128<byte> pairs) =>
        Low(Vector128.ShiftRightLogical(pairs.AsUInt16(), PackedLayout.NibbleBits).AsByte());

    // Four fp16 scales as float32; exact for 0, subnormal and normal values. 2¹¹² mends the exponent.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Scales(ushort* scales) =>
        (Vector128.ShiftLeft(
            Vector128.WidenLower(Vector128.CreateScalar(*(ulong*)scales).AsInt16()), HalfBits.MantissaShift)
            & Vector128.Create(HalfBits.ShiftedMask)).AsSingle() * Vector128.Create(HalfBits.Rebias);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> AddScaled(
        Vector128<int> products, Vector128<float> scale, float xScale, Vector128<float> sum, bool fused)
    {
        Vector128<float> value = Vector128.ConvertToSingle(products);
        Vector128<float> factor = scale * Vector128.Create(xScale);
        return fused ? Vector128.FusedMultiplyAdd(value, factor, sum) : sum + (value * factor);
    }
}
