using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using MoREdge.Tensors;
using static MoREdge.Kernels.Avx2Weights;

namespace MoREdge.Kernels;

/// <summary>Q8G32 for many tokens with AVX2: two tiles (16 rows) by four tokens at a time, as int16.</summary>
/// <remarks>
/// SAFETY: pointers only, shapes as Avx2WideDriver states them. 32 products of int8 with the sign trick take three
/// instructions of the two pipes that multiply and one sum; as int16 they take two of those and two sums, which any
/// pipe does. Weights become int16 once for all tokens of a panel: a shift brings out the odd columns of a quad, two
/// the even ones, so that a quad lies as (1, 3) and (0, 2) on both sides.
/// </remarks>
internal static unsafe class Avx2WideBodies
{
    /// <summary>Tokens of a block.</summary>
    internal const int TokensPerBlock = 4;

    /// <summary>Tiles of a block.</summary>
    internal const int TilesPerBlock = 2;

    /// <summary>Rows of a block.</summary>
    internal const int RowsPerBlock = TilesPerBlock * PackedLayout.TileRows;

    /// <summary>Bytes of a group of one tile.</summary>
    internal const int GroupBytes = PackedLayout.TileRows * PackedLayout.GroupSize;

    // int16 in a vector, and in a quad of both tiles: two pairs of columns by 16 rows.
    private const int Lanes = 16;
    private const int QuadWeights = 4 * Lanes;

    /// <summary>
    /// Groups of two tiles that begin <paramref name="tileGroups"/> groups apart: weights (group, quad, odd or even
    /// columns, row, 2) as int16.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Widen(byte* quants, long tileGroups, int groupCount, short* weights)
    {
        byte* quants1 = quants + (tileGroups * GroupBytes);
        for (int quad = 0; quad < groupCount * PackedLayout.GroupSize / PackedLayout.QuadSize; quad++)
        {
            Vector256<short> w = Vector256.Load((short*)quants), v = Vector256.Load((short*)quants1);
            Vector256.ShiftRightArithmetic(w, 8).Store(weights);
            Vector256.ShiftRightArithmetic(v, 8).Store(weights + Lanes);
            Vector256.ShiftRightArithmetic(Vector256.ShiftLeft(w, 8), 8).Store(weights + (2 * Lanes));
            Vector256.ShiftRightArithmetic(Vector256.ShiftLeft(v, 8), 8).Store(weights + (3 * Lanes));
            quants += Vector256<byte>.Count;
            quants1 += Vector256<byte>.Count;
            weights += QuadWeights;
        }
    }

    /// <summary>Scales of such groups (group, row) as float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void WidenScales(ushort* scales, long tileGroups, int groupCount, float* wideScales)
    {
        ushort* scales1 = scales + (tileGroups * PackedLayout.TileRows);
        for (int group = 0; group < groupCount; group++)
        {
            Scales(scales).Store(wideScales);
            Scales(scales1).Store(wideScales + PackedLayout.TileRows);
            scales += PackedLayout.TileRows;
            scales1 += PackedLayout.TileRows;
            wideScales += RowsPerBlock;
        }
    }

    /// <summary>
    /// sums (4, 16) += weights·x of four tokens: x (group, quad, token, odd or even columns, 2), xScales (group,
    /// token). The sums of a group lie <paramref name="sumsStep"/> floats behind those of the one before.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Block(
        short* weights, float* scales, short* x, float* xScales, int groupCount, float* sums, long sumsStep)
    {
        for (int group = 0; group < groupCount; group++)
        {
            Vector256<int> a0 = default, b0 = default, a1 = default, b1 = default;
            Vector256<int> a2 = default, b2 = default, a3 = default, b3 = default;
            for (int quad = 0; quad < PackedLayout.GroupSize / PackedLayout.QuadSize; quad++)
            {
                Add(weights, x, ref a0, ref b0);
                Add(weights, x + 4, ref a1, ref b1);
                Add(weights, x + 8, ref a2, ref b2);
                Add(weights, x + 12, ref a3, ref b3);
                Add(weights + (2 * Lanes), x + 2, ref a0, ref b0);
                Add(weights + (2 * Lanes), x + 6, ref a1, ref b1);
                Add(weights + (2 * Lanes), x + 10, ref a2, ref b2);
                Add(weights + (2 * Lanes), x + 14, ref a3, ref b3);
                weights += QuadWeights;
                x += 4 * TokensPerBlock;
            }

            Accumulate(a0, b0, scales, xScales[0], sums);
            Accumulate(a1, b1, scales, xScales[1], sums + RowsPerBlock);
            Accumulate(a2, b2, scales, xScales[2], sums + (2 * RowsPerBlock));
            Accumulate(a3, b3, scales, xScales[3], sums + (3 * RowsPerBlock));
            scales += RowsPerBlock;
            xScales += TokensPerBlock;
            sums += sumsStep;
        }
    }

    // References to locals stay registers once inlined.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(short* weights, short* x, ref Vector256<int> a, ref Vector256<int> b)
    {
        Vector256<short> pair = Vector256.Create(*(int*)x).AsInt16();
        Vector256<int> first = Avx2.MultiplyAddAdjacent(pair, Vector256.Load(weights));
        Vector256<int> second = Avx2.MultiplyAddAdjacent(pair, Vector256.Load(weights + Lanes));
        a += first;
        b += second;
    }

    /// <summary>The end of a group for one token: sums (16) of both tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Accumulate(Vector256<int> a, Vector256<int> b, float* scales, float xScale, float* sums)
    {
        Vector256<float> shared = Vector256.Create(xScale);
        AddGroup(a, Vector256.Load(scales), shared, Vector256.Load(sums)).Store(sums);
        float* second = sums + PackedLayout.TileRows;
        AddGroup(b, Vector256.Load(scales + PackedLayout.TileRows), shared, Vector256.Load(second)).Store(second);
    }

    /// <summary>The sums of one token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Copy(float* source, float* target)
    {
        Vector256<float> second = Vector256.Load(source + PackedLayout.TileRows);
        Vector256.Load(source).Store(target);
        second.Store(target + PackedLayout.TileRows);
    }
}
