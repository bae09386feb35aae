namespace MoREdge.Kernels;

/// <summary>
/// How the bits of a float16 become those of a float32. Constants only, so that the ARM64 harness compiles them too.
/// </summary>
internal static class HalfBits
{
    /// <summary>2¹¹²: a float16's bits, shifted to float32's place, have an exponent that is 112 too small.</summary>
    internal const float Rebias = 5.192296858534828e33f;

    /// <summary>The sign and the 15 payload bits of a float16 that was sign-extended and shifted left by 13.</summary>
    internal const int ShiftedMask = unchecked((int)0x8fffe000);

    /// <summary>Mantissa bits that float32 has more than float16.</summary>
    internal const int MantissaShift = 13;

    /// <summary>112 in float32's exponent: what is missing there, to add to the bits of a normal float16.</summary>
    internal const int BiasStep = 112 << MantissaShiftOfSingle;

    /// <summary>2⁻¹⁴, the smallest normal float16.</summary>
    internal const float SmallestNormal = 6.103515625e-5f;

    private const int MantissaShiftOfSingle = 23;

    /// <summary>Infinity; the exponent bits of every infinity and NaN.</summary>
    internal const int Infinity = 0x7c00;

    /// <summary>The exponent bits of every infinity and NaN, at float32's place.</summary>
    internal const int ShiftedInfinity = Infinity << MantissaShift;

    /// <summary>
    /// 2³²: squares of float16 factors add up to less, unless one of them was an infinity or NaN, which became 2¹⁶ or
    /// more where no care was taken of it; a false alarm costs only time.
    /// </summary>
    internal const float FiniteSquares = 4294967296f;

    /// <summary>A quiet NaN.</summary>
    internal const int QuietNan = 0x7e00;

    /// <summary>True for an infinity or NaN.</summary>
    internal static bool IsSpecial(ushort half) => (half & Infinity) == Infinity;
}
