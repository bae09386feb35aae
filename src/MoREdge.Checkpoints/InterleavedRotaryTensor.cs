using System.Diagnostics;

namespace MoREdge.Checkpoints;

/// <summary>
/// A query or key projection (heads·head, model), or its bias (heads·head), whose rotated rows, the first of each head,
/// are reordered from half-split RoPE pairs (j, j + rotated/2) to the neighbouring pairs (2j, 2j + 1) that files of
/// some architectures have (Architectures.PairsNeighbours); or the weights of a norm of queries or keys.
/// </summary>
internal sealed class InterleavedRotaryTensor : TensorData
{
    private readonly TensorData _source;
    private readonly int _headDim;
    private readonly int _rotaryDim;

    /// <summary>
    /// Reorders <paramref name="source"/>, whose heads are <paramref name="headDim"/> rows each, of which the first
    /// <paramref name="rotaryDim"/> are rotated.
    /// </summary>
    public InterleavedRotaryTensor(TensorData source, int headDim, int rotaryDim)
        : base(source.Name, source.Shape, source.Type)
    {
        Debug.Assert(source.Shape[0] % headDim == 0, "Whole heads.");
        Debug.Assert(rotaryDim % 2 == 0 && rotaryDim <= headDim, "Pairs within a head.");
        _source = source;
        _headDim = headDim;
        _rotaryDim = rotaryDim;
    }

    /// <inheritdoc/>
    public override void ReadRows(long rowStart, int rowCount, Span<float> destination)
    {
        AssertRange(rowStart, rowCount, destination);
        if (Shape.Rank == 1)
        {
            ReadBias(rowCount, destination);
            return;
        }

        int cols = (int)Shape.Cols;
        for (int row = 0; row < rowCount; row++)
        {
            _source.ReadRows(SourceIndex(rowStart + row), 1, destination.Slice(row * cols, cols));
        }
    }

    private void ReadBias(int rowCount, Span<float> destination)
    {
        float[] bias = new float[destination.Length];
        _source.ReadRows(0, rowCount, bias);
        for (int i = 0; i < bias.Length; i++)
        {
            destination[i] = bias[SourceIndex(i)];
        }
    }

    private long SourceIndex(long index)
    {
        long inHead = index % _headDim;
        return inHead >= _rotaryDim
            ? index
            : index - inHead + (inHead / 2) + (inHead % 2 * (_rotaryDim / 2));
    }
}
