using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.Gguf;

/// <summary>
/// Takes apart what other people's files store together, because a packed matrix is one matrix: queries, keys and
/// values of one projection, gate and up projection, and the experts of a stack.
/// </summary>
internal sealed class StackSplitter
{
    /// <summary>A stack, the matrix of each expert in it, which of several that is, and of how many.</summary>
    private static readonly (string Stack, string Part, int Index, int PartCount)[] Stacks =
    [
        (TensorNames.ExpertsGateUp, TensorNames.FfnGate, 0, 2), (TensorNames.ExpertsGateUp, TensorNames.FfnUp, 1, 2),
        (TensorNames.ExpertsGate, TensorNames.FfnGate, 0, 1), (TensorNames.ExpertsUp, TensorNames.FfnUp, 0, 1),
        (TensorNames.ExpertsDown, TensorNames.FfnDown, 0, 1),
    ];

    private readonly GgufFile _file;
    private readonly long _queryRows;
    private readonly long _keyRows;
    private readonly long _expertCount;
    private readonly bool _isGated;

    /// <summary>Reads from the metadata how a fused projection is divided.</summary>
    public StackSplitter(GgufFile file)
    {
        _file = file;
        GgufMetadata metadata = file.Metadata;
        long heads = metadata.GetInt32(metadata.ArchitectureKey(MetadataKeys.HeadCount), 1);
        long width = metadata.GetInt32(metadata.ArchitectureKey(MetadataKeys.EmbeddingLength), 1);
        long headDim = metadata.GetInt32(
            metadata.ArchitectureKey(MetadataKeys.KeyLength), (int)(width / Math.Max(heads, 1)));
        _queryRows = heads * headDim;
        _isGated = metadata.GetBoolean(metadata.ArchitectureKey(RetentionKeys.FeedForwardGated), fallback: true);
        _expertCount = metadata.GetInt32(metadata.ArchitectureKey(ExpertKeys.Count), 0);
        _keyRows = metadata.GetInt32(metadata.ArchitectureKey(MetadataKeys.HeadCountKv), (int)heads) * headDim;
    }

    /// <summary>Adds the parts of a tensor to <paramref name="parts"/>, or the tensor itself if it has none.</summary>
    /// <exception cref="CheckpointException">
    /// ShapeMismatch: the parts do not make up the tensor. InvalidShape: they are too many.
    /// </exception>
    public void Split(string name, TensorData data, List<CheckpointTensor> parts)
    {
        if (EndsWith(TensorNames.AttentionFused, out string block))
        {
            RequireRows(data, _queryRows + (2 * _keyRows));
            Add(TensorNames.AttentionQuery, 0, _queryRows);
            Add(TensorNames.AttentionKey, _queryRows, _keyRows);
            Add(TensorNames.AttentionValue, _queryRows + _keyRows, _keyRows);
        }
        else if (EndsWith(TensorNames.FfnUp, out block) && data.Shape.Rank == 2 && IsFused(block))
        {
            RequireRows(data, data.Shape.Rows / 2 * 2);
            Add(TensorNames.FfnGate, 0, data.Shape.Rows / 2);
            Add(TensorNames.FfnUp, data.Shape.Rows / 2, data.Shape.Rows / 2);
        }
        else if (!SplitExperts(name, data, parts))
        {
            parts.Add(new CheckpointTensor(name, data));
        }

        bool EndsWith(string suffix, out string prefix)
        {
            bool isOne = name.EndsWith($".{suffix}", StringComparison.Ordinal);
            prefix = isOne ? name[..^suffix.Length] : "";
            return isOne;
        }

        void Add(string part, long start, long count) =>
            parts.Add(new CheckpointTensor(block + part, new RowsTensor(data, start, count)));
    }

    private bool SplitExperts(string name, TensorData data, List<CheckpointTensor> parts)
    {
        foreach ((string stack, string part, int index, int partCount) in Stacks)
        {
            if (name.EndsWith($".{stack}", StringComparison.Ordinal))
            {
                AddExperts(name[..^stack.Length] + part, data, index, partCount, parts);
            }
        }

        return TensorNames.IsStackOfExperts(name);
    }

    private void AddExperts(
        string name, TensorData data, int index, int partCount, List<CheckpointTensor> parts)
    {
        if (data.Shape.Rank != 3 || data.Shape[1] % partCount != 0 || data.Shape[0] != _expertCount)
        {
            throw Wrong(data, $"a stack of {partCount} matrices for each of {_expertCount} experts");
        }

        // Beyond it no model file holds them, and a few bytes per expert would make objects without end.
        if (data.Shape[0] > ModelFileLimits.TensorCountMax - parts.Count)
        {
            throw new CheckpointException(
                CheckpointError.InvalidShape,
                $"The experts of {CheckpointException.Quote(data.Name)} make more than "
                + $"{ModelFileLimits.TensorCountMax} tensors.");
        }

        long rows = data.Shape[1] / partCount;
        for (int expert = 0; expert < data.Shape[0]; expert++)
        {
            RowsTensor own = new(data, (expert * data.Shape[1]) + (index * rows), rows);
            parts.Add(new CheckpointTensor(TensorNames.Expert(name, expert), own));
        }
    }

    /// <summary>A network without a gate has one projection, which is no two.</summary>
    private bool IsFused(string block) => _isGated && !_file.TryGetTensor(block + TensorNames.FfnGate, out _);

    private static void RequireRows(TensorData data, long rows)
    {
        if (data.Shape.Rows != rows)
        {
            throw Wrong(data, $"{rows} rows");
        }
    }

    private static CheckpointException Wrong(TensorData data, string wanted) => new(
        CheckpointError.ShapeMismatch,
        $"Tensor {CheckpointException.Quote(data.Name)} is {data.Shape}, where {wanted} are needed.");
}
