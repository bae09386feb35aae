using MoREdge.Kernels;
using MoREdge.Tensors;

namespace MoREdge.Tests.Kernels;

public sealed class QuantizeRowsTests
{
    public static IEnumerable<object[]> SetsTimesCols() => KernelSets.Times([[1], [31], [32], [33], [172], [576]]);

    [Theory]
    [MemberData(nameof(SetsTimesCols))]
    public void QuantizeRows_AnySupportedSet_IsTheReferenceBitForBit(string name, int cols)
    {
        foreach (int rows in (int[])[1, 2, 3, 8])
        {
            KernelDifference difference = KernelComparison.Quantize(KernelSets.Get(name), rows, cols);
            Assert.True(difference.Worst == 0, $"{name}: {difference}");
        }
    }

    [Theory]
    [MemberData(nameof(SetsTimesCols))]
    public void QuantizeRows_TiesAndPadding_RoundToEvenAndZero(string name, int cols)
    {
        // The largest magnitude is 127, so the scale is 1 and the quants are the rounded values.
        Quantized result = Quantize(name, cols, [2.5f, 3.5f, -0.5f, -1.5f, 126.5f, -127f], out int groupCount);
        sbyte[] expected = cols < 6 ? [127] : [2, 4, 0, -2, 126, -127];
        Assert.Equal(expected, result.Values[..expected.Length]);
        Assert.Equal(cols < 6 ? 2.5f / 127f : 1f, result.Scales[0]);
        Assert.Equal(cols < 6 ? 127 : 3, result.Sums[0]);
        Assert.Equal(groupCount * 32, result.Values.Length);
        Assert.Equal(-1, result.Values.AsSpan(expected.Length).IndexOfAnyExcept((sbyte)0));
    }

    [Theory]
    [MemberData(nameof(SetsTimesCols))]
    public void QuantizeRows_NotFinite_PoisonsTheScale(string name, int cols)
    {
        foreach (float poison in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            Quantized result = Quantize(name, cols, [poison], out _);
            Assert.True(float.IsNaN(result.Scales[0]));
            Assert.Equal(0, result.Values[0]);
            Assert.Equal(0, result.Sums[0]);
        }
    }

    [Theory]
    [MemberData(nameof(SetsTimesCols))]
    public void QuantizeRows_TooSmallForAScale_IsZero(string name, int cols)
    {
        Quantized result = Quantize(name, cols, [190 * float.Epsilon], out _);
        Assert.Equal(0f, result.Scales[0]);
        Assert.Equal(0, result.Values[0]);
    }

    private sealed record Quantized(sbyte[] Values, float[] Scales, int[] Sums);

    private static Quantized Quantize(string name, int cols, float[] start, out int groupCount)
    {
        using AlignedBuffer input = new((long)cols * sizeof(float));
        FloatMatrix x = FloatMatrix.Over(input, 1, cols);
        start.AsSpan(0, Math.Min(start.Length, cols)).CopyTo(x.Row(0));
        using AlignedBuffer output = new(QuantizedRows.ByteCount(1, cols));
        QuantizedRows q = QuantizedRows.Over(output, 1, cols);
        output.Span<byte>(0, (int)output.ByteCount).Fill(0x55);
        KernelSets.Get(name).QuantizeRows(x, q);
        groupCount = q.GroupCount;
        int bytes = groupCount * 32;
        return new Quantized(
            output.Span<sbyte>(0, bytes).ToArray(),
            output.Span<float>(bytes, groupCount).ToArray(),
            output.Span<int>(bytes + (4 * groupCount), groupCount).ToArray());
    }
}
