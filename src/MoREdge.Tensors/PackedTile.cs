using System.Diagnostics;

namespace MoREdge.Tensors;

/// <summary>
/// Interleaves the quants and scales of 8 rows into the bytes of one tile, and back. No rounding happens here.
/// </summary>
/// <remarks>
/// Byte order within a group, see <see cref="QuantFormat"/>. Q8G32: byte q·32 + r·4 + i is row r, column 4·q + i.
/// Q4G32: byte j·32 + r·4 + i holds column 4·j + i of row r in its low nibble and column 16 + 4·j + i in its high one.
/// </remarks>
public static class PackedTile
{
    /// <summary>Packs one tile.</summary>
    /// <param name="layout">The layout of the matrix that the tile belongs to.</param>
    /// <param name="quants">
    /// Quants (8, PaddedCols), in [−127, 127] for Q8G32, in [−8, 7] for Q4G32; padding rows and columns 0.
    /// </param>
    /// <param name="scales">fp16 bits (8, GroupCount), finite; padding rows 0.</param>
    /// <param name="tileQuants">GroupCount · TileGroupBytes bytes, overwritten.</param>
    /// <param name="tileScales">(GroupCount, 8) fp16 bits, overwritten.</param>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    public static void Pack(
        in PackedLayout layout,
        ReadOnlySpan<sbyte> quants,
        ReadOnlySpan<ushort> scales,
        Span<byte> tileQuants,
        Span<ushort> tileScales)
    {
        RequireLengths(layout, quants.Length, scales.Length, tileQuants.Length, tileScales.Length);
        int groupBytes = PackedLayout.TileGroupBytes(layout.Format);
        for (int group = 0; group < layout.GroupCount; group++)
        {
            Span<byte> bytes = tileQuants.Slice(group * groupBytes, groupBytes);
            for (int row = 0; row < PackedLayout.TileRows; row++)
            {
                int first = (row * layout.PaddedCols) + (group * PackedLayout.GroupSize);
                ReadOnlySpan<sbyte> values = quants.Slice(first, PackedLayout.GroupSize);
                tileScales[(group * PackedLayout.TileRows) + row] = scales[(row * layout.GroupCount) + group];
                if (layout.Format == QuantFormat.Q8G32)
                {
                    PackRowQ8(values, bytes[(row * PackedLayout.QuadSize)..]);
                }
                else
                {
                    PackRowQ4(values, bytes[(row * PackedLayout.QuadSize)..]);
                }
            }
        }
    }

    /// <summary>Unpacks one tile: the inverse of <see cref="Pack"/>.</summary>
    /// <param name="layout">The layout of the matrix that the tile belongs to.</param>
    /// <param name="tileQuants">GroupCount · TileGroupBytes bytes.</param>
    /// <param name="tileScales">(GroupCount, 8) fp16 bits.</param>
    /// <param name="quants">Quants (8, PaddedCols), overwritten.</param>
    /// <param name="scales">fp16 bits (8, GroupCount), overwritten.</param>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    public static void Unpack(
        in PackedLayout layout,
        ReadOnlySpan<byte> tileQuants,
        ReadOnlySpan<ushort> tileScales,
        Span<sbyte> quants,
        Span<ushort> scales)
    {
        RequireLengths(layout, quants.Length, scales.Length, tileQuants.Length, tileScales.Length);
        for (int row = 0; row < PackedLayout.TileRows; row++)
        {
            for (int group = 0; group < layout.GroupCount; group++)
            {
                scales[(row * layout.GroupCount) + group] = tileScales[(group * PackedLayout.TileRows) + row];
            }

            for (int col = 0; col < layout.PaddedCols; col++)
            {
                quants[(row * layout.PaddedCols) + col] = Quant(layout.Format, tileQuants, row, col);
            }
        }
    }

    /// <summary>The weights of one tile as float32: w[r, c] = scale[r, c / 32]·quant[r, c].</summary>
    /// <param name="layout">The layout of the matrix that the tile belongs to.</param>
    /// <param name="tileQuants">GroupCount · TileGroupBytes bytes.</param>
    /// <param name="tileScales">(GroupCount, 8) fp16 bits.</param>
    /// <param name="weights">(8, PaddedCols), overwritten; padding becomes 0.</param>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    public static void Dequantize(
        in PackedLayout layout, ReadOnlySpan<byte> tileQuants, ReadOnlySpan<ushort> tileScales, Span<float> weights)
    {
        RequireLengths(layout, weights.Length, tileScales.Length, tileQuants.Length, tileScales.Length);
        for (int row = 0; row < PackedLayout.TileRows; row++)
        {
            for (int col = 0; col < layout.PaddedCols; col++)
            {
                int scaleIndex = (col / PackedLayout.GroupSize * PackedLayout.TileRows) + row;
                float scale = (float)BitConverter.UInt16BitsToHalf(tileScales[scaleIndex]);
                weights[(row * layout.PaddedCols) + col] = scale * Quant(layout.Format, tileQuants, row, col);
            }
        }
    }

    /// <summary>One row of one group; <paramref name="bytes"/> starts at the row's first byte.</summary>
    private static void PackRowQ8(ReadOnlySpan<sbyte> values, Span<byte> bytes)
    {
        for (int col = 0; col < PackedLayout.GroupSize; col++)
        {
            Debug.Assert(values[col] != sbyte.MinValue, "A kernel's sign trick cannot negate -128.");
            int at = (col / PackedLayout.QuadSize * PackedLayout.QuadBytes) + (col % PackedLayout.QuadSize);
            bytes[at] = (byte)values[col];
        }
    }

    private static void PackRowQ4(ReadOnlySpan<sbyte> values, Span<byte> bytes)
    {
        const int Half = PackedLayout.GroupSize / 2;
        for (int col = 0; col < Half; col++)
        {
            int low = values[col] + PackedLayout.Q4ZeroPoint;
            int high = values[col + Half] + PackedLayout.Q4ZeroPoint;
            Debug.Assert((uint)low <= 0xF && (uint)high <= 0xF, "A 4-bit quant lies in [-8, 7].");
            int at = (col / PackedLayout.QuadSize * PackedLayout.QuadBytes) + (col % PackedLayout.QuadSize);
            bytes[at] = (byte)(low | (high << 4));
        }
    }

    private static sbyte Quant(QuantFormat format, ReadOnlySpan<byte> tileQuants, int row, int col)
    {
        ReadOnlySpan<byte> bytes = tileQuants[(col / PackedLayout.GroupSize * PackedLayout.TileGroupBytes(format))..];
        int inGroup = col % PackedLayout.GroupSize;
        int inQuad = (row * PackedLayout.QuadSize) + (inGroup % PackedLayout.QuadSize);
        int quad = inGroup / PackedLayout.QuadSize;
        if (format == QuantFormat.Q8G32)
        {
            return (sbyte)bytes[(quad * PackedLayout.QuadBytes) + inQuad];
        }

        int pair = bytes[(quad % PackedLayout.QuadPairs * PackedLayout.QuadBytes) + inQuad];
        return (sbyte)((quad < PackedLayout.QuadPairs ? pair & 0xF : pair >> 4) - PackedLayout.Q4ZeroPoint);
    }

    private static void RequireLengths(in PackedLayout layout, int quants, int scales, int tileQuants, int tileScales)
    {
        int scaleCount = layout.GroupCount * PackedLayout.TileRows;
        if (quants != layout.PaddedCols * PackedLayout.TileRows
            || scales != scaleCount
            || tileQuants != layout.GroupCount * PackedLayout.TileGroupBytes(layout.Format)
            || tileScales != scaleCount)
        {
            throw new ArgumentException(
                $"A span does not fit a tile of {layout.GroupCount} groups in {layout.Format}.");
        }
    }
}
