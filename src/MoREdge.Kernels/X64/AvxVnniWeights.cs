using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>What vpdpbusd, whose first factor is unsigned, wants of packed weights.</summary>
/// <remarks>SAFETY: each call reads what its pointer is said to point to.</remarks>
internal static unsafe class AvxVnniWeights
{
    /// <summary>Bytes are w + 2⁷ (<see cref="Avx2Weights.Unsigned"/>).</summary>
    internal const int ByteShift = 7;

    /// <summary>Nibbles are w + 2³.</summary>
    internal const int NibbleShift = 3;

    private const byte UpperMask = PackedLayout.NibbleMask << PackedLayout.NibbleBits;

    /// <summary>Where a sum over a group begins, so that zero points of 2^<paramref name="shift"/> come off.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<int> Start(int* xSum, int shift) =>
        Vector256<int>.Zero - Vector256.ShiftLeft(Vector256.Create(*xSum), shift);

    /// <summary>Sixteen times the upper nibbles of a quad pair of 8 rows, as they lie.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<byte> Upper(byte* quants) => Vector256.Load(quants) & Vector256.Create(UpperMask);

    /// <summary>Sums of lower nibbles and of <see cref="Upper"/>, which are multiples of sixteen, together.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<int> WithUpper(Vector256<int> lower, Vector256<int> upper) =>
        lower + Vector256.ShiftRightArithmetic(upper, PackedLayout.NibbleBits);

    /// <summary>sum += the quad at <paramref name="x"/> times the weights of eight rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<int> Add(Vector256<int> sum, Vector256<byte> w, int* x) =>
        AvxVnni.MultiplyWideningAndAdd(sum, w, Vector256.Create(*x).AsSByte());

    /// <summary>
    /// A quad of two tiles against the one of a token at <paramref name="x"/>. References to locals stay registers.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void AddTwo(
        Vector256<byte> w, Vector256<byte> v, int* x, ref Vector256<int> a, ref Vector256<int> b)
    {
        Vector256<sbyte> quad = Vector256.Create(*x).AsSByte();
        a = AvxVnni.MultiplyWideningAndAdd(a, w, quad);
        b = AvxVnni.MultiplyWideningAndAdd(b, v, quad);
    }

    /// <summary>The same with a quad of both tiles that lies unpacked, one behind the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void AddTwo(byte* weights, int* x, ref Vector256<int> a, ref Vector256<int> b) =>
        AddTwo(Vector256.Load(weights), Vector256.Load(weights + PackedLayout.QuadBytes), x, ref a, ref b);
}
