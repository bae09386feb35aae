using System.Diagnostics;

namespace MoREdge.Kernels;

/// <summary>
/// The scalar reference of the float32 operations on vectors. Sums are taken in float64 and rounded once.
/// </summary>
internal static class VectorReference
{
    internal static void RmsNorm(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, float epsilon, Span<float> y)
    {
        Debug.Assert(weight.Length == x.Length && y.Length >= x.Length, "One weight per element.");
        double squares = 0;
        foreach (float value in x)
        {
            squares += (double)value * value;
        }

        float inverse = (float)(1 / Math.Sqrt((squares / x.Length) + epsilon));
        for (int i = 0; i < x.Length; i++)
        {
            y[i] = x[i] * inverse * weight[i];
        }
    }

    internal static void Rotary(
        Span<float> heads, int headDim, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin, bool interleaved)
    {
        Debug.Assert(headDim % 2 == 0 && heads.Length % headDim == 0, "Whole heads of whole pairs.");
        int half = headDim / 2;
        for (int start = 0; start < heads.Length; start += headDim)
        {
            for (int i = 0; i < half; i++)
            {
                int first = start + (interleaved ? 2 * i : i);
                int second = first + (interleaved ? 1 : half);
                float a = heads[first];
                float b = heads[second];
                heads[first] = (a * cos[i]) - (b * sin[i]);
                heads[second] = (b * cos[i]) + (a * sin[i]);
            }
        }
    }

    internal static void SwiGlu(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y)
    {
        Debug.Assert(up.Length == gate.Length && y.Length >= gate.Length, "Three vectors of one length.");
        for (int i = 0; i < gate.Length; i++)
        {
            y[i] = gate[i] / (1f + MathF.Exp(-gate[i])) * up[i];
        }
    }

    internal static void GeGlu(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y)
    {
        Debug.Assert(up.Length == gate.Length && y.Length >= gate.Length, "Three vectors of one length.");
        for (int i = 0; i < gate.Length; i++)
        {
            double g = gate[i];
            double z = GeluCurve.GeluSlope * (g + (GeluCurve.GeluCube * g * g * g));
            y[i] = (float)(g / (1 + Math.Exp(-z)) * up[i]);
        }
    }

    internal static void ClampedGlu(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y)
    {
        const float Bound = 7;
        const float Slope = 1.702f;
        Debug.Assert(up.Length == gate.Length && y.Length >= gate.Length, "Three vectors of one length.");
        for (int i = 0; i < gate.Length; i++)
        {
            float g = MathF.Min(gate[i], Bound);
            y[i] = g / (1 + MathF.Exp(-Slope * g)) * (Math.Clamp(up[i], -Bound, Bound) + 1);
        }
    }

    internal static void SoftCap(Span<float> x, float cap)
    {
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = (float)(cap * Math.Tanh((double)x[i] / cap));
        }
    }

    internal static void Softmax(Span<float> x)
    {
        float max = float.NegativeInfinity;
        foreach (float value in x)
        {
            max = MathF.Max(max, value);
        }

        double sum = 0;
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = MathF.Exp(x[i] - max);
            sum += x[i];
        }

        float inverse = (float)(1 / sum);
        for (int i = 0; i < x.Length; i++)
        {
            x[i] *= inverse;
        }
    }

    internal static void Add(Span<float> y, ReadOnlySpan<float> x)
    {
        Debug.Assert(y.Length == x.Length, "Two vectors of one length.");
        for (int i = 0; i < x.Length; i++)
        {
            y[i] += x[i];
        }
    }

    internal static void Scale(Span<float> x, float factor)
    {
        foreach (ref float value in x)
        {
            value *= factor;
        }
    }

    internal static void AddScaled(Span<float> y, ReadOnlySpan<float> x, float scale)
    {
        Debug.Assert(y.Length == x.Length, "Two vectors of one length.");
        for (int i = 0; i < x.Length; i++)
        {
            y[i] = MathF.FusedMultiplyAdd(scale, x[i], y[i]);
        }
    }

    internal static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        Debug.Assert(a.Length == b.Length, "Two vectors of one length.");
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            sum += (double)a[i] * b[i];
        }

        return (float)sum;
    }
}
