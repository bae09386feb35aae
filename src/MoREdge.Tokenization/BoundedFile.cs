namespace MoREdge.Tokenization;

/// <summary>Reads whole tokenizer files, but never more than <see cref="TokenizerLimits.FileBytesMax"/>.</summary>
internal static class BoundedFile
{
    /// <summary>All bytes of a file.</summary>
    public static byte[] Read(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return Read(stream);
    }

    /// <summary>All bytes from a stream's position to its end.</summary>
    public static byte[] Read(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        long known = stream.CanSeek ? stream.Length - stream.Position : 0;
        CheckLength(known);
        using MemoryStream copy = new((int)known);
        byte[] chunk = new byte[64 << 10];
        int count;
        while ((count = stream.Read(chunk, 0, chunk.Length)) > 0)
        {
            CheckLength(copy.Length + count);
            copy.Write(chunk, 0, count);
        }

        return copy.ToArray();
    }

    private static void CheckLength(long length)
    {
        if (length > TokenizerLimits.FileBytesMax)
        {
            throw new TokenizerException(
                TokenizerError.FileTooLarge,
                $"The tokenizer file has {length} bytes or more; the limit is {TokenizerLimits.FileBytesMax}.");
        }
    }
}
