using MoREdge.ModelFile;

namespace MoREdge.Tests.ModelFile;

/// <summary>Files whose tensor table, data section, packed table or digests are wrong.</summary>
internal static class TensorFaults
{
    private const uint F32 = 0;
    private const uint Q8 = 8;
    private const uint I8 = 24;

    // A packed Q4G32 matrix of (1, 1): 128 bytes of quants, 16 of scales.
    private const ulong PackedBytes = 144;

    private static readonly string Zeros = new('0', 32);

    public static readonly FaultCase[] Table =
    [
        new(ModelFileError.TensorNameBounds, "empty", new RawGguf(1, 0).Tensor("", F32, 0, 1).Data(4).Open),
        new(ModelFileError.TensorNameBounds, "65",
            new RawGguf(1, 0).Tensor(new string('n', 65), F32, 0, 1).Data(4).Open),
        new(ModelFileError.DuplicateTensor, "twice",
            new RawGguf(2, 0).Tensor("t", F32, 0, 1).Tensor("t", F32, 32, 1).Data(36).Open),
        new(ModelFileError.BadRank, "0", new RawGguf(1, 0).Tensor("t", F32, 0).Data(4).Open),
        new(ModelFileError.BadRank, "5", new RawGguf(1, 0).Tensor("t", F32, 0, 1, 1, 1, 1, 1).Data(4).Open),
        new(ModelFileError.ZeroDimension, "second", new RawGguf(1, 0).Tensor("t", F32, 0, 2, 0).Data(4).Open),
        new(ModelFileError.DimensionOverflow, "2^63", new RawGguf(1, 0).Tensor("t", F32, 0, 1UL << 63).Data(4).Open),
        new(ModelFileError.DimensionOverflow, "product",
            new RawGguf(1, 0).Tensor("t", F32, 0, 1UL << 32, 1UL << 32).Data(4).Open),
        new(ModelFileError.DimensionOverflow, "bytes", new RawGguf(1, 0).Tensor("t", F32, 0, 1UL << 62).Data(4).Open),
        new(ModelFileError.UnsupportedElementType, "4", new RawGguf(1, 0).Tensor("t", 4, 0, 32).Data(32).Open),
        new(ModelFileError.UnsupportedElementType, "2^31 + 1",
            new RawGguf(1, 0).Tensor("t", 0x80000001, 0, 1).Data(4).Open),
        new(ModelFileError.BlockMisfit, "33 in blocks of 32", new RawGguf(1, 0).Tensor("t", Q8, 0, 33).Data(68).Open),
        new(ModelFileError.OffsetMisaligned, "16", new RawGguf(1, 0).Tensor("t", F32, 16, 1).Data(20).Open),
        new(ModelFileError.OffsetOverlap, "same place",
            new RawGguf(2, 0).Tensor("t", F32, 0, 1).Tensor("u", F32, 0, 1).Data(36).Open),
        new(ModelFileError.Hole, "in front of the first", new RawGguf(1, 0).Tensor("t", F32, 32, 1).Data(36).Open),
        new(ModelFileError.Hole, "between two",
            new RawGguf(2, 0).Tensor("t", F32, 0, 1).Tensor("u", F32, 64, 1).Data(68).Open),
        new(ModelFileError.Hole, "offset near 2^64",
            new RawGguf(1, 0).Tensor("t", F32, ulong.MaxValue - 31, 1).Data(4).Open),
        new(ModelFileError.TrailingBytes, "one block", new RawGguf(1, 0).Tensor("t", F32, 0, 1).Data(33).Open),
        new(ModelFileError.TrailingBytes, "no tensors", new RawGguf(0, 0).Data(1).Open),
        new(ModelFileError.TruncatedData, "one byte", new RawGguf(1, 0).Tensor("t", F32, 0, 2).Data(7).Open),
        new(ModelFileError.TruncatedData, "no data", new RawGguf(1, 0).Tensor("t", F32, 0, 2).Open),
        new(ModelFileError.TruncatedData, "2^62 bytes", new RawGguf(1, 0).Tensor("t", F32, 0, 1UL << 60).Data(4).Open),
    ];

    /// <summary>Files that another program changes while they are open; Windows does not let it.</summary>
    public static readonly FaultCase[] ChangedWhileOpen = OperatingSystem.IsWindows() ? [] :
    [
        new(ModelFileError.TruncatedData, "verified after a cut", VerifyAfterCutting),
        new(ModelFileError.TruncatedData, "viewed after a cut", ViewAfterCutting),
        new(ModelFileError.ChangedWhileOpen, "viewed after a write", ViewAfterWriting),
    ];

    public static readonly FaultCase[] Digests =
    [
        new(ModelFileError.DigestMalformed, "header", new RawGguf(0, 1).String(MetadataKeys.HeaderDigest, "00").Open),
        new(ModelFileError.DigestMalformed, "upper case",
            new RawGguf(0, 1).String(MetadataKeys.HeaderDigest, new string('A', 32)).Open),
        new(ModelFileError.DigestMalformed, "count", new RawGguf(0, 1).Strings(MetadataKeys.TensorDigests, Zeros).Open),
        new(ModelFileError.DigestMalformed, "tensor",
            new RawGguf(1, 1).Strings(MetadataKeys.TensorDigests, "x").Tensor("t", F32, 0, 1).Data(4).Open),
        new(ModelFileError.HeaderDigestMismatch, "wrong",
            new RawGguf(0, 1).String(MetadataKeys.HeaderDigest, Zeros).Open),
        new(ModelFileError.TensorDigestMismatch, "wrong", folder => VerifyFirst(
            new RawGguf(1, 1).Strings(MetadataKeys.TensorDigests, Zeros).Tensor("t", F32, 0, 1).Data(4).Save(folder))),
        new(ModelFileError.WrongValueType, "digest is a number",
            new RawGguf(0, 1).Number(MetadataKeys.HeaderDigest, 1).Open),
    ];

    public static readonly FaultCase[] Packed =
    [
        new(ModelFileError.PackedTableMalformed, "keys missing",
            new RawGguf(0, 1).Strings(MetadataKeys.PackedNames, "t").Open),
        new(ModelFileError.PackedTableMalformed, "lengths differ", PackedFile(["t"], ["Q4G32", "Q4G32"]).Open),
        new(ModelFileError.PackedTableMalformed, "tensor twice",
            PackedFile(["t", "t"], ["Q4G32", "Q4G32"], rows: [1, 1], cols: [1, 1]).Open),
        new(ModelFileError.PackedFormatUnknown, "Q3G32", PackedFile(["t"], ["Q3G32"]).Open),
        new(ModelFileError.PackedFormatUnknown, "by number", PackedFile(["t"], ["2"]).Open),
        new(ModelFileError.PackedGeometry, "4 rows", PackedFile(["t"], ["Q4G32"], tileRows: 4).Open),
        new(ModelFileError.PackedGeometry, "groups of 64", PackedFile(["t"], ["Q4G32"], groupSize: 64).Open),
        new(ModelFileError.PackedTensorMissing, "other name", PackedFile(["other"], ["Q4G32"]).Open),
        new(ModelFileError.PackedSizeMismatch, "too many rows", PackedFile(["t"], ["Q4G32"], rows: [9]).Open),
        new(ModelFileError.PackedSizeMismatch, "twice as long", LongPacked().Open),
        new(ModelFileError.PackedSizeMismatch, "rows 0", PackedFile(["t"], ["Q4G32"], rows: [0]).Open),
        new(ModelFileError.PackedSizeMismatch, "2^31 - 1 squared",
            PackedFile(["t"], ["Q8G32"], rows: [int.MaxValue], cols: [int.MaxValue]).Open),
        new(ModelFileError.PackedSizeMismatch, "not I8",
            PackedFile(["t"], ["Q4G32"], type: F32, dimensions: [36]).Open),
        new(ModelFileError.PackedSizeMismatch, "two dimensions",
            PackedFile(["t"], ["Q4G32"], dimensions: [72, 2]).Open),
        new(ModelFileError.WrongValue, "rows 2^32 - 1", PackedFile(["t"], ["Q4G32"], rows: [uint.MaxValue]).Open),
        new(ModelFileError.OffsetMisaligned, "packed in a file aligned to 8", MisalignedPacked().Open),
    ];

    private static RawGguf PackedFile(
        string[] names,
        string[] formats,
        uint[]? rows = null,
        uint[]? cols = null,
        uint tileRows = 8,
        uint groupSize = 32,
        uint type = I8,
        ulong[]? dimensions = null) =>
        PackedTable(new RawGguf(1, 7), names, formats, rows ?? [1], cols ?? [1], tileRows, groupSize)
            .Tensor("t", type, 0, dimensions ?? [PackedBytes]).Data((int)PackedBytes, alignment: 64);

    private static RawGguf LongPacked() =>
        PackedTable(new RawGguf(1, 7), ["t"], ["Q4G32"], [1], [1], 8, 32)
            .Tensor("t", I8, 0, 2 * PackedBytes).Data(2 * (int)PackedBytes, alignment: 64);

    private static RawGguf MisalignedPacked() =>
        PackedTable(new RawGguf(2, 7), ["t"], ["Q4G32"], [1], [1], 8, 32, alignment: 8)
            .Tensor("front", F32, 0, 2).Tensor("t", I8, 8, PackedBytes).Data(8 + (int)PackedBytes, alignment: 8);

    private static RawGguf PackedTable(
        RawGguf file,
        string[] names,
        string[] formats,
        uint[] rows,
        uint[] cols,
        uint tileRows,
        uint groupSize,
        uint alignment = 64) => file
        .Number(MetadataKeys.Alignment, alignment)
        .Strings(MetadataKeys.PackedNames, names)
        .Strings(MetadataKeys.PackedFormats, formats)
        .Numbers(MetadataKeys.PackedRows, rows)
        .Numbers(MetadataKeys.PackedCols, cols)
        .Number(MetadataKeys.PackedTileRows, tileRows)
        .Number(MetadataKeys.PackedGroupSize, groupSize);

    private static void VerifyFirst(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        file.VerifyTensor(file.Tensors[0]);
    }

    private static void VerifyAfterCutting(TemporaryFolder folder)
    {
        string path = SampleModel.Write(folder);
        using GgufFile file = GgufFile.Open(path);
        Cut(path);
        file.VerifyTensor(file.Tensors[1]);
    }

    private static void ViewAfterCutting(TemporaryFolder folder)
    {
        string path = SampleModel.Write(folder);
        using GgufFile file = GgufFile.Open(path);
        Cut(path);
        file.Bytes(file.Tensors[1]);
    }

    private static void ViewAfterWriting(TemporaryFolder folder)
    {
        string path = SampleModel.Write(folder);
        File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch);
        using GgufFile file = GgufFile.Open(path);
        using (FileStream stream = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            stream.Seek(-1, SeekOrigin.End);
            stream.WriteByte(1);
        }

        file.Bytes(file.Tensors[1]);
    }

    private static void Cut(string path)
    {
        // Sharing everything takes no lock, as another program would not.
        using FileStream stream = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        stream.SetLength(stream.Length - 64);
    }
}
