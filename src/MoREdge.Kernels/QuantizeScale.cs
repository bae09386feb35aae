namespace MoREdge.Kernels;

/// <summary>The scale of a group of activations, one formula for all sets.</summary>
internal static class QuantizeScale
{
    /// <summary>The largest quant; −128 is never made, so that the sign trick of x64 cannot saturate.</summary>
    internal const float QuantMax = 127f;

    /// <summary>
    /// The smallest normal float32, 2⁻¹²⁶: below it a scale would lose precision and quants could pass 127.
    /// </summary>
    internal const float NormalMin = 1.17549435e-38f;

    /// <summary>
    /// The scale of a group from its largest magnitude: NaN when that is not finite, 0 when it is tiny.
    /// </summary>
    internal static float FromMagnitude(float magnitude)
    {
        if (!float.IsFinite(magnitude))
        {
            return float.NaN;
        }

        float scale = magnitude / QuantMax;
        return scale < NormalMin ? 0f : scale;
    }
}
