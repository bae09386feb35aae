using MoREdge.Model;
using MoREdge.ModelFile;
using MoREdge.Tensors;
using MoREdge.Tests.Kernels;
using static MoREdge.Tests.Model.WindowText;

namespace MoREdge.Tests.Model;

/// <summary>
/// Layers with a window drop what nobody will see. Whatever is done with a text, it has the bits of one whose layers
/// keep everything, and takes no more memory than can be seen.
/// </summary>
public sealed class WindowSequenceTests
{
    public static IEnumerable<object[]> SetsTimesKinds() =>
        KernelSets.Times([["gemma2"], ["gemma3"], ["phi3"], ["mistral"]]);

    [Theory]
    [MemberData(nameof(SetsTimesKinds))]
    public void RandomCuts_OfALongText_GiveTheBitsOfSlotsThatKeepAll(string set, string kind)
    {
        using TinyModel model = Create(kind).Load(KernelSets.Get(set), threads: 2);
        int[] ids = TinyModel.RandomIds(TextTokens, seed: 3);
        foreach (KvFormat format in Enum.GetValues<KvFormat>())
        {
            float[][] whole = model.Score(ids, Options(format) with { KeepsAllTokens = true });
            Random random = new((int)format);
            using Sequence sequence = model.Network.CreateSequence(Options(format));
            while (sequence.Position < ids.Length)
            {
                Feed(sequence, ids, whole, random.Next(2) == 0 ? random.Next(1, 60) : random.Next(1, 500), random);
            }
        }
    }

    [Theory]
    [MemberData(nameof(WindowText.Kinds), MemberType = typeof(WindowText))]
    public void RandomTruncations_ThenGoingOn_GiveTheBitsOfSlotsThatKeepAll(string kind)
    {
        using TinyModel model = Create(kind).Load(threads: 2);
        int[] ids = TinyModel.RandomIds(TextTokens, seed: 4);
        foreach (KvFormat format in (KvFormat[])[KvFormat.F16, KvFormat.Q8])
        {
            float[][] whole = model.Score(ids, Options(format) with { KeepsAllTokens = true });
            for (int seed = 0; seed < 4; seed++)
            {
                Random random = new(seed);
                using Sequence sequence = model.Network.CreateSequence(Options(format));
                Reach reach = new(Mark: -1, End: 0);
                for (int step = 0; step < 60; step++)
                {
                    reach = Step(sequence, ids, whole, reach, random);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(WindowText.Kinds), MemberType = typeof(WindowText))]
    public void Truncate_ByAsManyAsAreKept_AlwaysComesThere(string kind)
    {
        using TinyModel model = Create(kind).Load();
        int[] ids = TinyModel.RandomIds(TextTokens, seed: 5);
        float[][] whole = model.Score(ids, Options(null) with { KeepsAllTokens = true });
        using Sequence sequence = model.Network.CreateSequence(Options(null));
        sequence.Prefill(ids.AsSpan(0, 500));
        for (int end = 520; end <= ids.Length; end += 20)
        {
            Feed(sequence, ids, whole, end - sequence.Position, new Random(end));
            Assert.Equal(end - TakenBackMax, sequence.Truncate(end - TakenBackMax));
            Feed(sequence, ids, whole, TakenBackMax, new Random(end));
        }
    }

    [Fact]
    public void Truncate_BehindWhatIsKept_GoesBackToTheMarkOrTheBeginning()
    {
        using TinyModel model = Create("phi3").Load();
        int[] ids = TinyModel.RandomIds(TextTokens, seed: 6);
        float[][] whole = model.Score(ids, Options(null) with { KeepsAllTokens = true });
        using Sequence sequence = model.Network.CreateSequence(Options(null));
        sequence.Prefill(ids.AsSpan(0, 600));
        sequence.Mark();
        AssertRow(whole[1199], sequence.Prefill(ids.AsSpan(600, 600)));
        Assert.Equal(600, sequence.Truncate(650));
        AssertRow(whole[1199], sequence.Prefill(ids.AsSpan(600, 600)));
        Assert.Equal(600, sequence.Truncate(600));
        AssertRow(whole[1299], sequence.Prefill(ids.AsSpan(600, 700)));
        Assert.Equal(0, sequence.Truncate(599));
        Assert.Equal(0, sequence.KvBytesUsed);
        sequence.Prefill(ids.AsSpan(0, 1300));
        Assert.Equal(0, sequence.Truncate(650));
        AssertRow(whole[99], sequence.Prefill(ids.AsSpan(0, 100)));
        Assert.Equal(40, sequence.Truncate(40));
    }

    /// <summary>Around the first position whose window was not dropped.</summary>
    [Fact]
    public void Truncate_ToAnyPosition_ComesThereOnlyIfItsWindowIsKept()
    {
        using TinyModel model = Create("phi3").Load();
        int[] ids = TinyModel.RandomIds(500, seed: 7);
        float[][] whole = model.Score(ids, Options(null) with { KeepsAllTokens = true });
        int last = 0;
        for (int position = 170; position <= 200; position++)
        {
            using Sequence sequence = model.Network.CreateSequence(Options(null));
            sequence.Prefill(ids);
            int reached = sequence.Truncate(position);
            Assert.True(reached == position || (reached == 0 && last == 0), "It came to another place.");
            AssertRow(whole[reached], sequence.Decode(ids[reached]));
            last = reached;
        }

        Assert.Equal(200, last);
    }

    [Theory]
    [InlineData(351, 351)]
    [InlineData(352, 352)]
    [InlineData(353, 352)]
    [InlineData(359, 352)]
    [InlineData(360, 352)]
    [InlineData(361, 352)]
    [InlineData(1200, 352)]
    public void Context_AroundTheRoomOfAWindow_IsFilledToTheLastToken(int context, int capacity)
    {
        // A window of 21, 64 tokens to take back and a pass of 256 rows: 341, in whole tiles 344, and one more.
        using TinyModel model = Create("phi3").Load(threads: 2);
        int[] ids = TinyModel.RandomIds(context, seed: 9);
        foreach (KvFormat format in Enum.GetValues<KvFormat>())
        {
            SequenceOptions options = Options(format) with { ContextLength = context };
            float[][] whole = model.Score(ids, options with { KeepsAllTokens = true });
            using Sequence sequence = model.Network.CreateSequence(options);
            KvLayout layout = new(format, capacity, TinyModel.HeadDim);
            Assert.Equal(
                2 * TinyModel.KvHeadCount * (layout.KeyBytes + layout.ValueBytes), sequence.KvBytesReserved);
            Feed(sequence, ids, whole, context - 100, new Random(context));
            while (sequence.Position < context)
            {
                AssertRow(whole[sequence.Position], sequence.Decode(ids[sequence.Position]));
            }

            Assert.InRange(sequence.KvBytesUsed, 1, capacity * sequence.KvBytesPerTokenMax);
            Assert.Throws<ArgumentException>(() => sequence.Decode(1));
        }
    }

    [Theory]
    [MemberData(nameof(SetsTimesKinds))]
    public void Batch_OfLongTexts_GivesTheBitsOfSlotsThatKeepAll(string set, string kind)
    {
        using TinyModel model = Create(kind).Load(KernelSets.Get(set), threads: 2);
        foreach (KvFormat format in (KvFormat[])[KvFormat.F16, KvFormat.Q8])
        {
            using SequenceBatch batch = model.Network.CreateBatch(
                Options(format), new BatchOptions { SequencesMax = 3, PromptRowsMax = 50 });
            int[] lengths = [640, 500, 30];
            BatchSequence[] sequences = Array.ConvertAll(lengths, length => batch.Add(length));
            int[][] ids = Array.ConvertAll(lengths, length => TinyModel.RandomIds(length, seed: length));
            float[][][] whole = Array.ConvertAll(
                ids, text => model.Score(text, Options(format) with { KeepsAllTokens = true }));
            int compared = 0;
            while (Array.Exists(sequences, sequence => sequence.Position < sequence.TokensMax))
            {
                FeedAll(batch, sequences, ids);
                batch.Tick();
                foreach (BatchSequence sequence in batch.Left)
                {
                    // Logits are there when all that was fed has left; the last 20 tokens are decoded.
                    int text = Array.IndexOf(sequences, sequence);
                    if (sequence.Position >= sequence.TokensMax - 20)
                    {
                        AssertRow(whole[text][sequence.Position - 1], batch.Logits(sequence));
                        compared++;
                    }
                }
            }

            Assert.Equal(3 * 21, compared);
            Assert.True(sequences[0].KvBytesUsed < lengths[0] * BytesPerToken(model, format));
        }
    }

    [Theory]
    [MemberData(nameof(WindowText.Kinds), MemberType = typeof(WindowText))]
    public void Memory_OfALongContext_IsThatOfTheWindows(string kind)
    {
        using TinyModel model = Create(kind).Load(threads: 2);
        using GgufFile file = GgufFile.Open(model.FilePath);
        int full = kind switch { "gemma2" or "gemma3" => 1, _ => 0 };
        foreach (KvFormat format in Enum.GetValues<KvFormat>())
        {
            long[] bytes = new long[2];
            for (int i = 0; i < bytes.Length; i++)
            {
                SequenceOptions options = Options(format) with { ContextLength = 4096 << i };
                MemoryEstimate estimate = new(file, options, threadCount: 2);
                using Sequence sequence = model.Network.CreateSequence(options);
                Assert.Equal(sequence.KvBytesReserved, estimate.KvBytes);
                Assert.Equal(sequence.KvBytesPerTokenMax, estimate.KvBytesPerToken);
                Assert.Equal(full * sequence.KvBytesPerSlotToken, estimate.KvBytesPerLaterToken);
                bytes[i] = estimate.KvBytes;
                using SequenceBatch batch = model.Network.CreateBatch(options, new BatchOptions { SequencesMax = 1 });
                Assert.Equal(batch.KvBytes(4000), batch.Add(4000).KvBytesReserved);
                Assert.True(batch.KvBytes(4000) < 4000 * BytesPerToken(model, format));
            }

            // Twice the context takes what the other layers keep of it.
            KvLayout layout = new(format, 4096, TinyModel.HeadDim);
            Assert.Equal(
                full * TinyModel.KvHeadCount * (layout.KeyBytes + layout.ValueBytes), bytes[1] - bytes[0]);
        }
    }

    [Fact]
    public void Decode_ThatDropsTokens_AllocatesNothing()
    {
        using TinyModel model = Create("gemma3").Load(threads: 2);
        using Sequence sequence = model.Network.CreateSequence(Options(null));
        sequence.Prefill(TinyModel.RandomIds(700, seed: 1));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 600; i++)
        {
            sequence.Decode(i % TinyModel.VocabSize);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>Loops and skipped layers keep everything: their tokens come and go otherwise.</summary>
    [Fact]
    public void Loops_WithAWindow_KeepAllTokens()
    {
        using TinyModel looped = TinyFamilies.Create("nanbeige");
        looped.Set(MetadataKeys.SlidingWindow, GgufValue.FromUInt32(10));
        using TinyModel skipping = TinyFamilies.Create("mod");
        skipping.Set(MetadataKeys.SlidingWindow, GgufValue.FromUInt32(10));
        foreach (TinyModel model in (TinyModel[])[looped, skipping])
        {
            model.Load();
            using Sequence sequence = model.Network.CreateSequence(Options(null));
            using Sequence whole = model.Network.CreateSequence(Options(null) with { KeepsAllTokens = true });
            Assert.Equal(whole.KvBytesReserved, sequence.KvBytesReserved);
            sequence.Prefill(TinyModel.RandomIds(600, seed: 2));
            Assert.Equal(5, sequence.Truncate(5));
        }
    }

    private static long BytesPerToken(TinyModel model, KvFormat format)
    {
        using Sequence sequence = model.Network.CreateSequence(Options(format));
        return sequence.KvBytesPerTokenMax;
    }

    private static void FeedAll(SequenceBatch batch, BatchSequence[] sequences, int[][] ids)
    {
        for (int i = 0; i < sequences.Length; i++)
        {
            int position = sequences[i].Position;
            int prompt = sequences[i].TokensMax - 20;
            if (position < sequences[i].TokensMax)
            {
                batch.Feed(sequences[i], ids[i].AsSpan(position, position < prompt ? prompt - position : 1));
            }
        }
    }

    /// <summary>Takes some tokens, or some back, or sets a mark.</summary>
    private static Reach Step(Sequence sequence, int[] ids, float[][] whole, Reach reach, Random random)
    {
        int position = sequence.Position;
        if (random.Next(3) == 0 && position > 0)
        {
            int asked = random.Next(3) == 0 ? random.Next(position + 1) : Math.Max(0, position - random.Next(150));
            int reached = sequence.Truncate(asked);
            Assert.Contains(reached, new[] { asked, reach.Mark <= asked ? Math.Max(reach.Mark, 0) : 0 });
            Assert.True(reached == asked || asked < reach.End - TakenBackMax);
            Assert.Equal(reached, sequence.Position);
            return new Reach(reach.Mark <= reached ? reach.Mark : -1, reached == 0 ? 0 : reach.End);
        }

        if (random.Next(10) == 0)
        {
            sequence.Mark();
            reach = reach with { Mark = position };
        }

        Feed(sequence, ids, whole, random.Next(3) == 0 ? random.Next(1, 400) : random.Next(1, 40), random);
        return reach with { End = Math.Max(reach.End, sequence.Position) };
    }

    /// <summary>Where a text can go back to.</summary>
    /// <param name="Mark">The mark; −1 for none.</param>
    /// <param name="End">The furthest it has come since it was empty.</param>
    private readonly record struct Reach(int Mark, int End);
}
