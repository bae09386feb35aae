using System.Numerics;

namespace MoREdge.Tensors;

/// <summary>Finds the largest of many values: the likeliest token among logits.</summary>
public static class LargestValue
{
    /// <summary>The index of the largest value, the first of equals. NaN is no value; without any, 0.</summary>
    public static int Index(ReadOnlySpan<float> values)
    {
        float largest = float.NegativeInfinity;
        int i = 0;
        if (values.Length >= Vector<float>.Count)
        {
            Vector<float> best = new(largest);
            for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
            {
                Vector<float> next = new(values[i..]);

                // Not Vector.Max, whose answer to NaN is NaN.
                best = Vector.ConditionalSelect(Vector.GreaterThan(next, best), next, best);
            }

            for (int lane = 0; lane < Vector<float>.Count; lane++)
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
