using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>Products of unpacked blocks with AVX2 and FMA: a lane is a group.</summary>
/// <remarks>
/// SAFETY: pointers only, as BlockBodies and BlockLayout state them. vpmaddubsw and the sums in int16 saturate or wrap
/// at 2¹⁵: sixteen products of nibbles stay at 16·15·127 = 30480, eight of 31 at 31496, four of 63 at 32004, and two of
/// signed bytes, multiplied as |w|·(x with the sign of w), at 2·128·127 = 32512.
/// </remarks>
internal static unsafe class Avx2BlockBodies
{
    /// <summary>Which quants, and so how long a sum may stay in int16.</summary>
    internal enum Kind
    {
        /// <summary>−128 … 127 (Q8_0).</summary>
        Signed,

        /// <summary>0 … 15, zero point 8 (Q4_0).</summary>
        Four,

        /// <summary>0 … 15 and minimums (Q4_1, Q4_K).</summary>
        FourMinimum,

        /// <summary>0 … 31, zero point 16 (Q5_0).</summary>
        Five,

        /// <summary>0 … 31 and minimums (Q5_1, Q5_K).</summary>
        FiveMinimum,

        /// <summary>0 … 63, zero point 32 and a scale for each half of a group (Q6_K).</summary>
        Six,

        /// <summary>0 … 255, zero point 128 (Q8_0 for AVX-VNNI).</summary>
        Eight,
    }

    /// <summary>The weights of a chunk stay in registers while the tokens pass.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Products<TType, TDot>(
        byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums)
        where TType : unmanaged, IBlockType
        where TDot : unmanaged, IDotProduct =>
        Products(
            quants, factors, panel, chunks, tokens, sums, KindOf((ElementType)sizeof(TType), sizeof(TDot) > 1),
            sizeof(TDot) > 1);

    // dot takes AVX-VNNI's instruction.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Products(
        byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums, Kind kind, bool dot)
    {
        for (; chunks > 0; chunks--)
        {
            Vector256<byte> w0 = Vector256.Load(quants), w1 = Vector256.Load(quants + 32);
            Vector256<byte> w2 = Vector256.Load(quants + 64), w3 = Vector256.Load(quants + 96);
            Vector256<byte> w4 = Vector256.Load(quants + 128), w5 = Vector256.Load(quants + 160);
            Vector256<byte> w6 = Vector256.Load(quants + 192), w7 = Vector256.Load(quants + 224);
            MakeUnsigned(kind, ref w0, ref w1, ref w2, ref w3, ref w4, ref w5, ref w6, ref w7);
            Vector256<float> first = Vector256.Load(factors);
            Vector256<float> second = Vector256.Load(factors + BlockLayout.Groups);
            for (int token = 0; token < tokens; token++)
            {
                float* sum = sums + (token * BlockLayout.Groups);
                AddChunk(w0, w1, w2, w3, w4, w5, w6, w7, first, second, panel, Vector256.Load(sum), kind, dot)
                    .Store(sum);
                panel += BlockLayout.TokenBytes;
            }

            quants += BlockLayout.Quants;
            factors += BlockLayout.Factors;
        }
    }

    /// <summary>
    /// What the quants of <paramref name="type"/> are multiplied as: AVX-VNNI wants signed ones unsigned.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Kind KindOf(ElementType type, bool dot) => type switch
    {
        ElementType.Q8_0 => dot ? Kind.Eight : Kind.Signed,
        ElementType.Q4_0 => Kind.Four,
        ElementType.Q4_1 or ElementType.Q4_K => Kind.FourMinimum,
        ElementType.Q5_0 => Kind.Five,
        ElementType.Q5_1 or ElementType.Q5_K => Kind.FiveMinimum,
        _ => Kind.Six,
    };

    /// <summary>Signed quants, where AVX-VNNI's instruction wants others: w + 128.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void MakeUnsigned(
        Kind kind, ref Vector256<byte> w0, ref Vector256<byte> w1, ref Vector256<byte> w2, ref Vector256<byte> w3,
        ref Vector256<byte> w4, ref Vector256<byte> w5, ref Vector256<byte> w6, ref Vector256<byte> w7)
    {
        if (kind != Kind.Eight)
        {
            return;
        }

        Vector256<byte> signs = Vector256.Create((byte)0x80);
        w0 ^= signs;
        w1 ^= signs;
        w2 ^= signs;
        w3 ^= signs;
        w4 ^= signs;
        w5 ^= signs;
        w6 ^= signs;
        w7 ^= signs;
    }

    /// <summary>
    /// Adds eight groups of a row times eight of a token, x: even weights are first halves of groups, odd ones second
    /// halves; first and second are the factors of BlockLayout.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> AddChunk(
        Vector256<byte> w0, Vector256<byte> w1, Vector256<byte> w2, Vector256<byte> w3, Vector256<byte> w4,
        Vector256<byte> w5, Vector256<byte> w6, Vector256<byte> w7, Vector256<float> first, Vector256<float> second,
        byte* x, Vector256<float> sum, Kind kind, bool dot)
    {
        Vector256<float> xScale = Vector256.Load((float*)(x + BlockLayout.ScalesOffset));
        Vector256<float> scale = first * xScale;
        Vector256<int> xSum = Vector256.Load((int*)(x + BlockLayout.SumsOffset));
        if (kind == Kind.Six)
        {
            Vector256<int> xFirst = Vector256.Load((int*)(x + BlockLayout.FirstSumsOffset));
            Vector256<int> products = Sixes(w0, w2, w4, w6, x, BlockLayout.GroupStep, dot);
            sum = AddScaled(products - Vector256.ShiftLeft(xFirst, 5), scale, sum);
            products = Sixes(w1, w3, w5, w7, x + BlockLayout.HalfStep, BlockLayout.GroupStep, dot);
            return AddScaled(products - Vector256.ShiftLeft(xSum - xFirst, 5), second * xScale, sum);
        }

        Vector256<int> integers = GroupSums(w0, w1, w2, w3, w4, w5, w6, w7, x, kind, dot);
        if (kind == Kind.Signed)
        {
            return AddScaled(integers, scale, sum);
        }

        // The zero points 2³, 2⁴ and 2⁷, each a constant of the instruction: a count that is chosen comes from memory.
        if (kind == Kind.Four)
        {
            return AddScaled(integers - Vector256.ShiftLeft(xSum, 3), scale, sum);
        }

        if (kind == Kind.Five)
        {
            return AddScaled(integers - Vector256.ShiftLeft(xSum, 4), scale, sum);
        }

        if (kind == Kind.Eight)
        {
            return AddScaled(integers - Vector256.ShiftLeft(xSum, AvxVnniWeights.ByteShift), scale, sum);
        }

        return AddWithMinimums(integers, first, second, x, sum);
    }

    /// <summary>The end of a chunk with minimums: sums of groups times scales, and Σx times minimums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> AddWithMinimums(
        Vector256<int> sums, Vector256<float> scale, Vector256<float> minimum, byte* x, Vector256<float> sum)
    {
        sum = AddScaled(sums, scale * Vector256.Load((float*)(x + BlockLayout.ScalesOffset)), sum);
        return Fma.MultiplyAdd(minimum, Vector256.Load((float*)(x + BlockLayout.SumsOffset)), sum);
    }

    /// <summary>Σ w·x of each group; dot takes AVX-VNNI's instruction, whose weights are unsigned.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<int> GroupSums(
        Vector256<byte> w0, Vector256<byte> w1, Vector256<byte> w2, Vector256<byte> w3, Vector256<byte> w4,
        Vector256<byte> w5, Vector256<byte> w6, Vector256<byte> w7, byte* x, Kind kind, bool dot) => dot
        ? Sum(Dot(w0, w1, x), Dot(w2, w3, x + 64), Dot(w4, w5, x + 128), Dot(w6, w7, x + 192))
        : PairSums(w0, w1, w2, w3, w4, w5, w6, w7, x, kind);

    /// <summary>
    /// Σ w·x of the halves of four registers of Q6_K, whose x lie step bytes apart: the lower halves, then the upper
    /// ones.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<int> Sixes(
        Vector256<byte> w0, Vector256<byte> w1, Vector256<byte> w2, Vector256<byte> w3, byte* x, int step, bool dot)
    {
        if (dot)
        {
            return Sum(Dot(w0, x), Dot(w1, x + step), Dot(w2, x + (2 * step)), Dot(w3, x + (3 * step)));
        }

        // Four products of 63 are all that fit in int16.
        Vector256<short> first = AddHalves(Pairs(w0, x), Pairs(w1, x + step));
        Vector256<short> second = AddHalves(Pairs(w2, x + (2 * step)), Pairs(w3, x + (3 * step)));
        return AddQuarters(Widen(first), Widen(second));
    }

    /// <summary>fma(products, scale, sum).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> AddScaled(
        Vector256<int> products, Vector256<float> scale, Vector256<float> sum) =>
        Fma.MultiplyAdd(Avx.ConvertToVector256Single(products), scale, sum);

    // Σ w·x of each group, with AVX2.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> PairSums(
        Vector256<byte> w0, Vector256<byte> w1, Vector256<byte> w2, Vector256<byte> w3, Vector256<byte> w4,
        Vector256<byte> w5, Vector256<byte> w6, Vector256<byte> w7, byte* x, Kind kind)
    {
        if (kind == Kind.Signed)
        {
            return Sum(
                Signed(w0, w1, x), Signed(w2, w3, x + 64), Signed(w4, w5, x + 128), Signed(w6, w7, x + 192));
        }

        Vector256<short> p0 = Pairs(w0, x) + Pairs(w1, x + 32), p1 = Pairs(w2, x + 64) + Pairs(w3, x + 96);
        Vector256<short> p2 = Pairs(w4, x + 128) + Pairs(w5, x + 160);
        Vector256<short> p3 = Pairs(w6, x + 192) + Pairs(w7, x + 224);
        return kind is Kind.Five or Kind.FiveMinimum
            ? AddQuarters(Widen(AddHalves(p0, p1)), Widen(AddHalves(p2, p3)))
            : Widen(AddQuarters(AddHalves(p0, p1), AddHalves(p2, p3)));
    }


    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Dot(Vector256<byte> w, byte* x) =>
        AvxVnni.MultiplyWideningAndAdd(Vector256<int>.Zero, w, Vector256.Load((sbyte*)x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Dot(Vector256<byte> first, Vector256<byte> second, byte* x) =>
        AvxVnni.MultiplyWideningAndAdd(Dot(first, x), second, Vector256.Load((sbyte*)x + 32));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Sum(
        Vector256<int> s0, Vector256<int> s1, Vector256<int> s2, Vector256<int> s3) =>
        AddQuarters(AddHalves(s0, s1), AddHalves(s2, s3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pairs(Vector256<byte> w, byte* x) =>
        Avx2.MultiplyAddAdjacent(w, Vector256.Load((sbyte*)x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Widen(Vector256<short> pairs) =>
        Avx2.MultiplyAddAdjacent(pairs, Vector256.Create((short)1));

    // Both halves of two groups.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Signed(Vector256<byte> first, Vector256<byte> second, byte* x) =>
        Widen(SignedPairs(first.AsSByte(), x)) + Widen(SignedPairs(second.AsSByte(), x + 32));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> SignedPairs(Vector256<sbyte> w, byte* x) =>
        Avx2.MultiplyAddAdjacent(Avx2.Abs(w), Avx2.Sign(Vector256.Load((sbyte*)x), w));

    // (a0 + a2, b0 + b2, a1 + a3, b1 + b3) of the int32, or pairs of int16, of each 128 bits. vphaddw and vphaddd take
    // three cycles of a Zen 4 core, these three instructions less than one and a half.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> AddHalves(Vector256<int> a, Vector256<int> b) =>
        Avx2.UnpackLow(a, b) + Avx2.UnpackHigh(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> AddHalves(Vector256<short> a, Vector256<short> b) =>
        Avx2.UnpackLow(a.AsInt32(), b.AsInt32()).AsInt16() + Avx2.UnpackHigh(a.AsInt32(), b.AsInt32()).AsInt16();

    // What AddHalves made of groups 0 and 1, and of 2 and 3, becomes one sum per group.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> AddQuarters(Vector256<int> a, Vector256<int> b) =>
        Avx2.UnpackLow(a.AsInt64(), b.AsInt64()).AsInt32() + Avx2.UnpackHigh(a.AsInt64(), b.AsInt64()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> AddQuarters(Vector256<short> a, Vector256<short> b) =>
        Avx2.UnpackLow(a.AsInt64(), b.AsInt64()).AsInt16() + Avx2.UnpackHigh(a.AsInt64(), b.AsInt64()).AsInt16();
}
