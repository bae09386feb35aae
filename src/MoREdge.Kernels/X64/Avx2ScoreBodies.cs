using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>Attention scores for AVX2 and FMA: three queries, or one, share every key.</summary>
/// <remarks>
/// SAFETY: pointers only; shapes as AttentionDriver states them, and a prefetch may pass the end of the keys, which the
/// processor allows. float16 is converted without a look at infinities and NaN, which the driver sends through
/// Avx2CacheBodies. A block of registers keeps at least eight multiply-adds in flight: four cycles of latency times two
/// per cycle.
/// </remarks>
internal static unsafe class Avx2ScoreBodies
{
    private enum KeyForm
    {
        Single,
        Half,

        // Times 2⁻¹¹²; the query is times 2¹¹².
        ShiftedHalf,
    }

    /// <summary>Scores of whole tiles of 8 positions (see AttentionDriver).</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Scores(
        float** queries, int rows, byte* keys, ElementType type, int cols, int tileCount, float scale, float** scores)
    {
        float* copies = stackalloc float[AttentionDriver.QueryBlock * AttentionDriver.HeadDimMax];
        float** rebiased = stackalloc float*[AttentionDriver.QueryBlock];
        if (type == ElementType.F32)
        {
            Scores(queries, rows, keys, KeyForm.Single, cols, tileCount, scale, scores);
        }
        else if (Avx2CacheBodies.Rebias(queries, rows, cols, copies, AttentionDriver.HeadDimMax, rebiased))
        {
            Scores(rebiased, rows, keys, KeyForm.ShiftedHalf, cols, tileCount, scale, scores);
        }
        else
        {
            Scores(queries, rows, keys, KeyForm.Half, cols, tileCount, scale, scores);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scores(
        float** queries, int rows, byte* keys, KeyForm form, int cols, int tileCount, float scale, float** scores)
    {
        if (rows == 1)
        {
            ScoresOfOne(queries[0], keys, form, cols, tileCount, scale, scores[0]);
        }
        else
        {
            ScoresOfThree(queries, keys, form, cols, tileCount, scale, scores);
        }
    }

    // Three tiles for three queries: nine chains of multiply-adds.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ScoresOfThree(
        float** queries, byte* keys, KeyForm form, int cols, int tileCount, float scale, float** scores)
    {
        float* q0 = queries[0], q1 = queries[1], q2 = queries[2];
        long step = form == KeyForm.Single ? 32 : 16;
        long tileBytes = cols * step;
        for (int tile = 0; tile < tileCount; tile += 3)
        {
            // The last block repeats its last tile when there are too few: a score never depends on its neighbours.
            int second = Math.Min(tile + 1, tileCount - 1), third = Math.Min(tile + 2, tileCount - 1);
            byte* key0 = keys + (tile * tileBytes), key1 = keys + (second * tileBytes);
            byte* key2 = keys + (third * tileBytes);
            Vector256<float> sum00 = default, sum01 = default, sum02 = default;
            Vector256<float> sum10 = default, sum11 = default, sum12 = default;
            Vector256<float> sum20 = default, sum21 = default, sum22 = default;
            byte* ahead = key0 + (6 * tileBytes);
            for (nint d = 0; d < cols; d++)
            {
                if (form != KeyForm.Single)
                {
                    Sse.Prefetch0(ahead);
                    ahead += 3 * step;
                }

                Vector256<float> a = Vector256.Create(q0[d]);
                Vector256<float> b = Vector256.Create(q1[d]);
                Vector256<float> c = Vector256.Create(q2[d]);
                Vector256<float> key = LoadKey(key0, form);
                sum00 = Fma.MultiplyAdd(a, key, sum00);
                sum10 = Fma.MultiplyAdd(b, key, sum10);
                sum20 = Fma.MultiplyAdd(c, key, sum20);
                key = LoadKey(key1, form);
                sum01 = Fma.MultiplyAdd(a, key, sum01);
                sum11 = Fma.MultiplyAdd(b, key, sum11);
                sum21 = Fma.MultiplyAdd(c, key, sum21);
                key = LoadKey(key2, form);
                sum02 = Fma.MultiplyAdd(a, key, sum02);
                sum12 = Fma.MultiplyAdd(b, key, sum12);
                sum22 = Fma.MultiplyAdd(c, key, sum22);
                key0 += step;
                key1 += step;
                key2 += step;
            }

            Vector256<float> factor = Vector256.Create(scale);
            StoreThree(sum00 * factor, sum01 * factor, sum02 * factor, scores[0], tile, second, third);
            StoreThree(sum10 * factor, sum11 * factor, sum12 * factor, scores[1], tile, second, third);
            StoreThree(sum20 * factor, sum21 * factor, sum22 * factor, scores[2], tile, second, third);
        }
    }

    // Four tiles for one query: four chains, which the conversion of float16 hides.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ScoresOfOne(
        float* query, byte* keys, KeyForm form, int cols, int tileCount, float scale, float* scores)
    {
        long step = form == KeyForm.Single ? 32 : 16;
        long tileBytes = cols * step;
        for (int tile = 0; tile < tileCount; tile += 4)
        {
            int last = tileCount - 1;
            int second = Math.Min(tile + 1, last), third = Math.Min(tile + 2, last), fourth = Math.Min(tile + 3, last);
            byte* key0 = keys + (tile * tileBytes), key1 = keys + (second * tileBytes);
            byte* key2 = keys + (third * tileBytes), key3 = keys + (fourth * tileBytes);
            Vector256<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
            byte* ahead = key0 + (8 * tileBytes);
            for (nint d = 0; d < cols; d++)
            {
                if (form != KeyForm.Single)
                {
                    Sse.Prefetch0(ahead);
                    ahead += 4 * step;
                }

                Vector256<float> q = Vector256.Create(query[d]);
                sum0 = Fma.MultiplyAdd(q, LoadKey(key0, form), sum0);
                sum1 = Fma.MultiplyAdd(q, LoadKey(key1, form), sum1);
                sum2 = Fma.MultiplyAdd(q, LoadKey(key2, form), sum2);
                sum3 = Fma.MultiplyAdd(q, LoadKey(key3, form), sum3);
                key0 += step;
                key1 += step;
                key2 += step;
                key3 += step;
            }

            Vector256<float> factor = Vector256.Create(scale);
            StoreThree(sum0 * factor, sum1 * factor, sum2 * factor, scores, tile, second, third);
            (sum3 * factor).Store(scores + (fourth * 8L));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreThree(
        Vector256<float> a, Vector256<float> b, Vector256<float> c, float* scores, int first, int second, int third)
    {
        a.Store(scores + (first * 8L));
        b.Store(scores + (second * 8L));
        c.Store(scores + (third * 8L));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> LoadKey(byte* key, KeyForm form)
    {
        if (form == KeyForm.Single)
        {
            return Vector256.Load((float*)key);
        }

        return form == KeyForm.Half ? Avx2CacheBodies.Finite((short*)key) : Avx2CacheBodies.Shifted((short*)key);
    }
}
