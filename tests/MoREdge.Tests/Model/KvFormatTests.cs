using MoREdge.Kernels;
using MoREdge.Model;
using MoREdge.Model.Caches;
using MoREdge.Tensors;

namespace MoREdge.Tests.Model;

/// <summary>What must hold for every stored form of keys and values.</summary>
public sealed class KvFormatTests
{
    public static TheoryData<KvFormat, string, string> FormatsTimesModels()
    {
        TheoryData<KvFormat, string, string> data = [];
        foreach (KvFormat format in Enum.GetValues<KvFormat>())
        {
            data.Add(format, "expert", "recursion");
            data.Add(format, "expert", "shared");
            data.Add(format, "expert", "hybrid");
            data.Add(format, "token", "recursion");
            data.Add(format, "decoder", "");
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(FormatsTimesModels))]
    public void Text_WholeChunkedAndDecoded_AgreesBitForBit(KvFormat format, string type, string kv)
    {
        using TinyModel model = Load(type, kv, threads: 2);
        SequenceOptions options = new() { KvFormat = format };
        int[] ids = TinyModel.RandomIds(150, seed: 3);
        float[][] whole = model.Score(ids, options);
        if (kv == "hybrid")
        {
            // Its fresh rows last for one pass, so only the first pass can agree; it must put back what it replaced.
            Assert.Equal(whole, model.Score(ids, options));
            using Sequence hybrid = model.Network.CreateSequence(options);
            Assert.Equal(whole[36], hybrid.Prefill(ids.AsSpan(0, 37)).ToArray());
            return;
        }

        using Sequence sequence = model.Network.CreateSequence(options);
        Assert.Equal(whole[36], sequence.Prefill(ids.AsSpan(0, 37)).ToArray());
        Assert.Equal(whole[37], sequence.Decode(ids[37]).ToArray());
        Assert.Equal(whole[148], sequence.Prefill(ids.AsSpan(38, 111)).ToArray());
        Assert.Equal(whole[149], sequence.Decode(ids[149]).ToArray());
        sequence.Truncate(20);
        Assert.Equal(whole[60], sequence.Prefill(ids.AsSpan(20, 41)).ToArray());
    }

    [Theory]
    [MemberData(nameof(FormatsTimesModels))]
    public void Logits_OfSmallerFormats_StayNearFloat32(KvFormat format, string type, string kv)
    {
        using TinyModel model = Load(type, kv, threads: 1);
        int[] ids = TinyModel.RandomIds(60, seed: 5);
        SequenceOptions full = new() { KvFormat = KvFormat.F32, Routing = type == "decoder" ? null : RoutingMode.Full };
        float[][] exact = model.Score(ids, full);
        float[][] actual = model.Score(ids, new SequenceOptions { KvFormat = format, Routing = full.Routing });
        double error = 0;
        double power = 0;
        for (int t = 0; t < ids.Length; t++)
        {
            for (int i = 0; i < exact[t].Length; i++)
            {
                error += Math.Pow(actual[t][i] - exact[t][i], 2);
                power += Math.Pow(exact[t][i], 2);
            }
        }

        // int8 rounds by up to half of 1/127 of a group's largest element, float16 by 2⁻¹¹ of the element.
        double relative = Math.Sqrt(error / power);
        double max = format switch { KvFormat.F32 => 0, KvFormat.F16 => 1e-3, _ => 2e-2 };
        Assert.InRange(relative, 0, max);
        Assert.Equal(format == KvFormat.F32, relative == 0);
    }

    [Fact]
    public void LongContext_WithRoomForFewScores_GivesTheSameBits()
    {
        using TinyModel model = Load("decoder", "", threads: 2);
        int[] ids = TinyModel.RandomIds(200, seed: 5);
        foreach (KvFormat format in Enum.GetValues<KvFormat>())
        {
            float[][] expected = model.Score(ids, new SequenceOptions { KvFormat = format });
            foreach (int context in (int[])[20_000, 100_000])
            {
                SequenceOptions options = new() { KvFormat = format, ContextLength = context };
                Assert.Equal(expected, model.Score(ids, options));
            }
        }
    }

    [Fact]
    public void Slot_ThatStoredANaN_SaysSoUntilItIsEmpty()
    {
        foreach (KvFormat format in (KvFormat[])[KvFormat.F16, KvFormat.Q8])
        {
            using KvSlot slot = new(new KvLayout(format, 9, 4), 2);
            float[] good = [1, 2, 3, 4, 5, 6, 7, 8];
            float[] bad = [1, 2, 3, 4, float.NaN, 6, 7, 8];
            slot.Store(new KernelSet(), good, good, slot.Append(0));
            Assert.True(slot.Keys(0).IsFinite && slot.Values(1).IsFinite);
            slot.Store(new KernelSet(), good, bad, slot.Append(1));
            Assert.True(slot.Keys(0).IsFinite);
            Assert.False(slot.Values(1).IsFinite);
            slot.Truncate(1);
            Assert.False(slot.Values(1).IsFinite);
            slot.Truncate(0);
            Assert.True(slot.Values(1).IsFinite);
        }
    }

    /// <summary>Tokens that stay are the same bytes in another row; those before them cannot be gone back to.</summary>
    [Theory]
    [InlineData(KvFormat.F32, 6)]
    [InlineData(KvFormat.F16, 6)]
    [InlineData(KvFormat.Q8, 6)]
    [InlineData(KvFormat.Q8, 40)]
    public void Slot_ThatIsFull_DropsWholeTilesThatNobodySees(KvFormat format, int headDim)
    {
        using KvSlot all = new(new KvLayout(format, 60, headDim), 2);
        using KvSlot slot = new(new KvLayout(format, 40, headDim), 2, new SlotRoom(40, Window: 9, TakenBackMax: 5));
        Random random = new(headDim);
        float[] key = new float[2 * headDim];
        for (int position = 0; position < 60; position++)
        {
            for (int i = 0; i < key.Length; i++)
            {
                key[i] = random.NextSingle();
            }

            all.Store(new KernelSet(), key, key, all.Append(position));
            slot.MakeRoom(position, 1);
            slot.Store(new KernelSet(), key, key, slot.Append(position));
        }

        // Of 40 tokens, a token at 40 sees those behind 31, one at 35 those behind 26: three whole tiles are dropped.
        Assert.Equal(60 - 24, slot.Count);
        Assert.Equal((false, true, true), (slot.Keeps(31), slot.Keeps(32), slot.Keeps(0)));
        byte[] expected = new byte[all.BytesPerToken];
        byte[] actual = new byte[all.BytesPerToken];
        for (int index = 0; index < slot.Count; index++)
        {
            all.Save(24 + index, expected);
            slot.Save(index, actual);
            Assert.Equal(expected, actual);
        }
    }

    private static TinyModel Load(string type, string kv, int threads) => type == "decoder"
        ? TinyModel.Decoder("llama", 2).Load(threads: threads)
        : TinyModel.Recursive(type, "middle_cycle", recursions: 3, baseDepth: 2, kv: kv).Load(threads: threads);
}
