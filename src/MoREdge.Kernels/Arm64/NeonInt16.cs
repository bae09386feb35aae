using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace MoREdge.Kernels;

/// <summary>Integer products without the dot product instruction: int8 · int8 summed in int16.</summary>
/// <remarks>
/// SAFETY: AddQuads reads 64 bytes of each tile, AddNibbles 32 bytes, inside the group that the caller walks. Offsets
/// are constants, which become part of the load instruction. Upper halves are multiplied before lower ones, so that a
/// register is free to be its own lower half; statements alternate between sums, and loads come first, because the
/// compiler keeps their order and an in-order core waits for each result.
/// </remarks>
internal static unsafe class NeonInt16
{
    /// <summary>Adds two quads of a tile: two products fit in int16 (2·127·127 = 32258), then widens.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void AddQuads(
        sbyte* p, int at, Vector128<sbyte> even, Vector128<sbyte> odd, ref QuadSums sums, bool isFirst)
    {
        Vector128<sbyte> w0 = AdvSimd.LoadVector128(p + at), w1 = AdvSimd.LoadVector128(p + (at + 16));
        Vector128<sbyte> w2 = AdvSimd.LoadVector128(p + (at + 32)), w3 = AdvSimd.LoadVector128(p + (at + 48));
        Vector128<short> t1 = AdvSimd.MultiplyWideningUpper(w0, even), t3 = AdvSimd.MultiplyWideningUpper(w1, even);
        t1 = AdvSimd.MultiplyWideningUpperAndAdd(t1, w2, odd);
        t3 = AdvSimd.MultiplyWideningUpperAndAdd(t3, w3, odd);
        Vector64<sbyte> evenHalf = even.GetLower(), oddHalf = odd.GetLower();
        Vector128<short> t0 = AdvSimd.MultiplyWideningLower(w0.GetLower(), evenHalf);
        Vector128<short> t2 = AdvSimd.MultiplyWideningLower(w1.GetLower(), evenHalf);
        t0 = AdvSimd.MultiplyWideningLowerAndAdd(t0, w2.GetLower(), oddHalf);
        t2 = AdvSimd.MultiplyWideningLowerAndAdd(t2, w3.GetLower(), oddHalf);
        sums.Rows23 = Widen(sums.Rows23, t1, isFirst);
        sums.Rows67 = Widen(sums.Rows67, t3, isFirst);
        sums.Rows01 = Widen(sums.Rows01, t0, isFirst);
        sums.Rows45 = Widen(sums.Rows45, t2, isFirst);
    }

    /// <summary>Adds two quads of two tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void AddQuads(
        sbyte* p,
        sbyte* q,
        int at,
        Vector128<sbyte> even,
        Vector128<sbyte> odd,
        ref QuadSums a,
        ref QuadSums b,
        bool isFirst)
    {
        Vector128<sbyte> w0 = AdvSimd.LoadVector128(p + at), w1 = AdvSimd.LoadVector128(p + (at + 16));
        Vector128<sbyte> w2 = AdvSimd.LoadVector128(p + (at + 32)), w3 = AdvSimd.LoadVector128(p + (at + 48));
        Vector128<sbyte> v0 = AdvSimd.LoadVector128(q + at), v1 = AdvSimd.LoadVector128(q + (at + 16));
        Vector128<sbyte> v2 = AdvSimd.LoadVector128(q + (at + 32)), v3 = AdvSimd.LoadVector128(q + (at + 48));
        Vector128<short> s0 = AdvSimd.MultiplyWideningUpper(w0, even);
        Vector128<short> s1 = AdvSimd.MultiplyWideningUpper(w1, even);
        Vector128<short> t0 = AdvSimd.MultiplyWideningUpper(v0, even);
        Vector128<short> t1 = AdvSimd.MultiplyWideningUpper(v1, even);
        s0 = AdvSimd.MultiplyWideningUpperAndAdd(s0, w2, odd);
        s1 = AdvSimd.MultiplyWideningUpperAndAdd(s1, w3, odd);
        t0 = AdvSimd.MultiplyWideningUpperAndAdd(t0, v2, odd);
        t1 = AdvSimd.MultiplyWideningUpperAndAdd(t1, v3, odd);
        a.Rows23 = Widen(a.Rows23, s0, isFirst);
        a.Rows67 = Widen(a.Rows67, s1, isFirst);
        b.Rows23 = Widen(b.Rows23, t0, isFirst);
        b.Rows67 = Widen(b.Rows67, t1, isFirst);
        s0 = AdvSimd.MultiplyWideningLower(w0.GetLower(), even.GetLower());
        s1 = AdvSimd.MultiplyWideningLower(w1.GetLower(), even.GetLower());
        t0 = AdvSimd.MultiplyWideningLower(v0.GetLower(), even.GetLower());
        t1 = AdvSimd.MultiplyWideningLower(v1.GetLower(), even.GetLower());
        s0 = AdvSimd.MultiplyWideningLowerAndAdd(s0, w2.GetLower(), odd.GetLower());
        s1 = AdvSimd.MultiplyWideningLowerAndAdd(s1, w3.GetLower(), odd.GetLower());
        t0 = AdvSimd.MultiplyWideningLowerAndAdd(t0, v2.GetLower(), odd.GetLower());
        t1 = AdvSimd.MultiplyWideningLowerAndAdd(t1, v3.GetLower(), odd.GetLower());
        a.Rows01 = Widen(a.Rows01, s0, isFirst);
        a.Rows45 = Widen(a.Rows45, s1, isFirst);
        b.Rows01 = Widen(b.Rows01, t0, isFirst);
        b.Rows45 = Widen(b.Rows45, t1, isFirst);
    }

    /// <summary>Adds two quads of one tile for two tokens, whose quads are elements even and odd of x and z.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void AddQuads(
        sbyte* p,
        int at,
        Vector128<int> x,
        Vector128<int> z,
        [ConstantExpected(Max = (byte)3)] byte even,
        [ConstantExpected(Max = (byte)3)] byte odd,
        ref QuadSums a,
        ref QuadSums b,
        bool isFirst)
    {
        Vector128<sbyte> w0 = AdvSimd.LoadVector128(p + at), w1 = AdvSimd.LoadVector128(p + (at + 16));
        Vector128<sbyte> w2 = AdvSimd.LoadVector128(p + (at + 32)), w3 = AdvSimd.LoadVector128(p + (at + 48));
        Vector128<sbyte> even0 = NeonTile.Quad(x, even), odd0 = NeonTile.Quad(x, odd);
        Vector128<sbyte> even1 = NeonTile.Quad(z, even), odd1 = NeonTile.Quad(z, odd);
        Vector128<short> s0 = AdvSimd.MultiplyWideningUpper(w0, even0), s1 = AdvSimd.MultiplyWideningUpper(w1, even0);
        Vector128<short> t0 = AdvSimd.MultiplyWideningUpper(w0, even1), t1 = AdvSimd.MultiplyWideningUpper(w1, even1);
        s0 = AdvSimd.MultiplyWideningUpperAndAdd(s0, w2, odd0);
        s1 = AdvSimd.MultiplyWideningUpperAndAdd(s1, w3, odd0);
        t0 = AdvSimd.MultiplyWideningUpperAndAdd(t0, w2, odd1);
        t1 = AdvSimd.MultiplyWideningUpperAndAdd(t1, w3, odd1);
        a.Rows23 = Widen(a.Rows23, s0, isFirst);
        a.Rows67 = Widen(a.Rows67, s1, isFirst);
        b.Rows23 = Widen(b.Rows23, t0, isFirst);
        b.Rows67 = Widen(b.Rows67, t1, isFirst);
        Vector64<sbyte> v0 = w0.GetLower(), v1 = w1.GetLower(), v2 = w2.GetLower(), v3 = w3.GetLower();
        Vector64<sbyte> even0Half = even0.GetLower(), odd0Half = odd0.GetLower();
        Vector64<sbyte> even1Half = even1.GetLower(), odd1Half = odd1.GetLower();
        s0 = AdvSimd.MultiplyWideningLower(v0, even0Half);
        s1 = AdvSimd.MultiplyWideningLower(v1, even0Half);
        t0 = AdvSimd.MultiplyWideningLower(v0, even1Half);
        t1 = AdvSimd.MultiplyWideningLower(v1, even1Half);
        s0 = AdvSimd.MultiplyWideningLowerAndAdd(s0, v2, odd0Half);
        s1 = AdvSimd.MultiplyWideningLowerAndAdd(s1, v3, odd0Half);
        t0 = AdvSimd.MultiplyWideningLowerAndAdd(t0, v2, odd1Half);
        t1 = AdvSimd.MultiplyWideningLowerAndAdd(t1, v3, odd1Half);
        a.Rows01 = Widen(a.Rows01, s0, isFirst);
        a.Rows45 = Widen(a.Rows45, s1, isFirst);
        b.Rows01 = Widen(b.Rows01, t0, isFirst);
        b.Rows45 = Widen(b.Rows45, t1, isFirst);
    }

    /// <summary>Adds a quad pair (quad j in the low nibbles, j + 4 in the high ones) of one tile.</summary>
    /// <remarks>A whole group fits in int16 (8 quads · 15 · 127 = 15240), even after one pairwise addition.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void AddNibbles(
        byte* p,
        int at,
        Vector128<byte> mask,
        Vector128<sbyte> low,
        Vector128<sbyte> high,
        ref NibbleSums sums,
        bool isFirst)
    {
        Vector128<byte> w0 = AdvSimd.LoadVector128(p + at), w1 = AdvSimd.LoadVector128(p + (at + 16));
        Vector128<sbyte> n0 = AdvSimd.And(w0, mask).AsSByte(), n1 = AdvSimd.And(w1, mask).AsSByte();
        Vector128<sbyte> h0 = AdvSimd.ShiftRightLogical(w0, 4).AsSByte();
        Vector128<sbyte> h1 = AdvSimd.ShiftRightLogical(w1, 4).AsSByte();
        sums.Rows23 = AddUpper(sums.Rows23, n0, low, isFirst);
        sums.Rows67 = AddUpper(sums.Rows67, n1, low, isFirst);
        Vector64<sbyte> lowHalf = low.GetLower();
        sums.Rows01 = AddLower(sums.Rows01, n0.GetLower(), lowHalf, isFirst);
        sums.Rows45 = AddLower(sums.Rows45, n1.GetLower(), lowHalf, isFirst);
        sums.Rows23 = AddUpper(sums.Rows23, h0, high, isFirst: false);
        sums.Rows67 = AddUpper(sums.Rows67, h1, high, isFirst: false);
        Vector64<sbyte> highHalf = high.GetLower();
        sums.Rows01 = AddLower(sums.Rows01, h0.GetLower(), highHalf, isFirst: false);
        sums.Rows45 = AddLower(sums.Rows45, h1.GetLower(), highHalf, isFirst: false);
    }

    /// <summary>Adds a quad pair of two tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void AddNibbles(
        byte* p,
        byte* q,
        int at,
        Vector128<byte> mask,
        Vector128<int> x0,
        Vector128<int> x1,
        [ConstantExpected(Max = (byte)3)] byte quad,
        ref NibbleSums a,
        ref NibbleSums b,
        bool isFirst)
    {
        Vector128<sbyte> low = NeonTile.Quad(x0, quad), high = NeonTile.Quad(x1, quad);
        Vector128<byte> w0 = AdvSimd.LoadVector128(p + at), w1 = AdvSimd.LoadVector128(p + (at + 16));
        Vector128<byte> v0 = AdvSimd.LoadVector128(q + at), v1 = AdvSimd.LoadVector128(q + (at + 16));
        Vector128<sbyte> n0 = AdvSimd.And(w0, mask).AsSByte(), n1 = AdvSimd.And(w1, mask).AsSByte();
        Vector128<sbyte> m0 = AdvSimd.And(v0, mask).AsSByte(), m1 = AdvSimd.And(v1, mask).AsSByte();
        a.Rows23 = AddUpper(a.Rows23, n0, low, isFirst);
        a.Rows67 = AddUpper(a.Rows67, n1, low, isFirst);
        b.Rows23 = AddUpper(b.Rows23, m0, low, isFirst);
        b.Rows67 = AddUpper(b.Rows67, m1, low, isFirst);
        Vector64<sbyte> lowHalf = low.GetLower();
        a.Rows01 = AddLower(a.Rows01, n0.GetLower(), lowHalf, isFirst);
        a.Rows45 = AddLower(a.Rows45, n1.GetLower(), lowHalf, isFirst);
        b.Rows01 = AddLower(b.Rows01, m0.GetLower(), lowHalf, isFirst);
        b.Rows45 = AddLower(b.Rows45, m1.GetLower(), lowHalf, isFirst);
        Vector128<sbyte> h0 = AdvSimd.ShiftRightLogical(w0, 4).AsSByte();
        Vector128<sbyte> h1 = AdvSimd.ShiftRightLogical(w1, 4).AsSByte();
        Vector128<sbyte> g0 = AdvSimd.ShiftRightLogical(v0, 4).AsSByte();
        Vector128<sbyte> g1 = AdvSimd.ShiftRightLogical(v1, 4).AsSByte();
        a.Rows23 = AddUpper(a.Rows23, h0, high, isFirst: false);
        a.Rows67 = AddUpper(a.Rows67, h1, high, isFirst: false);
        b.Rows23 = AddUpper(b.Rows23, g0, high, isFirst: false);
        b.Rows67 = AddUpper(b.Rows67, g1, high, isFirst: false);
        Vector64<sbyte> highHalf = high.GetLower();
        a.Rows01 = AddLower(a.Rows01, h0.GetLower(), highHalf, isFirst: false);
        a.Rows45 = AddLower(a.Rows45, h1.GetLower(), highHalf, isFirst: false);
        b.Rows01 = AddLower(b.Rows01, g0.GetLower(), highHalf, isFirst: false);
        b.Rows45 = AddLower(b.Rows45, g1.GetLower(), highHalf, isFirst: false);
    }

    /// <summary>Adds one quad of nibbles (n0 rows 0–3, n1 rows 4–7) for two tokens.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void AddNibbles(
        Vector128<sbyte> n0,
        Vector128<sbyte> n1,
        Vector128<sbyte> x0,
        Vector128<sbyte> x1,
        ref NibbleSums a,
        ref NibbleSums b,
        bool isFirst)
    {
        a.Rows23 = AddUpper(a.Rows23, n0, x0, isFirst);
        a.Rows67 = AddUpper(a.Rows67, n1, x0, isFirst);
        b.Rows23 = AddUpper(b.Rows23, n0, x1, isFirst);
        b.Rows67 = AddUpper(b.Rows67, n1, x1, isFirst);
        Vector64<sbyte> m0 = n0.GetLower(), m1 = n1.GetLower(), x0Half = x0.GetLower(), x1Half = x1.GetLower();
        a.Rows01 = AddLower(a.Rows01, m0, x0Half, isFirst);
        a.Rows45 = AddLower(a.Rows45, m1, x0Half, isFirst);
        b.Rows01 = AddLower(b.Rows01, m0, x1Half, isFirst);
        b.Rows45 = AddLower(b.Rows45, m1, x1Half, isFirst);
    }

    /// <summary>Four rows from the two int32 sums that hold them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<int> Rows(Vector128<int> first, Vector128<int> second) =>
        AdvSimd.Arm64.AddPairwise(first, second);

    /// <summary>Four rows from the two int16 sums that hold them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<int> Rows(Vector128<short> first, Vector128<short> second) =>
        AdvSimd.AddPairwiseWidening(AdvSimd.Arm64.AddPairwise(first, second));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Widen(Vector128<int> sum, Vector128<short> products, bool isFirst) =>
        isFirst ? AdvSimd.AddPairwiseWidening(products) : AdvSimd.AddPairwiseWideningAndAdd(sum, products);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> AddUpper(
        Vector128<short> sum, Vector128<sbyte> w, Vector128<sbyte> x, bool isFirst) =>
        isFirst ? AdvSimd.MultiplyWideningUpper(w, x) : AdvSimd.MultiplyWideningUpperAndAdd(sum, w, x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> AddLower(
        Vector128<short> sum, Vector64<sbyte> w, Vector64<sbyte> x, bool isFirst) => isFirst
            ? AdvSimd.MultiplyWideningLower(w, x)
            : AdvSimd.MultiplyWideningLowerAndAdd(sum, w, x);

    /// <summary>int32 sums of a Q8 tile, two partial sums per row. Not set before the first addition.</summary>
    internal struct QuadSums
    {
        internal Vector128<int> Rows01, Rows23, Rows45, Rows67;
    }

    /// <summary>int16 sums of a Q4 tile, four partial sums per row. Not set before the first addition.</summary>
    internal struct NibbleSums
    {
        internal Vector128<short> Rows01, Rows23, Rows45, Rows67;
    }
}
