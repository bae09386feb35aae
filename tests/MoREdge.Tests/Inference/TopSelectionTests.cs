using MoREdge.Inference;
using MoREdge.Tensors;

namespace MoREdge.Tests.Inference;

/// <summary>The k largest of many logits, against a sort of all of them.</summary>
public sealed class TopSelectionTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 3)]
    [InlineData(8, 8)]
    [InlineData(1000, 1)]
    [InlineData(5003, 40)]
    [InlineData(5003, 1000)]
    [InlineData(5003, 5003)]
    [InlineData(49153, 40)]
    public void Select_AnyLogits_GivesWhatASortGives(int length, int count)
    {
        TopSelection selection = new(count, length);
        float[] values = new float[count];
        int[] ids = new int[count];
        for (int kind = 0; kind < 5; kind++)
        {
            float[] logits = Logits(length, kind, new Random((length * 31) + kind));

            int kept = selection.Select(logits, values, ids);

            int[] expected = [.. Enumerable.Range(0, length)
                .Where(id => logits[id] > float.NegativeInfinity)
                .OrderByDescending(id => logits[id])
                .ThenBy(id => id)
                .Take(count)];
            Assert.Equal(expected, ids[..kept]);
            Assert.Equal(expected.Select(id => logits[id]), values[..kept]);
            Assert.Equal(expected.FirstOrDefault(), LargestValue.Index(logits));
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void Select_NoLogits_SelectsNone(float value)
    {
        float[] logits = new float[100];
        Array.Fill(logits, value);

        Assert.Equal(0, new TopSelection(4, logits.Length).Select(logits, new float[4], new int[4]));
        Assert.Equal(0, LargestValue.Index(logits));
        Assert.Equal(0, LargestValue.Index([]));
    }

    /// <summary>Random, ascending (every logit is a candidate), with ties, with NaN and −∞, and all equal.</summary>
    private static float[] Logits(int length, int kind, Random random)
    {
        float[] logits = new float[length];
        for (int i = 0; i < length; i++)
        {
            logits[i] = kind switch
            {
                0 => (random.NextSingle() - 0.5f) * 20,
                1 => i - 50,
                2 => random.Next(-3, 4),
                3 => random.Next(4) switch { 0 => float.NaN, 1 => float.NegativeInfinity, _ => random.NextSingle() },
                _ => -1,
            };
        }

        return logits;
    }
}
