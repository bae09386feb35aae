using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MoREdge.Kernels;

/// <summary>Retention with portable 128-bit vectors.</summary>
/// <remarks>SAFETY: pointers only; shapes as RetentionDriver states them.</remarks>
internal static unsafe class Vector128RetentionBodies
{
    /// <summary>Some rows of 16 columns of the state (see RetentionDriver), fused.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Block(
        float* state, long stateStride, int rows, float decay, float* queries, long queryStride, float* keys,
        long keyStride, float* values, long valueStride, float* output, long outputStride, int tokens)
    {
        // Two halves of 8 columns: four rows of them are half of the registers.
        for (int half = 0; half < 16; half += 8)
        {
            Half(
                state + half, stateStride, rows, decay, queries, queryStride, keys, keyStride, values + half,
                valueStride, output + half, outputStride, tokens, fused: true);
        }
    }

    /// <summary><see cref="Block"/> with products and sums rounded apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void BlockSplit(
        float* state, long stateStride, int rows, float decay, float* queries, long queryStride, float* keys,
        long keyStride, float* values, long valueStride, float* output, long outputStride, int tokens)
    {
        for (int half = 0; half < 16; half += 8)
        {
            Half(
                state + half, stateStride, rows, decay, queries, queryStride, keys, keyStride, values + half,
                valueStride, output + half, outputStride, tokens, fused: false);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Half(
        float* state, long stateStride, int rows, float decay, float* queries, long queryStride, float* keys,
        long keyStride, float* values, long valueStride, float* output, long outputStride, int tokens, bool fused)
    {
        int d = 0;
        for (; d + 4 <= rows; d += 4)
        {
            FourRows(
                state + (d * stateStride), stateStride, decay, queries + d, queryStride, keys + d, keyStride, values,
                valueStride, output, outputStride, tokens, fused);
        }

        for (; d < rows; d++)
        {
            OneRow(
                state + (d * stateStride), decay, queries + d, queryStride, keys + d, keyStride, values, valueStride,
                output, outputStride, tokens, fused);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FourRows(
        float* state, long stateStride, float decay, float* query, long queryStride, float* key, long keyStride,
        float* value, long valueStride, float* output, long outputStride, int tokens, bool fused)
    {
        float* row1 = state + stateStride, row2 = row1 + stateStride, row3 = row2 + stateStride;
        Vector128<float> decays = Vector128.Create(decay);
        Vector128<float> r00 = Vector128.Load(state), r01 = Vector128.Load(state + 4);
        Vector128<float> r10 = Vector128.Load(row1), r11 = Vector128.Load(row1 + 4);
        Vector128<float> r20 = Vector128.Load(row2), r21 = Vector128.Load(row2 + 4);
        Vector128<float> r30 = Vector128.Load(row3), r31 = Vector128.Load(row3 + 4);
        for (int token = 0; token < tokens; token++)
        {
            Vector128<float> v0 = Vector128.Load(value), v1 = Vector128.Load(value + 4);
            Vector128<float> sum0 = Vector128.Load(output), sum1 = Vector128.Load(output + 4);
            Vector128<float> factor = Vector128.Create(key[0]);
            r00 = MultiplyAdd(factor, v0, decays * r00, fused);
            r01 = MultiplyAdd(factor, v1, decays * r01, fused);
            factor = Vector128.Create(query[0]);
            sum0 = MultiplyAdd(factor, r00, sum0, fused);
            sum1 = MultiplyAdd(factor, r01, sum1, fused);
            factor = Vector128.Create(key[1]);
            r10 = MultiplyAdd(factor, v0, decays * r10, fused);
            r11 = MultiplyAdd(factor, v1, decays * r11, fused);
            factor = Vector128.Create(query[1]);
            sum0 = MultiplyAdd(factor, r10, sum0, fused);
            sum1 = MultiplyAdd(factor, r11, sum1, fused);
            factor = Vector128.Create(key[2]);
            r20 = MultiplyAdd(factor, v0, decays * r20, fused);
            r21 = MultiplyAdd(factor, v1, decays * r21, fused);
            factor = Vector128.Create(query[2]);
            sum0 = MultiplyAdd(factor, r20, sum0, fused);
            sum1 = MultiplyAdd(factor, r21, sum1, fused);
            factor = Vector128.Create(key[3]);
            r30 = MultiplyAdd(factor, v0, decays * r30, fused);
            r31 = MultiplyAdd(factor, v1, decays * r31, fused);
            factor = Vector128.Create(query[3]);
            MultiplyAdd(factor, r30, sum0, fused).Store(output);
            MultiplyAdd(factor, r31, sum1, fused).Store(output + 4);
            query += queryStride;
            key += keyStride;
            value += valueStride;
            output += outputStride;
        }

        r00.Store(state);
        r01.Store(state + 4);
        r10.Store(row1);
        r11.Store(row1 + 4);
        r20.Store(row2);
        r21.Store(row2 + 4);
        r30.Store(row3);
        r31.Store(row3 + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OneRow(
        float* state, float decay, float* query, long queryStride, float* key, long keyStride, float* value,
        long valueStride, float* output, long outputStride, int tokens, bool fused)
    {
        Vector128<float> decays = Vector128.Create(decay);
        Vector128<float> r0 = Vector128.Load(state), r1 = Vector128.Load(state + 4);
        for (int token = 0; token < tokens; token++)
        {
            Vector128<float> factor = Vector128.Create(key[token * keyStride]);
            r0 = MultiplyAdd(factor, Vector128.Load(value), decays * r0, fused);
            r1 = MultiplyAdd(factor, Vector128.Load(value + 4), decays * r1, fused);
            factor = Vector128.Create(query[token * queryStride]);
            MultiplyAdd(factor, r0, Vector128.Load(output), fused).Store(output);
            MultiplyAdd(factor, r1, Vector128.Load(output + 4), fused).Store(output + 4);
            value += valueStride;
            output += outputStride;
        }

        r0.Store(state);
        r1.Store(state + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> MultiplyAdd(
        Vector128<float> a, Vector128<float> b, Vector128<float> sum, bool fused) =>
        fused ? Vector128.FusedMultiplyAdd(a, b, sum) : (a * b) + sum;
}
