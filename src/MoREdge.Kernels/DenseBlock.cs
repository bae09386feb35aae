namespace MoREdge.Kernels;

/// <summary>
/// The Q8_0 and Q4_0 blocks of other people's files: an fp16 scale, then the quants. Constants only, so that the ARM64
/// harness compiles them too.
/// </summary>
internal static class DenseBlock
{
    /// <summary>Weights of a block.</summary>
    internal const int Length = 32;

    /// <summary>Bytes of the fp16 scale that starts a block.</summary>
    internal const int BlockScaleBytes = 2;

    /// <summary>Bytes of a Q8_0 block.</summary>
    internal const int BytesQ8 = BlockScaleBytes + Length;

    /// <summary>Bytes of a Q4_0 block.</summary>
    internal const int BytesQ4 = BlockScaleBytes + (Length / 2);
}
