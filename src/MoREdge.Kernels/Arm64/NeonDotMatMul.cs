using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>One tile of packed weights times a panel of tokens with sdot (ARMv8.2 dot product).</summary>
/// <remarks>
/// SAFETY: reads groupCount groups of one tile and of a panel, writes tokenCount·8 floats; PackedPanelDriver holds that
/// promise and PanelLayout says how a panel lies in memory. Half of the registers hold one group of the tile, unpacked
/// once for all tokens; the tokens stream past it. Their sums stay in memory, in the first-level cache: one load and
/// one store of a pair per 256 products.
/// </remarks>
internal static unsafe class NeonDotMatMul
{
    /// <summary>sums (tokenCount, 8) += x (tokenCount, groups·32) · Q8G32 tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Q8(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, int tokenCount, float* sums)
    {
        sbyte* p = (sbyte*)quants;
        for (; groupCount > 0; groupCount--)
        {
            Load(p, out Quads lower0, out Quads upper0);
            Load(p + (PackedLayout.QuadPairs * PackedLayout.QuadBytes), out Quads lower1, out Quads upper1);
            Vector128<ushort> halves = AdvSimd.LoadVector128(scales);
            Vector128<float> upper = NeonTile.ScalesUpper(halves);
            Vector128<float> lower = NeonTile.ScalesLower(halves);
            float* y = sums;
            for (int token = tokenCount; token > 0; token -= PanelLayout.TokenStep)
            {
                Vector128<float> factors = AdvSimd.LoadVector128(xScales);
                Token(x, y, 0, default, factors, 0, lower0, upper0, lower1, upper1, lower, upper);
                Token(x, y, 1, default, factors, 1, lower0, upper0, lower1, upper1, lower, upper);
                Token(x, y, 2, default, factors, 2, lower0, upper0, lower1, upper1, lower, upper);
                Token(x, y, 3, default, factors, 3, lower0, upper0, lower1, upper1, lower, upper);
                x += PanelLayout.TokenStep * PackedLayout.GroupSize;
                xScales += PanelLayout.TokenStep;
                y += PanelLayout.TokenStep * PackedLayout.TileRows;
            }

            p += NeonTile.Q8Bytes;
            scales += PackedLayout.TileRows;
        }
    }

    /// <summary>sums (tokenCount, 8) += x (tokenCount, groups·32) · Q4G32 tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Q4(
        byte* quants, ushort* scales, sbyte* x, float* xScales, int* xSums, int groupCount, int tokenCount, float* sums)
    {
        for (; groupCount > 0; groupCount--)
        {
            Unpack(quants, out Quads lower0, out Quads upper0, out Quads lower1, out Quads upper1);
            Vector128<ushort> halves = AdvSimd.LoadVector128(scales);
            Vector128<float> upper = NeonTile.ScalesUpper(halves);
            Vector128<float> lower = NeonTile.ScalesLower(halves);
            Vector128<int> zero = Vector128.Create(-PackedLayout.Q4ZeroPoint);
            float* y = sums;
            for (int token = tokenCount; token > 0; token -= PanelLayout.TokenStep)
            {
                Vector128<float> factors = AdvSimd.LoadVector128(xScales);
                Vector128<int> xs = AdvSimd.LoadVector128(xSums);
                // Every row starts with −8·Σx, which turns nibbles into nibbles − 8.
                Vector128<int> start = AdvSimd.MultiplyBySelectedScalar(zero, xs, 0);
                Token(x, y, 0, start, factors, 0, lower0, upper0, lower1, upper1, lower, upper);
                start = AdvSimd.MultiplyBySelectedScalar(zero, xs, 1);
                Token(x, y, 1, start, factors, 1, lower0, upper0, lower1, upper1, lower, upper);
                start = AdvSimd.MultiplyBySelectedScalar(zero, xs, 2);
                Token(x, y, 2, start, factors, 2, lower0, upper0, lower1, upper1, lower, upper);
                start = AdvSimd.MultiplyBySelectedScalar(zero, xs, 3);
                Token(x, y, 3, start, factors, 3, lower0, upper0, lower1, upper1, lower, upper);
                x += PanelLayout.TokenStep * PackedLayout.GroupSize;
                xScales += PanelLayout.TokenStep;
                xSums += PanelLayout.TokenStep;
                y += PanelLayout.TokenStep * PackedLayout.TileRows;
            }

            quants += NeonTile.Q4Bytes;
            scales += PackedLayout.TileRows;
        }
    }

    /// <summary>Four quads of 8 rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Load(sbyte* p, out Quads lower, out Quads upper)
    {
        lower.Quad0 = AdvSimd.LoadVector128(p);
        upper.Quad0 = AdvSimd.LoadVector128(p + 16);
        lower.Quad1 = AdvSimd.LoadVector128(p + 32);
        upper.Quad1 = AdvSimd.LoadVector128(p + 48);
        lower.Quad2 = AdvSimd.LoadVector128(p + 64);
        upper.Quad2 = AdvSimd.LoadVector128(p + 80);
        lower.Quad3 = AdvSimd.LoadVector128(p + 96);
        upper.Quad3 = AdvSimd.LoadVector128(p + 112);
    }

    // Four quad pairs of 8 rows: the low nibbles are quads 0 to 3, the high ones quads 4 to 7.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Unpack(byte* p, out Quads lower0, out Quads upper0, out Quads lower1, out Quads upper1)
    {
        Load((sbyte*)p, out Quads lower, out Quads upper);
        Vector128<byte> mask = Vector128.Create(PackedLayout.NibbleMask);
        lower0.Quad0 = Low(lower.Quad0, mask);
        lower0.Quad1 = Low(lower.Quad1, mask);
        lower0.Quad2 = Low(lower.Quad2, mask);
        lower0.Quad3 = Low(lower.Quad3, mask);
        upper0.Quad0 = Low(upper.Quad0, mask);
        upper0.Quad1 = Low(upper.Quad1, mask);
        upper0.Quad2 = Low(upper.Quad2, mask);
        upper0.Quad3 = Low(upper.Quad3, mask);
        lower1.Quad0 = High(lower.Quad0);
        lower1.Quad1 = High(lower.Quad1);
        lower1.Quad2 = High(lower.Quad2);
        lower1.Quad3 = High(lower.Quad3);
        upper1.Quad0 = High(upper.Quad0);
        upper1.Quad1 = High(upper.Quad1);
        upper1.Quad2 = High(upper.Quad2);
        upper1.Quad3 = High(upper.Quad3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<sbyte> Low(Vector128<sbyte> pairs, Vector128<byte> mask) =>
        AdvSimd.And(pairs.AsByte(), mask).AsSByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<sbyte> High(Vector128<sbyte> pairs) =>
        AdvSimd.ShiftRightLogical(pairs.AsByte(), PackedLayout.NibbleBits).AsSByte();

    // One group of one token: 256 products, then the float32 end of the group.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Token(
        sbyte* x,
        float* y,
        int token,
        Vector128<int> start,
        Vector128<float> factors,
        [ConstantExpected(Max = (byte)3)] byte index,
        in Quads lower0,
        in Quads upper0,
        in Quads lower1,
        in Quads upper1,
        Vector128<float> lower,
        Vector128<float> upper)
    {
        Vector128<sbyte> x0 = AdvSimd.LoadVector128(x + (token * PackedLayout.GroupSize));
        Vector128<sbyte> x1 = AdvSimd.LoadVector128(x + ((token * PackedLayout.GroupSize) + 16));
        RowSums sums;
        sums.Lower = start;
        sums.Upper = start;
        Add(ref sums, lower0, upper0, x0);
        Add(ref sums, lower1, upper1, x1);
        Vector128<float> y0 = Vector128.Load(y + (token * PackedLayout.TileRows));
        Vector128<float> y1 = Vector128.Load(y + ((token * PackedLayout.TileRows) + 4));
        y0 = NeonTile.Accumulate(y0, sums.Lower, lower, factors, index);
        y1 = NeonTile.Accumulate(y1, sums.Upper, upper, factors, index);
        y0.Store(y + (token * PackedLayout.TileRows));
        y1.Store(y + ((token * PackedLayout.TileRows) + 4));
    }

    /// <summary>Adds the products of four quads of 8 rows.</summary>
    /// <remarks>Fields instead of locals: the compiler leaves the two chains of sums interleaved.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Add(ref RowSums sums, in Quads lower, in Quads upper, Vector128<sbyte> x)
    {
        sums.Lower = Dp.DotProductBySelectedQuadruplet(sums.Lower, lower.Quad0, x, 0);
        sums.Upper = Dp.DotProductBySelectedQuadruplet(sums.Upper, upper.Quad0, x, 0);
        sums.Lower = Dp.DotProductBySelectedQuadruplet(sums.Lower, lower.Quad1, x, 1);
        sums.Upper = Dp.DotProductBySelectedQuadruplet(sums.Upper, upper.Quad1, x, 1);
        sums.Lower = Dp.DotProductBySelectedQuadruplet(sums.Lower, lower.Quad2, x, 2);
        sums.Upper = Dp.DotProductBySelectedQuadruplet(sums.Upper, upper.Quad2, x, 2);
        sums.Lower = Dp.DotProductBySelectedQuadruplet(sums.Lower, lower.Quad3, x, 3);
        sums.Upper = Dp.DotProductBySelectedQuadruplet(sums.Upper, upper.Quad3, x, 3);
    }

    /// <summary>Sums of eight rows.</summary>
    internal struct RowSums
    {
        /// <summary>Rows 0–3 and 4–7.</summary>
        internal Vector128<int> Lower, Upper;
    }

    /// <summary>Four quads of four rows. Four fields: the most that the compiler keeps in registers.</summary>
    internal struct Quads
    {
        /// <summary>Four columns of each row.</summary>
        internal Vector128<sbyte> Quad0, Quad1, Quad2, Quad3;
    }
}
