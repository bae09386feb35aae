using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static MoREdge.Kernels.Avx2TileBodies;
using static MoREdge.Kernels.Avx2WideBodies;
using static MoREdge.Kernels.AvxVnniWeights;
using Kind = MoREdge.Kernels.Avx2BlockBodies.Kind;

namespace MoREdge.Kernels;

/// <summary>The products of <see cref="Avx2TileBodies"/> with AVX-VNNI, whose sums are int32 from the start.</summary>
/// <remarks>SAFETY: pointers only, shapes as Avx2TileDriver states them; all weights are unsigned bytes.</remarks>
internal static unsafe class AvxVnniTileBodies
{
    /// <summary>Adds a chunk of 16 rows times a record of four tokens to sums (group, token, row).</summary>
    /// <remarks>The bodies are not inlined, as in Avx2TileBodies.</remarks>
    internal static void Block(byte* tiles, float* factors, byte* record, float* sums, Kind kind)
    {
        float* scales = (float*)(record + ScalesOffset(kind));
        switch (kind)
        {
            case Kind.Six:
                Six(tiles, factors, (int*)record, scales, sums);
                break;
            case Kind.FourMinimum or Kind.FiveMinimum:
                Minimums(tiles, factors, (int*)record, scales, sums);
                break;
            default:
                ZeroPoints(tiles, factors, (int*)record, scales, sums);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void ZeroPoints(byte* w, float* factors, int* x, float* scales, float* sums) =>
        Groups(w, factors, x, scales, sums, Kind.Eight);

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Minimums(byte* w, float* factors, int* x, float* scales, float* sums) =>
        Groups(w, factors, x, scales, sums, Kind.FourMinimum);

    // A group has a scale for each half.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Six(byte* w, float* factors, int* x, float* scales, float* sums)
    {
        for (int group = 0; group < BlockLayout.Groups; group++)
        {
            for (int half = 0; half < 2; half++)
            {
                float* own = factors + (half * BlockLayout.Groups * RowsPerBlock);
                AddQuads(ref w, ref x, QuadsPerGroup / 2, own, scales, (1 + half) * RecordFloats, sums, Kind.Six);
            }

            factors += RowsPerBlock;
            scales += TokensPerBlock;
            sums += SumsPerGroup;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Groups(byte* w, float* factors, int* x, float* scales, float* sums, Kind kind)
    {
        for (int group = 0; group < BlockLayout.Groups; group++)
        {
            AddQuads(ref w, ref x, QuadsPerGroup, factors, scales, RecordFloats, sums, kind);
            factors += RowsPerBlock;
            scales += TokensPerBlock;
            sums += SumsPerGroup;
        }
    }

    // Count quads that share a scale, of both tiles against those of each token, which are stepped over. References to
    // locals stay registers once inlined.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddQuads(
        ref byte* w, ref int* x, int count, float* factors, float* scales, long zeros, float* sums, Kind kind)
    {
        Vector256<int> a0 = default, b0 = default, a1 = default, b1 = default;
        Vector256<int> a2 = default, b2 = default, a3 = default, b3 = default;
        for (int quad = 0; quad < count; quad += 2)
        {
            AddTwo(w, x, ref a0, ref b0);
            AddTwo(w, x + 1, ref a1, ref b1);
            AddTwo(w, x + 2, ref a2, ref b2);
            AddTwo(w, x + 3, ref a3, ref b3);
            AddTwo(w + QuadStep, x + 4, ref a0, ref b0);
            AddTwo(w + QuadStep, x + 5, ref a1, ref b1);
            AddTwo(w + QuadStep, x + 6, ref a2, ref b2);
            AddTwo(w + QuadStep, x + 7, ref a3, ref b3);
            w += 2 * QuadStep;
            x += 2 * TokensPerBlock;
        }

        End(a0, b0, factors, scales, zeros, sums, kind);
        End(a1, b1, factors, scales + 1, zeros, sums + RowsPerBlock, kind);
        End(a2, b2, factors, scales + 2, zeros, sums + (2 * RowsPerBlock), kind);
        End(a3, b3, factors, scales + 3, zeros, sums + (3 * RowsPerBlock), kind);
    }
}
