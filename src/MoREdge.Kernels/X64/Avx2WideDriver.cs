using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using MoREdge.Tensors;
using static MoREdge.Kernels.Avx2WideBodies;

namespace MoREdge.Kernels;

/// <summary>
/// The loops around <see cref="Avx2WideBodies"/>: many tokens are widened into a panel, which every pair of tiles of
/// the slice then passes, a chunk of groups at a time.
/// </summary>
/// <remarks>
/// A panel is (chunk, four tokens, group, quad, token, 1 3 0 2) of int16, with scales (chunk, four tokens, group,
/// token); tokens past the last one are zero.
/// </remarks>
internal static unsafe class Avx2WideDriver
{
    /// <summary>Fewer tokens are not worth widening weights, or turning blocks into tiles.</summary>
    internal const int TokensMin = 8;

    // Widened weights take 8 KiB of the first-level cache, each block of tokens 2 KiB.
    private const int ChunkGroups = 8;

    private const int WeightBytes = ChunkGroups * RowsPerBlock * PackedLayout.GroupSize * sizeof(short);
    private const int ScaleBytes = ChunkGroups * RowsPerBlock * sizeof(float);

    private const int LinesPerGroup = GroupBytes / AlignedBuffer.Alignment;

    /// <summary>Q8G32 by x.Rows tokens, for whole tiles in pairs.</summary>
    /// <param name="w">Weights (rows, cols).</param>
    /// <param name="x">Activations (tokens, cols).</param>
    /// <param name="y">Output (tokens, rows).</param>
    /// <param name="tileStart">First tile.</param>
    /// <param name="tileEnd">Tile after the last.</param>
    internal static void MatMul(in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd)
    {
        Debug.Assert(x.GroupCount == w.Layout.GroupCount && y.Rows >= x.Rows, "x (tokens, cols), y (tokens, rows).");
        Debug.Assert((tileEnd - tileStart) % TilesPerBlock == 0, "Pairs.");
        Debug.Assert(y.Cols >= tileEnd * PackedLayout.TileRows, "Whole tiles.");
        for (int token = 0; token < x.Rows && tileStart < tileEnd; token += PackedPanelDriver.PanelTokensMax)
        {
            int count = Math.Min(PackedPanelDriver.PanelTokensMax, x.Rows - token);
            Panel(w, x.Slice(token, count), y.Slice(token, count), tileStart, tileEnd);
        }
    }

    // SAFETY: panel and sums hold the tokens padded to blocks; a panel at least one group of them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private static void Panel(in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd)
    {
        int padded = (x.Rows + TokensPerBlock - 1) / TokensPerBlock * TokensPerBlock;
        int groupBytes = padded * PackedLayout.GroupSize * sizeof(short);
        int groupsMax = Math.Min(x.GroupCount, PackedPanelDriver.PanelBytesMax / groupBytes);
        short* panel = stackalloc short[groupsMax * padded * PackedLayout.GroupSize];
        float* panelScales = stackalloc float[groupsMax * padded];
        float* memory = stackalloc float[(padded * RowsPerBlock) + AlignedBuffer.FloatsPerLine];
        float* sums = (float*)AlignedBuffer.Align(memory);
        for (int start = 0; start < x.GroupCount; start += groupsMax)
        {
            int groups = Math.Min(groupsMax, x.GroupCount - start);
            Fill(x, start, groups, padded, panel, panelScales);
            for (int tile = tileStart; tile < tileEnd; tile += TilesPerBlock)
            {
                float* output = y.Data + (tile * PackedLayout.TileRows);
                new Span<float>(sums, padded * RowsPerBlock).Clear();
                for (int token = 0; token < x.Rows && start > 0; token++)
                {
                    Copy(output + ((long)token * y.Stride), sums + (token * RowsPerBlock));
                }

                Chunks(w, tile, start, groups, padded, panel, panelScales, sums);
                for (int token = 0; token < x.Rows; token++)
                {
                    Copy(sums + (token * RowsPerBlock), output + ((long)token * y.Stride));
                }
            }
        }
    }

    // One pair of tiles, groups [start, start + groups), for all tokens of the panel. While the blocks of tokens pass,
    // the weights of the next chunk are asked for a share at a time: the hardware does not see them coming.
    // SAFETY: a prefetch may pass the end of the weights, which the processor allows.
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private static void Chunks(
        in PackedMatrix w, int tile, int start, int groups, int padded, short* panel, float* panelScales, float* sums)
    {
        byte* memory = stackalloc byte[WeightBytes + ScaleBytes + AlignedBuffer.Alignment];
        short* weights = (short*)AlignedBuffer.Align(memory);
        float* scales = (float*)((byte*)weights + WeightBytes);
        int tileGroups = w.Layout.GroupCount;
        byte* quants = w.TileQuants(tile) + ((long)start * GroupBytes);
        ushort* tileScales = w.TileScales(tile) + ((long)start * PackedLayout.TileRows);
        int blocks = padded / TokensPerBlock;
        int linesPerBlock = ((Math.Min(groups, ChunkGroups) * LinesPerGroup) + blocks - 1) / blocks;
        for (int chunk = 0; chunk < groups; chunk += ChunkGroups)
        {
            int count = Math.Min(ChunkGroups, groups - chunk);
            Widen(quants, tileGroups, count, weights);
            WidenScales(tileScales, tileGroups, count, scales);
            long step = chunk + count < groups ? count : ((long)TilesPerBlock * tileGroups) - chunk;
            byte* next = quants + (step * GroupBytes);
            for (int token = 0; token < padded; token += TokensPerBlock)
            {
                for (int i = 0; i < linesPerBlock; i++)
                {
                    Sse.Prefetch1(next);
                    Sse.Prefetch1(next + ((long)tileGroups * GroupBytes));
                    next += AlignedBuffer.Alignment;
                }

                Block(weights, scales, panel, panelScales, count, sums + (token * RowsPerBlock), 0);
                panel += count * TokensPerBlock * PackedLayout.GroupSize;
                panelScales += count * TokensPerBlock;
            }

            quants += count * GroupBytes;
            tileScales += count * PackedLayout.TileRows;
        }
    }

    // SAFETY: reads groups [start, start + groups) of x.Rows ≤ padded tokens, writes groups·padded groups.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Fill(in QuantizedRows x, int start, int groups, int padded, short* panel, float* scales)
    {
        for (int chunk = 0; chunk < groups; chunk += ChunkGroups)
        {
            int count = Math.Min(ChunkGroups, groups - chunk);
            for (int token = 0; token < padded; token++)
            {
                int place = token % TokensPerBlock;
                long first = ((long)token * x.GroupCount) + start + chunk;
                for (int group = 0; group < count; group++)
                {
                    bool exists = token < x.Rows;
                    scales[(group * TokensPerBlock) + place] = exists ? x.Scales[first + group] : 0f;
                    sbyte* source = x.Values + ((first + group) * PackedLayout.GroupSize);
                    long* target = (long*)panel + (group * PackedLayout.GroupSize) + place;
                    WidenGroup(exists ? Vector256.Load(source) : default, target);
                }

                bool last = place == TokensPerBlock - 1;
                panel += last ? count * TokensPerBlock * PackedLayout.GroupSize : 0;
                scales += last ? count * TokensPerBlock : 0;
            }
        }
    }

    /// <summary>A group of a token as int16, in the order of a panel, from its first quad there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void WidenGroup(Vector256<sbyte> values, long* target)
    {
        WidenHalf(values.GetLower(), target);
        WidenHalf(values.GetUpper(), target + (4 * TokensPerBlock));
    }

    // Four quads.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WidenHalf(Vector128<sbyte> values, long* target)
    {
        Vector128<byte> order = Vector128.Create((byte)1, 3, 0, 2, 5, 7, 4, 6, 9, 11, 8, 10, 13, 15, 12, 14);
        values = Ssse3.Shuffle(values.AsByte(), order).AsSByte();
        Vector256<long> quads = Avx2.ConvertToVector256Int16(values).AsInt64();
        target[0] = quads.GetElement(0);
        target[TokensPerBlock] = quads.GetElement(1);
        target[2 * TokensPerBlock] = quads.GetElement(2);
        target[3 * TokensPerBlock] = quads.GetElement(3);
    }
}
