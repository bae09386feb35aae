using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using MoREdge.Tensors;
using static MoREdge.Kernels.Avx2Blocks;

namespace MoREdge.Kernels;

/// <summary>Rows of blocks with AVX2: unpacked to memory for many tokens, or in registers for one.</summary>
/// <remarks>
/// SAFETY: pointers only, as BlockBodies and BlockLayout state them. The portable bodies unpack a last chunk that is
/// not whole. Prefetches may pass the end of the weights, which the processor allows.
/// </remarks>
internal static unsafe class Avx2BlockRows
{
    /// <summary>Unpacks as BlockBodies says.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Unpack<TType>(byte* blocks, int groups, byte* quants, float* factors)
        where TType : unmanaged, IBlockType =>
        Unpack(blocks, groups, quants, factors, (ElementType)sizeof(TType));

    /// <summary>Not Q6_K, which is Avx2SixRows': a chunk of each row in turn.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool One<TType, TDot>(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums)
        where TType : unmanaged, IBlockType
        where TDot : unmanaged, IDotProduct =>
        One(blocks, stride, rows, chunks, panel, sums, (ElementType)sizeof(TType), sizeof(TDot) > 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Unpack(byte* blocks, int groups, byte* quants, float* factors, ElementType type)
    {
        int chunkBytes = ChunkBytes(type);
        for (; groups >= BlockLayout.Groups; groups -= BlockLayout.Groups)
        {
            if (SpecialBits(blocks, type) != 0)
            {
                // The portable body knows any float16.
                PortableBlocks.Unpack(type)(blocks, BlockLayout.Groups, quants, factors);
                blocks += chunkBytes;
                quants += BlockLayout.Quants;
                factors += BlockLayout.Factors;
                continue;
            }

            Load(
                blocks, type, expectFinite: false, out Vector256<byte> w0, out Vector256<byte> w1,
                out Vector256<byte> w2, out Vector256<byte> w3, out Vector256<byte> w4, out Vector256<byte> w5,
                out Vector256<byte> w6, out Vector256<byte> w7, out Vector256<float> first,
                out Vector256<float> second);
            w0.Store(quants);
            w1.Store(quants + 32);
            w2.Store(quants + 64);
            w3.Store(quants + 96);
            w4.Store(quants + 128);
            w5.Store(quants + 160);
            w6.Store(quants + 192);
            w7.Store(quants + 224);
            first.Store(factors);
            second.Store(factors + BlockLayout.Groups);
            blocks += chunkBytes;
            quants += BlockLayout.Quants;
            factors += BlockLayout.Factors;
        }

        if (groups > 0)
        {
            PortableBlocks.Unpack(type)(blocks, groups, quants, factors);
        }
    }

    // dot takes AVX-VNNI's instruction.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool One(
        byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums, ElementType type, bool dot)
    {
        int chunkBytes = ChunkBytes(type);
        uint special = 0;
        Vector256<float> squares = Vector256<float>.Zero;
        float* end = sums + (rows * BlockLayout.Groups);
        for (; chunks > 0; chunks--)
        {
            byte* block = blocks;
            for (float* sum = sums; sum < end; sum += BlockLayout.Groups)
            {
                Prefetch(block, chunkBytes);
                if (type is ElementType.Q4_K or ElementType.Q5_K)
                {
                    special |= Avx2KBlocks.SpecialBits(block);
                    AddMinimums(block, type, panel, Vector256.Load(sum), dot).Store(sum);
                }
                else
                {
                    Load(
                        block, type, expectFinite: true, out Vector256<byte> w0, out Vector256<byte> w1,
                        out Vector256<byte> w2, out Vector256<byte> w3, out Vector256<byte> w4, out Vector256<byte> w5,
                        out Vector256<byte> w6, out Vector256<byte> w7, out Vector256<float> first,
                        out Vector256<float> second);
                    Avx2BlockBodies.MakeUnsigned(
                        Avx2BlockBodies.KindOf(type, dot), ref w0, ref w1, ref w2, ref w3, ref w4, ref w5, ref w6,
                        ref w7);
                    squares = Fma.MultiplyAdd(first, first, squares);
                    squares = type is ElementType.Q4_1 or ElementType.Q5_1
                        ? Fma.MultiplyAdd(second, second, squares)
                        : squares;
                    Avx2BlockBodies.AddChunk(
                        w0, w1, w2, w3, w4, w5, w6, w7, first, second, panel, Vector256.Load(sum),
                        Avx2BlockBodies.KindOf(type, dot), dot).Store(sum);
                }

                block += stride;
            }

            blocks += chunkBytes;
            panel += BlockLayout.TokenBytes;
        }

        return special == 0
            && !Vector256.GreaterThanOrEqualAny(squares, Vector256.Create(HalfBits.FiniteSquares));
    }

    // Q4_K, Q5_K: the factors, which the last steps need, are made last, or they would wait where products could.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> AddMinimums(
        byte* block, ElementType type, byte* x, Vector256<float> sum, bool dot)
    {
        Vector256<byte> w0, w1, w2, w3, w4, w5, w6, w7;
        if (type == ElementType.Q4_K)
        {
            Avx2KBlocks.Nibbles(
                block, DenseBlock.QuantsOffsetK, out w0, out w1, out w2, out w3, out w4, out w5, out w6, out w7);
        }
        else
        {
            Avx2KBlocks.Fives(block, out w0, out w1, out w2, out w3, out w4, out w5, out w6, out w7);
        }

        Vector256<int> products = Avx2BlockBodies.GroupSums(
            w0, w1, w2, w3, w4, w5, w6, w7, x, Avx2BlockBodies.KindOf(type, dot), dot);
        Avx2KBlocks.Factors(block, out Vector256<float> scale, out Vector256<float> minimum);
        return Avx2BlockBodies.AddWithMinimums(products, scale, minimum, x, sum);
    }

    /// <summary>
    /// Asks for what a row reads next. Large chunks are asked for twice as far ahead: measured, type by type.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Prefetch(byte* block, int chunkBytes)
    {
        byte* ahead = block + (Avx2Weights.AheadBytesOfFour * (chunkBytes < DenseBlock.BytesQ6K ? 1 : 2));
        Sse.Prefetch0(ahead);
        Sse.Prefetch0(ahead + 64);
        Sse.Prefetch0(ahead + 128);
        if (chunkBytes > 192)
        {
            Sse.Prefetch0(ahead + 192);
        }

        if (chunkBytes > 256)
        {
            Sse.Prefetch0(ahead + 256);
        }
    }

    /// <summary>Bytes of a chunk of a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int ChunkBytes(ElementType type) => type switch
    {
        ElementType.Q8_0 => BlockLayout.Groups * DenseBlock.BytesQ8,
        ElementType.Q4_0 => BlockLayout.Groups * DenseBlock.BytesQ4,
        ElementType.Q4_1 => BlockLayout.Groups * DenseBlock.BytesQ4Minimum,
        ElementType.Q5_0 => BlockLayout.Groups * DenseBlock.BytesQ5,
        ElementType.Q5_1 => BlockLayout.Groups * DenseBlock.BytesQ5Minimum,
        ElementType.Q4_K => DenseBlock.BytesQ4K,
        ElementType.Q5_K => DenseBlock.BytesQ5K,
        _ => DenseBlock.BytesQ6K,
    };

    /// <summary>
    /// Not 0 where a float16 of a chunk is infinite or NaN and factors are products of it, which Load does not know.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint SpecialBits(byte* block, ElementType type) => type switch
    {
        ElementType.Q4_K or ElementType.Q5_K => Avx2KBlocks.SpecialBits(block),
        ElementType.Q6_K => Avx2KBlocks.SpecialBitsOfHalves(block),
        _ => 0,
    };

    /// <summary>
    /// A chunk in registers; type is a constant where this is inlined. Without minimums, second is not read. Where
    /// finite factors are expected, others are wrong but large.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Load(
        byte* blocks, ElementType type, bool expectFinite, out Vector256<byte> w0, out Vector256<byte> w1,
        out Vector256<byte> w2, out Vector256<byte> w3, out Vector256<byte> w4, out Vector256<byte> w5,
        out Vector256<byte> w6, out Vector256<byte> w7, out Vector256<float> first, out Vector256<float> second)
    {
        second = default;
        switch (type)
        {
            case ElementType.Q8_0:
                first = Singles(blocks, 0, DenseBlock.BytesQ8, expectFinite);
                Q8(blocks, out w0, out w1, out w2, out w3, out w4, out w5, out w6, out w7);
                break;
            case ElementType.Q4_0:
                first = Singles(blocks, 0, DenseBlock.BytesQ4, expectFinite);
                Nibbles(
                    blocks, 2, DenseBlock.BytesQ4,
                    out w0, out w1, out w2, out w3, out w4, out w5, out w6, out w7);
                break;
            case ElementType.Q4_1:
                first = Singles(blocks, 0, DenseBlock.BytesQ4Minimum, expectFinite);
                second = Singles(blocks, 2, DenseBlock.BytesQ4Minimum, expectFinite);
                Nibbles(
                    blocks, 4, DenseBlock.BytesQ4Minimum,
                    out w0, out w1, out w2, out w3, out w4, out w5, out w6, out w7);
                break;
            case ElementType.Q5_0:
                first = Singles(blocks, 0, DenseBlock.BytesQ5, expectFinite);
                Fives(
                    blocks, 2, DenseBlock.BytesQ5, out w0, out w1, out w2, out w3, out w4, out w5, out w6, out w7);
                break;
            case ElementType.Q5_1:
                first = Singles(blocks, 0, DenseBlock.BytesQ5Minimum, expectFinite);
                second = Singles(blocks, 2, DenseBlock.BytesQ5Minimum, expectFinite);
                Fives(
                    blocks, 4, DenseBlock.BytesQ5Minimum,
                    out w0, out w1, out w2, out w3, out w4, out w5, out w6, out w7);
                break;
            case ElementType.Q4_K:
                Avx2KBlocks.Factors(blocks, out first, out second);
                Avx2KBlocks.Nibbles(
                    blocks, DenseBlock.QuantsOffsetK,
                    out w0, out w1, out w2, out w3, out w4, out w5, out w6, out w7);
                break;
            case ElementType.Q5_K:
                Avx2KBlocks.Factors(blocks, out first, out second);
                Avx2KBlocks.Fives(blocks, out w0, out w1, out w2, out w3, out w4, out w5, out w6, out w7);
                break;
            default:
                Avx2KBlocks.FactorsOfHalves(blocks, out first, out second);
                Avx2KBlocks.Sixes(blocks, out w0, out w1, out w2, out w3, out w4, out w5, out w6, out w7);
                break;
        }
    }
}
