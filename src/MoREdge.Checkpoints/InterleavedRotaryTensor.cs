using System.Diagnostics;

namespace MoREdge.Checkpoints;

/// <summary>
/// A query or key projection (heads·head, model), or its bias (heads·head), whose rows are reordered per head from
/// half-split RoPE pairs (j, j + head/2) to the neighbouring pairs (2j, 2j + 1) that GGUF files of architecture "llama"
/// have.
/// </summary>
internal sealed class InterleavedRotaryTensor : TensorData
{
    private readonly TensorData _source;
    private readonly int _headDim;

    /// <summary>Reorders <paramref name="source"/>, whose heads are <paramref name="headDim"/> rows each.</summary>
    public InterleavedRotaryTensor(TensorData source, int headDim)
        : base(source.Name, source.Shape, source.Type)
    {
        Debug.Assert(headDim % 2 == 0 && source.Shape[0] % headDim == 0, "Whole heads of an even width.");
        _source = source;
        _headDim = headDim;
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
        long head = index / _headDim;
        long inHead = index % _headDim;
        return (head * _headDim) + (inHead / 2) + (inHead % 2 * (_headDim / 2));
    }
}
