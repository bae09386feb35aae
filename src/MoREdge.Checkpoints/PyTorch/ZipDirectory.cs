using System.Buffers.Binary;
using System.Text;

namespace MoREdge.Checkpoints.PyTorch;

/// <summary>
/// The directory of a zip file whose entries are stored, not compressed, so that any byte of an entry can be read in
/// place. The class library's reader inflates streams but does not say where an entry lies.
/// </summary>
/// <remarks>Source: PKWARE APPNOTE 6.3.10, sections 4.3.7 to 4.3.16 and 4.5.3 (zip64).</remarks>
internal sealed class ZipDirectory
{
    /// <summary>The largest central directory read, in bytes: a checkpoint has a few thousand entries.</summary>
    public const int DirectoryBytesMax = 64 << 20;

    private const uint EndSignature = 0x06054b50;
    private const uint Zip64LocatorSignature = 0x07064b50;
    private const uint Zip64EndSignature = 0x06064b50;
    private const uint EntrySignature = 0x02014b50;
    private const uint LocalSignature = 0x04034b50;
    private const int EndBytes = 22;
    private const int CommentBytesMax = ushort.MaxValue;
    private const int Zip64LocatorBytes = 20;
    private const int Zip64EndBytes = 56;
    private const int EntryBytes = 46;
    private const int LocalBytes = 30;
    private const ushort Zip64ExtraId = 1;

    private readonly WeightFile _file;
    private readonly Dictionary<string, ZipEntry> _entries = new(StringComparer.Ordinal);

    private ZipDirectory(WeightFile file) => _file = file;

    /// <summary>The entries by full name.</summary>
    public IReadOnlyDictionary<string, ZipEntry> Entries => _entries;

    /// <summary>Reads the central directory of <paramref name="file"/>.</summary>
    /// <exception cref="CheckpointException">ZipMalformed, ZipEntryNotStored, HeaderTooLarge or Truncated.</exception>
    public static ZipDirectory Read(WeightFile file)
    {
        ZipDirectory directory = new(file);
        (ulong offset, ulong size) = directory.FindDirectory();
        if (size > DirectoryBytesMax)
        {
            throw new CheckpointException(
                CheckpointError.HeaderTooLarge,
                $"{file.Name} has a zip directory of {size} bytes; {DirectoryBytesMax} is the limit.");
        }

        if (offset > (ulong)file.Length || size > (ulong)file.Length - offset)
        {
            throw directory.Malformed("its directory lies outside the file");
        }

        byte[] bytes = new byte[size];
        file.Read((long)offset, bytes);
        directory.ReadEntries(bytes);
        return directory;
    }

    /// <summary>
    /// Where the bytes of an entry begin: behind its local header, whose length may differ from the directory's.
    /// </summary>
    /// <exception cref="CheckpointException">ZipMalformed.</exception>
    public long DataOffset(ZipEntry entry)
    {
        Span<byte> local = stackalloc byte[LocalBytes];
        if (entry.HeaderOffset > _file.Length - LocalBytes)
        {
            throw Malformed("an entry lies outside the file");
        }

        _file.Read(entry.HeaderOffset, local);
        if (BinaryPrimitives.ReadUInt32LittleEndian(local) != LocalSignature)
        {
            throw Malformed("an entry does not begin with a local header");
        }

        int nameBytes = BinaryPrimitives.ReadUInt16LittleEndian(local[26..]);
        int extra = nameBytes + BinaryPrimitives.ReadUInt16LittleEndian(local[28..]);
        long offset = entry.HeaderOffset + LocalBytes + extra;
        return offset <= _file.Length - entry.Length ? offset : throw Malformed("an entry lies outside the file");
    }

    private (ulong Offset, ulong Size) FindDirectory()
    {
        int tailBytes = (int)Math.Min(_file.Length, EndBytes + CommentBytesMax);
        byte[] tail = new byte[tailBytes];
        _file.Read(_file.Length - tailBytes, tail);
        for (int at = tailBytes - EndBytes; at >= 0; at--)
        {
            ReadOnlySpan<byte> end = tail.AsSpan(at);
            if (BinaryPrimitives.ReadUInt32LittleEndian(end) == EndSignature)
            {
                uint size = BinaryPrimitives.ReadUInt32LittleEndian(end[12..]);
                uint offset = BinaryPrimitives.ReadUInt32LittleEndian(end[16..]);
                return FindZip64Directory(_file.Length - tailBytes + at) ?? (offset, size);
            }
        }

        throw Malformed("it has no end-of-directory record");
    }

    private (ulong Offset, ulong Size)? FindZip64Directory(long endOffset)
    {
        if (endOffset < Zip64LocatorBytes)
        {
            return null;
        }

        Span<byte> locator = stackalloc byte[Zip64LocatorBytes];
        _file.Read(endOffset - Zip64LocatorBytes, locator);
        if (BinaryPrimitives.ReadUInt32LittleEndian(locator) != Zip64LocatorSignature)
        {
            return null;
        }

        ulong recordOffset = BinaryPrimitives.ReadUInt64LittleEndian(locator[8..]);
        if (recordOffset > (ulong)Math.Max(_file.Length - Zip64EndBytes, 0))
        {
            throw Malformed("its zip64 record lies outside the file");
        }

        Span<byte> record = stackalloc byte[Zip64EndBytes];
        _file.Read((long)recordOffset, record);
        return BinaryPrimitives.ReadUInt32LittleEndian(record) == Zip64EndSignature
            ? (BinaryPrimitives.ReadUInt64LittleEndian(record[48..]),
                BinaryPrimitives.ReadUInt64LittleEndian(record[40..]))
            : throw Malformed("its zip64 record is broken");
    }

    private void ReadEntries(ReadOnlySpan<byte> rest)
    {
        while (rest.Length >= EntryBytes && BinaryPrimitives.ReadUInt32LittleEndian(rest) == EntrySignature)
        {
            int nameBytes = BinaryPrimitives.ReadUInt16LittleEndian(rest[28..]);
            int extraBytes = BinaryPrimitives.ReadUInt16LittleEndian(rest[30..]);
            int commentBytes = BinaryPrimitives.ReadUInt16LittleEndian(rest[32..]);
            if (rest.Length - EntryBytes < nameBytes + extraBytes + commentBytes)
            {
                throw Malformed("its directory ends inside an entry");
            }

            string name = Encoding.UTF8.GetString(rest.Slice(EntryBytes, nameBytes));
            if (!_entries.TryAdd(name, ReadEntry(rest, name, rest.Slice(EntryBytes + nameBytes, extraBytes))))
            {
                throw Malformed($"the entry {CheckpointException.Quote(name)} is there twice");
            }

            rest = rest[(EntryBytes + nameBytes + extraBytes + commentBytes)..];
        }

        if (!rest.IsEmpty)
        {
            throw Malformed("its directory holds something that is not an entry");
        }
    }

    private ZipEntry ReadEntry(ReadOnlySpan<byte> record, string name, ReadOnlySpan<byte> extra)
    {
        bool isEncrypted = (BinaryPrimitives.ReadUInt16LittleEndian(record[8..]) & 1) != 0;
        if (isEncrypted || BinaryPrimitives.ReadUInt16LittleEndian(record[10..]) != 0)
        {
            throw new CheckpointException(
                CheckpointError.ZipEntryNotStored,
                $"{_file.Name} compresses or encrypts {CheckpointException.Quote(name)}; PyTorch stores entries "
                + "plainly.");
        }

        ulong compressed = BinaryPrimitives.ReadUInt32LittleEndian(record[20..]);
        ulong size = BinaryPrimitives.ReadUInt32LittleEndian(record[24..]);
        ulong offset = BinaryPrimitives.ReadUInt32LittleEndian(record[42..]);
        ReadOnlySpan<byte> zip64 = FindExtra(extra, Zip64ExtraId);
        size = Widen(size, ref zip64);
        compressed = Widen(compressed, ref zip64);
        offset = Widen(offset, ref zip64);
        if (size != compressed || size > (ulong)_file.Length || offset > (ulong)_file.Length)
        {
            throw Malformed($"the entry {CheckpointException.Quote(name)} lies outside the file");
        }

        return new ZipEntry((long)offset, (long)size);
    }

    /// <summary>A field of 32 ones stands for the next 64-bit field of the zip64 extra.</summary>
    private ulong Widen(ulong value, ref ReadOnlySpan<byte> zip64)
    {
        if (value != uint.MaxValue)
        {
            return value;
        }

        if (zip64.Length < sizeof(ulong))
        {
            throw Malformed("an entry lacks its zip64 sizes");
        }

        value = BinaryPrimitives.ReadUInt64LittleEndian(zip64);
        zip64 = zip64[sizeof(ulong)..];
        return value;
    }

    private static ReadOnlySpan<byte> FindExtra(ReadOnlySpan<byte> extra, ushort id)
    {
        while (extra.Length >= 4)
        {
            int length = Math.Min(BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]), extra.Length - 4);
            if (BinaryPrimitives.ReadUInt16LittleEndian(extra) == id)
            {
                return extra.Slice(4, length);
            }

            extra = extra[(4 + length)..];
        }

        return [];
    }

    private CheckpointException Malformed(string what) =>
        new(CheckpointError.ZipMalformed, $"{_file.Name} is not a readable zip file: {what}.");
}

/// <summary>A stored entry: where its local header begins, and how many bytes it holds.</summary>
internal readonly record struct ZipEntry(long HeaderOffset, long Length);
