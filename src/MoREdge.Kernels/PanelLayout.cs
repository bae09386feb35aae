namespace MoREdge.Kernels;

/// <summary>
/// How the activations of many tokens lie in a panel: values [group][token][32], scales [group][token], sums
/// [group][token]. Constants only, so that the ARM64 harness compiles them too.
/// </summary>
internal static class PanelLayout
{
    /// <summary>The tokens of a panel are a multiple of this; those past the last one are zero.</summary>
    internal const int TokenStep = 4;
}
