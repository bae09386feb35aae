using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace MoREdge.Kernels;

/// <summary>Retention for AVX2 and FMA.</summary>
/// <remarks>SAFETY: pointers only; shapes as RetentionDriver states them. A prefetch never faults.</remarks>
internal static unsafe class Avx2RetentionBodies
{
    /// <summary>Some rows of 16 columns of the state (see RetentionDriver).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Block(
        float* state, long stateStride, int rows, float decay, float* queries, long queryStride, float* keys,
        long keyStride, float* values, long valueStride, float* output, long outputStride, int tokens)
    {
        int d = 0;
        for (; d + 4 <= rows; d += 4)
        {
            FourRows(
                state + (d * stateStride), stateStride, decay, queries + d, queryStride, keys + d, keyStride, values,
                valueStride, output, outputStride, tokens);
        }

        for (; d < rows; d++)
        {
            OneRow(
                state + (d * stateStride), decay, queries + d, queryStride, keys + d, keyStride, values, valueStride,
                output, outputStride, tokens);
        }
    }

    /// <summary>The next four rows, and the next columns of these, come from memory while the tokens pass.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AskForNext(float* state, long stateStride)
    {
        for (int row = 0; row < 4; row++)
        {
            Sse.Prefetch0(state + ((4 + row) * stateStride));
            Sse.Prefetch1(state + (row * stateStride) + 16);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FourRows(
        float* state, long stateStride, float decay, float* query, long queryStride, float* key, long keyStride,
        float* value, long valueStride, float* output, long outputStride, int tokens)
    {
        float* row1 = state + stateStride, row2 = row1 + stateStride, row3 = row2 + stateStride;
        Vector256<float> decays = Vector256.Create(decay);
        Vector256<float> r00 = Vector256.Load(state), r01 = Vector256.Load(state + 8);
        Vector256<float> r10 = Vector256.Load(row1), r11 = Vector256.Load(row1 + 8);
        Vector256<float> r20 = Vector256.Load(row2), r21 = Vector256.Load(row2 + 8);
        Vector256<float> r30 = Vector256.Load(row3), r31 = Vector256.Load(row3 + 8);

        AskForNext(state, stateStride);
        for (int token = 0; token < tokens; token++)
        {
            Vector256<float> v0 = Vector256.Load(value), v1 = Vector256.Load(value + 8);
            Vector256<float> sum0 = Vector256.Load(output), sum1 = Vector256.Load(output + 8);
            Vector256<float> factor = Avx.BroadcastScalarToVector256(key);
            r00 = Fma.MultiplyAdd(factor, v0, decays * r00);
            r01 = Fma.MultiplyAdd(factor, v1, decays * r01);
            factor = Avx.BroadcastScalarToVector256(query);
            sum0 = Fma.MultiplyAdd(factor, r00, sum0);
            sum1 = Fma.MultiplyAdd(factor, r01, sum1);
            factor = Avx.BroadcastScalarToVector256(key + 1);
            r10 = Fma.MultiplyAdd(factor, v0, decays * r10);
            r11 = Fma.MultiplyAdd(factor, v1, decays * r11);
            factor = Avx.BroadcastScalarToVector256(query + 1);
            sum0 = Fma.MultiplyAdd(factor, r10, sum0);
            sum1 = Fma.MultiplyAdd(factor, r11, sum1);
            factor = Avx.BroadcastScalarToVector256(key + 2);
            r20 = Fma.MultiplyAdd(factor, v0, decays * r20);
            r21 = Fma.MultiplyAdd(factor, v1, decays * r21);
            factor = Avx.BroadcastScalarToVector256(query + 2);
            sum0 = Fma.MultiplyAdd(factor, r20, sum0);
            sum1 = Fma.MultiplyAdd(factor, r21, sum1);
            factor = Avx.BroadcastScalarToVector256(key + 3);
            r30 = Fma.MultiplyAdd(factor, v0, decays * r30);
            r31 = Fma.MultiplyAdd(factor, v1, decays * r31);
            factor = Avx.BroadcastScalarToVector256(query + 3);
            Fma.MultiplyAdd(factor, r30, sum0).Store(output);
            Fma.MultiplyAdd(factor, r31, sum1).Store(output + 8);
            query += queryStride;
            key += keyStride;
            value += valueStride;
            output += outputStride;
        }

        r00.Store(state);
        r01.Store(state + 8);
        r10.Store(row1);
        r11.Store(row1 + 8);
        r20.Store(row2);
        r21.Store(row2 + 8);
        r30.Store(row3);
        r31.Store(row3 + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OneRow(
        float* state, float decay, float* query, long queryStride, float* key, long keyStride, float* value,
        long valueStride, float* output, long outputStride, int tokens)
    {
        Vector256<float> decays = Vector256.Create(decay);
        Vector256<float> r0 = Vector256.Load(state), r1 = Vector256.Load(state + 8);
        for (int token = 0; token < tokens; token++)
        {
            Vector256<float> factor = Avx.BroadcastScalarToVector256(key + (token * keyStride));
            r0 = Fma.MultiplyAdd(factor, Vector256.Load(value), decays * r0);
            r1 = Fma.MultiplyAdd(factor, Vector256.Load(value + 8), decays * r1);
            factor = Avx.BroadcastScalarToVector256(query + (token * queryStride));
            Fma.MultiplyAdd(factor, r0, Vector256.Load(output)).Store(output);
            Fma.MultiplyAdd(factor, r1, Vector256.Load(output + 8)).Store(output + 8);
            value += valueStride;
            output += outputStride;
        }

        r0.Store(state);
        r1.Store(state + 8);
    }
}
