using System.IO.Hashing;

namespace MoREdge.ModelFile;

/// <summary>Writes a model file tensor by tensor; the file appears under its name complete or not at all.</summary>
/// <remarks>
/// The bytes go to a temporary file in the same folder, room for all of them is reserved first, digests are computed on
/// the way, and <see cref="Finish"/> flushes to the disk and renames. Disposing without Finish deletes the temporary
/// file; only a killed process leaves it behind, as "NAME.XXXXXXXX.partial". An older file under the name stays as it
/// was until then.
/// </remarks>
public sealed class GgufWriter : IDisposable
{
    private static readonly byte[] Padding = new byte[GgufFormat.PackedAlignment];

    private readonly string _path;
    private readonly string _temporaryPath;
    private readonly bool _overwrite;
    private readonly IReadOnlyList<GgufTensorPlan> _plans;
    private readonly HeaderWriter _header;
    private readonly XxHash128 _hash = new();
    private FileStream? _stream;
    private int _tensorIndex;
    private long _tensorBytes;

    /// <summary>Creates the temporary file and writes the header.</summary>
    /// <param name="path">The final name.</param>
    /// <param name="metadata">
    /// Keys in file order. The alignment, the packed table and the digests are the writer's own: such keys are
    /// replaced. The key by which digests are known to be those of another file is left out.
    /// </param>
    /// <param name="tensors">The tensors in the order in which they will be written.</param>
    /// <param name="overwrite">Replace a file of that name.</param>
    /// <exception cref="ModelFileException">
    /// AlreadyExists, DuplicateTensor, TensorCountLimit, MetadataCountLimit, HeaderTooLarge, DiskFull or WriteFailed.
    /// </exception>
    public GgufWriter(string path, GgufMetadata metadata, IReadOnlyList<GgufTensorPlan> tensors, bool overwrite = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(metadata);
        ArgumentNullException.ThrowIfNull(tensors);
        _path = path;
        _overwrite = overwrite;
        _plans = tensors;
        RequireDistinctNames();
        RequireFreePath();
        _header = new HeaderWriter(metadata, tensors);
        _temporaryPath = $"{path}.{Guid.NewGuid().ToString("N")[..8]}.partial";
        _stream = Create(_header.Bytes.Length + _header.DataBytes);
        bool isStarted = false;
        try
        {
            WriteBytes(_header.Bytes);
            CompleteTensors();
            isStarted = true;
        }
        finally
        {
            if (!isStarted)
            {
                Dispose();
            }
        }
    }

    /// <summary>The tensor whose bytes are expected next; null behind the last one.</summary>
    public GgufTensorPlan? Current => _tensorIndex < _plans.Count ? _plans[_tensorIndex] : null;

    /// <summary>Bytes the current tensor still lacks.</summary>
    public long CurrentBytesLeft => Current is { } plan ? plan.ByteCount - _tensorBytes : 0;

    /// <summary>Bytes the finished file will have.</summary>
    public long FileBytes => _header.Bytes.Length + _header.DataBytes;

    /// <summary>
    /// Appends bytes to the current tensor; with its last byte the next tensor becomes the current one.
    /// </summary>
    /// <exception cref="ArgumentException">More bytes than the current tensor lacks.</exception>
    /// <exception cref="ModelFileException">DiskFull or WriteFailed.</exception>
    public void Write(ReadOnlySpan<byte> chunk)
    {
        if (chunk.Length > CurrentBytesLeft)
        {
            throw new ArgumentException(
                $"{chunk.Length} bytes where the current tensor lacks {CurrentBytesLeft}.", nameof(chunk));
        }

        WriteBytes(chunk);
        _hash.Append(chunk);
        _tensorBytes += chunk.Length;
        CompleteTensors();
    }

    /// <summary>Writes the digests, flushes to the disk and gives the file its name.</summary>
    /// <exception cref="InvalidOperationException">A tensor lacks bytes.</exception>
    /// <exception cref="ModelFileException">AlreadyExists, DiskFull or WriteFailed.</exception>
    public void Finish()
    {
        ObjectDisposedException.ThrowIf(_stream is null, this);
        if (Current is { } plan)
        {
            throw new InvalidOperationException($"Tensor '{plan.Name}' lacks {CurrentBytesLeft} bytes.");
        }

        _header.SetHeaderDigest();
        try
        {
            _stream.Position = 0;
            _stream.Write(_header.Bytes);
            _stream.Flush(flushToDisk: true);
            _stream.Dispose();
            _stream = null;
            RequireFreePath();
            File.Move(_temporaryPath, _path, _overwrite);
        }
        catch (IOException failure)
        {
            throw WriteFault.From(failure, _path, FileBytes);
        }
        catch (ArgumentOutOfRangeException failure)
        {
            throw WriteFault.From(failure, _path, FileBytes);
        }
        catch (UnauthorizedAccessException failure)
        {
            throw WriteFault.From(failure, _path, FileBytes);
        }
    }

    /// <summary>Deletes the temporary file unless <see cref="Finish"/> succeeded.</summary>
    public void Dispose()
    {
        try
        {
            DisposeStream();
            File.Delete(_temporaryPath);
        }
        catch (IOException)
        {
            // A disposal in the wake of a full disk or a lost mount must not hide the exception that tells the user so.
        }
        catch (UnauthorizedAccessException)
        {
            // As above: the folder became read-only while the file was being written.
        }

        _stream = null;
    }

    private void DisposeStream()
    {
        try
        {
            _stream?.Dispose();
        }
        catch (IOException)
        {
            // The last flush fails where the write before it failed; the temporary file must still be deleted.
        }
        catch (ArgumentOutOfRangeException)
        {
            // As above, with EFBIG.
        }
    }

    private void RequireDistinctNames()
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (GgufTensorPlan plan in _plans)
        {
            if (!names.Add(plan.Name))
            {
                throw new ModelFileException(
                    ModelFileError.DuplicateTensor, $"The tensor {ModelFileException.Quote(plan.Name)} occurs twice.");
            }
        }
    }

    private void RequireFreePath()
    {
        if (Directory.Exists(_path))
        {
            throw new ModelFileException(ModelFileError.WriteFailed, $"{_path}: is a folder.");
        }

        if (!_overwrite && File.Exists(_path))
        {
            throw new ModelFileException(ModelFileError.AlreadyExists, $"{_path}: exists already.");
        }
    }

    private FileStream Create(long byteCount)
    {
        try
        {
            // Reserving the room first makes a full disk known before hours of work, not after them.
            return new FileStream(_temporaryPath, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                PreallocationSize = byteCount,
                BufferSize = 1 << 16,
            });
        }
        catch (IOException failure)
        {
            throw WriteFault.From(failure, _path, byteCount);
        }
        catch (UnauthorizedAccessException failure)
        {
            throw WriteFault.From(failure, _path, byteCount);
        }
    }

    private void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        ObjectDisposedException.ThrowIf(_stream is null, this);
        try
        {
            _stream.Write(bytes);
        }
        catch (IOException failure)
        {
            throw WriteFault.From(failure, _path, FileBytes);
        }
        catch (ArgumentOutOfRangeException failure)
        {
            throw WriteFault.From(failure, _path, FileBytes);
        }
    }

    private void CompleteTensors()
    {
        if (Current is { } plan && _tensorBytes == plan.ByteCount)
        {
            _header.SetTensorDigest(_tensorIndex, Digest.Text(_hash));
            long padding = GgufFormat.AlignUp(_tensorBytes, _header.Alignment) - _tensorBytes;
            WriteBytes(Padding.AsSpan(0, (int)padding));
            _tensorIndex++;
            _tensorBytes = 0;
        }
    }
}
