using Microsoft.Win32.SafeHandles;
using MoREdge.ModelFile;

namespace MoREdge.Checkpoints;

/// <summary>A file open for reading at any offset: tensors are read in place, never as a whole.</summary>
internal sealed class WeightFile : IDisposable
{
    /// <summary>More bytes than the specification of Git LFS allows a pointer.</summary>
    private const int PointerBytesMax = 1024;

    /// <summary>Null where there is nothing to read.</summary>
    private readonly SafeFileHandle? _handle;

    private WeightFile(string path, SafeFileHandle? handle, long length)
    {
        Path = path;
        _handle = handle;
        Length = length;
    }

    private static ReadOnlySpan<byte> PointerStart => "version https://git-lfs"u8;

    /// <summary>Where the file lies.</summary>
    public string Path { get; }

    /// <summary>The file's name without its folder, for sentences.</summary>
    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>Bytes in the file when it was opened.</summary>
    public long Length { get; }

    /// <summary>Opens <paramref name="path"/>.</summary>
    /// <exception cref="CheckpointException">The file is absent, unreadable or a Git LFS pointer.</exception>
    public static WeightFile Open(string path)
    {
        SafeFileHandle? handle = null;
        try
        {
            if (PathTarget.IsEmpty(path))
            {
                return new WeightFile(path, null, 0);
            }

            handle = File.OpenHandle(path);
            WeightFile file = new(path, handle, RandomAccess.GetLength(handle));
            file.RefusePointer();
            handle = null;
            return file;
        }
        catch (FileNotFoundException fault)
        {
            throw new CheckpointException(CheckpointError.SourceNotFound, $"{path} does not exist.", fault);
        }
        catch (DirectoryNotFoundException fault)
        {
            throw new CheckpointException(CheckpointError.SourceNotFound, $"{path} does not exist.", fault);
        }
        catch (IOException fault)
        {
            throw Unreadable(path, fault);
        }
        catch (UnauthorizedAccessException fault)
        {
            throw Unreadable(path, fault);
        }
        catch (NotSupportedException fault)
        {
            // A pipe has no length.
            throw Unreadable(path, fault);
        }
        finally
        {
            handle?.Dispose();
        }
    }

    /// <summary>Fills <paramref name="destination"/> from byte <paramref name="offset"/>.</summary>
    /// <exception cref="CheckpointException">The file ends too early or cannot be read.</exception>
    public void Read(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            int count = ReadSome(offset, destination);
            if (count == 0)
            {
                throw new CheckpointException(
                    CheckpointError.Truncated,
                    $"{Name} ends at byte {offset}, but {destination.Length} more bytes were expected.");
            }

            offset += count;
            destination = destination[count..];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _handle?.Dispose();

    /// <summary>Without Git LFS a clone holds a few lines of text in the place of each large file.</summary>
    private void RefusePointer()
    {
        Span<byte> start = stackalloc byte[PointerStart.Length];
        if (Length < start.Length || Length > PointerBytesMax)
        {
            return;
        }

        Read(0, start);
        if (start.SequenceEqual(PointerStart))
        {
            throw new CheckpointException(
                CheckpointError.GitLfsPointer,
                $"{Path} is a Git LFS pointer in the place of the file itself; 'git lfs pull' fetches that.");
        }
    }

    private int ReadSome(long offset, Span<byte> destination)
    {
        try
        {
            return _handle is null ? 0 : RandomAccess.Read(_handle, destination, offset);
        }
        catch (IOException fault)
        {
            throw Unreadable(Path, fault);
        }
    }

    private static CheckpointException Unreadable(string path, Exception fault) =>
        new(CheckpointError.SourceUnreadable, $"{path} cannot be read: {fault.Message}", fault);
}
