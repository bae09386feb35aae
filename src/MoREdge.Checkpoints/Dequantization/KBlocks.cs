namespace MoREdge.Checkpoints.Dequantization;

/// <summary>
/// GGUF's "K" blocks of 256 weights: one or two fp16 factors over small integer scales of 32 or 16 weights.
/// </summary>
/// <remarks>
/// Q4_K and Q5_K: w = (d·scale)·q − dmin·minimum; both products are exact in float32, so each weight is rounded once.
/// Q6_K: w = (d·scale)·q with d·scale exact.
/// </remarks>
internal static class KBlocks
{
    private const int Group = 32;
    private const int ScaleOffset = 4;
    private const int ScaleBytes = 12;
    private const int HighBitsBytes = 32;

    /// <summary>
    /// Q4_K: d, dmin, 12 bytes of scales, 128 bytes of nibbles; 64 weights share 32 bytes, low nibbles first.
    /// </summary>
    public static void DecodeQ4(ReadOnlySpan<byte> block, Span<float> weights)
    {
        ReadOnlySpan<byte> nibbles = block[(ScaleOffset + ScaleBytes)..];
        for (int group = 0; group < 8; group++)
        {
            (float scale, float minimum) = ScaleAndMinimum(block, group);
            ReadOnlySpan<byte> bytes = nibbles.Slice(group / 2 * Group, Group);
            int shift = group % 2 * 4;
            Span<float> output = weights.Slice(group * Group, Group);
            for (int i = 0; i < Group; i++)
            {
                output[i] = (scale * ((bytes[i] >> shift) & 0xF)) - minimum;
            }
        }
    }

    /// <summary>
    /// Q5_K: as Q4_K, with 32 bytes of fifth bits before the nibbles: bit g of byte i belongs to group g.
    /// </summary>
    public static void DecodeQ5(ReadOnlySpan<byte> block, Span<float> weights)
    {
        ReadOnlySpan<byte> highBits = block.Slice(ScaleOffset + ScaleBytes, HighBitsBytes);
        ReadOnlySpan<byte> nibbles = block[(ScaleOffset + ScaleBytes + HighBitsBytes)..];
        for (int group = 0; group < 8; group++)
        {
            (float scale, float minimum) = ScaleAndMinimum(block, group);
            ReadOnlySpan<byte> bytes = nibbles.Slice(group / 2 * Group, Group);
            int shift = group % 2 * 4;
            Span<float> output = weights.Slice(group * Group, Group);
            for (int i = 0; i < Group; i++)
            {
                int quant = ((bytes[i] >> shift) & 0xF) | (((highBits[i] >> group) & 1) << 4);
                output[i] = (scale * quant) - minimum;
            }
        }
    }

    /// <summary>
    /// Q6_K: 128 bytes of low nibbles, 64 bytes of high bit pairs, 16 signed scales, d. Each half of 128 weights has 64
    /// low and 32 high bytes; its quarter k takes nibble k/2 of low byte (k mod 2)·32 + i and bit pair k of high byte
    /// i.
    /// </summary>
    public static void DecodeQ6(ReadOnlySpan<byte> block, Span<float> weights)
    {
        ReadOnlySpan<byte> lowBits = block[..128];
        ReadOnlySpan<byte> highBits = block.Slice(128, 64);
        ReadOnlySpan<byte> scales = block.Slice(192, 16);
        float factor = ElementDecoder.ReadHalf(block[208..]);
        for (int group = 0; group < 8; group++)
        {
            int half = group / 4;
            int quarter = group % 4;
            ReadOnlySpan<byte> low = lowBits.Slice((half * 64) + (quarter % 2 * Group), Group);
            ReadOnlySpan<byte> high = highBits.Slice(half * Group, Group);
            Span<float> output = weights.Slice(group * Group, Group);
            for (int i = 0; i < Group; i++)
            {
                int quant = ((low[i] >> (quarter / 2 * 4)) & 0xF) | (((high[i] >> (quarter * 2)) & 3) << 4);
                float scale = factor * (sbyte)scales[(group * 2) + (i / 16)];
                output[i] = scale * (quant - 32);
            }
        }
    }

    /// <summary>
    /// Scale and minimum of a group, 6 bits each in 12 bytes s: groups 0–3 have s[g] and s[g + 4] (low 6 bits); groups
    /// 4–7 have the nibbles of s[g + 4] and, above them, the top bit pairs of s[g − 4] and s[g].
    /// </summary>
    private static (float Scale, float Minimum) ScaleAndMinimum(ReadOnlySpan<byte> block, int group)
    {
        ReadOnlySpan<byte> packed = block.Slice(ScaleOffset, ScaleBytes);
        int scale = group < 4 ? packed[group] & 63 : (packed[group + 4] & 0xF) | (packed[group - 4] >> 6 << 4);
        int minimum = group < 4 ? packed[group + 4] & 63 : (packed[group + 4] >> 4) | (packed[group] >> 6 << 4);
        return (ElementDecoder.ReadHalf(block) * scale, ElementDecoder.ReadHalf(block[2..]) * minimum);
    }
}
