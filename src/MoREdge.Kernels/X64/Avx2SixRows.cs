using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using MoREdge.Tensors;
using static MoREdge.Kernels.Avx2Blocks;

namespace MoREdge.Kernels;

/// <summary>Rows of Q6_K times one token, in registers, with AVX2 and FMA.</summary>
/// <remarks>
/// SAFETY: pointers only, as BlockBodies states them; prefetches as in Avx2BlockRows. A register holds a group as it
/// lies, its lower half the group's first half, so that nothing is put together; sums of half groups meet in lanes
/// as in BlockLayout only at the end. int16 sums as in Avx2BlockBodies.
/// </remarks>
internal static unsafe class Avx2SixRows
{
    /// <summary>
    /// Bytes of nibbles of four groups: their first two groups lie in the lower nibbles, the others in the upper ones.
    /// </summary>
    private const int NibbleBytes = DenseBlock.LengthK / 4;

    /// <summary>A chunk of each row in turn.</summary>
    /// <remarks>
    /// The end of a chunk is a chain of dependent instructions. It stands between the halves of the next one, whose
    /// products would otherwise be too far behind it for the processor to begin with.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool One<TDot>(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums)
        where TDot : unmanaged, IDotProduct =>
        One(blocks, stride, rows, chunks, panel, sums, sizeof(TDot) > 1);

    // dot takes AVX-VNNI's instruction.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool One(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums, bool dot)
    {
        uint special = 0;
        float* end = sums + (rows * BlockLayout.Groups);

        // The first end adds zeros.
        Vector256<int> low = default, high = default;
        byte* last = blocks, lastPanel = panel;
        float* lastSum = sums;
        for (; chunks > 0; chunks--)
        {
            byte* block = blocks;
            for (float* sum = sums; sum < end; sum += BlockLayout.Groups)
            {
                Avx2BlockRows.Prefetch(block, DenseBlock.BytesQ6K);
                special |= Avx2KBlocks.SpecialBitsOfHalves(block);
                Vector256<int> next = FourGroups(block, panel, 0, dot);
                AddChunk(last, lastPanel, low, high, Vector256.Load(lastSum)).Store(lastSum);
                high = FourGroups(block, panel, 1, dot);
                low = next;
                last = block;
                lastPanel = panel;
                lastSum = sum;
                block += stride;
            }

            blocks += DenseBlock.BytesQ6K;
            panel += BlockLayout.TokenBytes;
        }

        AddChunk(last, lastPanel, low, high, Vector256.Load(lastSum)).Store(lastSum);
        return special == 0;
    }

    // Σ w·x of the first halves of groups 0 … 3, or 4 … 7, then of their second halves.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> FourGroups(byte* block, byte* x, int half, bool dot)
    {
        Vector256<byte> mask = Vector256.Create(PackedLayout.NibbleMask);
        Vector256<byte> pair = Vector256.Create((byte)(3 << PackedLayout.NibbleBits));
        byte* nibbles = block + (half * NibbleBytes);
        Vector256<byte> first = Vector256.Load(nibbles), second = Vector256.Load(nibbles + DenseBlock.Length);
        Vector256<byte> bits = Vector256.Load(block + DenseBlock.PairsOffsetQ6K + (half * DenseBlock.Length));
        Vector256<int> sums = Avx2BlockBodies.Sixes(
            (first & mask) | (Left(bits, 4) & pair),
            (second & mask) | (Left(bits, 2) & pair),
            (Right(first, 4) & mask) | (bits & pair),
            (Right(second, 4) & mask) | (Right(bits, 2) & pair),
            x + (half * DenseBlock.LengthK / 2),
            DenseBlock.Length,
            dot);
        return sums - Vector256.Load((int*)(x + BlockLayout.ZeroPointsOffset) + (half * BlockLayout.Groups));
    }

    // Sums of half groups times their scales, first halves first.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> AddChunk(
        byte* block, byte* x, Vector256<int> low, Vector256<int> high, Vector256<float> sum)
    {
        Avx2KBlocks.FactorsOfHalves(block, out Vector256<float> first, out Vector256<float> second);
        Vector256<float> xScale = Vector256.Load((float*)(x + BlockLayout.ScalesOffset));
        sum = Avx2BlockBodies.AddScaled(Avx2.Permute2x128(low, high, 0x20), first * xScale, sum);
        return Avx2BlockBodies.AddScaled(Avx2.Permute2x128(low, high, 0x31), second * xScale, sum);
    }
}
