using MoREdge.Tensors;

namespace MoREdge.ModelFile;

/// <summary>The metadata that says which I8 vectors are packed matrices (FORMAT.md section 5).</summary>
internal static class PackedTable
{
    /// <summary>Every key of the table; a file has all of them or none.</summary>
    public static readonly string[] Keys =
    [
        MetadataKeys.PackedNames,
        MetadataKeys.PackedFormats,
        MetadataKeys.PackedRows,
        MetadataKeys.PackedCols,
        MetadataKeys.PackedTileRows,
        MetadataKeys.PackedGroupSize,
    ];

    /// <summary>Gives every tensor that the table names its logical shape.</summary>
    /// <exception cref="ModelFileException">
    /// PackedTableMalformed, PackedFormatUnknown, PackedGeometry, PackedTensorMissing, PackedSizeMismatch,
    /// OffsetMisaligned.
    /// </exception>
    public static void Apply(MappedFile file, GgufMetadata metadata, Dictionary<string, GgufTensor> tensors)
    {
        int present = 0;
        foreach (string key in Keys)
        {
            present += metadata.Contains(key) ? 1 : 0;
        }

        if (present == 0)
        {
            return;
        }

        if (present != Keys.Length)
        {
            throw file.Fault(
                ModelFileError.PackedTableMalformed,
                $"the packed table has {present} of its {Keys.Length} metadata keys.");
        }

        RequireGeometry(file, metadata);
        string[] names = metadata.RequireStringArray(MetadataKeys.PackedNames);
        string[] formats = metadata.RequireStringArray(MetadataKeys.PackedFormats);
        int[] rows = metadata.RequireInt32Array(MetadataKeys.PackedRows);
        int[] cols = metadata.RequireInt32Array(MetadataKeys.PackedCols);
        if (formats.Length != names.Length || rows.Length != names.Length || cols.Length != names.Length)
        {
            throw file.Fault(
                ModelFileError.PackedTableMalformed,
                $"the packed table has {names.Length} names, {formats.Length} formats, {rows.Length} rows, "
                + $"{cols.Length} cols.");
        }

        for (int i = 0; i < names.Length; i++)
        {
            if (!tensors.TryGetValue(names[i], out GgufTensor? tensor))
            {
                throw file.Fault(
                    ModelFileError.PackedTensorMissing,
                    $"the packed table names the tensor {ModelFileException.Quote(names[i])}, which is missing.");
            }

            ApplyOne(file, tensor, formats[i], rows[i], cols[i]);
        }
    }

    /// <summary>
    /// Adds the table of the packed tensors among <paramref name="plans"/>; nothing when there are none.
    /// </summary>
    public static void Write(GgufMetadata metadata, IReadOnlyList<GgufTensorPlan> plans)
    {
        List<string> names = [];
        List<string> formats = [];
        List<uint> rows = [];
        List<uint> cols = [];
        foreach (GgufTensorPlan plan in plans)
        {
            if (plan.Layout is { } layout)
            {
                names.Add(plan.Name);
                formats.Add(layout.Format.ToString());
                rows.Add((uint)layout.Rows);
                cols.Add((uint)layout.Cols);
            }
        }

        if (names.Count != 0)
        {
            metadata.Set(MetadataKeys.PackedTileRows, GgufValue.FromUInt32(PackedLayout.TileRows));
            metadata.Set(MetadataKeys.PackedGroupSize, GgufValue.FromUInt32(PackedLayout.GroupSize));
            metadata.Set(MetadataKeys.PackedNames, GgufValue.FromStrings([.. names]));
            metadata.Set(MetadataKeys.PackedFormats, GgufValue.FromStrings([.. formats]));
            metadata.Set(MetadataKeys.PackedRows, GgufValue.FromUInt32s([.. rows]));
            metadata.Set(MetadataKeys.PackedCols, GgufValue.FromUInt32s([.. cols]));
        }
    }

    private static void RequireGeometry(MappedFile file, GgufMetadata metadata)
    {
        uint tileRows = metadata.RequireUInt32(MetadataKeys.PackedTileRows);
        uint groupSize = metadata.RequireUInt32(MetadataKeys.PackedGroupSize);
        if (tileRows != PackedLayout.TileRows || groupSize != PackedLayout.GroupSize)
        {
            throw file.Fault(
                ModelFileError.PackedGeometry,
                $"packed tiles of {tileRows} rows and groups of {groupSize} columns are not supported, only "
                + $"{PackedLayout.TileRows} and {PackedLayout.GroupSize}.");
        }
    }

    private static void ApplyOne(MappedFile file, GgufTensor tensor, string formatName, int rows, int cols)
    {
        string subject = $"the packed tensor {ModelFileException.Quote(tensor.Name)}";
        if (tensor.Packed is not null)
        {
            throw file.Fault(ModelFileError.PackedTableMalformed, $"{subject} is in the packed table twice.");
        }

        QuantFormat format = formatName switch
        {
            nameof(QuantFormat.Q8G32) => QuantFormat.Q8G32,
            nameof(QuantFormat.Q4G32) => QuantFormat.Q4G32,
            _ => throw file.Fault(
                ModelFileError.PackedFormatUnknown,
                $"{subject} has the unknown format {ModelFileException.Quote(formatName)}."),
        };
        if (rows < 1 || cols < 1)
        {
            throw file.Fault(ModelFileError.PackedSizeMismatch, $"{subject} claims the shape ({rows}, {cols}).");
        }

        // Two dimensions below 2³¹ and at most 1.07 bytes per weight: the layout cannot overflow 63 bits.
        PackedLayout layout = new(format, rows, cols);
        if (tensor.Type != ElementType.I8 || tensor.Shape.Rank != 1 || tensor.ByteCount != layout.TotalBytes)
        {
            throw file.Fault(
                ModelFileError.PackedSizeMismatch,
                $"{subject} of shape ({rows}, {cols}) in {format} needs one I8 dimension of {layout.TotalBytes}, not "
                + $"{tensor.Type} {tensor.Shape}.");
        }

        if (tensor.Offset % GgufFormat.PackedAlignment != 0)
        {
            throw file.Fault(
                ModelFileError.OffsetMisaligned,
                $"{subject} starts at byte {tensor.Offset}, not a multiple of {GgufFormat.PackedAlignment}.");
        }

        tensor.SetPacked(layout);
    }
}
