using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>
/// The loops around the bodies of rows of floats: 4 rows × 2 or 3 tokens of float32 at a time, other types dequantized
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
    private const int TokenTriple = 3;

    // 30 tokens of a 2560-wide model fill half of a small second-level cache; the weights then pass it once.
    private const int TokenBatch = 30;

    // Of 60 a chunk of columns is 120 KiB, and dequantizing is paid once for all.
    private const int ChunkTokenBatch = 60;

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

        // Even batches, because a small one would pay as much for the weights.
        int batchMax = w.Type == ElementType.F32 ? TokenBatch : ChunkTokenBatch;
        int batches = (x.Rows + batchMax - 1) / batchMax;
        int batch = ((x.Rows + batches - 1) / batches + TokenTriple - 1) / TokenTriple * TokenTriple;
        for (int tokenStart = 0; tokenStart < x.Rows; tokenStart += batch)
        {
            int tokenEnd = Math.Min(tokenStart + batch, x.Rows);
            if (w.Type == ElementType.F32)
            {
                WholeRows(w, x, y, rowStart, rowEnd, tokenStart, tokenEnd, bodies);
                continue;
            }

            for (int col = 0; col < w.Cols; col += ChunkCols)
            {
                Chunk(w, x, y, rowStart, rowEnd, tokenStart, tokenEnd, col, bodies);
            }
        }
    }

    // SAFETY: here and in Chunk, rows and tokens are clamped to the views; the repeats of RowBlock with stride 0 read
    // valid rows.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WholeRows(
        in DenseMatrix w, in FloatMatrix x, in FloatMatrix y, int rowStart, int rowEnd, int tokenStart, int tokenEnd,
        DenseBodies bodies)
    {
        for (int row = rowStart; row < rowEnd; row += RowBlock)
        {
            int rows = Math.Min(RowBlock, rowEnd - row);
            long stride = rows == RowBlock ? w.Cols : 0;
            for (int r = 0; r < rows; r += stride == 0 ? 1 : RowBlock)
            {
                float* data = (float*)w.Row(row + r);
                Tokens(data, stride, x, y, tokenStart, tokenEnd, row + r, 0, w.Cols, bodies);
            }
        }
    }

    // Columns from col on of all rows, so that those of the tokens stay in the second-level cache. While tokens pass
    // four rows, the next four are asked for, a share at a time: the hardware does not see a piece of a row coming.
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private static void Chunk(
        in DenseMatrix w, in FloatMatrix x, in FloatMatrix y, int rowStart, int rowEnd, int tokenStart, int tokenEnd,
        int col, DenseBodies bodies)
    {
        float* chunk = stackalloc float[RowBlock * ChunkCols];
        int cols = Math.Min(ChunkCols, w.Cols - col);
        int step = bodies.Three == null ? TokenPair : TokenTriple;
        for (int row = rowStart; row < rowEnd; row += RowBlock)
        {
            int rows = Math.Min(RowBlock, rowEnd - row);
            Dequantize(w, row, rows, col, cols, chunk, bodies);
            byte* next = Next(w, rowStart, rowEnd, row, col);
            for (int token = tokenStart; token < tokenEnd; token += step)
            {
                int end = Math.Min(token + step, tokenEnd);
                if (bodies.Ask != null)
                {
                    long bytes = ChunkCols * ElementTypes.BlockBytes(w.Type), count = tokenEnd - tokenStart;
                    bodies.Ask(
                        next, w.RowBytes, bytes * (token - tokenStart) / count, bytes * (end - tokenStart) / count);
                }

                long stride = rows == RowBlock ? ChunkCols : 0;
                for (int r = 0; r < rows; r += stride == 0 ? 1 : RowBlock)
                {
                    Tokens(chunk + (r * ChunkCols), stride, x, y, token, end, row + r, col, cols, bodies);
                }
            }
        }
    }

    private static void Dequantize(
        in DenseMatrix w, int row, int rows, int col, int cols, float* chunk, DenseBodies bodies)
    {
        for (int r = 0; r < rows; r++)
        {
            float* target = chunk + (r * ChunkCols);
            if (w.Type == ElementType.F16)
            {
                bodies.Convert((ushort*)w.Row(row + r) + col, cols, false, target);
            }
            else
            {
                DequantizeDriver.Columns(w.Type, w.Row(row + r), col, cols, target);
            }
        }
    }

    // What is dequantized next: the following rows, or the following columns of the first ones.
    // SAFETY: may lie past the end of the weights; nobody reads it.
    private static byte* Next(in DenseMatrix w, int rowStart, int rowEnd, int row, int col)
    {
        bool isLast = row + RowBlock >= rowEnd;
        byte* first = w.Row(isLast ? rowStart : row + RowBlock);
        return first + ((col + (isLast ? ChunkCols : 0L)) * ElementTypes.BlockBytes(w.Type));
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
                Tokens(chunk, 0, x, y, 0, 1, at, col, cols, bodies);
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
        DenseBodies bodies)
    {
        float* sums = stackalloc float[RowBlock * TokenTriple];
        int rows = wStride == 0 ? 1 : RowBlock;
        int tokens;
        for (int token = tokenStart; token < tokenEnd; token += tokens)
        {
            bool isThree = bodies.Three != null && tokenEnd - token >= TokenTriple;
            tokens = Math.Min(isThree ? TokenTriple : TokenPair, tokenEnd - token);
            float* input = x.Data + ((long)token * x.Stride) + col;
            (isThree ? bodies.Three : bodies.Pair)(w, wStride, input, tokens == 1 ? 0 : x.Stride, cols, sums);
            for (int t = 0; t < tokens; t++)
            {
                float* output = y.Data + ((long)(token + t) * y.Stride) + row;
                float* sum = sums + (t * RowBlock);
                if (rows == RowBlock)
                {
                    Vector128<float> four = Vector128.Load(sum);
                    (col == 0 ? four : Vector128.Load(output) + four).Store(output);
                }
                else
                {
                    *output = col == 0 ? *sum : *output + *sum;
                }
            }
        }
    }
}
