using System.Buffers.Binary;
using System.Diagnostics;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>The scalar reference of row-major weights: exact dequantization and float products.</summary>
internal static unsafe class DenseReference
{
    /// <summary>y[t,r] = Σ_k w[r,k]·x[t,k], summed in float64 and rounded once.</summary>
    internal static void MatMul(in DenseMatrix w, in FloatMatrix x, in FloatMatrix y, int rowStart, int rowEnd)
    {
        Debug.Assert(x.Cols == w.Cols && y.Rows >= x.Rows && rowEnd <= w.Rows, "x (tokens, cols), y (tokens, rows).");
        for (int token = 0; token < x.Rows; token++)
        {
            ReadOnlySpan<float> input = x.Row(token);
            Span<float> output = y.Row(token);
            for (int row = rowStart; row < rowEnd; row++)
            {
                double sum = 0;
                for (int col = 0; col < w.Cols; col++)
                {
                    sum += (double)Element(w, row, col) * input[col];
                }

                output[row] = (float)sum;
            }
        }
    }

    /// <summary>Row <paramref name="row"/> as float32, exactly.</summary>
    internal static void Dequantize(in DenseMatrix w, int row, Span<float> y)
    {
        Debug.Assert((uint)row < (uint)w.Rows && y.Length >= w.Cols, "Row outside the matrix.");
        for (int col = 0; col < w.Cols; col++)
        {
            y[col] = Element(w, row, col);
        }
    }

    /// <summary>The weight at (row, col).</summary>
    /// <exception cref="ArgumentException">A type of no weights.</exception>
    internal static float Element(in DenseMatrix w, int row, int col)
    {
        // SAFETY: row and col are inside the matrix, and RowBytes covers all of its columns.
        ReadOnlySpan<byte> data = new(w.Row(row), checked((int)w.RowBytes));
        return w.Type switch
        {
            ElementType.F32 => BinaryPrimitives.ReadSingleLittleEndian(data[(col * sizeof(float))..]),
            ElementType.F16 => (float)BinaryPrimitives.ReadHalfLittleEndian(data[(col * sizeof(ushort))..]),
            ElementType.BF16 => BitConverter.UInt32BitsToSingle(
                (uint)BinaryPrimitives.ReadUInt16LittleEndian(data[(col * sizeof(ushort))..]) << 16),
            _ => FromBlock(BlockReference.Weight(w, row, col), BlockReference.HasMinimum(w.Type)),
        };
    }

    // Scale times quant is exact. Nothing is added where there is no minimum: −0 stays −0.
    private static float FromBlock(BlockWeight weight, bool hasMinimum) =>
        hasMinimum ? (weight.Scale * weight.Quant) + weight.Minimum : weight.Scale * weight.Quant;
}
