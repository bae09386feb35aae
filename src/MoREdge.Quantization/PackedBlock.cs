using System.Runtime.InteropServices;
using MoREdge.ModelFile;
using MoREdge.Tensors;

namespace MoREdge.Quantization;

/// <summary>
/// Quantizes tiles of 8 rows into the packed layout. Scales wait in memory, because their section follows all quants.
/// </summary>
internal sealed class PackedBlock
{
    private readonly ushort[] _scales;
    private byte[] _quants = [];
    private int _firstTile;
    private int _tileCount;

    public PackedBlock(PackedLayout layout)
    {
        Layout = layout;
        _scales = new ushort[(long)layout.TileCount * TileScaleCount];
    }

    /// <summary>The layout of the whole matrix.</summary>
    public PackedLayout Layout { get; }

    private int TileQuantBytes => Layout.GroupCount * PackedLayout.TileGroupBytes(Layout.Format);

    private int TileScaleCount => Layout.GroupCount * PackedLayout.TileRows;

    /// <summary>Prepares for tiles [firstTile, firstTile + tileCount).</summary>
    public void Begin(int firstTile, int tileCount)
    {
        _firstTile = firstTile;
        _tileCount = tileCount;
        if (_quants.Length < tileCount * TileQuantBytes)
        {
            _quants = new byte[tileCount * TileQuantBytes];
        }
    }

    /// <summary>Quantizes up to 8 rows; tiles may be done by different threads.</summary>
    /// <param name="tile">Tile of this block.</param>
    /// <param name="rows">(rows, cols) weights; missing rows of the last tile become zeros.</param>
    /// <param name="storedQuants">
    /// The integers of which the source makes those weights, or nothing: groups that the format can express are taken
    /// over as they are.
    /// </param>
    /// <param name="storedScales">Bits of their fp16 scales (rows, groups).</param>
    /// <returns>The error made.</returns>
    public EncodingError EncodeTile(
        int tile, ReadOnlySpan<float> rows, ReadOnlySpan<sbyte> storedQuants, ReadOnlySpan<ushort> storedScales)
    {
        sbyte[] quants = new sbyte[PackedLayout.TileRows * Layout.PaddedCols];
        ushort[] scales = new ushort[TileScaleCount];
        EncodingError error = default;
        for (int start = 0; start < rows.Length; start += Layout.Cols)
        {
            int row = start / Layout.Cols;
            for (int group = 0; group < Layout.GroupCount; group++)
            {
                int col = group * PackedLayout.GroupSize;
                int count = Math.Min(PackedLayout.GroupSize, Layout.Cols - col);
                ReadOnlySpan<float> weights = rows.Slice(start + col, count);
                Span<sbyte> rounded = quants.AsSpan((row * Layout.PaddedCols) + col, weights.Length);
                ushort scale;
                if (!storedQuants.IsEmpty && Fits(storedQuants.Slice(start + col, count)))
                {
                    storedQuants.Slice(start + col, count).CopyTo(rounded);
                    scale = storedScales[(row * Layout.GroupCount) + group];
                }
                else
                {
                    scale = Layout.Format == QuantFormat.Q8G32
                        ? GroupQuantizer.Q8(weights, rounded)
                        : GroupQuantizer.Q4(weights, rounded);
                }

                scales[(row * Layout.GroupCount) + group] = scale;
                error += Measure(weights, rounded, (float)BitConverter.UInt16BitsToHalf(scale));
            }
        }

        PackedTile.Pack(
            Layout, quants, scales, _quants.AsSpan(tile * TileQuantBytes, TileQuantBytes),
            _scales.AsSpan((_firstTile + tile) * TileScaleCount, TileScaleCount));
        return error;
    }

    /// <summary>Appends the quants of the block.</summary>
    public void WriteQuants(GgufWriter writer) => writer.Write(_quants.AsSpan(0, _tileCount * TileQuantBytes));

    /// <summary>Appends the scale section of the whole matrix.</summary>
    public void WriteScales(GgufWriter writer)
    {
        writer.Write(new byte[Layout.ScaleOffset - Layout.QuantBytes]);
        writer.Write(MemoryMarshal.AsBytes<ushort>(_scales));
    }

    /// <summary>True for integers that the format can express; −128, which no quantizer writes, is none.</summary>
    private bool Fits(ReadOnlySpan<sbyte> quants)
    {
        int max = Layout.Format == QuantFormat.Q8G32 ? sbyte.MaxValue : PackedLayout.Q4ZeroPoint - 1;
        int min = Layout.Format == QuantFormat.Q8G32 ? -sbyte.MaxValue : -PackedLayout.Q4ZeroPoint;
        return !quants.ContainsAnyExceptInRange((sbyte)min, (sbyte)max);
    }

    private static EncodingError Measure(ReadOnlySpan<float> weights, ReadOnlySpan<sbyte> quants, float scale)
    {
        EncodingError error = default;
        for (int i = 0; i < weights.Length; i++)
        {
            error.Add(weights[i], scale * quants[i]);
        }

        return error;
    }
}
