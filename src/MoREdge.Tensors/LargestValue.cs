using System.Runtime.Intrinsics;

namespace MoREdge.Tensors;

/// <summary>Finds the largest of many values: the likeliest token among logits.</summary>
public static class LargestValue
{
    /// <summary>The index of the largest value, the first of equals. NaN is no value; without any, 0.</summary>
    public static int Index(ReadOnlySpan<float> values)
    {
        float largest = float.NegativeInfinity;
        int i = 0;
        if (values.Length >= Vector256<float>.Count)
        {
            Vector256<float> best = Vector256.Create(largest);
            for (; i <= values.Length - Vector256<float>.Count; i += Vector256<float>.Count)
            {
                Vector256<float> next = Vector256.Create(values[i..]);

                // Not Vector256.Max, whose answer to NaN is NaN.
                best = Vector256.ConditionalSelect(Vector256.GreaterThan(next, best), next, best);
            }

            for (int lane = 0; lane < Vector256<float>.Count; lane++)
            {
                largest = best[lane] > largest ? best[lane] : largest;
            }
        }

        for (; i < values.Length; i++)
        {
            largest = values[i] > largest ? values[i] : largest;
        }

        return Math.Max(values.IndexOf(largest), 0);
    }
}
