using System.Buffers.Binary;
using System.Diagnostics;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>A block-quantized weight: Scale·Quant + Minimum.</summary>
/// <param name="Quant">The integer, less its zero point.</param>
/// <param name="Scale">The scale of its group as float32, exact.</param>
/// <param name="Minimum">What is added, exact; 0 for types that have none.</param>
internal readonly record struct BlockWeight(int Quant, float Scale, float Minimum);

/// <summary>The scalar reference of products with the blocks of other people's files.</summary>
internal static unsafe class BlockReference
{
    /// <summary>True for the types whose weights are Scale·Quant + Minimum.</summary>
    internal static bool HasMinimum(ElementType type) =>
        type is ElementType.Q4_1 or ElementType.Q5_1 or ElementType.Q4_K or ElementType.Q5_K;

    /// <summary>
    /// y[t,r] by the contract of KERNELS.md: eight accumulators per row, group g in accumulator g % 8.
    /// </summary>
    internal static void MatMul(in DenseMatrix w, in QuantizedRows x, in FloatMatrix y, int rowStart, int rowEnd)
    {
        Debug.Assert(x.GroupCount == w.Cols / DenseBlock.Length && y.Rows >= x.Rows, "x (tokens, cols).");
        Debug.Assert(y.Cols >= w.Rows && rowEnd <= w.Rows, "y (tokens, rows).");
        Span<float> sums = stackalloc float[BlockLayout.Groups];
        for (int token = 0; token < x.Rows; token++)
        {
            for (int row = rowStart; row < rowEnd; row++)
            {
                sums.Clear();
                for (int group = 0; group < x.GroupCount; group++)
                {
                    ref float sum = ref sums[group % BlockLayout.Groups];
                    sum = AddGroup(w, row, group, x, token, sum);
                }

                y.Row(token)[row] =
                    ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
            }
        }
    }

    /// <summary>The weight at (row, col) of a matrix of blocks.</summary>
    /// <exception cref="ArgumentException">A type without blocks.</exception>
    internal static BlockWeight Weight(in DenseMatrix w, int row, int col)
    {
        int length = ElementTypes.BlockLength(w.Type);
        int blockBytes = ElementTypes.BlockBytes(w.Type);
        // SAFETY: row and col are inside the matrix, and RowBytes covers all of its columns.
        ReadOnlySpan<byte> block = new(w.Row(row) + ((long)col / length * blockBytes), blockBytes);
        int k = col % length;
        return w.Type switch
        {
            ElementType.Q8_0 => new BlockWeight((sbyte)block[DenseBlock.BlockScaleBytes + k], Half(block, 0), 0),
            ElementType.Q4_0 => new BlockWeight(Nibble(block[2..], k) - PackedLayout.Q4ZeroPoint, Half(block, 0), 0),
            ElementType.Q4_1 => new BlockWeight(Nibble(block[4..], k), Half(block, 0), Half(block, 2)),
            ElementType.Q5_0 => new BlockWeight(Five(block[2..], k) - DenseBlock.Q5ZeroPoint, Half(block, 0), 0),
            ElementType.Q5_1 => new BlockWeight(Five(block[4..], k), Half(block, 0), Half(block, 2)),
            ElementType.Q4_K or ElementType.Q5_K => WithMinimum(block, k, w.Type == ElementType.Q5_K),
            ElementType.Q6_K => Six(block, k),
            _ => throw new ArgumentException($"Weights of type {w.Type} are not blocks."),
        };
    }

    private static float AddGroup(
        in DenseMatrix w, int row, int group, in QuantizedRows x, int token, float sum)
    {
        // SAFETY: x has Rows × GroupCount groups of 32 values.
        long index = ((long)token * x.GroupCount) + group;
        sbyte* values = x.Values + (index * DenseBlock.Length);
        int part = w.Type == ElementType.Q6_K ? DenseBlock.Length / 2 : DenseBlock.Length;
        for (int start = 0; start < DenseBlock.Length; start += part)
        {
            int integer = 0;
            int col = (group * DenseBlock.Length) + start;
            for (int k = 0; k < part; k++)
            {
                integer += Weight(w, row, col + k).Quant * values[start + k];
            }

            sum = MathF.FusedMultiplyAdd(integer, Weight(w, row, col).Scale * x.Scales[index], sum);
        }

        if (HasMinimum(w.Type))
        {
            float minimum = Weight(w, row, group * DenseBlock.Length).Minimum;
            sum = MathF.FusedMultiplyAdd(minimum, x.Scales[index] * x.Sums[index], sum);
        }

        return sum;
    }

    private static float Half(ReadOnlySpan<byte> block, int at) =>
        (float)BinaryPrimitives.ReadHalfLittleEndian(block[at..]);

    // Low nibbles are elements 0 to 15, high nibbles 16 to 31.
    private static int Nibble(ReadOnlySpan<byte> nibbles, int k) =>
        k < DenseBlock.Length / 2
            ? nibbles[k] & PackedLayout.NibbleMask
            : nibbles[k - (DenseBlock.Length / 2)] >> PackedLayout.NibbleBits;

    private static int Five(ReadOnlySpan<byte> bits, int k)
    {
        uint fifth = BinaryPrimitives.ReadUInt32LittleEndian(bits) >> k & 1;
        return Nibble(bits[DenseBlock.FifthBitsBytes..], k) | ((int)fifth << PackedLayout.NibbleBits);
    }

    // Q4_K and Q5_K: 64 weights share 32 bytes, low nibbles first; bit g of a byte of fifth bits belongs to group g.
    private static BlockWeight WithMinimum(ReadOnlySpan<byte> block, int k, bool isFive)
    {
        int group = k / DenseBlock.Length;
        int within = k % DenseBlock.Length;
        ReadOnlySpan<byte> quants = block[DenseBlock.QuantsOffsetK..];
        int quant = isFive ? (quants[within] >> group & 1) << PackedLayout.NibbleBits : 0;
        byte pair = quants[(isFive ? DenseBlock.Length : 0) + (group / 2 * DenseBlock.Length) + within];
        quant |= pair >> (group % 2 * PackedLayout.NibbleBits) & PackedLayout.NibbleMask;

        // Six bits each: groups 0–3 in the low bits of bytes g and g + 4; groups 4–7 in the nibbles of byte g + 4 and,
        // above them, the top bit pairs of bytes g − 4 and g.
        ReadOnlySpan<byte> packed = block.Slice(DenseBlock.ScalesOffsetK, DenseBlock.ScalesBytesK);
        int scale = group < 4 ? packed[group] & 63 : (packed[group + 4] & 15) | (packed[group - 4] >> 6 << 4);
        int minimum = group < 4 ? packed[group + 4] & 63 : (packed[group + 4] >> 4) | (packed[group] >> 6 << 4);
        return new BlockWeight(quant, Half(block, 0) * scale, -Half(block, DenseBlock.BlockScaleBytes) * minimum);
    }

    // Each half of 128 weights has 64 low and 32 high bytes; its quarter takes one nibble and one bit pair of them.
    private static BlockWeight Six(ReadOnlySpan<byte> block, int k)
    {
        int half = k / 128;
        int quarter = k % 128 / DenseBlock.Length;
        int within = k % DenseBlock.Length;
        int low = block[(half * 64) + (quarter % 2 * DenseBlock.Length) + within] >> (quarter / 2 * 4) & 15;
        int high = block[DenseBlock.PairsOffsetQ6K + (half * DenseBlock.Length) + within] >> (quarter * 2) & 3;
        float scale = Half(block, DenseBlock.ScaleOffsetQ6K) * (sbyte)block[DenseBlock.ScalesOffsetQ6K + (k / 16)];
        return new BlockWeight((low | (high << 4)) - DenseBlock.Q6ZeroPoint, scale, 0);
    }
}
