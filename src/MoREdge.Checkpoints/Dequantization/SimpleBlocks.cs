using System.Buffers.Binary;
using MoREdge.Tensors;

namespace MoREdge.Checkpoints.Dequantization;

/// <summary>
/// GGUF's blocks of 32 weights. Nibbles are split, not interleaved: byte j holds weight j in its low nibble and weight
/// j + 16 in its high one; bit i of the 32-bit field of the 5-bit types is the fifth bit of weight i.
/// </summary>
/// <remarks>
/// Every product d·q is exact in float32 (11 bits × at most 8), so each weight is rounded at most once.
/// </remarks>
internal static class SimpleBlocks
{
    private const int HalfBytes = 2;
    private const int HalfBlock = 16;
    private const int HighBitsBytes = 4;

    /// <summary>Q4_0: d, nibbles; w = d·(q − 8).</summary>
    public static void DecodeQ4(ReadOnlySpan<byte> block, Span<float> weights)
    {
        float scale = ElementDecoder.ReadHalf(block);
        ReadOnlySpan<byte> nibbles = block[HalfBytes..];
        for (int j = 0; j < HalfBlock; j++)
        {
            weights[j] = scale * ((nibbles[j] & 0xF) - 8);
            weights[j + HalfBlock] = scale * ((nibbles[j] >> 4) - 8);
        }
    }

    /// <summary>Q4_1: d, m, nibbles; w = d·q + m.</summary>
    public static void DecodeQ4WithMinimum(ReadOnlySpan<byte> block, Span<float> weights)
    {
        float scale = ElementDecoder.ReadHalf(block);
        float minimum = ElementDecoder.ReadHalf(block[HalfBytes..]);
        ReadOnlySpan<byte> nibbles = block[(2 * HalfBytes)..];
        for (int j = 0; j < HalfBlock; j++)
        {
            weights[j] = (scale * (nibbles[j] & 0xF)) + minimum;
            weights[j + HalfBlock] = (scale * (nibbles[j] >> 4)) + minimum;
        }
    }

    /// <summary>Q5_0: d, fifth bits, nibbles; w = d·(q − 16).</summary>
    public static void DecodeQ5(ReadOnlySpan<byte> block, Span<float> weights)
    {
        float scale = ElementDecoder.ReadHalf(block);
        uint highBits = BinaryPrimitives.ReadUInt32LittleEndian(block[HalfBytes..]);
        ReadOnlySpan<byte> nibbles = block[(HalfBytes + HighBitsBytes)..];
        for (int j = 0; j < HalfBlock; j++)
        {
            weights[j] = scale * ((nibbles[j] & 0xF) + FifthBit(highBits, j) - 16);
            weights[j + HalfBlock] = scale * ((nibbles[j] >> 4) + FifthBit(highBits, j + HalfBlock) - 16);
        }
    }

    /// <summary>Q5_1: d, m, fifth bits, nibbles; w = d·q + m.</summary>
    public static void DecodeQ5WithMinimum(ReadOnlySpan<byte> block, Span<float> weights)
    {
        float scale = ElementDecoder.ReadHalf(block);
        float minimum = ElementDecoder.ReadHalf(block[HalfBytes..]);
        uint highBits = BinaryPrimitives.ReadUInt32LittleEndian(block[(2 * HalfBytes)..]);
        ReadOnlySpan<byte> nibbles = block[((2 * HalfBytes) + HighBitsBytes)..];
        for (int j = 0; j < HalfBlock; j++)
        {
            weights[j] = (scale * ((nibbles[j] & 0xF) + FifthBit(highBits, j))) + minimum;
            weights[j + HalfBlock] = (scale * ((nibbles[j] >> 4) + FifthBit(highBits, j + HalfBlock))) + minimum;
        }
    }

    /// <summary>Q8_0: d, signed bytes; w = d·q.</summary>
    public static void DecodeQ8(ReadOnlySpan<byte> block, Span<float> weights)
    {
        float scale = ElementDecoder.ReadHalf(block);
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = scale * (sbyte)block[HalfBytes + i];
        }
    }

    /// <summary>True for the types whose weights are d·q and nothing else.</summary>
    public static bool HasGroups(ElementType type) =>
        type is ElementType.Q8_0 or ElementType.Q5_0 or ElementType.Q4_0;

    /// <summary>The integers q of a block of such a type, without rounding.</summary>
    /// <param name="type">Q8_0, Q5_0 or Q4_0.</param>
    /// <param name="block">One block.</param>
    /// <param name="quants">Receives the 32 integers, zero points taken off.</param>
    /// <returns>The bits of the fp16 d.</returns>
    public static ushort ReadGroup(ElementType type, ReadOnlySpan<byte> block, Span<sbyte> quants)
    {
        int zeroPoint = type == ElementType.Q5_0 ? 16 : 8;
        uint highBits = type == ElementType.Q5_0 ? BinaryPrimitives.ReadUInt32LittleEndian(block[HalfBytes..]) : 0;
        ReadOnlySpan<byte> bytes = block[(type == ElementType.Q5_0 ? HalfBytes + HighBitsBytes : HalfBytes)..];
        for (int i = 0; i < quants.Length; i++)
        {
            int nibble = i < HalfBlock ? bytes[i] & 0xF : bytes[i % HalfBlock] >> 4;
            quants[i] = type == ElementType.Q8_0
                ? (sbyte)bytes[i]
                : (sbyte)(nibble + FifthBit(highBits, i) - zeroPoint);
        }

        return BinaryPrimitives.ReadUInt16LittleEndian(block);
    }

    private static int FifthBit(uint highBits, int index) => (int)((highBits >> index) & 1) << 4;
}
