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
/// Few tokens: whole rows, in registers and four streams of memory where a set has a body for that, else one by one.
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

    // Tokens that meet whole rows. Their parts of a panel may exceed the first-level cache: 352 bytes per chunk, for
    // which a core computes dozens of cycles.
    private const int FewTokensMax = 7;

    // Tokens for which rows are unpacked once more each, where a body takes one. By the instructions counted on ARM64
    // (tools/benchmarks) three times that cost less than once through memory or, for five bits, as much.
    private const int RepeatedTokensMax = 3;

    // Streams of memory that few tokens' rows are read in (KERNELS.md), as DenseDriver.RowBlock.
    private const int Streams = 4;

    // Chunks unpacked at a time: 2.5 KiB.
    private const int PieceChunks = 8;

    /// <summary>x.Rows tokens, TokenBatch at a time, for rows [rowStart, rowEnd).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    internal static void MatMul(
        in DenseMatrix w, in QuantizedRows x, in FloatMatrix y, int rowStart, int rowEnd, in BlockBodies bodies)
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
        if (x.Rows <= FewTokensMax && panelChunks == chunks
            && Few(w, x, y.Slice(0, x.Rows), rowStart, rowEnd, panel, sums, bodies))
        {
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
    // Tokens that a body takes one by one find the rows of the token before in a cache.
    // False without a body for that, or for rows that it does not know.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Few(
        in DenseMatrix w, in QuantizedRows x, in FloatMatrix y, int rowStart, int rowEnd, byte* panel, float* sums,
        in BlockBodies bodies)
    {
        int chunks = (x.GroupCount + BlockLayout.Groups - 1) / BlockLayout.Groups;
        int atOnce = bodies.Few == null ? 1 : x.Rows;
        if (bodies.One == null || (atOnce == 1 && x.Rows > RepeatedTokensMax))
        {
            return false;
        }

        for (int token = 0; token < x.Rows; token += atOnce)
        {
            byte* own = panel + (token * chunks * BlockLayout.TokenBytes);
            if (atOnce == 1 && bodies.InOrder)
            {
                FillInOrder(x.Slice(token, 1), own);
            }
            else
            {
                Fill(x.Slice(token, atOnce), 0, chunks, own, w.Type);
            }
        }

        int quarter = (rowEnd - rowStart) / Streams;
        bool isKnown = true;
        for (int i = 0; i < quarter && isKnown; i++)
        {
            for (int token = 0; token < x.Rows; token += atOnce)
            {
                byte* own = panel + (token * chunks * BlockLayout.TokenBytes);
                isKnown &= SideBySide(w, y.Slice(token, atOnce), rowStart + i, quarter, Streams, own, sums, bodies);
            }
        }

        for (int row = rowStart + (quarter * Streams); row < rowEnd && isKnown; row++)
        {
            for (int token = 0; token < x.Rows; token += atOnce)
            {
                byte* own = panel + (token * chunks * BlockLayout.TokenBytes);
                isKnown &= SideBySide(w, y.Slice(token, atOnce), row, 0, 1, own, sums, bodies);
            }
        }

        return isKnown;
    }

    // Rows row, row + step, … for the tokens of y.
    // SAFETY: the panel holds whole chunks of the tokens, sums those of the rows and as many again.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool SideBySide(
        in DenseMatrix w, in FloatMatrix y, int row, int step, int rows, byte* panel, float* sums,
        in BlockBodies bodies)
    {
        int tokens = y.Rows;
        new Span<float>(sums, rows * tokens * BlockLayout.Groups).Clear();
        int whole = w.Cols / BlockLayout.Quants;
        bool isKnown = Chunks(w.Row(row), step * w.RowBytes, rows, whole, panel, tokens, sums, bodies);
        if (whole * BlockLayout.Quants < w.Cols)
        {
            panel += whole * tokens * BlockLayout.TokenBytes;
            isKnown &= LastChunk(w, row, step, rows, whole, panel, tokens, sums, bodies);
        }

        float* target = y.Data + row;
        for (int i = 0; i < rows; i++, target += step)
        {
            *target = Sum(sums);
            sums += BlockLayout.Groups;
            for (int token = 1; token < tokens; token++, sums += BlockLayout.Groups)
            {
                target[(long)token * y.Stride] = Sum(sums);
            }
        }

        return isKnown;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Chunks(
        byte* blocks, long stride, int rows, int chunks, byte* panel, int tokens, float* sums, in BlockBodies bodies) =>
        tokens == 1
            ? bodies.One(blocks, stride, rows, chunks, panel, sums)
            : bodies.Few(blocks, stride, rows, chunks, panel, tokens, sums);

    // Groups behind the last whole chunk. They and the first ones of the next row are a chunk: those meet zeros of the
    // token, in lanes of their own, which are put back because a factor may be infinite.
    // SAFETY: as SideBySide; only a chunk that ends within the matrix is read.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool LastChunk(
        in DenseMatrix w, int row, int step, int rows, int chunk, byte* panel, int tokens, float* sums,
        in BlockBodies bodies)
    {
        long chunkBytes = ChunkBytes(w.Type);
        byte* blocks = w.Row(row) + (chunk * chunkBytes);
        byte* last = blocks + ((rows - 1) * step * w.RowBytes);
        if (w.Row(w.Rows) - last < chunkBytes)
        {
            for (int i = 0; i < rows; i++, sums += tokens * BlockLayout.Groups)
            {
                Rows(w, row + (i * step), 1, chunk, 1, panel, tokens, sums, bodies);
            }

            return true;
        }

        int count = rows * tokens * BlockLayout.Groups;
        float* before = sums + count;
        new Span<float>(sums, count).CopyTo(new Span<float>(before, count));
        bool isKnown = Chunks(blocks, step * w.RowBytes, rows, 1, panel, tokens, sums, bodies);
        Vector128<int> groups = Vector128.Create((w.Cols / DenseBlock.Length) - (chunk * BlockLayout.Groups));
        Vector128<float> lower = Vector128.LessThan(Vector128<int>.Indices, groups).AsSingle();
        Vector128<float> upper = Vector128.LessThan(Vector128<int>.Indices + Vector128.Create(4), groups).AsSingle();
        for (int i = 0; i < count; i += BlockLayout.Groups)
        {
            Vector128.ConditionalSelect(lower, Vector128.Load(sums + i), Vector128.Load(before + i)).Store(sums + i);
            Vector128.ConditionalSelect(upper, Vector128.Load(sums + i + 4), Vector128.Load(before + i + 4))
                .Store(sums + i + 4);
        }

        return isKnown;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long ChunkBytes(ElementType type) =>
        BlockLayout.Quants / ElementTypes.BlockLength(type) * ElementTypes.BlockBytes(type);

    // Chunks [chunk, chunk + count) of rows [row, row + rows), a part of the panel at a time.
    private static void Parts(
        in DenseMatrix w, int row, int rows, int chunk, int count, byte* panel, int tokens, float* sums,
        in BlockBodies bodies)
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
        in BlockBodies bodies)
    {
        byte* memory = stackalloc byte[(PieceChunks * BlockLayout.Quants) + AlignedBuffer.Alignment];
        float* factors = stackalloc float[PieceChunks * BlockLayout.Factors];
        byte* quants = AlignedBuffer.Align(memory);
        long chunkBytes = ChunkBytes(w.Type);
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

    // The columns of one token of whole chunks in their order, for Q6_K.
    // SAFETY: writes a record for each eight groups of x.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FillInOrder(in QuantizedRows x, byte* panel)
    {
        Debug.Assert(x.GroupCount % BlockLayout.Groups == 0, "Whole chunks.");
        for (int group = 0; group < x.GroupCount; group++)
        {
            byte* record = panel + (group / BlockLayout.Groups * BlockLayout.TokenBytes);
            int at = group % BlockLayout.Groups;
            sbyte* source = x.Values + ((long)group * DenseBlock.Length);
            Vector256.Load(source).Store((sbyte*)record + (at * DenseBlock.Length));
            ((float*)(record + BlockLayout.ScalesOffset))[at] = x.Scales[group];
            int first = HalfSum(Vector128.Load(source));
            int* zeroPoints = (int*)(record + BlockLayout.ZeroPointsOffset) + (at / 4 * BlockLayout.Groups) + (at % 4);
            zeroPoints[0] = DenseBlock.Q6ZeroPoint * first;
            zeroPoints[4] = DenseBlock.Q6ZeroPoint * (x.Sums[group] - first);
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
