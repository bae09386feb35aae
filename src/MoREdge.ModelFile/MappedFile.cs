using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace MoREdge.ModelFile;

/// <summary>A whole file mapped read-only, plus ordinary reads for work that must survive a shrinking file.</summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly DateTime _written;
    private byte* _data;
    private bool _isDisposed;

    private MappedFile(string path, SafeFileHandle handle, long length)
    {
        Path = path;
        Length = length;
        _handle = handle;
        _written = File.GetLastWriteTimeUtc(handle);
        _map = MemoryMappedFile.CreateFromFile(
            handle,
            mapName: null,
            capacity: 0,
            MemoryMappedFileAccess.Read,
            HandleInheritability.None,
            leaveOpen: true);
        _view = _map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        // SAFETY: the pointer keeps the view alive until ReleasePointer in Dispose; every access goes through At, which
        // checks the range against the length at opening.
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _data);
        _data += _view.PointerOffset;
    }

    /// <summary>The path as it was given.</summary>
    public string Path { get; }

    /// <summary>Bytes of the file when it was opened.</summary>
    public long Length { get; }

    /// <summary>
    /// Maps the file at <paramref name="path"/>, if it has at least <paramref name="bytesMin"/> bytes.
    /// </summary>
    /// <exception cref="ModelFileException">NotFound, Unreadable or TooSmall.</exception>
    public static MappedFile Open(string path, int bytesMin)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (Directory.Exists(path))
        {
            throw new ModelFileException(ModelFileError.Unreadable, $"{path}: is a folder; name a file in it.");
        }

        if (!File.Exists(path))
        {
            throw new ModelFileException(ModelFileError.NotFound, $"{path}: there is no such file.");
        }

        SafeFileHandle? handle = null;
        try
        {
            if (PathTarget.IsEmpty(path))
            {
                throw TooSmall(path, 0, bytesMin);
            }

            // Other readers may share the file, and a writer may replace it by renaming another one over it.
            handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            long length = RandomAccess.GetLength(handle);
            if (length < bytesMin)
            {
                throw TooSmall(path, length, bytesMin);
            }

            MappedFile file = new(path, handle, length);
            handle = null;
            return file;
        }
        catch (IOException failure)
        {
            throw Refused(path, failure);
        }
        catch (UnauthorizedAccessException failure)
        {
            throw Refused(path, failure);
        }
        catch (NotSupportedException failure)
        {
            // A pipe or a device has no length.
            throw Refused(path, failure);
        }
        finally
        {
            handle?.Dispose();
        }
    }

    /// <summary>The mapped bytes [offset, offset + count); the view dies with this object.</summary>
    public ReadOnlySpan<byte> Span(long offset, int count) => new(At(offset, count), count);

    /// <summary>
    /// The address of <paramref name="offset"/>, after checking that <paramref name="count"/> bytes follow.
    /// </summary>
    public byte* At(long offset, long count)
    {
        ObjectDisposedException.ThrowIf(_data is null, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - count);
        return _data + offset;
    }

    /// <summary>
    /// Copies bytes with a read call: a file cut short since opening gives an exception, not a signal.
    /// </summary>
    /// <exception cref="ModelFileException">TruncatedData or Unreadable.</exception>
    public void Read(long offset, Span<byte> destination)
    {
        try
        {
            while (!destination.IsEmpty)
            {
                int count = RandomAccess.Read(_handle, destination, offset);
                if (count == 0)
                {
                    throw Fault(ModelFileError.TruncatedData, "the file was cut short while it was open.");
                }

                destination = destination[count..];
                offset += count;
            }
        }
        catch (IOException failure)
        {
            throw new ModelFileException(
                ModelFileError.Unreadable, $"{Path}: cannot be read ({failure.Message})", failure);
        }
    }

    /// <summary>
    /// Throws when the file is now shorter than it was at opening, since its views would fault, and when somebody has
    /// written to it: its views show that, half old and half new.
    /// </summary>
    /// <exception cref="ModelFileException">TruncatedData or ChangedWhileOpen.</exception>
    public void RequireUnchanged()
    {
        long now = RandomAccess.GetLength(_handle);
        if (now < Length)
        {
            throw Fault(
                ModelFileError.TruncatedData, $"the file was cut from {Length} to {now} bytes while it was open.");
        }

        if (File.GetLastWriteTimeUtc(_handle) != _written)
        {
            throw Fault(
                ModelFileError.ChangedWhileOpen,
                "another program has written to the file while it was open; start again with what it holds now.");
        }
    }

    /// <summary>An exception whose message starts with the path.</summary>
    public ModelFileException Fault(ModelFileError error, string sentence) => new(error, $"{Path}: {sentence}");

    /// <summary>Keeps the map, and so the views of it, until what it returns is disposed of.</summary>
    /// <exception cref="ObjectDisposedException">The file has been disposed.</exception>
    public IDisposable HoldMap() => new HeldMap(_view.SafeMemoryMappedViewHandle);

    /// <summary>Unmaps, or leaves that to whoever holds the map, and closes.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
        {
            return;
        }

        _data = null;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _map.Dispose();
        _handle.Dispose();
    }

    private static ModelFileException TooSmall(string path, long length, int bytesMin) => new(
        ModelFileError.TooSmall,
        $"{path}: {length} bytes are too few for a GGUF file, which has at least {bytesMin}.");

    private static ModelFileException Refused(string path, Exception failure) =>
        failure is FileNotFoundException or DirectoryNotFoundException
            ? new ModelFileException(ModelFileError.NotFound, $"{path}: there is no such file.", failure)
            : new ModelFileException(ModelFileError.Unreadable, $"{path}: cannot be read ({failure.Message})", failure);

    private sealed class HeldMap : IDisposable
    {
        private SafeMemoryMappedViewHandle? _handle;

        public HeldMap(SafeMemoryMappedViewHandle handle)
        {
            bool isHeld = false;
            handle.DangerousAddRef(ref isHeld);
            _handle = handle;
        }

        public void Dispose() => Interlocked.Exchange(ref _handle, null)?.DangerousRelease();
    }
}
