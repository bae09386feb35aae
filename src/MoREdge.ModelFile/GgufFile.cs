using System.Diagnostics.CodeAnalysis;
using MoREdge.Tensors;

namespace MoREdge.ModelFile;

/// <summary>A GGUF v3 model file mapped into memory, checked when it is opened (FORMAT.md).</summary>
/// <remarks>
/// Every matrix and span points into the map and dies with it: with <see cref="Dispose"/>, or when whoever has it from
/// <see cref="HoldMap"/> lets go. The map survives renaming and deleting the file, and shows what another program
/// writes to it. If one cuts the file short while it is open, touching a lost page raises SIGBUS (an in-page error on
/// Windows), which no managed program can catch. So each call here looks at the file's length and time of writing
/// first, which leaves only the time after it, and <see cref="RequireUnchanged"/> is for whoever is about to read.
/// <see cref="VerifyTensor"/> uses read calls and reports such a file as an exception at all times.
/// </remarks>
public sealed unsafe class GgufFile : IDisposable
{
    private readonly MappedFile _file;
    private readonly GgufTensor[] _tensors;
    private readonly Dictionary<string, GgufTensor> _byName;
    private readonly long _headerBytes;
    private readonly long _headerDigestOffset;

    private GgufFile(MappedFile file)
    {
        _file = file;
        HeaderReader header = HeaderReader.Read(file);
        Metadata = header.Metadata;
        _tensors = header.Tensors;
        _headerBytes = header.HeaderBytes;
        _headerDigestOffset = header.HeaderDigestOffset;
        VerifyHeader();
        ReadTensorDigests();
        _byName = new Dictionary<string, GgufTensor>(_tensors.Length, StringComparer.Ordinal);
        foreach (GgufTensor tensor in _tensors)
        {
            _byName.Add(tensor.Name, tensor);
        }

        PackedTable.Apply(file, Metadata, _byName);
    }

    /// <summary>The path as it was given to <see cref="Open"/>.</summary>
    public string Path => _file.Path;

    /// <summary>Bytes of the file.</summary>
    public long FileBytes => _file.Length;

    /// <summary>The metadata in file order; changing it does not change the file.</summary>
    public GgufMetadata Metadata { get; }

    /// <summary>The tensors in file order.</summary>
    public IReadOnlyList<GgufTensor> Tensors => _tensors;

    /// <summary>True when the file has a digest for every tensor.</summary>
    public bool HasDigests => Metadata.Contains(MetadataKeys.TensorDigests) && !IsQuantizedAfterwards;

    /// <summary>True when the file has a digest of its header.</summary>
    public bool HasHeaderDigest => _headerDigestOffset >= 0 && !IsQuantizedAfterwards;

    /// <summary>
    /// True for a file that llama.cpp's quantizer made of one with digests, which it copies: it leaves a key that files
    /// with digests of their own never have.
    /// </summary>
    private bool IsQuantizedAfterwards => Metadata.Contains(MetadataKeys.QuantizationVersion);

    /// <summary>Maps a file and checks its header, its tensor table and, where it has one, its header digest.</summary>
    /// <exception cref="ModelFileException">The file is absent or wrong; the message says how.</exception>
    public static GgufFile Open(string path)
    {
        MappedFile? file = MappedFile.Open(path, GgufFormat.FixedHeaderBytes);
        try
        {
            GgufFile opened = new(file);
            file = null;
            return opened;
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <summary>Finds a tensor by name.</summary>
    public bool TryGetTensor(string name, [NotNullWhen(true)] out GgufTensor? tensor) =>
        _byName.TryGetValue(name, out tensor);

    /// <summary>Finds a tensor that the model needs.</summary>
    /// <exception cref="ModelFileException">MissingTensor.</exception>
    public GgufTensor RequireTensor(string name) => TryGetTensor(name, out GgufTensor? tensor)
        ? tensor
        : throw _file.Fault(ModelFileError.MissingTensor, $"the tensor {ModelFileException.Quote(name)} is missing.");

    /// <summary>Views a dense tensor as (rows, cols): all outer dimensions multiplied, and the innermost one.</summary>
    /// <exception cref="ModelFileException">
    /// WrongTensorForm, DimensionOverflow, or as for <see cref="RequireUnchanged"/>.
    /// </exception>
    public DenseMatrix Dense(GgufTensor tensor)
    {
        byte* data = DataOf(tensor);
        if (tensor.Packed is not null)
        {
            throw _file.Fault(
                ModelFileError.WrongTensorForm,
                $"the tensor {ModelFileException.Quote(tensor.Name)} is packed where a dense one is needed.");
        }

        if (tensor.Shape.Rows > int.MaxValue || tensor.Shape.Cols > int.MaxValue)
        {
            throw _file.Fault(
                ModelFileError.DimensionOverflow,
                $"the tensor {ModelFileException.Quote(tensor.Name)} {tensor.Shape} is too large for a matrix.");
        }

        return new DenseMatrix(data, tensor.Type, (int)tensor.Shape.Rows, (int)tensor.Shape.Cols);
    }

    /// <summary>Refuses a file that another program has cut short or written to since it was opened.</summary>
    /// <exception cref="ModelFileException">TruncatedData or ChangedWhileOpen.</exception>
    public void RequireUnchanged() => _file.RequireUnchanged();

    /// <summary>Refuses a part of a model that was split into several files: others hold what it lacks.</summary>
    /// <exception cref="ModelFileException">SplitFile.</exception>
    public void RequireUnsplit()
    {
        int count = Metadata.GetInt32(MetadataKeys.SplitCount, 1);
        if (count > 1)
        {
            throw _file.Fault(
                ModelFileError.SplitFile,
                $"part {Metadata.GetInt32(MetadataKeys.SplitIndex, 0) + 1L} of {count} of a model; join the parts "
                + "first (llama-gguf-split --merge).");
        }
    }

    /// <summary>Refuses tensors whose names are not in a list.</summary>
    /// <exception cref="ModelFileException">UnexpectedTensor, naming the first.</exception>
    public void RequireOnly(IReadOnlySet<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        foreach (GgufTensor tensor in _tensors)
        {
            bool isKnown = names.Contains(tensor.Name)
                || tensor.Name.EndsWith(TensorNames.StoredAngles, StringComparison.Ordinal);
            if (!isKnown)
            {
                throw _file.Fault(
                    ModelFileError.UnexpectedTensor,
                    $"the network has no place for the tensor {ModelFileException.Quote(tensor.Name)}.");
            }
        }
    }

    /// <summary>Views a packed tensor; its data is 64-byte aligned.</summary>
    /// <exception cref="ModelFileException">WrongTensorForm, or as for <see cref="RequireUnchanged"/>.</exception>
    public PackedMatrix Packed(GgufTensor tensor)
    {
        byte* data = DataOf(tensor);
        return tensor.Packed is { } layout
            ? new PackedMatrix(data, layout)
            : throw _file.Fault(
                ModelFileError.WrongTensorForm,
                $"the tensor {ModelFileException.Quote(tensor.Name)} is dense where a packed one is needed.");
    }

    /// <summary>The bytes of a tensor of at most 2 GiB; larger ones are read in parts.</summary>
    /// <exception cref="ArgumentException">The tensor is larger.</exception>
    /// <exception cref="ModelFileException">As for <see cref="RequireUnchanged"/>.</exception>
    public ReadOnlySpan<byte> Bytes(GgufTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return tensor.ByteCount <= int.MaxValue
            ? Bytes(tensor, 0, (int)tensor.ByteCount)
            : throw new ArgumentException("A tensor above 2 GiB must be read in parts.", nameof(tensor));
    }

    /// <summary>Bytes [offset, offset + count) of a tensor.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the tensor.</exception>
    /// <exception cref="ModelFileException">As for <see cref="RequireUnchanged"/>.</exception>
    public ReadOnlySpan<byte> Bytes(GgufTensor tensor, long offset, int count)
    {
        byte* data = DataOf(tensor);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, tensor.ByteCount - count);
        // SAFETY: DataOf checked the whole tensor against the map, the lines above the range against the tensor.
        return new ReadOnlySpan<byte>(data + offset, count);
    }

    /// <summary>Compares a tensor's bytes with its digest; does nothing when the file has no digests.</summary>
    /// <param name="tensor">A tensor of this file.</param>
    /// <param name="cancellation">Stops between two reads: a tensor may be large, and its disk slow.</param>
    /// <exception cref="ModelFileException">TensorDigestMismatch, TruncatedData or Unreadable.</exception>
    /// <exception cref="OperationCanceledException">Stopped by <paramref name="cancellation"/>.</exception>
    public void VerifyTensor(GgufTensor tensor, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (tensor.Digest is not null
            && Digest.OfRange(_file, tensor.Offset, tensor.ByteCount, cancellation) != tensor.Digest)
        {
            throw _file.Fault(
                ModelFileError.TensorDigestMismatch,
                $"the bytes of tensor {ModelFileException.Quote(tensor.Name)} do not match their digest.");
        }
    }

    /// <summary>
    /// Compares the header with its digest, as <see cref="Open"/> does; does nothing when the file has none.
    /// </summary>
    /// <exception cref="ModelFileException">
    /// DigestMalformed, HeaderDigestMismatch, WrongValueType, or as for <see cref="RequireUnchanged"/>.
    /// </exception>
    public void VerifyHeader()
    {
        string? expected = Metadata.GetString(MetadataKeys.HeaderDigest);
        if (expected is null || IsQuantizedAfterwards)
        {
            return;
        }

        if (!Digest.IsWellFormed(expected))
        {
            throw _file.Fault(
                ModelFileError.DigestMalformed, "the header digest is not 32 lower-case hexadecimal digits.");
        }

        _file.RequireUnchanged();
        if (Digest.OfHeader(_file.Span(0, (int)_headerBytes), (int)_headerDigestOffset) != expected)
        {
            throw _file.Fault(
                ModelFileError.HeaderDigestMismatch,
                "the header does not match its digest; the file is damaged, or another program has changed it.");
        }
    }

    /// <summary>
    /// Keeps the map, and so every matrix and span, until what it returns is disposed of, whoever disposes of the file
    /// meanwhile.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The file has been disposed.</exception>
    public IDisposable HoldMap() => _file.HoldMap();

    /// <summary>Unmaps the file, unless its map is held; every view of it is invalid afterwards.</summary>
    public void Dispose() => _file.Dispose();

    private void ReadTensorDigests()
    {
        string[] digests = HasDigests ? Metadata.GetStringArray(MetadataKeys.TensorDigests) : [];
        if (HasDigests && digests.Length != _tensors.Length)
        {
            throw _file.Fault(
                ModelFileError.DigestMalformed,
                $"the file has {digests.Length} digests for {_tensors.Length} tensors.");
        }

        for (int i = 0; i < digests.Length; i++)
        {
            _tensors[i].Digest = Digest.IsWellFormed(digests[i])
                ? digests[i]
                : throw _file.Fault(
                    ModelFileError.DigestMalformed,
                    $"the digest of tensor {ModelFileException.Quote(_tensors[i].Name)} is not 32 hexadecimal digits.");
        }
    }

    private byte* DataOf(GgufTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        _file.RequireUnchanged();
        // SAFETY: At checks the tensor's range against the map, also for a tensor of another file.
        return _file.At(tensor.Offset, tensor.ByteCount);
    }
}
