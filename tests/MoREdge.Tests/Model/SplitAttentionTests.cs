using MoREdge.Model;
using MoREdge.Model.Layers;
using MoREdge.Tensors;

namespace MoREdge.Tests.Model;

/// <summary>
/// Decoding with more workers than key/value heads cuts heads by positions and by columns: the bits of one worker.
/// </summary>
public sealed class SplitAttentionTests
{
    public static TheoryData<string, KvFormat, int> Cases()
    {
        TheoryData<string, KvFormat, int> data = [];
        foreach (KvFormat format in Enum.GetValues<KvFormat>())
        {
            data.Add("wide", format, 3);
            data.Add("wide", format, 5);

            // A cap on scores; and a window longer than what is worth cutting.
            data.Add("gemma2", format, 3);
            data.Add("mistral", format, 4);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Decode_WorkersThatHeadsDoNotDivideBy_GiveTheBitsOfOne(string kind, KvFormat format, int threads)
    {
        SequenceOptions options = new() { KvFormat = format };
        int[] ids = TinyModel.RandomIds(SplitAttentionWork.PositionsMin + 120, seed: 12);
        int begin = SplitAttentionWork.PositionsMin - 5;
        using TinyModel one = Create(kind).Load(threads: 1);
        using TinyModel several = Create(kind).Load(threads: threads);
        using Sequence expected = one.Network.CreateSequence(options);
        using Sequence actual = several.Network.CreateSequence(options);
        expected.Prefill(ids.AsSpan(0, begin));
        actual.Prefill(ids.AsSpan(0, begin));
        for (int t = begin; t < ids.Length; t++)
        {
            WindowText.AssertRow(expected.Decode(ids[t]).ToArray(), actual.Decode(ids[t]));
        }
    }

    private static TinyModel Create(string kind) =>
        kind == "wide" ? TinyModel.Decoder("llama", 2, isWide: true) : WindowText.Create(kind);
}
