// C names for the ARM64 bodies of rows of blocks times one token. Nothing is computed here.
#pragma warning disable
namespace MoREdge.Kernels;

using System.Runtime;

internal static unsafe class BlockRowExports
{
    [RuntimeExport("neon_one_q8_0")]
    static bool NeonOneQ8(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.One<Q8Format, WithoutDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("neon_one_q4_0")]
    static bool NeonOneQ4(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.One<Q4Format, WithoutDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("neon_one_q4_1")]
    static bool NeonOneQ4Minimum(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.One<Q4MinimumFormat, WithoutDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("neon_one_q5_0")]
    static bool NeonOneQ5(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.One<Q5Format, WithoutDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("neon_one_q5_1")]
    static bool NeonOneQ5Minimum(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.One<Q5MinimumFormat, WithoutDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("neon_one_q4_k")]
    static bool NeonOneQ4K(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.One<Q4KFormat, WithoutDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("neon_one_q5_k")]
    static bool NeonOneQ5K(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.One<Q5KFormat, WithoutDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("neon_one_q6_k")]
    static bool NeonOneQ6K(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.OneSix<WithoutDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("dot_one_q8_0")]
    static bool DotOneQ8(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.One<Q8Format, WithDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("dot_one_q4_0")]
    static bool DotOneQ4(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.One<Q4Format, WithDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("dot_one_q4_1")]
    static bool DotOneQ4Minimum(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.One<Q4MinimumFormat, WithDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("dot_one_q5_0")]
    static bool DotOneQ5(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.One<Q5Format, WithDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("dot_one_q5_1")]
    static bool DotOneQ5Minimum(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.One<Q5MinimumFormat, WithDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("dot_one_q4_k")]
    static bool DotOneQ4K(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.One<Q4KFormat, WithDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("dot_one_q5_k")]
    static bool DotOneQ5K(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.One<Q5KFormat, WithDot>(blocks, stride, rows, chunks, panel, sums);

    [RuntimeExport("dot_one_q6_k")]
    static bool DotOneQ6K(byte* blocks, long stride, int rows, int chunks, byte* panel, float* sums) =>
        NeonBlockRows.OneSix<WithDot>(blocks, stride, rows, chunks, panel, sums);
}
