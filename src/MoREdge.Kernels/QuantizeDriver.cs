using System.Diagnostics;
using System.Runtime.CompilerServices;
using MoREdge.Tensors;

namespace MoREdge.Kernels;

/// <summary>
/// The loop around a group body (x, quants, scale, sum); the last, partial group is padded with zeros.
/// </summary>
internal static unsafe class QuantizeDriver
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Rows(
        in FloatMatrix x, in QuantizedRows q, delegate*<float*, sbyte*, float*, int*, void> groupBody)
    {
        Debug.Assert(q.Rows >= x.Rows && q.GroupCount * PackedLayout.GroupSize >= x.Cols, "q holds x.");
        float* padded = stackalloc float[PackedLayout.GroupSize];
        for (int row = 0; row < x.Rows; row++)
        {
            // SAFETY: whole groups lie inside the row; what is left of it is copied before the body reads 32 floats.
            float* source = x.Data + ((long)row * x.Stride);
            long index = (long)row * q.GroupCount;
            for (int group = 0; group < q.GroupCount; group++, index++)
            {
                int start = group * PackedLayout.GroupSize;
                float* values = source + start;
                if (start + PackedLayout.GroupSize > x.Cols)
                {
                    new Span<float>(padded, PackedLayout.GroupSize).Clear();
                    int count = Math.Max(0, x.Cols - start);
                    new ReadOnlySpan<float>(values, count).CopyTo(new Span<float>(padded, count));
                    values = padded;
                }

                groupBody(values, q.Values + (index * PackedLayout.GroupSize), q.Scales + index, q.Sums + index);
            }
        }
    }
}
