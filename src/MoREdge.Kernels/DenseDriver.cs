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

    // 30 tokens of a 2560-wide model fill half of a small second-level cache; the weights then pass it once. Of a chunk
    // of columns they are 60 KiB.
    private const int TokenBatch = 30;

    // Columns dequantized at a time: 4 rows of them are 8 KiB and stay in the first-level cache.
    private const int ChunkCols = 512;

    // Rows dequantized at a time, once for all tokens: 64 KiB of stack, which stay in the second-level cache.
    private const int PanelRows = 32;

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

        if (w.Type == ElementType.F32)
        {
            int batch = BatchOf(x.Rows);
            for (int token = 0; token < x.Rows; token += batch)
            {
                WholeRows(w, x, y, rowStart, rowEnd, token, Math.Min(token + batch, x.Rows), bodies);
            }

            return;
        }

        for (int col = 0; col < w.Cols; col += ChunkCols)
        {
            Chunk(w, x, y, rowStart, rowEnd, col, bodies);
        }
    }

    // Even batches, because a small one would pay as much for the weights.
    private static int BatchOf(int tokens)
    {
        int batches = (tokens + TokenBatch - 1) / TokenBatch;
        return ((tokens + batches - 1) / batches + TokenTriple - 1) / TokenTriple * TokenTriple;
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

    // Columns from col on of all rows, a panel of rows at a time. While tokens pass four rows, as many of the next
    // panel are asked for, a share at a time: the hardware does not see a piece of a row coming.
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private static void Chunk(
        in DenseMatrix w, in FloatMatrix x, in FloatMatrix y, int rowStart, int rowEnd, int col, DenseBodies bodies)
    {
        float* panel = stackalloc float[PanelRows * ChunkCols];
        int cols = Math.Min(ChunkCols, w.Cols - col);
        int batch = BatchOf(x.Rows);
        for (int first = rowStart; first < rowEnd; first += PanelRows)
        {
            int end = Math.Min(first + PanelRows, rowEnd);
            for (int token = 0; token < x.Rows; token += batch)
            {
                int tokenEnd = Math.Min(token + batch, x.Rows);
                for (int row = first; row < end; row += RowBlock)
                {
                    Ask(w, rowStart, rowEnd, row, col, token, tokenEnd, x.Rows, bodies);
                    float* data = panel + (x.Rows > batch ? (row - first) * ChunkCols : 0);
                    int rows = Math.Min(RowBlock, end - row);
                    if (token == 0)
                    {
                        Dequantize(w, row, rows, col, cols, data, bodies);
                    }

                    long stride = rows == RowBlock ? ChunkCols : 0;
                    for (int r = 0; r < rows; r += stride == 0 ? 1 : RowBlock)
                    {
                        Tokens(data + (r * ChunkCols), stride, x, y, token, tokenEnd, row + r, col, cols, bodies);
                    }
                }
            }
        }
    }

    // Asks for the share of some tokens of what is dequantized a panel later than row: rows behind, or the following
    // columns of the first ones.
    // SAFETY: they may lie past the end of the weights; nobody reads them.
    private static void Ask(
        in DenseMatrix w, int rowStart, int rowEnd, int row, int col, int token, int tokenEnd, int tokens,
        DenseBodies bodies)
    {
        if (bodies.Ask == null)
        {
            return;
        }

        int next = row + PanelRows;
        bool isLast = next >= rowEnd;
        int nextCol = isLast ? col + ChunkCols : col;
        long elementBytes = ElementTypes.BlockBytes(w.Type);
        byte* rows = w.Row(isLast ? rowStart + ((row - rowStart) % PanelRows) : next) + (nextCol * elementBytes);
        long bytes = ChunkCols * elementBytes;
        bodies.Ask(rows, w.RowBytes, bytes * token / tokens, bytes * tokenEnd / tokens);
    }

    private static void Dequantize(
        in DenseMatrix w, int row, int rows, int col, int cols, float* target, DenseBodies bodies)
    {
        for (int r = 0; r < rows; r++)
        {
            if (w.Type == ElementType.F16)
            {
                bodies.Convert((ushort*)w.Row(row + r) + col, cols, false, target);
            }
            else
            {
                DequantizeDriver.Columns(w.Type, w.Row(row + r), col, cols, target);
            }

            target += ChunkCols;
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
            // Four are two pairs: a single one would take as long as a pair.
            int left = tokenEnd - token;
            bool isThree = bodies.Three != null && left >= TokenTriple && left != 2 * TokenPair;
            tokens = Math.Min(isThree ? TokenTriple : TokenPair, left);
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
