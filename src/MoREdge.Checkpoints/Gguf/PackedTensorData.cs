using System.Buffers;
using System.Runtime.InteropServices;
using MoREdge.ModelFile;
using MoREdge.Tensors;

namespace MoREdge.Checkpoints.Gguf;

/// <summary>A packed int8 or int4 matrix of one of our own files, as a source for another quantization.</summary>
internal sealed class PackedTensorData : TensorData
{
    private readonly GgufFile _file;
    private readonly GgufTensor _tensor;
    private readonly PackedLayout _layout;
    private bool _isVerified;

    /// <summary>Views <paramref name="tensor"/> of <paramref name="file"/>.</summary>
    public PackedTensorData(GgufFile file, GgufTensor tensor, PackedLayout layout)
        : base(tensor.Name, new TensorShape(layout.Rows, layout.Cols), ElementType.I8)
    {
        _file = file;
        _tensor = tensor;
        _layout = layout;
    }

    /// <inheritdoc/>
    public override void ReadRows(long rowStart, int rowCount, Span<float> destination)
    {
        AssertRange(rowStart, rowCount, destination);
        float[] weights = ArrayPool<float>.Shared.Rent(_layout.PaddedCols * PackedLayout.TileRows);
        try
        {
            VerifyOnce();
            ReadTiles(
                (int)rowStart, rowCount, destination, weights.AsSpan(0, _layout.PaddedCols * PackedLayout.TileRows));
        }
        catch (ModelFileException fault)
        {
            throw new CheckpointException(CheckpointError.InvalidModelFile, fault.Message, fault);
        }
        finally
        {
            ArrayPool<float>.Shared.Return(weights);
        }
    }

    /// <inheritdoc/>
    public override bool HasGroups => true;

    /// <inheritdoc/>
    public override void ReadGroups(long rowStart, int rowCount, Span<sbyte> quants, Span<ushort> scales)
    {
        sbyte[] tileQuants = new sbyte[_layout.PaddedCols * PackedLayout.TileRows];
        ushort[] tileScales = new ushort[_layout.GroupCount * PackedLayout.TileRows];
        try
        {
            VerifyOnce();
            for (int row = 0; row < rowCount; row++)
            {
                int inTile = (int)((rowStart + row) % PackedLayout.TileRows);
                if (row == 0 || inTile == 0)
                {
                    PackedTile.Unpack(
                        _layout, QuantsOf(TileOf(rowStart + row), out ReadOnlySpan<ushort> stored), stored, tileQuants,
                        tileScales);
                }

                tileQuants.AsSpan(inTile * _layout.PaddedCols, _layout.Cols).CopyTo(quants[(row * _layout.Cols)..]);
                tileScales.AsSpan(inTile * _layout.GroupCount, _layout.GroupCount)
                    .CopyTo(scales[(row * _layout.GroupCount)..]);
            }
        }
        catch (ModelFileException fault)
        {
            throw new CheckpointException(CheckpointError.InvalidModelFile, fault.Message, fault);
        }
    }

    /// <summary>A damaged source must not get fresh digests: each tensor is compared when it is first read.</summary>
    private void VerifyOnce()
    {
        if (!_isVerified)
        {
            _file.VerifyTensor(_tensor);
            _isVerified = true;
        }
    }

    private void ReadTiles(int rowStart, int rowCount, Span<float> destination, Span<float> weights)
    {
        int rowEnd = rowStart + rowCount;
        for (int row = rowStart; row < rowEnd;)
        {
            int tile = TileOf(row);
            int tileEnd = Math.Min((tile + 1) * PackedLayout.TileRows, rowEnd);
            PackedTile.Dequantize(_layout, QuantsOf(tile, out ReadOnlySpan<ushort> scales), scales, weights);
            for (; row < tileEnd; row++)
            {
                int inTile = row - (tile * PackedLayout.TileRows);
                weights.Slice(inTile * _layout.PaddedCols, _layout.Cols).CopyTo(destination);
                destination = destination[_layout.Cols..];
            }
        }
    }

    private static int TileOf(long row) => (int)(row / PackedLayout.TileRows);

    /// <summary>The quants and the scales of a tile, as they lie.</summary>
    private ReadOnlySpan<byte> QuantsOf(int tile, out ReadOnlySpan<ushort> scales)
    {
        int quantBytes = checked(_layout.GroupCount * PackedLayout.TileGroupBytes(_layout.Format));
        int scaleBytes = checked(_layout.GroupCount * PackedLayout.TileRows * sizeof(ushort));
        scales = MemoryMarshal.Cast<byte, ushort>(
            _file.Bytes(_tensor, _layout.ScaleOffset + ((long)tile * scaleBytes), scaleBytes));
        return _file.Bytes(_tensor, (long)tile * quantBytes, quantBytes);
    }
}
