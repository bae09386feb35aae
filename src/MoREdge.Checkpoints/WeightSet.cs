using System.Diagnostics.CodeAnalysis;

namespace MoREdge.Checkpoints;

/// <summary>All tensors of a source by name, from one file or several; owns the open files.</summary>
internal sealed class WeightSet : IDisposable
{
    private readonly List<WeightFile> _files = [];
    private readonly Dictionary<string, StoredTensor> _tensors = new(StringComparer.Ordinal);

    /// <summary>The names, in no order.</summary>
    public IReadOnlyCollection<string> Names => _tensors.Keys;

    /// <summary>Opens a file that this set closes.</summary>
    public WeightFile OpenFile(string path)
    {
        WeightFile file = WeightFile.Open(path);
        _files.Add(file);
        return file;
    }

    /// <summary>Adds a tensor.</summary>
    /// <exception cref="CheckpointException">The name is taken.</exception>
    public void Add(StoredTensor tensor)
    {
        if (!_tensors.TryAdd(tensor.Name, tensor))
        {
            throw new CheckpointException(
                CheckpointError.DuplicateTensor, $"Tensor {CheckpointException.Quote(tensor.Name)} is in two files.");
        }
    }

    /// <summary>Gives every tensor another name; messages go on to speak of the stored one.</summary>
    /// <exception cref="CheckpointException">Two tensors get the same name.</exception>
    public void Rename(Func<string, string> newName)
    {
        List<KeyValuePair<string, StoredTensor>> tensors = [.. _tensors];
        _tensors.Clear();
        foreach ((string name, StoredTensor tensor) in tensors)
        {
            if (!_tensors.TryAdd(newName(name), tensor))
            {
                throw new CheckpointException(
                    CheckpointError.DuplicateTensor,
                    $"Tensor {CheckpointException.Quote(name)} is another name of one that the source has already.");
            }
        }
    }

    /// <summary>The tensor of a name, if there is one.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out StoredTensor? tensor) =>
        _tensors.TryGetValue(name, out tensor);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (WeightFile file in _files)
        {
            file.Dispose();
        }
    }
}
