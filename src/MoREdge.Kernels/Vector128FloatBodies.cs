using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MoREdge.Kernels;

/// <summary>
/// float32 bodies with portable 128-bit vectors. SAFETY: pointers only; every pointer holds count elements.
/// </summary>
internal static unsafe class Vector128FloatBodies
{
    /// <summary>Dot products of 4 rows and 2 tokens, fused (see DenseDriver).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Dot4x2(float* w, long wStride, float* x, long xStride, int count, float* sums) =>
        Dot4x2(w, wStride, x, xStride, count, sums, fused: true);

    /// <summary>Dot products of 4 rows and 2 tokens, product and sum rounded apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Dot4x2Split(float* w, long wStride, float* x, long xStride, int count, float* sums) =>
        Dot4x2(w, wStride, x, xStride, count, sums, fused: false);

    /// <summary>The sum of squares.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float SumOfSquares(float* x, int count)
    {
        Vector128<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        int i = 0;
        for (; i + 16 <= count; i += 16)
        {
            sum0 += Square(x + i);
            sum1 += Square(x + i + 4);
            sum2 += Square(x + i + 8);
            sum3 += Square(x + i + 12);
        }

        float sum = Vector128.Sum(sum0 + sum1 + (sum2 + sum3));
        for (; i < count; i++)
        {
            sum += x[i] * x[i];
        }

        return sum;
    }

    /// <summary>y = x·factor·weight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void ScaleBy(float* x, float* weight, float factor, int count, float* y)
    {
        Vector128<float> factors = Vector128.Create(factor);
        int i = 0;
        for (; i + 4 <= count; i += 4)
        {
            (Vector128.Load(x + i) * factors * Vector128.Load(weight + i)).Store(y + i);
        }

        for (; i < count; i++)
        {
            y[i] = x[i] * factor * weight[i];
        }
    }

    /// <summary>Rotates the half-split pairs of one head: the scalar formula four pairs at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void RotateHalves(float* head, int half, float* cos, float* sin)
    {
        int i = 0;
        for (; i + 4 <= half; i += 4)
        {
            Vector128<float> a = Vector128.Load(head + i);
            Vector128<float> b = Vector128.Load(head + half + i);
            Vector128<float> c = Vector128.Load(cos + i);
            Vector128<float> s = Vector128.Load(sin + i);
            ((a * c) - (b * s)).Store(head + i);
            ((b * c) + (a * s)).Store(head + half + i);
        }

        for (; i < half; i++)
        {
            float a = head[i];
            float b = head[half + i];
            head[i] = (a * cos[i]) - (b * sin[i]);
            head[half + i] = (b * cos[i]) + (a * sin[i]);
        }
    }

    /// <summary>Rotates the neighbouring pairs of one head: the scalar formula two pairs at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void RotateNeighbours(float* head, int half, float* cos, float* sin)
    {
        // (a, b) becomes (a·cos + b·(−sin), b·cos + a·sin): rounded as the scalar difference is.
        Vector128<int> signs = Vector128.Create(int.MinValue, 0, int.MinValue, 0);
        int i = 0;
        for (; i + 2 <= half; i += 2)
        {
            Vector128<float> pairs = Vector128.Load(head + (2 * i));
            Vector128<float> c = Vector128.CreateScalarUnsafe(*(double*)(cos + i)).AsSingle();
            Vector128<float> s = Vector128.CreateScalarUnsafe(*(double*)(sin + i)).AsSingle();
            c = Vector128.Shuffle(c, Vector128.Create(0, 0, 1, 1));
            s = (Vector128.Shuffle(s, Vector128.Create(0, 0, 1, 1)).AsInt32() ^ signs).AsSingle();
            ((pairs * c) + (Vector128.Shuffle(pairs, Vector128.Create(1, 0, 3, 2)) * s)).Store(head + (2 * i));
        }

        for (; i < half; i++)
        {
            float a = head[2 * i];
            float b = head[(2 * i) + 1];
            head[2 * i] = (a * cos[i]) - (b * sin[i]);
            head[(2 * i) + 1] = (b * cos[i]) + (a * sin[i]);
        }
    }

    /// <summary>y = gate / (1 + e^−z)·up with z = GeluSlope·(gate + GeluCube·gate³).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void GeGlu(float* gate, float* up, int count, float* y)
    {
        Vector128<float> slope = Vector128.Create(GeluCurve.GeluSlope);
        Vector128<float> cube = Vector128.Create(GeluCurve.GeluSlope * GeluCurve.GeluCube);
        int i = 0;
        for (; i + 4 <= count; i += 4)
        {
            Vector128<float> g = Vector128.Load(gate + i);
            Vector128<float> z = ((cube * g * g) + slope) * g;
            (g / (Vector128<float>.One + Vector128Exponential.Exp(-z)) * Vector128.Load(up + i)).Store(y + i);
        }

        for (; i < count; i++)
        {
            float g = gate[i];
            float z = ((GeluCurve.GeluSlope * GeluCurve.GeluCube * g * g) + GeluCurve.GeluSlope) * g;
            y[i] = g / (1f + MathF.Exp(-z)) * up[i];
        }
    }

    /// <summary>x = cap·tanh(x / cap) = cap − 2·cap / (1 + e^(2·x / cap)).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void SoftCap(float* x, int count, float cap)
    {
        Vector128<float> factor = Vector128.Create(2 / cap);
        Vector128<float> limit = Vector128.Create(cap);
        int i = 0;
        for (; i + 4 <= count; i += 4)
        {
            Vector128<float> power = Vector128Exponential.Exp(Vector128.Load(x + i) * factor);
            (limit - ((limit + limit) / (Vector128<float>.One + power))).Store(x + i);
        }

        for (; i < count; i++)
        {
            x[i] = cap - (2 * cap / (1f + MathF.Exp(x[i] * (2 / cap))));
        }
    }

    /// <summary>y = gate / (1 + e^−gate)·up.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void SwiGlu(float* gate, float* up, int count, float* y)
    {
        int i = 0;
        for (; i + 4 <= count; i += 4)
        {
            Vector128<float> g = Vector128.Load(gate + i);
            (g / (Vector128<float>.One + Vector128Exponential.Exp(-g)) * Vector128.Load(up + i)).Store(y + i);
        }

        for (; i < count; i++)
        {
            y[i] = gate[i] / (1f + MathF.Exp(-gate[i])) * up[i];
        }
    }

    /// <summary>The largest element; −∞ for none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float Max(float* x, int count)
    {
        Vector128<float> lanes = Vector128.Create(float.NegativeInfinity);
        int i = 0;
        for (; i + 4 <= count; i += 4)
        {
            lanes = Vector128.Max(lanes, Vector128.Load(x + i));
        }

        float max = MathF.Max(MathF.Max(lanes[0], lanes[1]), MathF.Max(lanes[2], lanes[3]));
        for (; i < count; i++)
        {
            max = MathF.Max(max, x[i]);
        }

        return max;
    }

    /// <summary>x = e^(x − max), and the sum of the results.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float Exponentials(float* x, int count, float max)
    {
        Vector128<float> maxima = Vector128.Create(max);
        Vector128<float> lanes = Vector128<float>.Zero;
        int i = 0;
        for (; i + 4 <= count; i += 4)
        {
            Vector128<float> power = Vector128Exponential.Exp(Vector128.Load(x + i) - maxima);
            power.Store(x + i);
            lanes += power;
        }

        float sum = Vector128.Sum(lanes);
        for (; i < count; i++)
        {
            x[i] = MathF.Exp(x[i] - max);
            sum += x[i];
        }

        return sum;
    }

    /// <summary>x = x·factor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Multiply(float* x, float factor, int count)
    {
        Vector128<float> factors = Vector128.Create(factor);
        int i = 0;
        for (; i + 4 <= count; i += 4)
        {
            (Vector128.Load(x + i) * factors).Store(x + i);
        }

        for (; i < count; i++)
        {
            x[i] *= factor;
        }
    }

    /// <summary>y = y + x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Add(float* y, float* x, int count)
    {
        int i = 0;
        for (; i + 4 <= count; i += 4)
        {
            (Vector128.Load(y + i) + Vector128.Load(x + i)).Store(y + i);
        }

        for (; i < count; i++)
        {
            y[i] += x[i];
        }
    }

    /// <summary>y = y + scale·x, rounded once when fused.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void AddScaled(float* y, float* x, float scale, int count, bool fused)
    {
        Vector128<float> scales = Vector128.Create(scale);
        int i = 0;
        for (; i + 4 <= count; i += 4)
        {
            MultiplyAdd(scales, Vector128.Load(x + i), Vector128.Load(y + i), fused).Store(y + i);
        }

        for (; i < count; i++)
        {
            y[i] = fused ? MathF.FusedMultiplyAdd(scale, x[i], y[i]) : y[i] + (scale * x[i]);
        }
    }

    /// <summary>The xor of the 16-byte blocks, four streams wide.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static ulong ReadBlocks(byte* data, long blockCount)
    {
        Vector128<ulong> lanes0 = default, lanes1 = default, lanes2 = default, lanes3 = default;
        byte* end = data + (blockCount * 16);
        for (; data + 64 <= end; data += 64)
        {
            lanes0 ^= Vector128.Load((ulong*)data);
            lanes1 ^= Vector128.Load((ulong*)(data + 16));
            lanes2 ^= Vector128.Load((ulong*)(data + 32));
            lanes3 ^= Vector128.Load((ulong*)(data + 48));
        }

        for (; data < end; data += 16)
        {
            lanes0 ^= Vector128.Load((ulong*)data);
        }

        Vector128<ulong> lanes = lanes0 ^ lanes1 ^ lanes2 ^ lanes3;
        return lanes[0] ^ lanes[1];
    }

    /// <summary>a·b + c, rounded once when fused.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> MultiplyAdd(
        Vector128<float> a, Vector128<float> b, Vector128<float> c, bool fused) =>
        fused ? Vector128.FusedMultiplyAdd(a, b, c) : c + (a * b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Dot4x2(float* w, long wStride, float* x, long xStride, int count, float* sums, bool fused)
    {
        Vector128<float> sum00 = default, sum10 = default, sum20 = default, sum30 = default;
        Vector128<float> sum01 = default, sum11 = default, sum21 = default, sum31 = default;
        float* w1 = w + wStride, w2 = w1 + wStride, w3 = w2 + wStride, x1 = x + xStride;
        int i = 0;
        for (; i + 4 <= count; i += 4)
        {
            Vector128<float> first = Vector128.Load(x + i);
            Vector128<float> second = Vector128.Load(x1 + i);
            Vector128<float> row = Vector128.Load(w + i);
            sum00 = MultiplyAdd(row, first, sum00, fused);
            sum01 = MultiplyAdd(row, second, sum01, fused);
            row = Vector128.Load(w1 + i);
            sum10 = MultiplyAdd(row, first, sum10, fused);
            sum11 = MultiplyAdd(row, second, sum11, fused);
            row = Vector128.Load(w2 + i);
            sum20 = MultiplyAdd(row, first, sum20, fused);
            sum21 = MultiplyAdd(row, second, sum21, fused);
            row = Vector128.Load(w3 + i);
            sum30 = MultiplyAdd(row, first, sum30, fused);
            sum31 = MultiplyAdd(row, second, sum31, fused);
        }

        sums[0] = Vector128.Sum(sum00) + Tail(w, x, i, count);
        sums[1] = Vector128.Sum(sum10) + Tail(w1, x, i, count);
        sums[2] = Vector128.Sum(sum20) + Tail(w2, x, i, count);
        sums[3] = Vector128.Sum(sum30) + Tail(w3, x, i, count);
        sums[4] = Vector128.Sum(sum01) + Tail(w, x1, i, count);
        sums[5] = Vector128.Sum(sum11) + Tail(w1, x1, i, count);
        sums[6] = Vector128.Sum(sum21) + Tail(w2, x1, i, count);
        sums[7] = Vector128.Sum(sum31) + Tail(w3, x1, i, count);
    }

    /// <summary>The dot product of elements [start, count).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float Tail(float* a, float* b, int start, int count)
    {
        float sum = 0f;
        for (int i = start; i < count; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Square(float* x)
    {
        Vector128<float> value = Vector128.Load(x);
        return value * value;
    }
}
