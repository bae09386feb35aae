using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>The scalar reference of activation quantization.</summary>
internal static unsafe class QuantizeReference
{
    /// <summary>Quantizes every row of <paramref name="x"/>.</summary>
    internal static void Rows(in FloatMatrix x, in QuantizedRows q)
    {
        for (int row = 0; row < x.Rows; row++)
        {
            ReadOnlySpan<float> values = x.Row(row);
            for (int group = 0; group < q.GroupCount; group++)
            {
                // SAFETY: the caller's promise is that q has x.Rows rows of GroupCount whole groups.
                long index = ((long)row * q.GroupCount) + group;
                int start = Math.Min(group * PackedLayout.GroupSize, values.Length);
                int count = Math.Min(PackedLayout.GroupSize, values.Length - start);
                sbyte* quants = q.Values + (index * PackedLayout.GroupSize);
                Group(values.Slice(start, count), quants, q.Scales + index, q.Sums + index);
            }
        }
    }

    private static void Group(ReadOnlySpan<float> x, sbyte* quants, float* scale, int* sum)
    {
        float magnitude = 0f;
        foreach (float value in x)
        {
            // MathF.Max propagates NaN.
            magnitude = MathF.Max(magnitude, MathF.Abs(value));
        }

        *scale = QuantizeScale.FromMagnitude(magnitude);
        *sum = 0;
        for (int k = 0; k < PackedLayout.GroupSize; k++)
        {
            quants[k] = k < x.Length && *scale > 0f ? (sbyte)MathF.Round(x[k] / *scale) : (sbyte)0;
            *sum += quants[k];
        }
    }
}
