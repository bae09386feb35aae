using Microsoft.Win32.SafeHandles;
using MoREdge.ModelFile;

namespace MoREdge.Checkpoints;

/// <summary>A file open for reading at any offset: tensors are read in place, never as a whole.</summary>
internal sealed class WeightFile : IDisposable
{
    /// <summary>Null where there is nothing to read.</summary>
    private readonly SafeFileHandle? _handle;

    private WeightFile(string path, SafeFileHandle? handle, long length)
    {
        Path = path;
        _handle = handle;
        Length = length;
    }

    /// <summary>Where the file lies.</summary>
    public string Path { get; }

    /// <summary>The file's name without its folder, for sentences.</summary>
    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>Bytes in the file when it was opened.</summary>
    public long Length { get; }

    /// <summary>Opens <paramref name="path"/>.</summary>
    /// <exception cref="CheckpointException">The file is absent or unreadable.</exception>
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
