using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MoREdge.Kernels;

/// <summary>
/// float16 to float32 and back in registers; every bit pattern, as IEEE 754 says, without a table or a branch.
/// </summary>
/// <remarks>(float)Half of the runtime is about 16 times slower.</remarks>
internal static class HalfConversion
{
    /// <summary>The largest bits a finite float16 can have as float32: everything above was infinity or NaN.</summary>
    internal const int FiniteMax = 0x477fffff;

    /// <summary>The exponent bits of infinity and NaN.</summary>
    internal const int InfinityBits = 0x7f800000;

    private const int SignMask = unchecked((int)0x80000000);

    // Magnitudes from 2¹⁶ on have no finite float16; below 2⁻¹⁴ they are subnormal.
    private const int OverflowBits = (127 + 16) << 23;
    private const int SubnormalBits = (127 - 14) << 23;

    // Adding 0.5 (whose last mantissa bit is 2⁻²⁴, float16's smallest step) rounds a small magnitude to that step.
    private const int SubnormalMagic = (127 - 1) << 23;

    // HalfBits.Rebias by −112 and round half down; the last kept bit is added for ties to even.
    private const int NormalBias = 0xfff - (112 << 23);

    /// <summary>Four float16 bit patterns, sign-extended to int32, as float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> ToSingle(Vector128<int> half)
    {
        Vector128<int> shifted = Vector128.ShiftLeft(half, HalfBits.MantissaShift)
            & Vector128.Create(HalfBits.ShiftedMask);
        Vector128<int> bits = (shifted.AsSingle() * Vector128.Create(HalfBits.Rebias)).AsInt32();
        Vector128<int> special =
            Vector128.GreaterThan(bits & Vector128.Create(int.MaxValue), Vector128.Create(FiniteMax));
        return (bits | (special & Vector128.Create(InfinityBits))).AsSingle();
    }

    /// <summary>One float16 bit pattern as float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float ToSingle(ushort half) => ToSingle(Vector128.CreateScalarUnsafe((int)(short)half)).ToScalar();

    /// <summary>Four float32 as float16 bit patterns in int32 lanes, rounded to nearest even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<int> ToHalf(Vector128<float> single)
    {
        Vector128<int> sign = single.AsInt32() & Vector128.Create(SignMask);
        Vector128<int> magnitude = single.AsInt32() ^ sign;
        Vector128<int> lastBit = Vector128.ShiftRightLogical(magnitude, HalfBits.MantissaShift) & Vector128<int>.One;
        Vector128<int> normal =
            Vector128.ShiftRightLogical(magnitude + Vector128.Create(NormalBias) + lastBit, HalfBits.MantissaShift);
        Vector128<int> magic = Vector128.Create(SubnormalMagic);
        Vector128<int> subnormal = (magnitude.AsSingle() + magic.AsSingle()).AsInt32() - magic;
        Vector128<int> finite = Vector128.ConditionalSelect(
            Vector128.LessThan(magnitude, Vector128.Create(SubnormalBits)), subnormal, normal);
        Vector128<int> special = Vector128.ConditionalSelect(
            Vector128.GreaterThan(magnitude, Vector128.Create(InfinityBits)),
            Vector128.Create(HalfBits.QuietNan),
            Vector128.Create(HalfBits.Infinity));
        Vector128<int> result = Vector128.ConditionalSelect(
            Vector128.LessThan(magnitude, Vector128.Create(OverflowBits)), finite, special);
        return result | Vector128.ShiftRightLogical(sign, 16);
    }
}
