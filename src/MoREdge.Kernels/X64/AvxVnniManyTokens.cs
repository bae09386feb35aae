using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using MoREdge.Tensors;
using static MoREdge.Kernels.Avx2TileBodies;
using static MoREdge.Kernels.Avx2WideBodies;
using static MoREdge.Kernels.AvxVnniWeights;

namespace MoREdge.Kernels;

/// <summary>
/// Packed products of many tokens with AVX-VNNI: a pair of tiles (16 rows) is unpacked into scratch memory once, as
/// unsigned bytes and float32 scales, and meets four tokens at a time.
/// </summary>
/// <remarks>
/// Unpacking for every four tokens anew took a fifth of the time. Scratch memory is (group, quad, row, 4) of bytes,
/// then (group, row) of scales.
/// </remarks>
internal static unsafe class AvxVnniManyTokens
{
    // Fewer tokens unpack for each four of them: level at 16 where the weights come from memory.
    private const int UnpackingTokensMin = 16;

    // Scratch memory lies on the stack of a worker.
    private const int ScratchBytesMax = 256 << 10;

    private const int GroupWeights = RowsPerBlock * PackedLayout.GroupSize;
    private const int ScratchBytesPerGroup = GroupWeights + (RowsPerBlock * sizeof(float));

    /// <summary>Whether there are enough tokens, and the stack has room for the columns.</summary>
    internal static bool Suits(int tokens, int groupCount) =>
        tokens >= UnpackingTokensMin && groupCount <= ScratchBytesMax / ScratchBytesPerGroup;

    /// <summary>Q8G32 or Q4G32 by x.Rows tokens, for two or more whole tiles.</summary>
    /// <param name="w">Weights (rows, cols).</param>
    /// <param name="x">Activations (tokens, cols), four or more.</param>
    /// <param name="y">Output (tokens, rows).</param>
    /// <param name="tileStart">First tile.</param>
    /// <param name="tileEnd">Tile after the last.</param>
    /// <remarks>
    /// Two tiles and four tokens that stick out move back over finished ones and write the same bits again.
    /// </remarks>
    // SAFETY: unpacks whole tiles and groups of w, and passes whole blocks of x and y.
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    internal static void MatMul(in PackedMatrix w, in QuantizedRows x, in FloatMatrix y, int tileStart, int tileEnd)
    {
        Debug.Assert(x.GroupCount == w.Layout.GroupCount && y.Rows >= x.Rows, "x (tokens, cols), y (tokens, rows).");
        Debug.Assert(tileEnd - tileStart >= TilesPerBlock && Suits(x.Rows, x.GroupCount), "Two tiles.");
        Debug.Assert(y.Cols >= tileEnd * PackedLayout.TileRows, "Whole tiles.");
        int groups = x.GroupCount;
        bool isInt4 = w.Layout.Format == QuantFormat.Q4G32;
        byte* memory = stackalloc byte[(groups * ScratchBytesPerGroup) + AlignedBuffer.Alignment];
        byte* weights = AlignedBuffer.Align(memory);
        float* scales = (float*)(weights + (groups * GroupWeights));
        int shift = isInt4 ? NibbleShift : ByteShift;
        long tileBytes = (long)groups * PackedLayout.TileGroupBytes(w.Layout.Format);
        int blocks = (x.Rows + TokensPerBlock - 1) / TokensPerBlock;
        int linesPerBlock = (int)(((tileBytes / AlignedBuffer.Alignment) + blocks) / blocks);
        for (int pair = tileStart; pair < tileEnd; pair += TilesPerBlock)
        {
            int tile = Math.Min(pair, tileEnd - TilesPerBlock);
            byte* quants = w.TileQuants(tile);
            if (isInt4)
            {
                UnpackQ4(quants, quants + tileBytes, groups, weights);
            }
            else
            {
                UnpackQ8(quants, quants + tileBytes, groups, weights);
            }

            WidenScales(w.TileScales(tile), groups, groups, scales);
            byte* next = quants + (TilesPerBlock * tileBytes);
            for (int block = 0; block < blocks; block++)
            {
                Ask(ref next, tileBytes, linesPerBlock);
                int token = Math.Min(block * TokensPerBlock, x.Rows - TokensPerBlock);
                FourTokens(
                    weights, scales, x.Values + ((long)token * groups * PackedLayout.GroupSize),
                    x.Scales + ((long)token * groups), x.Sums + ((long)token * groups), groups, shift,
                    y.Data + ((long)token * y.Stride) + (tile * PackedLayout.TileRows), y.Stride);
            }
        }
    }

    // While tokens pass, the next pair of tiles is asked for a share at a time: the hardware does not see it coming.
    // SAFETY: a prefetch may pass the end of the weights, which the processor allows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Ask(ref byte* next, long tileBytes, int lines)
    {
        for (int i = 0; i < lines; i++)
        {
            Sse.Prefetch1(next);
            Sse.Prefetch1(next + tileBytes);
            next += AlignedBuffer.Alignment;
        }
    }

    // Signed bytes of two tiles as w + 128.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void UnpackQ8(byte* quants0, byte* quants1, int groupCount, byte* weights)
    {
        for (int quad = 0; quad < groupCount * QuadsPerGroup; quad++)
        {
            Avx2Weights.Unsigned(quants0).Store(weights);
            Avx2Weights.Unsigned(quants1).Store(weights + PackedLayout.QuadBytes);
            quants0 += PackedLayout.QuadBytes;
            quants1 += PackedLayout.QuadBytes;
            weights += QuadStep;
        }
    }

    // Nibbles of two tiles as w + 8; upper ones are quads four further.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void UnpackQ4(byte* quants0, byte* quants1, int groupCount, byte* weights)
    {
        for (int group = 0; group < groupCount; group++)
        {
            for (int pair = 0; pair < PackedLayout.QuadPairs; pair++)
            {
                byte* upper = weights + (PackedLayout.QuadPairs * QuadStep);
                Avx2Weights.Low(quants0).Store(weights);
                Avx2Weights.Low(quants1).Store(weights + PackedLayout.QuadBytes);
                Avx2Weights.High(quants0).Store(upper);
                Avx2Weights.High(quants1).Store(upper + PackedLayout.QuadBytes);
                quants0 += PackedLayout.QuadBytes;
                quants1 += PackedLayout.QuadBytes;
                weights += QuadStep;
            }

            weights += PackedLayout.QuadPairs * QuadStep;
        }
    }

    // y (4, 16) of four tokens, whose x lie groupCount groups apart; weights are w + 2^shift.
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private static void FourTokens(
        byte* weights, float* scales, sbyte* x, float* xScales, int* xSums, int groupCount, int shift, float* y,
        long yStride)
    {
        float* sums = stackalloc float[TokensPerBlock * RowsPerBlock];
        new Span<float>(sums, TokensPerBlock * RowsPerBlock).Clear();
        long groups = groupCount;
        int* x0 = (int*)x, x1 = x0 + (groups * 8), x2 = x1 + (groups * 8), x3 = x2 + (groups * 8);
        for (long group = 0; group < groups; group++)
        {
            Vector256<int> a0 = Start(xSums, shift), a1 = Start(xSums + groups, shift);
            Vector256<int> a2 = Start(xSums + (2 * groups), shift), a3 = Start(xSums + (3 * groups), shift);
            Vector256<int> b0 = a0, b1 = a1, b2 = a2, b3 = a3;
            for (nint quad = 0; quad < QuadsPerGroup; quad += 2)
            {
                AddTwo(weights, x0 + quad, ref a0, ref b0);
                AddTwo(weights, x1 + quad, ref a1, ref b1);
                AddTwo(weights, x2 + quad, ref a2, ref b2);
                AddTwo(weights, x3 + quad, ref a3, ref b3);
                AddTwo(weights + QuadStep, x0 + quad + 1, ref a0, ref b0);
                AddTwo(weights + QuadStep, x1 + quad + 1, ref a1, ref b1);
                AddTwo(weights + QuadStep, x2 + quad + 1, ref a2, ref b2);
                AddTwo(weights + QuadStep, x3 + quad + 1, ref a3, ref b3);
                weights += 2 * QuadStep;
            }

            Accumulate(a0, b0, scales, xScales[0], sums);
            Accumulate(a1, b1, scales, xScales[groups], sums + RowsPerBlock);
            Accumulate(a2, b2, scales, xScales[2 * groups], sums + (2 * RowsPerBlock));
            Accumulate(a3, b3, scales, xScales[3 * groups], sums + (3 * RowsPerBlock));
            scales += RowsPerBlock;
            xScales++;
            xSums++;
            x0 += 8;
            x1 += 8;
            x2 += 8;
            x3 += 8;
        }

        for (int token = 0; token < TokensPerBlock; token++)
        {
            Copy(sums + (token * RowsPerBlock), y + (token * yStride));
        }
    }
}
