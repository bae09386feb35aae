using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using MoREdge.Tensors;
using static MoREdge.Kernels.Avx2TileBodies;
using static MoREdge.Kernels.Avx2WideBodies;
using Kind = MoREdge.Kernels.Avx2BlockBodies.Kind;

namespace MoREdge.Kernels;

/// <summary>
/// The loops around <see cref="Avx2TileBodies"/>: rows of blocks by many tokens. A chunk of 16 rows is unpacked and
/// turned into two tiles, whose lanes are rows, and meets all tokens of a panel.
/// </summary>
/// <remarks>
/// No sum over lanes is left then, and two tiles share what is broadcast of a token: 1.6 times as fast as row by row on
/// a Zen 4 core. Each group of a chunk has sums of its own, as it has a lane in a row (BlockLayout): the bits are those
/// of one token. A panel is (part, four tokens, chunk of the part) of records: quants (group, quad, token, 4), of Q8_0
/// as int16 in the order of Avx2WideDriver unless AVX-VNNI multiplies; scales (group, token); two rows of what zero
/// points and minimums are multiplied with (group, token). Tokens past the last one are zero.
/// </remarks>
internal static unsafe class Avx2TileDriver
{
    // A panel lies on the stack and streams by once per 16 rows, 1 KiB in some hundred cycles: any cache delivers that.
    private const int StackBytesMax = 384 << 10;

    // Chunks that meet four tokens before the next four: two share the way of their sums from the second-level cache.
    private const int ChunksPerPart = 2;

    // Sums of four tokens: (group, token, row).
    private const int BlockSums = BlockLayout.Groups * SumsPerGroup;

    /// <summary>Whether a panel has room for enough tokens of so many columns.</summary>
    internal static bool Fits(int cols) => PanelTokens(cols, Kind.Signed) >= Avx2WideDriver.TokensMin;

    /// <summary>
    /// x.Rows tokens for rows [rowStart, rowEnd), sixteen at a time; dot takes AVX-VNNI's instruction.
    /// </summary>
    internal static void MatMul(
        in DenseMatrix w, in QuantizedRows x, in FloatMatrix y, int rowStart, int rowEnd, BlockBodies bodies, bool dot)
    {
        Debug.Assert((rowEnd - rowStart) % RowsPerBlock == 0 && y.Cols >= rowEnd, "Pairs of tiles.");
        Debug.Assert(x.GroupCount == w.Cols / DenseBlock.Length && y.Rows >= x.Rows, "x (tokens, cols).");

        // Even panels, because a small one would pay as much for the weights.
        int max = PanelTokens(w.Cols, Avx2BlockBodies.KindOf(w.Type, dot));
        int panels = (x.Rows + max - 1) / max;
        int tokens = ((x.Rows + panels - 1) / panels + TokensPerBlock - 1) / TokensPerBlock * TokensPerBlock;
        for (int token = 0; token < x.Rows && rowStart < rowEnd; token += tokens)
        {
            int count = Math.Min(tokens, x.Rows - token);
            Panel(w, x.Slice(token, count), y.Slice(token, count), rowStart, rowEnd, bodies, dot);
        }
    }

    // 64 tokens share an unpacked weight; their sums take 32 KiB.
    private static int PanelTokens(int cols, Kind kind) => Math.Min(
        PackedPanelDriver.PanelTokensMax,
        (int)(StackBytesMax / ((long)ChunkCount(cols) * RecordBytes(kind))) * TokensPerBlock);

    private static int ChunkCount(int cols) => ((cols - 1) / BlockLayout.Quants) + 1;

    // SAFETY: panel and sums hold the tokens padded to blocks.
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private static void Panel(
        in DenseMatrix w, in QuantizedRows x, in FloatMatrix y, int rowStart, int rowEnd, BlockBodies bodies, bool dot)
    {
        Kind kind = Avx2BlockBodies.KindOf(w.Type, dot);
        int blocks = (x.Rows + TokensPerBlock - 1) / TokensPerBlock;
        int chunkBytes = blocks * RecordBytes(kind);
        int chunks = ChunkCount(w.Cols);
        byte* memory = stackalloc byte[(chunks * chunkBytes) + AlignedBuffer.Alignment];
        byte* panel = AlignedBuffer.Align(memory);
        float* floats = stackalloc float[(blocks * BlockSums) + AlignedBuffer.FloatsPerLine];
        float* sums = (float*)AlignedBuffer.Align(floats);
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            Fill(x, chunk, chunks, blocks, kind, panel);
        }

        for (int row = rowStart; row < rowEnd; row += RowsPerBlock)
        {
            new Span<float>(sums, blocks * BlockSums).Clear();
            for (int chunk = 0; chunk < chunks; chunk += ChunksPerPart)
            {
                int count = Math.Min(ChunksPerPart, chunks - chunk);
                Part(w, row, chunk, count, panel + ((long)chunk * chunkBytes), blocks, sums, bodies, dot);
            }

            Store(sums, y, row);
        }
    }

    // Some chunks of 16 rows for all tokens of the panel. While the tokens pass, the next chunks are asked for, a share
    // of the rows at a time: the hardware does not follow sixteen rows.
    // SAFETY: a prefetch may pass the end of the weights, which the processor allows.
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private static void Part(
        in DenseMatrix w, int row, int chunk, int count, byte* records, int blocks, float* sums, BlockBodies bodies,
        bool dot)
    {
        const int Bytes = TileBytes + FactorBytes;
        Kind kind = Avx2BlockBodies.KindOf(w.Type, dot);
        byte* memory = stackalloc byte[(ChunksPerPart * Bytes) + AlignedBuffer.Alignment];
        byte* tiles = AlignedBuffer.Align(memory);
        int chunkBytes = Avx2BlockRows.ChunkBytes(w.Type);
        byte* data = w.Row(row) + ((long)chunk * chunkBytes);
        int groups = (w.Cols / DenseBlock.Length) - (chunk * BlockLayout.Groups);
        for (int i = 0; i < count; i++)
        {
            byte* own = tiles + (i * Bytes);
            int some = Math.Min(BlockLayout.Groups, groups - (i * BlockLayout.Groups));
            Turn(data + (i * chunkBytes), w.RowBytes, some, kind, bodies, own, (float*)(own + TileBytes));
        }

        bool isLast = groups <= count * BlockLayout.Groups;
        byte* next = isLast ? w.Row(row) + (RowsPerBlock * w.RowBytes) : data + (count * chunkBytes);
        int rowsPerBlock = (RowsPerBlock + blocks - 1) / blocks;
        for (int block = 0; block < blocks; block++)
        {
            for (int i = 0; i < rowsPerBlock; i++)
            {
                Ask(next, count * chunkBytes);
                next += w.RowBytes;
            }

            for (int i = 0; i < count; i++)
            {
                byte* own = tiles + (i * Bytes);
                float* factors = (float*)(own + TileBytes);
                if (dot)
                {
                    AvxVnniTileBodies.Block(own, factors, records, sums, kind);
                }
                else
                {
                    Avx2TileBodies.Block(own, factors, records, sums, kind);
                }

                records += RecordBytes(kind);
            }

            sums += BlockSums;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Ask(byte* next, int bytes)
    {
        for (int at = 0; at < bytes; at += AlignedBuffer.Alignment)
        {
            Sse.Prefetch1(next + at);
        }
    }

    // A chunk of all tokens.
    // SAFETY: reads the groups of x that exist, writes blocks records.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Fill(in QuantizedRows x, int chunk, int chunks, int blocks, Kind kind, byte* panel)
    {
        int first = chunk * BlockLayout.Groups;
        int place0 = chunk % ChunksPerPart;
        int count = Math.Min(ChunksPerPart, chunks - chunk + place0);
        byte* records = panel + ((((long)(chunk - place0) * blocks) + place0) * RecordBytes(kind));
        for (int token = 0; token < blocks * TokensPerBlock; token++)
        {
            int place = token % TokensPerBlock;
            byte* record = records + ((long)(token / TokensPerBlock) * count * RecordBytes(kind));
            float* scales = (float*)(record + ScalesOffset(kind)) + place;
            for (int group = 0; group < BlockLayout.Groups; group++)
            {
                if (token < x.Rows && first + group < x.GroupCount)
                {
                    long index = ((long)token * x.GroupCount) + first + group;
                    Vector256<sbyte> values = Vector256.Load(x.Values + (index * DenseBlock.Length));
                    FillQuants(values, record, (group * QuadsPerGroup * TokensPerBlock) + place, kind);
                    FillFloats(values, x.Scales[index], x.Sums[index], kind, scales);
                }
                else
                {
                    FillQuants(default, record, (group * QuadsPerGroup * TokensPerBlock) + place, kind);
                    FillFloats(default, 0f, 0, kind, scales);
                }

                scales += TokensPerBlock;
            }
        }
    }

    // A group of a token, from its quad `place` on.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FillQuants(Vector256<sbyte> values, byte* record, int place, Kind kind)
    {
        if (kind == Kind.Signed)
        {
            Avx2WideDriver.WidenGroup(values, (long*)record + place);
            return;
        }

        int* target = (int*)record + place;
        Vector256<int> quads = values.AsInt32();
        for (int quad = 0; quad < QuadsPerGroup; quad++)
        {
            target[quad * TokensPerBlock] = quads.GetElement(quad);
        }
    }

    // The scale of a group, and what its zero points or minimums are multiplied with.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FillFloats(Vector256<sbyte> values, float scale, int sum, Kind kind, float* target)
    {
        *target = scale;
        float* first = target + RecordFloats, second = first + RecordFloats;
        switch (kind)
        {
            case Kind.Four:
                *(int*)first = sum * PackedLayout.Q4ZeroPoint;
                break;
            case Kind.Eight:
                *(int*)first = sum << AvxVnniWeights.ByteShift;
                break;
            case Kind.Five:
                *(int*)first = sum * DenseBlock.Q5ZeroPoint;
                break;
            case Kind.Six:
                int firstSum = BlockDriver.HalfSum(values.GetLower());
                *(int*)first = firstSum * DenseBlock.Q6ZeroPoint;
                *(int*)second = (sum - firstSum) * DenseBlock.Q6ZeroPoint;
                break;
            default:
                *first = scale * sum;
                break;
        }
    }

    // Eight sums become one, in the order of BlockDriver.Sum.
    // SAFETY: y has row + 16 columns; tokens past the last one are left out.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Store(float* sums, in FloatMatrix y, int row)
    {
        for (int token = 0; token < y.Rows; token++)
        {
            float* own = sums + ((long)(token / TokensPerBlock) * BlockSums) + (token % TokensPerBlock * RowsPerBlock);
            float* target = y.Data + ((long)token * y.Stride) + row;
            Sum(own).Store(target);
            Sum(own + PackedLayout.TileRows).Store(target + PackedLayout.TileRows);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Sum(float* own) => (Pair(own, 0) + Pair(own, 2)) + (Pair(own, 1) + Pair(own, 3));

    // The sums of a group and of the one four further.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Pair(float* own, int group) =>
        Vector256.Load(own + (group * SumsPerGroup)) + Vector256.Load(own + ((group + 4) * SumsPerGroup));
}
