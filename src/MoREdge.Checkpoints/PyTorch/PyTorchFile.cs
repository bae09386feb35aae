using MoREdge.Tensors;

namespace MoREdge.Checkpoints.PyTorch;

/// <summary>
/// A PyTorch state dictionary: a zip with ROOT/data.pkl, which names tensors, and ROOT/data/KEY, their storages. Tied
/// tensors share a storage, so they end up at the same offset of the same file.
/// </summary>
internal static class PyTorchFile
{
    /// <summary>The largest data.pkl read, in bytes; it holds names and shapes only.</summary>
    public const int PickleBytesMax = 64 << 20;

    private const string PickleSuffix = "/data.pkl";

    /// <summary>True when the file starts like a zip.</summary>
    public static bool IsOne(ReadOnlySpan<byte> start) => start.StartsWith("PK\u0003\u0004"u8);

    /// <summary>Reads the directory and the pickle; tensors stay in the file.</summary>
    /// <exception cref="CheckpointException">
    /// See <see cref="CheckpointError"/>; each check has its own value.
    /// </exception>
    public static List<StoredTensor> Read(WeightFile file)
    {
        ZipDirectory zip = ZipDirectory.Read(file);
        string root = FindRoot(zip, file);
        CheckByteOrder(zip, file, root);
        object? value = PickleMachine.Run(ReadEntry(zip, file, root + PickleSuffix));
        if (value is not PickleDictionary dictionary)
        {
            throw new CheckpointException(
                CheckpointError.PickleMalformed, $"{file.Name} does not hold a state dictionary.");
        }

        List<StoredTensor> tensors = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (KeyValuePair<object, object?> item in dictionary.Items)
        {
            if (item.Key is not string name || item.Value is not PickleTensor tensor)
            {
                throw new CheckpointException(
                    CheckpointError.PickleMalformed,
                    $"{file.Name} holds something beside named tensors; save the state_dict alone.");
            }

            if (!names.Add(name))
            {
                throw Fault(file, CheckpointError.DuplicateTensor, name, "is listed twice");
            }

            tensors.Add(Locate(zip, file, root, name, tensor));
        }

        return tensors;
    }

    private static string FindRoot(ZipDirectory zip, WeightFile file)
    {
        foreach (string name in zip.Entries.Keys)
        {
            bool isPickle = name.EndsWith(PickleSuffix, StringComparison.Ordinal)
                && name.IndexOf('/') == name.Length - PickleSuffix.Length;
            if (isPickle)
            {
                return name[..^PickleSuffix.Length];
            }
        }

        throw new CheckpointException(
            CheckpointError.ZipMalformed, $"{file.Name} is a zip file without a data.pkl of PyTorch.");
    }

    private static void CheckByteOrder(ZipDirectory zip, WeightFile file, string root)
    {
        string name = root + "/byteorder";
        if (zip.Entries.ContainsKey(name) && !ReadEntry(zip, file, name).AsSpan().SequenceEqual("little"u8))
        {
            throw new CheckpointException(
                CheckpointError.UnsupportedOption, $"{file.Name} was saved on a big-endian machine.");
        }
    }

    private static byte[] ReadEntry(ZipDirectory zip, WeightFile file, string name)
    {
        ZipEntry entry = zip.Entries[name];
        if (entry.Length > PickleBytesMax)
        {
            throw new CheckpointException(
                CheckpointError.HeaderTooLarge,
                $"{name} in {file.Name} has {entry.Length} bytes; {PickleBytesMax} is the limit.");
        }

        byte[] bytes = new byte[entry.Length];
        file.Read(zip.DataOffset(entry), bytes);
        return bytes;
    }

    private static StoredTensor Locate(ZipDirectory zip, WeightFile file, string root, string name, PickleTensor tensor)
    {
        ElementType type = tensor.Storage.Class.Type ?? throw Fault(
            file,
            CheckpointError.UnsupportedElementType,
            name,
            $"is a {tensor.Storage.Class.Name}; only double, float, half and bfloat16 weights are read");
        TensorShape shape = Shape(file, name, tensor);
        string entryName = $"{root}/data/{tensor.Storage.Key}";
        if (!zip.Entries.TryGetValue(entryName, out ZipEntry entry))
        {
            throw Fault(
                file,
                CheckpointError.StorageOutOfBounds,
                name,
                $"needs the storage {CheckpointException.Quote(entryName)}");
        }

        long elementBytes = ElementTypes.BlockBytes(type);
        long elements = Math.Min(entry.Length / elementBytes, tensor.Storage.ElementCount);
        if (tensor.Offset > elements || shape.ElementCount > elements - tensor.Offset)
        {
            throw Fault(
                file,
                CheckpointError.StorageOutOfBounds,
                name,
                $"reaches beyond the {elements} elements of its storage");
        }

        return new StoredTensor(file, zip.DataOffset(entry) + (tensor.Offset * elementBytes), name, shape, type);
    }

    private static TensorShape Shape(WeightFile file, string name, PickleTensor tensor)
    {
        long contiguous = 1;
        for (int i = tensor.Size.Length - 1; i >= 0; i--)
        {
            bool isOutside = tensor.Size[i] < 1 || tensor.Size.Length > TensorShape.RankMax;
            if (isOutside || contiguous > long.MaxValue / tensor.Size[i])
            {
                throw Fault(file, CheckpointError.InvalidShape, name, "has a rank or dimension outside the limits");
            }

            // The stride of a dimension of length 1 is never used, and PyTorch writes anything there.
            if (tensor.Size[i] > 1 && tensor.Stride[i] != contiguous)
            {
                throw Fault(file, CheckpointError.StrideNotContiguous, name, "is a transposed or strided view");
            }

            contiguous *= tensor.Size[i];
        }

        return tensor.Size.Length == 0 ? new TensorShape(1) : new TensorShape(tensor.Size);
    }

    private static CheckpointException Fault(WeightFile file, CheckpointError error, string tensor, string what) =>
        new(error, $"Tensor {CheckpointException.Quote(tensor)} in {file.Name} {what}.");
}
