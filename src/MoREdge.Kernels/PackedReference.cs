using System.Diagnostics;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>The scalar reference of products with packed int8 and int4 weights.</summary>
internal static unsafe class PackedReference
{
    /// <summary>y = x·wᵀ for Q8G32 weights, tiles [tileStart, tileEnd).</summary>
    internal static void MatMulQ8(in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd)
    {
        Debug.Assert(w.Layout.Format == QuantFormat.Q8G32, "The method names the format.");
        MatMul(w, x, y, tileStart, tileEnd);
    }

    /// <summary>y = x·wᵀ for Q4G32 weights, tiles [tileStart, tileEnd).</summary>
    internal static void MatMulQ4(in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd)
    {
        Debug.Assert(w.Layout.Format == QuantFormat.Q4G32, "The method names the format.");
        MatMul(w, x, y, tileStart, tileEnd);
    }

    /// <summary>Row <paramref name="row"/> as float32: scale × quant is exact (11 + 8 bits).</summary>
    internal static void Dequantize(in PackedMatrix w, int row, Span<float> y)
    {
        Debug.Assert((uint)row < (uint)w.Layout.Rows && y.Length >= w.Layout.Cols, "Row outside the matrix.");
        for (int col = 0; col < w.Layout.Cols; col++)
        {
            y[col] = Scale(w, row, col / PackedLayout.GroupSize) * Quant(w, row, col);
        }
    }

    /// <summary>The signed integer weight at (row, col); col may lie in the padding.</summary>
    internal static int Quant(in PackedMatrix w, int row, int col)
    {
        int tile = row / PackedLayout.TileRows;
        int group = col / PackedLayout.GroupSize;
        int quad = col % PackedLayout.GroupSize / PackedLayout.QuadSize;
        int lane = (row % PackedLayout.TileRows * PackedLayout.QuadSize) + (col % PackedLayout.QuadSize);
        // SAFETY: row and col are inside the padded layout, whose tile and group strides these are.
        byte* data = w.TileQuants(tile) + ((long)group * PackedLayout.TileGroupBytes(w.Layout.Format));
        if (w.Layout.Format == QuantFormat.Q8G32)
        {
            return (sbyte)data[(quad * PackedLayout.QuadBytes) + lane];
        }

        byte pair = data[(quad % PackedLayout.QuadPairs * PackedLayout.QuadBytes) + lane];
        return (quad < PackedLayout.QuadPairs ? pair & PackedLayout.NibbleMask : pair >> PackedLayout.NibbleBits) - PackedLayout.Q4ZeroPoint;
    }

    /// <summary>The scale of (row, group).</summary>
    internal static float Scale(in PackedMatrix w, int row, int group)
    {
        // SAFETY: row and group are inside the padded layout.
        ushort* scales = w.TileScales(row / PackedLayout.TileRows) + ((long)group * PackedLayout.TileRows);
        return (float)BitConverter.UInt16BitsToHalf(scales[row % PackedLayout.TileRows]);
    }

    private static void MatMul(in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd)
    {
        Debug.Assert(x.GroupCount == w.Layout.GroupCount && y.Rows >= x.Rows, "x (tokens, cols), y (tokens, rows).");
        int rowEnd = Math.Min(tileEnd * PackedLayout.TileRows, w.Layout.Rows);
        for (int token = 0; token < x.Rows; token++)
        {
            Span<float> output = y.Row(token);
            for (int row = tileStart * PackedLayout.TileRows; row < rowEnd; row++)
            {
                output[row] = Dot(w, row, x, token);
            }
        }
    }

    private static float Dot(in PackedMatrix w, int row, in QuantizedRows x, int token)
    {
        float sum = 0f;
        for (int group = 0; group < x.GroupCount; group++)
        {
            // SAFETY: x has Rows × GroupCount groups of 32 values.
            long index = ((long)token * x.GroupCount) + group;
            sbyte* values = x.Values + (index * PackedLayout.GroupSize);
            int integer = 0;
            for (int k = 0; k < PackedLayout.GroupSize; k++)
            {
                integer += Quant(w, row, (group * PackedLayout.GroupSize) + k) * values[k];
            }

            sum = MathF.FusedMultiplyAdd(integer, Scale(w, row, group) * x.Scales[index], sum);
        }

        return sum;
    }
}
