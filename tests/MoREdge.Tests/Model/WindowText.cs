using MoREdge.Model;
using MoREdge.ModelFile;
using MoREdge.Tensors;

namespace MoREdge.Tests.Model;

/// <summary>Models whose layers see a window, and the texts that tests of them take.</summary>
internal static class WindowText
{
    public const int TextTokens = 1400;

    /// <summary>Tokens that can always be taken back.</summary>
    public const int TakenBackMax = 64;

    /// <summary>Rows of a forward pass.</summary>
    public const int PassRows = 256;

    public static TheoryData<string> Kinds() => ["gemma2", "gemma3", "phi3", "mistral"];

    public static TinyModel Create(string kind)
    {
        if (kind != "mistral")
        {
            return TinyFamilies.Create(kind);
        }

        // A window longer than a pass.
        TinyModel model = TinyModel.Decoder("llama", 2);
        model.Set(MetadataKeys.SlidingWindow, GgufValue.FromUInt32(300));
        return model;
    }

    public static SequenceOptions Options(KvFormat? format) =>
        new() { ContextLength = TextTokens, KvFormat = format };

    /// <summary>Takes tokens in random cuts and compares what comes out.</summary>
    public static void Feed(Sequence sequence, int[] ids, float[][] whole, int count, Random random)
    {
        int end = Math.Min(sequence.Position + count, ids.Length);
        while (sequence.Position < end)
        {
            int position = sequence.Position;
            int taken = random.Next(3) > 0 ? 1 : random.Next(1, end - position + 1);
            ReadOnlySpan<float> logits = taken == 1
                ? sequence.Decode(ids[position])
                : sequence.Prefill(ids.AsSpan(position, taken));
            AssertRow(whole[sequence.Position - 1], logits);
        }
    }

    public static void AssertRow(float[] expected, ReadOnlySpan<float> actual) =>
        Assert.True(actual.SequenceEqual(expected), "The logits differ.");
}
