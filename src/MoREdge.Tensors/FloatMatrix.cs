using System.Diagnostics;

namespace MoREdge.Tensors;

/// <summary>A view of float32 rows in native memory: activations, logits, attention scores.</summary>
// SAFETY: the view neither owns nor checks its memory; whoever makes one keeps the buffer alive and large enough.
public readonly unsafe struct FloatMatrix
{
    /// <summary>Views (rows, cols) floats at <paramref name="data"/>, rows that many floats apart.</summary>
    public FloatMatrix(float* data, int rows, int cols, int stride)
    {
        Debug.Assert(stride >= cols, "Rows must not overlap.");
        Data = data;
        Rows = rows;
        Cols = cols;
        Stride = stride;
    }

    /// <summary>The first element.</summary>
    public float* Data { get; }

    /// <summary>Rows of the view.</summary>
    public int Rows { get; }

    /// <summary>Columns of the view.</summary>
    public int Cols { get; }

    /// <summary>Floats between the starts of neighbouring rows.</summary>
    public int Stride { get; }

    /// <summary>Views <paramref name="rows"/> × <paramref name="cols"/> floats of <paramref name="buffer"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The buffer is too small.</exception>
    public static FloatMatrix Over(AlignedBuffer buffer, int rows, int cols)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        long byteCount = (long)rows * cols * sizeof(float);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(byteCount, buffer.ByteCount, nameof(rows));
        return new FloatMatrix((float*)buffer.Data, rows, cols, cols);
    }

    /// <summary>Row <paramref name="index"/> as a span.</summary>
    public Span<float> Row(int index)
    {
        Debug.Assert((uint)index < (uint)Rows, "Row outside the matrix.");
        return new Span<float>(Data + ((long)index * Stride), Cols);
    }

    /// <summary>Copies every row to that of a view of the same shape.</summary>
    public void CopyTo(in FloatMatrix destination)
    {
        Debug.Assert(destination.Rows == Rows && destination.Cols == Cols, "Two matrices of one shape.");
        for (int row = 0; row < Rows; row++)
        {
            Row(row).CopyTo(destination.Row(row));
        }
    }

    /// <summary>Rows [start, start + count).</summary>
    public FloatMatrix Slice(int start, int count)
    {
        Debug.Assert(start >= 0 && count >= 0 && start + count <= Rows, "Slice outside the matrix.");
        return new FloatMatrix(Data + ((long)start * Stride), count, Cols, Stride);
    }

    /// <summary>The one row of this view as a matrix.</summary>
    public FloatMatrix Reshaped(int rows, int cols, int stride)
    {
        Debug.Assert(Rows == 1 && ((long)(rows - 1) * stride) + cols <= Cols, "The matrix leaves the row.");
        return new FloatMatrix(Data, rows, cols, stride);
    }

    /// <summary>Columns [start, start + count) of every row.</summary>
    public FloatMatrix Columns(int start, int count)
    {
        Debug.Assert(start >= 0 && count >= 0 && start + count <= Cols, "Columns outside the matrix.");
        return new FloatMatrix(Data + start, Rows, count, Stride);
    }
}
