using MoREdge.Tensors;

namespace MoREdge.Model.Recursion;

/// <summary>Copies the chosen rows of a matrix together, in order, so that a block runs over them alone.</summary>
internal sealed class RowGather(FloatMatrix destination, int rowsMax)
{
    /// <summary>Positions in the text of the gathered rows.</summary>
    public int[] Positions { get; } = new int[rowsMax];

    /// <summary>Row i of the result is row rows[i] of <paramref name="source"/>, at its true position.</summary>
    public FloatMatrix Gather(in FloatMatrix source, ReadOnlySpan<int> rows, int[] positions)
    {
        for (int i = 0; i < rows.Length; i++)
        {
            source.Row(rows[i]).CopyTo(destination.Row(i));
            Positions[i] = positions[rows[i]];
        }

        return destination.Slice(0, rows.Length);
    }
}
