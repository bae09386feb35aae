using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>
/// The loops around the bodies of row-major blocks: a piece of a row is unpacked into the first-level cache and
/// multiplied with all tokens of a panel.
/// </summary>
/// <remarks>
/// One token: whole rows, in registers and four streams of memory where a set has a body for that, else one by one.
/// Many tokens: so few chunks at a time that the part of the panel, and the sums of a batch of rows, stay in the
/// first-level cache.
/// </remarks>
internal static unsafe class BlockDriver
{
    // Each block is unpacked once for so many tokens, which costs a tenth of their products.
    private const int TokenBatch = 16;

    // Rows that meet a part of the panel before the next part: their sums take 16 KiB.
    private const int RowBatch = 32;

    // The part of a panel that shares a first-level cache of 32 KiB with the sums.
    private const int PartBytes = 12 << 10;

    // A panel shares the second-level cache of a core (256 KiB at least) with the weights that stream by: 16 tokens of
    // 8,192 columns, or one of 130,000.
    private const int PanelBytes = 176 << 10;

    // Streams of memory that one token's rows are read in (KERNELS.md), as DenseDriver.RowBlock.
    private const int Streams = 4;

    // Chunks unpacked at a time: 2.5 KiB.
    private const int PieceChunks = 8;

    /// <summary>x.Rows tokens, TokenBatch at a time, for rows [rowStart, rowEnd).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    internal static void MatMul(
        in DenseMatrix w, in QuantizedRows x, in FloatMatrix y, int rowStart, int rowEnd, BlockBodies bodies)
    {
        Debug.Assert(x.GroupCount == w.Cols / DenseBlock.Length && y.Rows >= x.Rows, "x (tokens, cols).");
        Debug.Assert(y.Cols >= w.Rows && rowEnd <= w.Rows, "y (tokens, rows).");
        int chunks = (x.GroupCount + BlockLayout.Groups - 1) / BlockLayout.Groups;
        int batch = Math.Min(TokenBatch, x.Rows);
        int panelChunks = Math.Min(chunks, PanelBytes / (batch * BlockLayout.TokenBytes));
        byte* panel = stackalloc byte[(panelChunks * batch * BlockLayout.TokenBytes) + AlignedBuffer.Alignment];
        float* sums = stackalloc float[(RowBatch * batch * BlockLayout.Groups) + AlignedBuffer.FloatsPerLine];
        panel = AlignedBuffer.Align(panel);
        sums = (float*)AlignedBuffer.Align(sums);
        if (x.Rows == 1 && bodies.One != null && panelChunks == chunks)
        {
            Fill(x, 0, chunks, panel, w.Type);
            OneToken(w, y, rowStart, rowEnd, panel, sums, bodies);
            return;
        }

        for (int token = 0; token < x.Rows; token += batch)
        {
            // SAFETY: tokens ≤ batch and rows ≤ RowBatch, so panel and sums have room.
            QuantizedRows tokens = x.Slice(token, Math.Min(batch, x.Rows - token));
            for (int row = rowStart; row < rowEnd; row += RowBatch)
            {
                int rows = Math.Min(RowBatch, rowEnd - row);
                new Span<float>(sums, rows * tokens.Rows * BlockLayout.Groups).Clear();
                for (int chunk = 0; chunk < chunks; chunk += panelChunks)
                {
                    int count = Math.Min(panelChunks, chunks - chunk);
                    if (count < chunks || row == rowStart)
                    {
                        Fill(tokens, chunk, count, panel, w.Type);
                    }

                    Parts(w, row, rows, chunk, count, panel, tokens.Rows, sums, bodies);
                }

                Store(sums, rows, y.Slice(token, tokens.Rows), row);
            }
        }
    }

    // A row of each quarter of the slice side by side, because a core reads four streams of memory faster than one.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneToken(
        in DenseMatrix w, in FloatMatrix y, int rowStart, int rowEnd, byte* panel, float* sums, BlockBodies bodies)
    {
        int quarter = (rowEnd - rowStart) / Streams;
        for (int i = 0; i < quarter; i++)
        {
            SideBySide(w, y, rowStart + i, quarter, Streams, panel, sums, bodies);
        }

        for (int row = rowStart + (quarter * Streams); row < rowEnd; row++)
        {
            SideBySide(w, y, row, 0, 1, panel, sums, bodies);
        }
    }

    // Rows row, row + step, …; what the body leaves, groups behind the last whole chunk or rows that it does not know,
    // goes the other way.
    // SAFETY: the panel holds a whole row of groups, sums those of the rows.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SideBySide(
        in DenseMatrix w, in FloatMatrix y, int row, int step, int rows, byte* panel, float* sums, BlockBodies bodies)
    {
        new Span<float>(sums, rows * BlockLayout.Groups).Clear();
        int whole = w.Cols / BlockLayout.Quants, chunks = (w.Cols + BlockLayout.Quants - 1) / BlockLayout.Quants;
        int done = bodies.One(w.Row(row), step * w.RowBytes, rows, whole, panel, sums) ? whole : 0;
        for (int i = 0; i < rows; i++, sums += BlockLayout.Groups)
        {
            int at = row + (i * step);
            if (done < whole)
            {
                Vector256<float>.Zero.Store(sums);
            }

            if (done < chunks)
            {
                Rows(w, at, 1, done, chunks - done, panel + (done * BlockLayout.TokenBytes), 1, sums, bodies);
            }

            y.Data[at] = Sum(sums);
        }
    }

    // Chunks [chunk, chunk + count) of rows [row, row + rows), a part of the panel at a time.
    private static void Parts(
        in DenseMatrix w, int row, int rows, int chunk, int count, byte* panel, int tokens, float* sums,
        BlockBodies bodies)
    {
        int chunkBytes = tokens * BlockLayout.TokenBytes;
        int partChunks = tokens == 1 ? count : Math.Max(1, PartBytes / chunkBytes);
        for (int part = 0; part < count; part += partChunks)
        {
            Rows(
                w, row, rows, chunk + part, Math.Min(partChunks, count - part), panel + ((long)part * chunkBytes),
                tokens, sums, bodies);
        }
    }

    // Chunks [chunk, chunk + count) of rows [row, row + rows).
    // SAFETY: a row has GroupCount groups; a piece unpacks PieceChunks chunks at most.
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private static void Rows(
        in DenseMatrix w, int row, int rows, int chunk, int count, byte* panel, int tokens, float* sums,
        BlockBodies bodies)
    {
        byte* memory = stackalloc byte[(PieceChunks * BlockLayout.Quants) + AlignedBuffer.Alignment];
        float* factors = stackalloc float[PieceChunks * BlockLayout.Factors];
        byte* quants = AlignedBuffer.Align(memory);
        long chunkBytes = BlockLayout.Quants / ElementTypes.BlockLength(w.Type) * ElementTypes.BlockBytes(w.Type);
        int groupCount = w.Cols / DenseBlock.Length;
        for (int i = 0; i < rows; i++)
        {
            byte* blocks = w.Row(row + i) + (chunk * chunkBytes);
            for (int piece = 0; piece < count; piece += PieceChunks)
            {
                int chunks = Math.Min(PieceChunks, count - piece);
                int groups = Math.Min(chunks * BlockLayout.Groups, groupCount - ((chunk + piece) * BlockLayout.Groups));
                bodies.Unpack(blocks + (piece * chunkBytes), groups, quants, factors);
                bodies.Products(
                    quants, factors, panel + ((long)piece * tokens * BlockLayout.TokenBytes), chunks, tokens, sums);
            }

            sums += tokens * BlockLayout.Groups;
        }
    }

    /// <summary>The sum of half a group of quants.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int HalfSum(Vector128<sbyte> half) =>
        Vector128.Sum(Vector128.WidenLower(half) + Vector128.WidenUpper(half));

    // SAFETY: reads the groups of count chunks that exist, writes count·tokens records.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Fill(in QuantizedRows x, int chunk, int count, byte* panel, ElementType type)
    {
        for (int i = 0; i < count; i++)
        {
            int first = (chunk + i) * BlockLayout.Groups;
            int groups = Math.Min(BlockLayout.Groups, x.GroupCount - first);
            for (int token = 0; token < x.Rows; token++, panel += BlockLayout.TokenBytes)
            {
                long index = ((long)token * x.GroupCount) + first;
                if (groups < BlockLayout.Groups)
                {
                    new Span<byte>(panel, BlockLayout.TokenBytes).Clear();
                }

                for (int group = 0; group < groups; group++)
                {
                    sbyte* source = x.Values + ((index + group) * DenseBlock.Length);
                    sbyte* target = (sbyte*)panel + BlockLayout.Offset(group);
                    Vector128<sbyte> half = Vector128.Load(source);
                    half.Store(target);
                    Vector128.Load(source + (DenseBlock.Length / 2)).Store(target + BlockLayout.HalfStep);
                    ((float*)(panel + BlockLayout.ScalesOffset))[group] = x.Scales[index + group];
                    if (BlockReference.HasMinimum(type))
                    {
                        ((float*)(panel + BlockLayout.SumsOffset))[group] =
                            x.Scales[index + group] * x.Sums[index + group];
                        continue;
                    }

                    ((int*)(panel + BlockLayout.SumsOffset))[group] = x.Sums[index + group];
                    if (type == ElementType.Q6_K)
                    {
                        ((int*)(panel + BlockLayout.FirstSumsOffset))[group] =
                            HalfSum(half);
                    }
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Store(float* sums, int rows, in FloatMatrix y, int row)
    {
        for (int i = 0; i < rows; i++)
        {
            for (int token = 0; token < y.Rows; token++, sums += BlockLayout.Groups)
            {
                // SAFETY: y has row + rows columns.
                y.Data[((long)token * y.Stride) + row + i] = Sum(sums);
            }
        }
    }

    // Eight sums become one, always in the same order.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Sum(float* sums)
    {
        Vector128<float> four = Vector128.Load(sums) + Vector128.Load(sums + 4);
        return (four.ToScalar() + four.GetElement(2)) + (four.GetElement(1) + four.GetElement(3));
    }
}
