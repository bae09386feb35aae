using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using MoREdge.Tensors;

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
                special |= Avx2BlockRows.SpecialBits(block, type);
                Avx2BlockRows.Load(
                    block, type, expectFinite: false, out Vector256<byte> w0, out Vector256<byte> w1,
                    out Vector256<byte> w2, out Vector256<byte> w3, out Vector256<byte> w4, out Vector256<byte> w5,
                    out Vector256<byte> w6, out Vector256<byte> w7, out Vector256<float> first,
                    out Vector256<float> second);
                Avx2BlockBodies.MakeUnsigned(
                    Avx2BlockBodies.KindOf(type, dot), ref w0, ref w1, ref w2, ref w3, ref w4, ref w5, ref w6, ref w7);
                for (byte* x = panel; x < panelEnd; x += BlockLayout.TokenBytes, sum += BlockLayout.Groups)
                {
                    Avx2BlockBodies.AddChunk(
                        w0, w1, w2, w3, w4, w5, w6, w7, first, second, x, Vector256.Load(sum),
                        Avx2BlockBodies.KindOf(type, dot), dot).Store(sum);
                }
            }

            blocks += Avx2BlockRows.ChunkBytes(type);
            panel = panelEnd;
        }

        return special == 0;
    }
}
