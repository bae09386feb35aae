using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace MoREdge.Kernels;

/// <summary>
/// Stands in for <see cref="System.Runtime.Intrinsics.X86.AvxVnni"/>, whose name it hides from the kernels: vpdpbusd
/// made of AVX2 instructions, so that the set of that name runs on processors without it.
/// </summary>
internal static class AvxVnni
{
    internal static bool IsSupported => Avx2.IsSupported;

    /// <summary>Adds four products of unsigned and signed bytes to each int32, exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<int> MultiplyWideningAndAdd(
        Vector256<int> addend, Vector256<byte> left, Vector256<sbyte> right)
    {
        Vector256<int> lower = Avx2.MultiplyAddAdjacent(
            Avx2.ConvertToVector256Int16(left.GetLower()), Avx2.ConvertToVector256Int16(right.GetLower()));
        Vector256<int> upper = Avx2.MultiplyAddAdjacent(
            Avx2.ConvertToVector256Int16(left.GetUpper()), Avx2.ConvertToVector256Int16(right.GetUpper()));

        // Sums of neighbours, 0, 1, 4, 5 | 2, 3, 6, 7 of the result.
        Vector256<long> sums = Avx2.HorizontalAdd(lower, upper).AsInt64();
        return addend + Avx2.Permute4x64(sums, 0b11_01_10_00).AsInt32();
    }
}
