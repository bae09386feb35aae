using System.Diagnostics;
using System.Runtime.CompilerServices;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>
/// The loops around the bodies of rows of floats: 4 rows × 2 tokens of float32 at a time, other types dequantized
/// piecewise before; or 4 rows × 1 token as they lie.
/// </summary>
/// <remarks>
/// Fewer rows or tokens repeat one with stride 0, and both ways sum the same chunks in the same order, so an element
/// never depends on its neighbours, bit for bit.
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
        DenseBodies bodies)
    {
        Debug.Assert(x.Cols == w.Cols && y.Rows >= x.Rows && rowEnd <= w.Rows, "x (tokens, cols), y (tokens, rows).");
        if (x.Rows == 1 && bodies.One(w.Type) != null)
        {
            OneToken(w, x, y, rowStart, rowEnd, bodies);
            return;
        }

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
                        Tokens(data, stride, x, y, tokenStart, tokenEnd, row + r, 0, w.Cols, bodies.Pair);
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
                        Tokens(data, stride, x, y, tokenStart, tokenEnd, row + r, col, cols, bodies.Pair);
                    }
                }
            }
        }
    }

    // Rows as they lie: one of each quarter of the slice at a time, because a core reads four streams faster than one.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneToken(
        in DenseMatrix w, in FloatMatrix x, in FloatMatrix y, int rowStart, int rowEnd, DenseBodies bodies)
    {
        int quarter = (rowEnd - rowStart) / RowBlock;
        for (int i = 0; i < quarter; i++)
        {
            SideBySide(w, x, y, rowStart + i, quarter, bodies);
        }

        for (int row = rowStart + (quarter * RowBlock); row < rowEnd; row++)
        {
            SideBySide(w, x, y, row, 0, bodies);
        }
    }

    // Rows row, row + step, row + 2·step and row + 3·step; step 0 is a lone one, repeated. What the body does not know
    // goes the other way.
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private static void SideBySide(
        in DenseMatrix w, in FloatMatrix x, in FloatMatrix y, int row, int step, DenseBodies bodies)
    {
        float* sums = stackalloc float[RowBlock];
        float* chunk = stackalloc float[ChunkCols];
        delegate*<byte*, long, float*, int, float*, bool> body = bodies.One(w.Type);
        int rows = step == 0 ? 1 : RowBlock;
        int chunkCols = w.Type == ElementType.F32 ? w.Cols : ChunkCols;
        for (int col = 0; col < w.Cols; col += chunkCols)
        {
            // SAFETY: the rows are in the matrix, and cols of their columns are left.
            int cols = Math.Min(chunkCols, w.Cols - col);
            byte* data = w.Row(row) + ((long)col * ElementTypes.BlockBytes(w.Type));
            bool isKnown = body(data, step * w.RowBytes, x.Data + col, cols, sums);
            for (int r = 0; r < rows; r++)
            {
                int at = row + (r * step);
                if (isKnown)
                {
                    y.Data[at] = col == 0 ? sums[r] : y.Data[at] + sums[r];
                    continue;
                }

                DequantizeDriver.Columns(w.Type, w.Row(at), col, cols, chunk);
                Tokens(chunk, 0, x, y, 0, 1, at, col, cols, bodies.Pair);
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
        delegate*<float*, long, float*, long, int, float*, void> body)
    {
        float* sums = stackalloc float[RowBlock * TokenPair];
        int rows = wStride == 0 ? 1 : RowBlock;
        for (int token = tokenStart; token < tokenEnd; token += TokenPair)
        {
            int tokens = Math.Min(TokenPair, tokenEnd - token);
            float* input = x.Data + ((long)token * x.Stride) + col;
            body(w, wStride, input, tokens == TokenPair ? x.Stride : 0, cols, sums);
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
