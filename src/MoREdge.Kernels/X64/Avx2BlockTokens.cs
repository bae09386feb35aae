using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using MoREdge.Tensors;
using Kind = MoREdge.Kernels.Avx2BlockBodies.Kind;

namespace MoREdge.Kernels;

/// <summary>Rows of blocks times two to seven tokens with AVX2 and FMA.</summary>
/// <remarks>
/// SAFETY: as in Avx2BlockRows. A chunk is brought into registers once and meets one token after the other, without a
/// way through scratch memory.
/// </remarks>
internal static unsafe class Avx2BlockTokens
{
    /// <summary>A chunk of each row in turn, as BlockBodies says.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool Few<TType, TDot>(
        byte* blocks, long stride, int rows, int chunks, byte* panel, int tokens, float* sums)
        where TType : unmanaged, IBlockType
        where TDot : unmanaged, IDotProduct =>
        Few(blocks, stride, rows, chunks, panel, tokens, sums, (ElementType)sizeof(TType), sizeof(TDot) > 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Few(
        byte* blocks, long stride, int rows, int chunks, byte* panel, int tokens, float* sums, ElementType type,
        bool dot)
    {
        uint special = 0;
        float* end = sums + (rows * tokens * BlockLayout.Groups);
        byte* panelEnd = panel;
        for (; chunks > 0; chunks--)
        {
            byte* block = blocks;
            panelEnd += tokens * BlockLayout.TokenBytes;
            for (float* sum = sums; sum < end; block += stride)
            {
                Avx2BlockRows.Prefetch(block, Avx2BlockRows.ChunkBytes(type));
                special |= SpecialBits(block, type);
                Avx2BlockRows.Load(
                    block, type, expectFinite: false, out Vector256<byte> w0, out Vector256<byte> w1,
                    out Vector256<byte> w2, out Vector256<byte> w3, out Vector256<byte> w4, out Vector256<byte> w5,
                    out Vector256<byte> w6, out Vector256<byte> w7, out Vector256<float> first,
                    out Vector256<float> second);
                if (dot && type == ElementType.Q8_0)
                {
                    Vector256<byte> flip = Vector256.Create((byte)0x80);
                    w0 ^= flip;
                    w1 ^= flip;
                    w2 ^= flip;
                    w3 ^= flip;
                    w4 ^= flip;
                    w5 ^= flip;
                    w6 ^= flip;
                    w7 ^= flip;
                }

                for (byte* x = panel; x < panelEnd; x += BlockLayout.TokenBytes, sum += BlockLayout.Groups)
                {
                    Avx2BlockBodies.AddChunk(
                        w0, w1, w2, w3, w4, w5, w6, w7, first, second, x, Vector256.Load(sum),
                        dot && type == ElementType.Q8_0 ? Kind.Eight : Avx2BlockBodies.KindOf(type), dot).Store(sum);
                }
            }

            blocks += Avx2BlockRows.ChunkBytes(type);
            panel = panelEnd;
        }

        return special == 0;
    }

    // Not 0 where a float16 of a chunk is infinite or NaN and factors are products of it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint SpecialBits(byte* block, ElementType type) => type switch
    {
        ElementType.Q4_K or ElementType.Q5_K => Avx2KBlocks.SpecialBits(block),
        ElementType.Q6_K => Avx2KBlocks.SpecialBitsOfHalves(block),
        _ => 0,
    };
}
