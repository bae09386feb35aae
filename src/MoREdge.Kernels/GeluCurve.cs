namespace MoREdge.Kernels;

/// <summary>
/// The curve of the tanh form of GELU. Constants only, so that the ARM64 harness compiles them too.
/// </summary>
internal static class GeluCurve
{
    /// <summary>2·√(2/π), of the tanh form of GELU.</summary>
    internal const float GeluSlope = 1.59576912f;

    /// <summary>The weight of the cube in it.</summary>
    internal const float GeluCube = 0.044715f;
}
