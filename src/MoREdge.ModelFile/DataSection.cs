namespace MoREdge.ModelFile;

/// <summary>
/// Where tensor data may lie: in the order of the table, each tensor on the first aligned byte behind the last one.
/// </summary>
/// <remarks>
/// This is the rule of llama.cpp's own reader, so every file it loads satisfies it, and it leaves no room for overlaps,
/// for unreferenced bytes or for an offset that must be added to a size without a check.
/// </remarks>
internal static class DataSection
{
    /// <summary>Checks the offsets and gives every tensor its place.</summary>
    /// <exception cref="ModelFileException">
    /// OffsetMisaligned, OffsetOverlap, Hole, TruncatedData or TrailingBytes.
    /// </exception>
    public static GgufTensor[] Place(MappedFile file, List<TensorEntry> entries, long headerEnd, int alignment)
    {
        long start = GgufFormat.AlignUp(headerEnd, alignment);
        long end = headerEnd;
        GgufTensor[] tensors = new GgufTensor[entries.Count];
        for (int i = 0; i < tensors.Length; i++)
        {
            TensorEntry entry = entries[i];
            long expected = GgufFormat.AlignUp(end, alignment);
            CheckOffset(file, entry, expected - start, alignment);
            if (expected > file.Length || entry.ByteCount > file.Length - expected)
            {
                throw file.Fault(
                    ModelFileError.TruncatedData,
                    $"the file ends at byte {file.Length}, inside tensor {ModelFileException.Quote(entry.Name)}, whose "
                    + $"{entry.ByteCount} bytes start at {expected}.");
            }

            tensors[i] = new GgufTensor(entry.Name, entry.Shape, entry.Type, expected, entry.ByteCount);
            end = expected + entry.ByteCount;
        }

        if (file.Length > GgufFormat.AlignUp(end, alignment))
        {
            throw file.Fault(
                ModelFileError.TrailingBytes,
                $"{file.Length - end} bytes follow the last tensor, which no tensor refers to.");
        }

        return tensors;
    }

    private static void CheckOffset(MappedFile file, TensorEntry entry, long expected, int alignment)
    {
        if (entry.Offset == (ulong)expected)
        {
            return;
        }

        string subject = $"the tensor {ModelFileException.Quote(entry.Name)} has offset {entry.Offset}";
        if (entry.Offset % (ulong)alignment != 0)
        {
            throw file.Fault(ModelFileError.OffsetMisaligned, $"{subject}, not a multiple of {alignment}.");
        }

        throw entry.Offset < (ulong)expected
            ? file.Fault(
                ModelFileError.OffsetOverlap, $"{subject}, inside the tensor in front of it, which ends at {expected}.")
            : file.Fault(ModelFileError.Hole, $"{subject}, but the tensor in front of it ends at {expected}.");
    }
}
