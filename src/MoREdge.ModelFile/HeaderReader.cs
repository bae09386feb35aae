using MoREdge.Tensors;

namespace MoREdge.ModelFile;

/// <summary>Parses and checks everything in front of the tensor data (FORMAT.md sections 1 to 4).</summary>
internal sealed class HeaderReader
{
    private readonly MappedFile _file;
    private readonly HeaderCursor _cursor;

    private HeaderReader(MappedFile file)
    {
        _file = file;
        _cursor = new HeaderCursor(file);
    }

    /// <summary>The metadata in file order.</summary>
    public GgufMetadata Metadata { get; } = new();

    /// <summary>The tensors in file order.</summary>
    public GgufTensor[] Tensors { get; private set; } = [];

    /// <summary>Bytes in front of the tensor data, padding included: what the header digest covers.</summary>
    public long HeaderBytes { get; private set; }

    /// <summary>Byte offset of the digits of the header digest; -1 when the file has none.</summary>
    public long HeaderDigestOffset { get; private set; } = -1;

    /// <summary>Parses the header of <paramref name="file"/>.</summary>
    /// <exception cref="ModelFileException">The header is wrong.</exception>
    public static HeaderReader Read(MappedFile file)
    {
        HeaderReader reader = new(file);
        reader.ReadPreamble(out int tensorCount, out int keyCount);
        for (int i = 0; i < keyCount; i++)
        {
            reader.ReadEntry();
        }

        int alignment = reader.ReadAlignment();
        reader.ReadTensors(tensorCount, alignment);
        return reader;
    }

    private void ReadPreamble(out int tensorCount, out int keyCount)
    {
        uint magic = _cursor.ReadUInt32();
        if (magic != GgufFormat.Magic)
        {
            throw _file.Fault(
                ModelFileError.BadMagic,
                $"not a GGUF file: it starts with {magic:X8}, not with 'GGUF' ({GgufFormat.Magic:X8}).");
        }

        uint version = _cursor.ReadUInt32();
        if (version is not 0 && (version & 0xFFFF) == 0)
        {
            throw _file.Fault(ModelFileError.BigEndian, "a big-endian GGUF file; convert it to little-endian first.");
        }

        if (version is < GgufFormat.OldestVersion or > GgufFormat.Version)
        {
            throw _file.Fault(
                ModelFileError.UnsupportedVersion,
                $"GGUF version {version} is not supported, only {GgufFormat.OldestVersion} and {GgufFormat.Version}; "
                + "convert the model again.");
        }

        tensorCount = ReadCount(ModelFileLimits.TensorCountMax, ModelFileError.TensorCountLimit, "tensors");
        keyCount = ReadCount(ModelFileLimits.MetadataCountMax, ModelFileError.MetadataCountLimit, "metadata keys");
    }

    private int ReadCount(int max, ModelFileError error, string what)
    {
        ulong count = _cursor.ReadUInt64();
        return count <= (ulong)max
            ? (int)count
            : throw _file.Fault(error, $"the file claims {count} {what}, more than the limit of {max}.");
    }

    private void ReadEntry()
    {
        string key = ReadName(
            ModelFileLimits.KeyBytesMax, ModelFileError.KeyEmpty, ModelFileError.KeyTooLong, "metadata key");
        if (Metadata.Contains(key))
        {
            throw _file.Fault(
                ModelFileError.DuplicateKey, $"the metadata key {ModelFileException.Quote(key)} occurs twice.");
        }

        GgufValueType type = ReadValueType(key);
        if (key == MetadataKeys.HeaderDigest && type == GgufValueType.String)
        {
            HeaderDigestOffset = _cursor.Position + sizeof(ulong);
        }

        Metadata.Set(key, ReadValue(key, type));
    }

    private GgufValue ReadValue(string key, GgufValueType type)
    {
        if (type == GgufValueType.String)
        {
            return GgufValue.FromString(_cursor.ReadString());
        }

        if (type != GgufValueType.Array)
        {
            return new GgufValue(type, _cursor.ReadFixed(type));
        }

        GgufValueType itemType = ReadValueType(key);
        if (itemType == GgufValueType.Array)
        {
            throw _file.Fault(
                ModelFileError.NestedArray,
                $"the metadata key {ModelFileException.Quote(key)} holds an array of arrays, which is not supported.");
        }

        return _cursor.ReadItems(itemType, _cursor.ReadUInt64());
    }

    private GgufValueType ReadValueType(string key)
    {
        uint id = _cursor.ReadUInt32();
        return id <= (uint)GgufValueType.Float64
            ? (GgufValueType)id
            : throw _file.Fault(
                ModelFileError.UnknownValueType,
                $"the metadata key {ModelFileException.Quote(key)} has the unknown value type {id}.");
    }

    private int ReadAlignment()
    {
        uint alignment = Metadata.GetUInt32(MetadataKeys.Alignment, GgufFormat.DefaultAlignment);
        if (alignment is < ModelFileLimits.AlignmentMin or > ModelFileLimits.AlignmentMax || !uint.IsPow2(alignment))
        {
            throw _file.Fault(
                ModelFileError.BadAlignment,
                $"the alignment {alignment} is not a power of two from {ModelFileLimits.AlignmentMin} to "
                + $"{ModelFileLimits.AlignmentMax}.");
        }

        return (int)alignment;
    }

    private void ReadTensors(int count, int alignment)
    {
        // Offsets in the table count from the start of the data, whose place is known only behind the table.
        List<TensorEntry> entries = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            TensorEntry entry = ReadTensorEntry();
            if (!names.Add(entry.Name))
            {
                throw _file.Fault(
                    ModelFileError.DuplicateTensor, $"the tensor {ModelFileException.Quote(entry.Name)} occurs twice.");
            }

            entries.Add(entry);
        }

        HeaderBytes = Math.Min(GgufFormat.AlignUp(_cursor.Position, alignment), _file.Length);
        Tensors = DataSection.Place(_file, entries, _cursor.Position, alignment);
    }

    private TensorEntry ReadTensorEntry()
    {
        string name = ReadName(
            ModelFileLimits.TensorNameBytesMax,
            ModelFileError.TensorNameBounds,
            ModelFileError.TensorNameBounds,
            "tensor name");
        uint rank = _cursor.ReadUInt32();
        if (rank is < 1 or > GgufFormat.TensorRankMax)
        {
            throw _file.Fault(
                ModelFileError.BadRank,
                $"the tensor {ModelFileException.Quote(name)} has {rank} dimensions, not 1 to "
                + $"{GgufFormat.TensorRankMax}.");
        }

        TensorShape shape = ReadShape(name, (int)rank);
        uint typeId = _cursor.ReadUInt32();
        ElementType type = (ElementType)typeId;
        if (typeId > int.MaxValue || !ElementTypes.IsKnown(type))
        {
            throw _file.Fault(
                ModelFileError.UnsupportedElementType,
                ForeignTypes.Sentence(ModelFileException.Quote(name), typeId));
        }

        return new TensorEntry(name, shape, type, ByteCount(name, shape, type), _cursor.ReadUInt64());
    }

    private TensorShape ReadShape(string name, int rank)
    {
        Span<long> dimensions = stackalloc long[GgufFormat.TensorRankMax];
        dimensions = dimensions[..rank];
        for (int i = rank - 1; i >= 0; i--)
        {
            // The file lists the innermost dimension first.
            ulong dimension = _cursor.ReadUInt64();
            if (dimension == 0)
            {
                throw _file.Fault(
                    ModelFileError.ZeroDimension, $"the tensor {ModelFileException.Quote(name)} has a dimension of 0.");
            }

            dimensions[i] = dimension <= long.MaxValue ? (long)dimension : throw Overflow(name);
        }

        try
        {
            return new TensorShape(dimensions);
        }
        catch (OverflowException)
        {
            throw Overflow(name);
        }
    }

    private long ByteCount(string name, TensorShape shape, ElementType type)
    {
        if (shape.Cols % ElementTypes.BlockLength(type) != 0)
        {
            throw _file.Fault(
                ModelFileError.BlockMisfit,
                $"the tensor {ModelFileException.Quote(name)} has rows of {shape.Cols} elements, not a whole number of "
                + $"{type} blocks of {ElementTypes.BlockLength(type)}.");
        }

        try
        {
            return checked(shape.Rows * ElementTypes.RowBytes(type, shape.Cols));
        }
        catch (OverflowException)
        {
            throw Overflow(name);
        }
    }

    private ModelFileException Overflow(string name) => _file.Fault(
        ModelFileError.DimensionOverflow, $"the dimensions of tensor {ModelFileException.Quote(name)} are too large.");

    private string ReadName(int bytesMax, ModelFileError empty, ModelFileError tooLong, string what)
    {
        ulong length = _cursor.ReadUInt64();
        if (length == 0)
        {
            throw _file.Fault(empty, $"the {what} in front of byte {_cursor.Position} is empty.");
        }

        if (length > (ulong)bytesMax)
        {
            throw _file.Fault(
                tooLong,
                $"the {what} at byte {_cursor.Position} claims {length} bytes, more than the limit of {bytesMax}.");
        }

        return System.Text.Encoding.UTF8.GetString(_cursor.ReadBytes(length));
    }
}
