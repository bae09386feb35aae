using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>Packed weights and scales as x64 registers hold them.</summary>
/// <remarks>SAFETY: each call reads the 32 bytes, or 8 scales, of whole groups that its caller owns.</remarks>
internal static unsafe class Avx2Weights
{
    /// <summary>How far ahead of itself a stream of weights that is read once is asked for.</summary>
    internal const int AheadBytes = 2048;

    /// <summary>The same for each of four streams that are read side by side.</summary>
    internal const int AheadBytesOfFour = 512;

    /// <summary>
    /// Two tiles of int4 of so many groups, 8 KiB, and the next two have room in the first-level cache beside four
    /// tokens.
    /// </summary>
    internal const int NearGroups = 32;

    private const byte SignBit = 0x80;

    /// <summary>The lower nibbles of a quad pair of 8 rows: w + 8 of the quads of the group's first half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<byte> Low(byte* quants) =>
        Vector256.Load(quants) & Vector256.Create(PackedLayout.NibbleMask);

    /// <summary>The upper nibbles of a quad pair of 8 rows: w + 8 of the quads of the group's second half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<byte> High(byte* quants) =>
        Vector256.ShiftRightLogical(Vector256.Load((ushort*)quants), PackedLayout.NibbleBits).AsByte()
            & Vector256.Create(PackedLayout.NibbleMask);

    /// <summary>A quad of 8 rows of int8 as w + 128.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<byte> Unsigned(byte* quants) => Vector256.Load(quants) ^ Vector256.Create(SignBit);

    /// <summary>Eight fp16 scales as float32; exact for 0, subnormal and normal values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Scales(ushort* scales) =>
        (Vector256.ShiftLeft(Avx2.ConvertToVector256Int32((short*)scales), HalfBits.MantissaShift)
            & Vector256.Create(HalfBits.ShiftedMask)).AsSingle() * Vector256.Create(HalfBits.Rebias);

    /// <summary>fma(products, scale·xScale, sum): the contract's one step per group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> AddGroup(
        Vector256<int> products, Vector256<float> scale, float xScale, Vector256<float> sum) =>
        AddGroup(products, scale, Vector256.Create(xScale), sum);

    /// <summary>The same with a broadcast that several tiles share: a number would be broadcast for each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> AddGroup(
        Vector256<int> products, Vector256<float> scale, Vector256<float> xScale, Vector256<float> sum) =>
        Fma.MultiplyAdd(Avx.ConvertToVector256Single(products), scale * xScale, sum);

    /// <summary>A quad of 8 rows of unpacked int4, w + 8, against one of a token: two sums per row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<short> Pairs(Vector256<byte> w, int quad) =>
        Avx2.MultiplyAddAdjacent(w, Vector256.Create(quad).AsSByte());

    /// <summary>AddGroup of int4: the nibbles are w + 8, and 8·Σx comes off before the scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> AddQ4(
        Vector256<short> products, int xSum, Vector256<float> scale, float xScale, Vector256<float> sum)
    {
        Vector256<int> quads = Avx2.MultiplyAddAdjacent(products, Vector256.Create((short)1));
        return AddGroup(quads + Vector256.Create(xSum * -8), scale, xScale, sum);
    }

    /// <summary>Four products of int8 per row, summed to int32: |w| times x with the sign of w.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<int> Products(
        Vector256<byte> magnitude, Vector256<sbyte> w, int quad, Vector256<short> one) =>
        Avx2.MultiplyAddAdjacent(
            Avx2.MultiplyAddAdjacent(magnitude, Avx2.Sign(Vector256.Create(quad).AsSByte(), w)), one);

    /// <summary>
    /// Asks for the 256 bytes at <paramref name="next"/>, to be read soon, into the second-level cache, and steps over
    /// them.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Prefetch(ref byte* next)
    {
        Sse.Prefetch1(next);
        Sse.Prefetch1(next + 64);
        Sse.Prefetch1(next + 128);
        Sse.Prefetch1(next + 192);
        next += 256;
    }

    /// <summary>The same into the first-level cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void PrefetchNear(ref byte* next)
    {
        Sse.Prefetch0(next);
        Sse.Prefetch0(next + 64);
        Sse.Prefetch0(next + 128);
        Sse.Prefetch0(next + 192);
        next += 256;
    }

    /// <summary>Either of the two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Ask(ref byte* next, bool isNear)
    {
        if (isNear)
        {
            PrefetchNear(ref next);
        }
        else
        {
            Prefetch(ref next);
        }
    }

    /// <summary>Zeros 16 sums of two tokens.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Clear(float* first, float* second)
    {
        Vector256<float>.Zero.Store(first);
        Vector256<float>.Zero.Store(first + 8);
        Vector256<float>.Zero.Store(second);
        Vector256<float>.Zero.Store(second + 8);
    }
}
