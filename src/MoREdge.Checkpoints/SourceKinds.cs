namespace MoREdge.Checkpoints;

/// <summary>Recognizes a file by its first bytes; names and extensions are not trusted.</summary>
internal static class SourceKinds
{
    /// <summary>How many bytes from the start decide: the tar magic ends at 262.</summary>
    public const int StartBytes = 264;

    private const int TarMagicOffset = 257;

    /// <summary>The first bytes of a file, and how long it is.</summary>
    /// <exception cref="CheckpointException">The file is absent or unreadable.</exception>
    public static byte[] ReadStart(string path, out long length)
    {
        using WeightFile file = WeightFile.Open(path);
        length = file.Length;
        byte[] start = new byte[Math.Min(StartBytes, length)];
        file.Read(0, start);
        return start;
    }

    /// <summary>Refuses PyTorch's formats from before version 1.6: a bare pickle sequence or a tar archive.</summary>
    /// <exception cref="CheckpointException">LegacyPyTorch.</exception>
    public static void RefuseLegacyPyTorch(ReadOnlySpan<byte> start, string name)
    {
        // A pickle of protocol 2 to 5 begins with PROTO; the legacy file's first value is a LONG1 magic number.
        bool isPickle = start.Length > 2 && start[0] == 0x80 && start[1] is >= 2 and <= 5;
        bool isTar = start.Length >= TarMagicOffset + 5 && start.Slice(TarMagicOffset, 5).SequenceEqual("ustar"u8);
        if (isPickle || isTar)
        {
            throw new CheckpointException(
                CheckpointError.LegacyPyTorch,
                $"{name} is a legacy PyTorch {(isTar ? "tar" : "pickle")} file; save it again with PyTorch 1.6 "
                + "or later.");
        }
    }
}
