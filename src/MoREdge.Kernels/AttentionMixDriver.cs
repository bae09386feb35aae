using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using MoREdge.Tensors;
using static MoREdge.Kernels.AttentionDriver;

namespace MoREdge.Kernels;

/// <summary>The loops around the bodies of mixes, as AttentionDriver's around those of scores.</summary>
/// <remarks>
/// Mix body: (weights, step, rows, values, stride, type, cols, count, outputs, accumulate) mixes count positions of
/// F16, F32 or I8 that lie stride elements apart; group g of 32 columns takes weights[g · step] and what follows it,
/// one for each query. Quants body: (source, count, target) makes float32 of int8. The scale of a group of int8 values
/// is multiplied with the weight of its position: once for 32 columns.
/// </remarks>
internal static unsafe class AttentionMixDriver
{
    /// <summary>Positions that are mixed at a time.</summary>
    internal const int BlockPositionsMax = 128;

    /// <summary>Scales of such a block: a group, and less than another one, per 32 of twice ScratchFloats.</summary>
    private const int ScalesMax = 4 * ScratchFloats / PackedLayout.GroupSize;

    /// <summary>Groups of the widest head.</summary>
    private const int GroupsMax = HeadDimMax / PackedLayout.GroupSize;

    /// <summary>Mixes columns [start, start + cols) of every head; start begins a group.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Mix(
        in FloatMatrix weights,
        in ValueRows values,
        int count,
        in FloatMatrix output,
        bool accumulate,
        int start,
        int cols,
        AttentionBodies bodies)
    {
        int rows = output.Rows * (output.Cols / values.Cols);
        Debug.Assert(values.Cols <= HeadDimMax && output.Cols % values.Cols == 0, "Whole heads.");
        Debug.Assert(weights.Rows >= rows && weights.Cols >= count && count <= values.Rows, "A weight per value.");
        Debug.Assert(start % PackedLayout.GroupSize == 0 && start + cols <= values.Cols, "Whole groups of a head.");
        float* scratch = stackalloc float[ScratchFloats];
        float* scales = stackalloc float[ScalesMax];
        bool converts = rows > QueryBlock || (values.Format == KvFormat.F16 && !values.IsFinite);
        int blockPositions = Math.Min(ScratchFloats / cols * (converts ? 1 : 2), BlockPositionsMax);
        if (count == 0 && !accumulate)
        {
            Clear(output, values.Cols, start, cols);
        }

        for (int j = 0; j < count; j += blockPositions)
        {
            // SAFETY: block.Rows positions from j on exist, and as many weights of each query.
            ValueRows block = values.Slice(j, Math.Min(blockPositions, count - j));
            MixBlock mix = new()
            {
                Weights = weights.Columns(j, block.Rows),
                Data = block.Data + ((long)start * KvLayout.ElementBytes(block.Format)),
                Stride = values.Cols,
                Type = KvLayout.ElementTypeOf(block.Format),
                Start = start,
                Cols = cols,
                Scales = scales,
                Groups = LoadScales(block, start, cols, scales, bodies),
            };
            if (converts && block.Format != KvFormat.F32)
            {
                Convert(block, mix.Data, cols, scratch, bodies);
                mix.Data = (byte*)scratch;
                mix.Stride = cols;
                mix.Type = ElementType.F32;
            }

            MixRows(mix, output, values.Cols, accumulate || j > 0, bodies);
        }
    }

    // The scales of int8 values, group by group: their number, 0 for other formats.
    private static int LoadScales(in ValueRows block, int start, int cols, float* scales, AttentionBodies bodies)
    {
        if (block.Format != KvFormat.Q8)
        {
            return 0;
        }

        int first = start / PackedLayout.GroupSize;
        int groups = (cols + PackedLayout.GroupSize - 1) / PackedLayout.GroupSize;
        for (int group = 0; group < groups; group++)
        {
            ushort* own = block.Scales + ((long)(first + group) * block.ScaleStride);
            bodies.Convert(own, block.Rows, block.IsFinite, scales + (group * block.Rows));
        }

        return groups;
    }

    // cols columns of each position, one position behind the other.
    private static void Convert(in ValueRows block, byte* data, int cols, float* target, AttentionBodies bodies)
    {
        bool isWhole = cols == block.Cols;
        int runs = isWhole ? 1 : block.Rows;
        int length = isWhole ? block.Rows * cols : cols;
        for (int run = 0; run < runs; run++)
        {
            if (block.Format == KvFormat.Q8)
            {
                bodies.Quants((sbyte*)data, length, target);
            }
            else
            {
                bodies.Convert((ushort*)data, length, block.IsFinite, target);
            }

            data += block.ElementRowBytes;
            target += length;
        }
    }

    // One block of positions, three queries at a time.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MixRows(
        in MixBlock block, in FloatMatrix output, int headDim, bool accumulate, AttentionBodies bodies)
    {
        int heads = output.Cols / headDim;
        int rows = output.Rows * heads;
        int count = block.Weights.Cols;
        float* scaled = stackalloc float[QueryBlock * ScalesMax];
        float** weights = stackalloc float*[QueryBlock];
        float** scaledWeights = stackalloc float*[QueryBlock * GroupsMax];
        float** target = stackalloc float*[QueryBlock];
        float* unused = stackalloc float[HeadDimMax];
        for (int row = 0; row < rows; row += QueryBlock)
        {
            // SAFETY: a block of two queries mixes the second once more, into memory of its own. GroupsMax groups at
            // most, whose scales are ScalesMax at most.
            int taken = Math.Min(QueryBlock, rows - row);
            for (int i = 0; i < QueryBlock; i++)
            {
                int index = row + Math.Min(i, taken - 1);
                weights[i] = block.Weights.Data + ((long)index * block.Weights.Stride);
                target[i] = i < taken
                    ? output.Data + ((long)(index / heads) * output.Stride) + (index % heads * headDim) + block.Start
                    : unused;
                for (int group = 0; group < block.Groups; group++)
                {
                    int at = (group * QueryBlock) + i;
                    scaledWeights[at] = scaled + (at * count);
                    Scale(weights[i], block.Scales + (group * count), count, scaledWeights[at]);
                }
            }

            bodies.Mix(
                block.Groups == 0 ? weights : scaledWeights,
                block.Groups == 0 ? 0 : QueryBlock,
                taken == 1 ? 1 : QueryBlock,
                block.Data,
                block.Stride,
                block.Type,
                block.Cols,
                count,
                target,
                accumulate);
        }
    }

    // Weights times scales, position by position.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scale(float* weights, float* scales, int count, float* scaled)
    {
        nint j = 0;
        for (; j + 8 <= count; j += 8)
        {
            (Vector256.Load(weights + j) * Vector256.Load(scales + j)).Store(scaled + j);
        }

        for (; j < count; j++)
        {
            scaled[j] = weights[j] * scales[j];
        }
    }

    private static void Clear(in FloatMatrix output, int headDim, int start, int cols)
    {
        for (int row = 0; row < output.Rows; row++)
        {
            for (int head = 0; head < output.Cols; head += headDim)
            {
                output.Row(row).Slice(head + start, cols).Clear();
            }
        }
    }

    // A block of positions: weights (queries, positions), and the columns of their values that are mixed.
    private ref struct MixBlock
    {
        internal FloatMatrix Weights;
        internal byte* Data;
        internal int Stride;
        internal ElementType Type;
        internal int Start;
        internal int Cols;
        internal float* Scales;
        internal int Groups;
    }
}
