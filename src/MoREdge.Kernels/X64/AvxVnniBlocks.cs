using System.Runtime.CompilerServices;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>Products with blocks for AVX-VNNI: the AVX2 ones, with its dot product where they sum in int16.</summary>
/// <remarks>SAFETY: as in Avx2BlockBodies and Avx2BlockRows.</remarks>
internal static unsafe class AvxVnniBlocks
{
    /// <summary>Signed quants (Q8_0).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Signed(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Avx2BlockBodies.Products(quants, factors, panel, chunks, tokens, sums, Avx2BlockBodies.Kind.Signed, dot: true);

    /// <summary>Zero point 8 (Q4_0).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Four(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Avx2BlockBodies.Products(quants, factors, panel, chunks, tokens, sums, Avx2BlockBodies.Kind.Four, dot: true);

    /// <summary>Nibbles and minimums (Q4_1, Q4_K).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void FourMinimum(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Avx2BlockBodies.Products(
            quants, factors, panel, chunks, tokens, sums, Avx2BlockBodies.Kind.FourMinimum, dot: true);

    /// <summary>Zero point 16 (Q5_0).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Five(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Avx2BlockBodies.Products(quants, factors, panel, chunks, tokens, sums, Avx2BlockBodies.Kind.Five, dot: true);

    /// <summary>Five bits and minimums (Q5_1, Q5_K).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void FiveMinimum(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Avx2BlockBodies.Products(
            quants, factors, panel, chunks, tokens, sums, Avx2BlockBodies.Kind.FiveMinimum, dot: true);

    /// <summary>Zero point 32 and a scale for each half of a group (Q6_K).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Six(byte* quants, float* factors, byte* panel, int chunks, int tokens, float* sums) =>
        Avx2BlockBodies.Products(quants, factors, panel, chunks, tokens, sums, Avx2BlockBodies.Kind.Six, dot: true);

    /// <summary>Q4_0, one token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool OneQ4(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        Avx2BlockRows.One(blocks, stride, rows, chunks, panel, sums, ElementType.Q4_0, dot: true);

    /// <summary>Q4_1, one token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool OneQ4Minimum(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        Avx2BlockRows.One(blocks, stride, rows, chunks, panel, sums, ElementType.Q4_1, dot: true);

    /// <summary>Q5_0, one token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool OneQ5(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        Avx2BlockRows.One(blocks, stride, rows, chunks, panel, sums, ElementType.Q5_0, dot: true);

    /// <summary>Q5_1, one token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool OneQ5Minimum(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        Avx2BlockRows.One(blocks, stride, rows, chunks, panel, sums, ElementType.Q5_1, dot: true);

    /// <summary>Q4_K, one token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool OneQ4K(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        Avx2BlockRows.One(blocks, stride, rows, chunks, panel, sums, ElementType.Q4_K, dot: true);

    /// <summary>Q5_K, one token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool OneQ5K(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        Avx2BlockRows.One(blocks, stride, rows, chunks, panel, sums, ElementType.Q5_K, dot: true);

    /// <summary>Q6_K, one token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool OneQ6K(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        Avx2SixRows.One(blocks, stride, rows, chunks, panel, sums, dot: true);
}
