using System.Diagnostics;
using System.Runtime.CompilerServices;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>
/// The loops around a float32 dot body: 4 rows × 2 tokens at a time, other types dequantized piecewise before.
/// </summary>
/// <remarks>
/// A dot body: (w, wStride, x, xStride, count, sums) writes sums[t·4 + r] = Σ w[r·wStride + k]·x[t·xStride + k] for 4
/// rows and 2 tokens. Fewer rows or tokens repeat one with stride 0, so an element never depends on its neighbours, bit
/// for bit.
/// </remarks>
internal static unsafe class DenseDriver
{
    private const int RowBlock = 4;
    private const int TokenPair = 2;

    // 32 tokens of a 2560-wide model fill half of a small second-level cache; the weights then pass it once.
    private const int TokenBatch = 32;

    // Columns dequantized at a time: 4 rows of them take 8 KiB of stack and stay in the first-level cache.
    private const int ChunkCols = 512;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void MatMul(
        in DenseMatrix w,
        in FloatMatrix x,
        in FloatMatrix y,
        int rowStart,
        int rowEnd,
        delegate*<float*, long, float*, long, int, float*, void> dotBody)
    {
        Debug.Assert(x.Cols == w.Cols && y.Rows >= x.Rows && rowEnd <= w.Rows, "x (tokens, cols), y (tokens, rows).");
        float* chunk = stackalloc float[RowBlock * ChunkCols];
        for (int tokenStart = 0; tokenStart < x.Rows; tokenStart += TokenBatch)
        {
            int tokenEnd = Math.Min(tokenStart + TokenBatch, x.Rows);
            for (int row = rowStart; row < rowEnd; row += RowBlock)
            {
                int rows = Math.Min(RowBlock, rowEnd - row);
                // SAFETY: rows and tokens are clamped to the views; the repeats of RowBlock with stride 0 read valid
                // rows.
                if (w.Type == ElementType.F32)
                {
                    long stride = rows == RowBlock ? w.Cols : 0;
                    for (int r = 0; r < rows; r += stride == 0 ? 1 : RowBlock)
                    {
                        float* data = (float*)w.Row(row + r);
                        Tokens(data, stride, x, y, tokenStart, tokenEnd, row + r, 0, w.Cols, dotBody);
                    }

                    continue;
                }

                for (int col = 0; col < w.Cols; col += ChunkCols)
                {
                    int cols = Math.Min(ChunkCols, w.Cols - col);
                    for (int r = 0; r < rows; r++)
                    {
                        DequantizeDriver.Columns(w.Type, w.Row(row + r), col, cols, chunk + (r * ChunkCols));
                    }

                    long stride = rows == RowBlock ? ChunkCols : 0;
                    for (int r = 0; r < rows; r += stride == 0 ? 1 : RowBlock)
                    {
                        float* data = chunk + (r * ChunkCols);
                        Tokens(data, stride, x, y, tokenStart, tokenEnd, row + r, col, cols, dotBody);
                    }
                }
            }
        }
    }

    // Four rows (or one, with wStride 0) against tokens [tokenStart, tokenEnd); columns from col > 0 add to y.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tokens(
        float* w,
        long wStride,
        in FloatMatrix x,
        in FloatMatrix y,
        int tokenStart,
        int tokenEnd,
        int row,
        int col,
        int cols,
        delegate*<float*, long, float*, long, int, float*, void> dotBody)
    {
        float* sums = stackalloc float[RowBlock * TokenPair];
        int rows = wStride == 0 ? 1 : RowBlock;
        for (int token = tokenStart; token < tokenEnd; token += TokenPair)
        {
            int tokens = Math.Min(TokenPair, tokenEnd - token);
            float* input = x.Data + ((long)token * x.Stride) + col;
            dotBody(w, wStride, input, tokens == TokenPair ? x.Stride : 0, cols, sums);
            for (int t = 0; t < tokens; t++)
            {
                float* output = y.Data + ((long)(token + t) * y.Stride) + row;
                for (int r = 0; r < rows; r++)
                {
                    float sum = sums[(t * RowBlock) + r];
                    output[r] = col == 0 ? sum : output[r] + sum;
                }
            }
        }
    }
}
