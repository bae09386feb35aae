namespace MoREdge.Kernels;

/// <summary>The fp16 scale of a group of 32 keys or values in an int8 cache.</summary>
internal static class CacheScale
{
    /// <summary>2⁻¹⁴, the smallest normal float16: smaller scales convert slowly.</summary>
    private const float NormalHalfMin = 1f / (1 << 14);

    /// <summary>
    /// The bits of magnitude / 127 as a normal float16; 0 where all values round to 0 at the smallest one, NaN where
    /// the group cannot be expressed.
    /// </summary>
    /// <param name="magnitude">The largest magnitude of the group; NaN if it holds one.</param>
    internal static ushort Bits(float magnitude)
    {
        if (magnitude <= NormalHalfMin / 2)
        {
            return 0;
        }

        // MathF.Max propagates NaN.
        Half scale = (Half)MathF.Max(magnitude / QuantizeScale.QuantMax, NormalHalfMin);
        ushort bits = BitConverter.HalfToUInt16Bits(scale);
        return HalfBits.IsSpecial(bits) ? (ushort)HalfBits.QuietNan : bits;
    }
}
