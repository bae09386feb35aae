namespace MoREdge.Kernels;

/// <summary>
/// Where things lie in the blocks of other people's files: fp16 factors, integers, nibbles. Constants only, so that the
/// ARM64 harness compiles them too. <see cref="MoREdge.Tensors.ElementType"/> says what the parts mean.
/// </summary>
internal static class DenseBlock
{
    /// <summary>Weights of a block of Q8_0, Q4_0, Q4_1, Q5_0 and Q5_1, and of a group of a larger block.</summary>
    internal const int Length = 32;

    /// <summary>Bytes of an fp16 scale or minimum.</summary>
    internal const int BlockScaleBytes = 2;

    /// <summary>Bytes of a Q8_0 block: scale, signed bytes.</summary>
    internal const int BytesQ8 = BlockScaleBytes + Length;

    /// <summary>Bytes of a Q4_0 block: scale, nibbles; the low ones first.</summary>
    internal const int BytesQ4 = BlockScaleBytes + (Length / 2);

    /// <summary>Bytes of a Q4_1 block: scale, minimum, nibbles.</summary>
    internal const int BytesQ4Minimum = (2 * BlockScaleBytes) + (Length / 2);

    /// <summary>Bytes of the fifth bits of 32 weights; bit i belongs to weight i.</summary>
    internal const int FifthBitsBytes = Length / 8;

    /// <summary>Bytes of a Q5_0 block: scale, fifth bits, nibbles.</summary>
    internal const int BytesQ5 = BytesQ4 + FifthBitsBytes;

    /// <summary>Bytes of a Q5_1 block: scale, minimum, fifth bits, nibbles.</summary>
    internal const int BytesQ5Minimum = BytesQ4Minimum + FifthBitsBytes;

    /// <summary>What a Q5_0 weight is stored above.</summary>
    internal const int Q5ZeroPoint = 16;

    /// <summary>Weights of a Q4_K, Q5_K or Q6_K block.</summary>
    internal const int LengthK = 8 * Length;

    /// <summary>Offset of the 6-bit scales and minimums of Q4_K and Q5_K, behind fp16 d and dmin.</summary>
    internal const int ScalesOffsetK = 2 * BlockScaleBytes;

    /// <summary>Bytes of eight scales and eight minimums of 6 bits.</summary>
    internal const int ScalesBytesK = 12;

    /// <summary>Offset of the nibbles of a Q4_K block and of the fifth bits of a Q5_K block.</summary>
    internal const int QuantsOffsetK = ScalesOffsetK + ScalesBytesK;

    /// <summary>Bytes of a Q4_K block.</summary>
    internal const int BytesQ4K = QuantsOffsetK + (LengthK / 2);

    /// <summary>Bytes of a Q5_K block: as Q4_K, with 32 bytes of fifth bits before the nibbles.</summary>
    internal const int BytesQ5K = BytesQ4K + Length;

    /// <summary>Offset of the bit pairs of a Q6_K block, behind its low nibbles.</summary>
    internal const int PairsOffsetQ6K = LengthK / 2;

    /// <summary>Offset of the 16 signed scales of a Q6_K block, one for 16 weights.</summary>
    internal const int ScalesOffsetQ6K = PairsOffsetQ6K + (LengthK / 4);

    /// <summary>Offset of the fp16 d of a Q6_K block, behind its scales.</summary>
    internal const int ScaleOffsetQ6K = ScalesOffsetQ6K + (LengthK / 16);

    /// <summary>Bytes of a Q6_K block.</summary>
    internal const int BytesQ6K = ScaleOffsetQ6K + BlockScaleBytes;

    /// <summary>What a Q6_K weight is stored above.</summary>
    internal const int Q6ZeroPoint = 32;
}
