using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>
/// The loops around a panel body: activations of many tokens are copied into a panel, which every tile of the slice
/// then passes. For sets whose body keeps a group of weights in registers and lets the tokens stream by.
/// </summary>
/// <remarks>
/// A panel body (quants, scales, x, xScales, xSums, groupCount, tokenCount, sums) adds groupCount groups of one tile to
/// sums (tokenCount, 8), group by group, so that long rows can be split. PanelLayout says how a panel lies in memory.
/// </remarks>
internal static unsafe class PackedPanelDriver
{
    /// <summary>64 tokens read a weight from memory once; their sums take 2 KiB a tile.</summary>
    internal const int PanelTokensMax = 64;

    /// <summary>
    /// A panel shares the second-level cache of a core (256 KiB at least) with the weights that stream by.
    /// </summary>
    internal const int PanelBytesMax = 128 << 10;

    /// <summary>x.Rows tokens, PanelTokensMax at a time.</summary>
    /// <param name="w">Weights (rows, cols).</param>
    /// <param name="x">Activations (tokens, cols).</param>
    /// <param name="y">Output (tokens, rows).</param>
    /// <param name="tileStart">First tile.</param>
    /// <param name="tileEnd">Tile after the last.</param>
    /// <param name="rowBody">The body for one token, which has no use for a panel.</param>
    /// <param name="panelBody">The body for a panel.</param>
    internal static void MatMul(
        in PackedMatrix w,
        in QuantizedRows x,
        in FloatMatrix y,
        int tileStart,
        int tileEnd,
        delegate*<byte*, ushort*, sbyte*, float*, int*, int, int, float*, void> rowBody,
        delegate*<byte*, ushort*, sbyte*, float*, int*, int, int, float*, void> panelBody)
    {
        Debug.Assert(x.GroupCount == w.Layout.GroupCount && y.Rows >= x.Rows, "x (tokens, cols), y (tokens, rows).");
        Debug.Assert(y.Cols >= w.Layout.Rows && tileEnd <= w.Layout.TileCount, "y (tokens, rows).");
        for (int token = 0; token < x.Rows; token += PanelTokensMax)
        {
            int count = Math.Min(PanelTokensMax, x.Rows - token);
            QuantizedRows tokens = x.Slice(token, count);
            if (count == 1)
            {
                PackedDriver.MatVec(w, tokens, y.Slice(token, 1), tileStart, tileEnd, rowBody);
            }
            else
            {
                Panels(w, tokens, y.Slice(token, count), tileStart, tileEnd, panelBody);
            }
        }
    }

    // SAFETY: the panel holds padded tokens of at most groupsMax groups; bodies write padded·8 floats of sums.
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private static void Panels(
        in PackedMatrix w,
        in QuantizedRows x,
        in FloatMatrix y,
        int tileStart,
        int tileEnd,
        delegate*<byte*, ushort*, sbyte*, float*, int*, int, int, float*, void> panelBody)
    {
        int padded = (x.Rows + PanelLayout.TokenStep - 1) / PanelLayout.TokenStep * PanelLayout.TokenStep;
        int groupsMax = Math.Min(x.GroupCount, PanelBytesMax / (padded * PackedLayout.GroupSize));
        sbyte* values = stackalloc sbyte[groupsMax * padded * PackedLayout.GroupSize];
        float* scales = stackalloc float[groupsMax * padded];
        int* integers = stackalloc int[groupsMax * padded];
        float* sums = stackalloc float[PanelTokensMax * PackedLayout.TileRows];
        for (int start = 0; start < x.GroupCount; start += groupsMax)
        {
            int groups = Math.Min(groupsMax, x.GroupCount - start);
            Fill(x, start, groups, padded, values, scales, integers);
            for (int tile = tileStart; tile < tileEnd; tile++)
            {
                int rows = Math.Min(PackedLayout.TileRows, w.Layout.Rows - (tile * PackedLayout.TileRows));
                float* output = y.Data + (tile * PackedLayout.TileRows);
                new Span<float>(sums, padded * PackedLayout.TileRows).Clear();
                for (int token = 0; token < x.Rows && start > 0; token++)
                {
                    Copy(output + ((long)token * y.Stride), sums + (token * PackedLayout.TileRows), rows);
                }

                panelBody(
                    w.TileQuants(tile) + ((long)start * PackedLayout.TileGroupBytes(w.Layout.Format)),
                    w.TileScales(tile) + ((long)start * PackedLayout.TileRows),
                    values, scales, integers, groups, padded, sums);
                for (int token = 0; token < x.Rows; token++)
                {
                    Copy(sums + (token * PackedLayout.TileRows), output + ((long)token * y.Stride), rows);
                }
            }
        }
    }

    // SAFETY: reads groups [start, start + groups) of x.Rows ≤ padded tokens, writes groups·padded groups.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Fill(
        in QuantizedRows x, int start, int groups, int padded, sbyte* values, float* scales, int* sums)
    {
        for (int group = 0; group < groups; group++)
        {
            for (int token = 0; token < padded; token++, values += PackedLayout.GroupSize)
            {
                long index = ((long)token * x.GroupCount) + start + group;
                bool exists = token < x.Rows;
                sbyte* source = x.Values + (index * PackedLayout.GroupSize);
                (exists ? Vector128.Load(source) : default).Store(values);
                (exists ? Vector128.Load(source + 16) : default).Store(values + 16);
                *scales++ = exists ? x.Scales[index] : 0f;
                *sums++ = exists ? x.Sums[index] : 0;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(float* source, float* target, int rows)
    {
        if (rows == PackedLayout.TileRows)
        {
            Vector128<float> upper = Vector128.Load(source + 4);
            Vector128.Load(source).Store(target);
            upper.Store(target + 4);
            return;
        }

        for (int row = 0; row < rows; row++)
        {
            target[row] = source[row];
        }
    }
}
