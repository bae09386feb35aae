using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>
/// The loops around a panel body for blocks: a chunk of 8 rows is unpacked and turned into a tile, whose lanes are
/// rows, and meets all tokens of a panel. For sets whose body keeps a group of weights in registers.
/// </summary>
/// <remarks>
/// turn (quants, factors, tile, turned) makes of 8 unpacked chunks (BlockLayout) a tile (group, quad, row, 4) and
/// factors (group, 16). body (tile, turned, record, tokens, sums) adds them to sums (group, token, row): each group has
/// sums of its own, as it has a lane in a row, so the bits are those of one token. A record is a chunk of all tokens:
/// values (group, token, 32), then scales, sums and sums of first halves (group, token), as those of BlockLayout.
/// Tokens past the last one, up to PanelLayout.TokenStep, are zero.
/// </remarks>
internal static unsafe class BlockPanelDriver
{
    /// <summary>Fewer tokens would leave parts of a block of four empty.</summary>
    internal const int TileTokensMin = 4;

    // A panel lies on the stack and streams by once per 8 rows: from the second-level cache, 512 KiB on the boards.
    private const int StackBytesMax = 256 << 10;

    // Sums of a token: (group, row).
    private const int TokenSums = BlockLayout.Groups * PackedLayout.TileRows;

    /// <summary>Whether a panel has room for enough tokens of so many columns.</summary>
    internal static bool Fits(int cols) => PanelTokens(cols) >= TileTokensMin;

    /// <summary>x.Rows tokens for rows [rowStart, rowEnd), eight at a time.</summary>
    internal static void MatMul(
        in DenseMatrix w,
        in QuantizedRows x,
        in FloatMatrix y,
        int rowStart,
        int rowEnd,
        delegate*<byte*, int, byte*, float*, void> unpack,
        delegate*<byte*, float*, byte*, float*, void> turn,
        delegate*<byte*, float*, byte*, int, float*, void> body)
    {
        Debug.Assert((rowEnd - rowStart) % PackedLayout.TileRows == 0 && rowEnd <= w.Rows, "Whole tiles.");
        Debug.Assert(y.Cols >= rowEnd, "y (tokens, rows).");
        Debug.Assert(x.GroupCount == w.Cols / DenseBlock.Length && y.Rows >= x.Rows, "x (tokens, cols).");

        // Even panels, because a small one would pay as much for the weights.
        int max = PanelTokens(w.Cols);
        int panels = (x.Rows + max - 1) / max;
        int tokens = (x.Rows + panels - 1) / panels;
        for (int token = 0; token < x.Rows && rowStart < rowEnd; token += tokens)
        {
            int count = Math.Min(tokens, x.Rows - token);
            Panel(w, x.Slice(token, count), y.Slice(token, count), rowStart, rowEnd, unpack, turn, body);
        }
    }

    // 64 tokens share an unpacked weight; their sums take 16 KiB.
    private static int PanelTokens(int cols) => Math.Min(
        PackedPanelDriver.PanelTokensMax,
        StackBytesMax / (ChunkCount(cols) * BlockLayout.TokenBytes) / PanelLayout.TokenStep * PanelLayout.TokenStep);

    private static int ChunkCount(int cols) => ((cols - 1) / BlockLayout.Quants) + 1;

    // SAFETY: panel and sums hold the padded tokens.
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private static void Panel(
        in DenseMatrix w,
        in QuantizedRows x,
        in FloatMatrix y,
        int rowStart,
        int rowEnd,
        delegate*<byte*, int, byte*, float*, void> unpack,
        delegate*<byte*, float*, byte*, float*, void> turn,
        delegate*<byte*, float*, byte*, int, float*, void> body)
    {
        int padded = (x.Rows + PanelLayout.TokenStep - 1) / PanelLayout.TokenStep * PanelLayout.TokenStep;
        int chunks = ChunkCount(w.Cols);
        int recordBytes = padded * BlockLayout.TokenBytes;
        byte* memory = stackalloc byte[(chunks * recordBytes) + AlignedBuffer.Alignment];
        byte* panel = AlignedBuffer.Align(memory);
        float* floats = stackalloc float[(padded * TokenSums) + AlignedBuffer.FloatsPerLine];
        float* sums = (float*)AlignedBuffer.Align(floats);
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            Fill(x, chunk, padded, w.Type, panel + ((long)chunk * recordBytes));
        }

        for (int row = rowStart; row < rowEnd; row += PackedLayout.TileRows)
        {
            new Span<float>(sums, padded * TokenSums).Clear();
            TileRow(w, row, chunks, panel, padded, sums, unpack, turn, body);
            Store(sums, padded, y, row);
        }
    }

    // All chunks of eight rows.
    // SAFETY: a row has GroupCount groups; unpack fills whole chunks.
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private static void TileRow(
        in DenseMatrix w,
        int row,
        int chunks,
        byte* records,
        int tokens,
        float* sums,
        delegate*<byte*, int, byte*, float*, void> unpack,
        delegate*<byte*, float*, byte*, float*, void> turn,
        delegate*<byte*, float*, byte*, int, float*, void> body)
    {
        const int QuantBytes = PackedLayout.TileRows * BlockLayout.Quants;
        const int FactorCount = PackedLayout.TileRows * BlockLayout.Factors;
        byte* memory = stackalloc byte[(2 * QuantBytes) + AlignedBuffer.Alignment];
        byte* quants = AlignedBuffer.Align(memory), tile = quants + QuantBytes;
        float* factors = stackalloc float[2 * FactorCount];
        long chunkBytes = BlockLayout.Quants / ElementTypes.BlockLength(w.Type) * ElementTypes.BlockBytes(w.Type);
        int groupCount = w.Cols / DenseBlock.Length;
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            int groups = Math.Min(BlockLayout.Groups, groupCount - (chunk * BlockLayout.Groups));
            for (int i = 0; i < PackedLayout.TileRows; i++)
            {
                unpack(
                    w.Row(row + i) + (chunk * chunkBytes), groups, quants + (i * BlockLayout.Quants),
                    factors + (i * BlockLayout.Factors));
            }

            turn(quants, factors, tile, factors + FactorCount);
            body(tile, factors + FactorCount, records, tokens, sums);
            records += (long)tokens * BlockLayout.TokenBytes;
        }
    }

    // A chunk of all tokens.
    // SAFETY: reads the groups of x that exist, writes a record.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Fill(in QuantizedRows x, int chunk, int padded, ElementType type, byte* record)
    {
        int* scales = (int*)(record + ((long)padded * BlockLayout.ScalesOffset));
        int* sums = (int*)(record + ((long)padded * BlockLayout.SumsOffset));
        int* firstSums = (int*)(record + ((long)padded * BlockLayout.FirstSumsOffset));
        bool hasMinimum = BlockReference.HasMinimum(type);
        for (int i = 0; i < BlockLayout.Groups * padded; i++)
        {
            int group = (chunk * BlockLayout.Groups) + (i / padded), token = i % padded;
            bool exists = token < x.Rows && group < x.GroupCount;
            long index = ((long)token * x.GroupCount) + group;
            sbyte* source = x.Values + (index * DenseBlock.Length);
            sbyte* target = (sbyte*)record + ((long)i * DenseBlock.Length);
            Vector128<sbyte> first = exists ? Vector128.Load(source) : default;
            first.Store(target);
            (exists ? Vector128.Load(source + 16) : default).Store(target + 16);
            float scale = exists ? x.Scales[index] : 0f;
            int sum = exists ? x.Sums[index] : 0;
            scales[i] = BitConverter.SingleToInt32Bits(scale);
            sums[i] = hasMinimum ? BitConverter.SingleToInt32Bits(scale * sum) : sum;
            firstSums[i] = BlockDriver.HalfSum(first);
        }
    }

    // Eight sums become one, in the order of BlockDriver.Sum.
    // SAFETY: y has row + 8 columns; tokens past the last one are left out.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Store(float* sums, int padded, in FloatMatrix y, int row)
    {
        int step = padded * PackedLayout.TileRows;
        for (int token = 0; token < y.Rows; token++)
        {
            float* own = sums + (token * PackedLayout.TileRows);
            float* target = y.Data + ((long)token * y.Stride) + row;
            for (int i = 0; i < PackedLayout.TileRows; i += 4)
            {
                ((Pair(own + i, 0, step) + Pair(own + i, 2, step)) + (Pair(own + i, 1, step) + Pair(own + i, 3, step)))
                    .Store(target + i);
            }
        }
    }

    // The sums of a group and of the one four further.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Pair(float* own, int group, int step) =>
        Vector128.Load(own + ((long)group * step)) + Vector128.Load(own + ((group + 4L) * step));
}
