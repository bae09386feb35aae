namespace MoREdge.Tensors;

/// <summary>A read-only view of a packed int8 or int4 (rows, cols) weight matrix in mapped or native memory.</summary>
// SAFETY: the view neither owns nor checks its memory; the model file checks the size once, before it makes one.
public readonly unsafe struct PackedMatrix
{
    /// <summary>Views <see cref="PackedLayout.TotalBytes"/> bytes, 16-byte aligned or better.</summary>
    public PackedMatrix(byte* data, PackedLayout layout)
    {
        Layout = layout;
        Quants = data;
        Scales = (ushort*)(data + layout.ScaleOffset);
    }

    /// <summary>Views quants and scales that lie apart: rows of a larger matrix, from its first row on.</summary>
    public PackedMatrix(byte* quants, ushort* scales, PackedLayout layout)
    {
        Layout = layout;
        Quants = quants;
        Scales = scales;
    }

    /// <summary>Shape, format and section sizes.</summary>
    public PackedLayout Layout { get; }

    /// <summary>[tile][group][quad][8 rows][4] quants.</summary>
    public byte* Quants { get; }

    /// <summary>
    /// [tile][group][8 rows] fp16 scales of either sign, also subnormal ones.
    /// </summary>
    public ushort* Scales { get; }

    /// <summary>The first quant of <paramref name="tile"/>.</summary>
    public byte* TileQuants(int tile) =>
        Quants + ((long)tile * Layout.GroupCount * PackedLayout.TileGroupBytes(Layout.Format));

    /// <summary>The first scale of <paramref name="tile"/>.</summary>
    public ushort* TileScales(int tile) => Scales + ((long)tile * Layout.GroupCount * PackedLayout.TileRows);
}
