using MoREdge.Model;
using MoREdge.ModelFile;
using MoREdge.Tensors;
using MoREdge.Tests.Kernels;

namespace MoREdge.Tests.Model;

/// <summary>
/// What must hold for every text of a model with retention: the same bits however it is cut, wherever it goes back to
/// and whatever runs beside it, and memory that no text fills.
/// </summary>
public sealed class RetentionSequenceTests
{
    public static TheoryData<string> Kinds() => ["fla", "fla-grouped", "torchscale", "torchscale-plain"];

    public static IEnumerable<object[]> SetsTimesKinds() => KernelSets.Times([["fla"], ["torchscale-plain"]]);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void RandomCuts_OfAText_GiveTheSameBits(string kind)
    {
        using TinyModel model = TinyRetNet.Create(kind).Load(threads: 2);
        // Longer than a forward pass (256 rows) and than a layer's row block (64), and no multiple of either.
        int[] ids = TinyModel.RandomIds(397, seed: 3);
        float[][] whole = model.Score(ids);
        for (int seed = 0; seed < 5; seed++)
        {
            Random random = new(seed);
            using Sequence sequence = model.Network.CreateSequence(new SequenceOptions());
            for (int position = 0; position < ids.Length;)
            {
                int count = random.Next(3) == 0 ? 1 : random.Next(1, Math.Min(ids.Length - position, 120) + 1);
                ReadOnlySpan<float> logits = count == 1
                    ? sequence.Decode(ids[position])
                    : sequence.Prefill(ids.AsSpan(position, count));
                position += count;
                AssertRow(whole[position - 1], logits);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void RandomTruncations_ThenGoingOn_EqualAFreshSequence(string kind)
    {
        using TinyModel model = TinyRetNet.Create(kind).Load(threads: 2);
        int[] ids = TinyModel.RandomIds(300, seed: 4);
        float[][] fresh = model.Score(ids);
        for (int seed = 0; seed < 8; seed++)
        {
            Random random = new(seed);
            using Sequence sequence = model.Network.CreateSequence(new SequenceOptions());
            for (int step = 0; step < 60; step++)
            {
                Step(sequence, ids, fresh, random);
            }
        }
    }

    [Fact]
    public void Truncate_WithinTheHistory_ComesToThePosition()
    {
        using TinyModel model = TinyRetNet.Create("fla").Load();
        int[] ids = TinyModel.RandomIds(500, seed: 5);
        using Sequence sequence = model.Network.CreateSequence(new SequenceOptions());
        sequence.Prefill(ids.AsSpan(0, 100));
        for (int i = 100; i < 400; i++)
        {
            sequence.Decode(ids[i]);
            // 32 tokens can be taken back at any time, and those of the answer until it is longer than that.
            Assert.True(i < 140 || sequence.Position == i + 1);
        }

        Assert.Equal(368, sequence.Truncate(368));
        Assert.Equal(360, sequence.Truncate(360));
        Assert.Equal(360, sequence.Position);
    }

    [Fact]
    public void Truncate_BehindTheHistory_GoesBackToItsEnd()
    {
        using TinyModel model = TinyRetNet.Create("fla").Load();
        int[] ids = TinyModel.RandomIds(100, seed: 6);
        float[][] fresh = model.Score(ids);
        using Sequence sequence = model.Network.CreateSequence(new SequenceOptions());
        sequence.Prefill(ids.AsSpan(0, 90));

        // 64 of the prompt's tokens had room behind the empty state.
        Assert.Equal(64, sequence.Truncate(80));
        AssertRow(fresh[99], sequence.Prefill(ids.AsSpan(64)));
        Assert.Equal(64, sequence.Truncate(70));
        AssertRow(fresh[99], sequence.Prefill(ids.AsSpan(64)));
        sequence.Decode(1);
        Assert.Equal(0, sequence.Truncate(70));
        AssertRow(fresh[99], sequence.Prefill(ids));
    }

    [Fact]
    public void Mark_LongAnswersBehindIt_CanAllBeTakenBack()
    {
        using TinyModel model = TinyRetNet.Create("torchscale").Load(threads: 2);
        int[] ids = TinyModel.RandomIds(400, seed: 7);
        float[][] fresh = model.Score(ids);
        using Sequence sequence = model.Network.CreateSequence(new SequenceOptions());
        sequence.Prefill(ids.AsSpan(0, 150));
        sequence.Mark();
        for (int repetition = 0; repetition < 3; repetition++)
        {
            for (int i = 0; i < 140; i++)
            {
                sequence.Decode(ids[(i * 7) % ids.Length]);
            }

            Assert.Equal(150, sequence.Truncate(150));
        }

        AssertRow(fresh[399], sequence.Prefill(ids.AsSpan(150)));
        Assert.Equal(150 + 64, sequence.Truncate(300));
        Assert.Equal(0, sequence.Truncate(149));

        // The mark was of a text that is gone.
        sequence.Prefill(TinyModel.RandomIds(300, seed: 8));
        Assert.Equal(64, sequence.Truncate(200));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(130)]
    public void Prefill_Cancelled_LeavesSequenceAsBefore(int before)
    {
        using TinyModel model = TinyRetNet.Create("fla").Load(threads: 2);
        int[] ids = TinyModel.RandomIds(590, seed: 9);
        float[][] fresh = model.Score(ids);
        using Sequence sequence = model.Network.CreateSequence(new SequenceOptions());
        for (int i = 0; i < before; i++)
        {
            sequence.Decode(ids[i]);
        }

        // Between two passes, then within one.
        using CancellationTokenSource source = new();
        Assert.Throws<OperationCanceledException>(
            () => sequence.Prefill(ids.AsSpan(before), _ => source.Cancel(), source.Token));
        Assert.Equal(before, sequence.Position);
        CancelWithin(sequence, ids.AsSpan(before, 300));

        Assert.Equal(before, sequence.Position);
        AssertRow(fresh[^1], sequence.Prefill(ids.AsSpan(before)));
    }

    [Theory]
    [MemberData(nameof(SetsTimesKinds))]
    public void RandomArrivals_EveryText_GetsTheBitsOfASequence(string set, string kind)
    {
        using TinyModel model = TinyRetNet.Create(kind).Load(KernelSets.Get(set), threads: 2);
        for (int seed = 0; seed < 6; seed++)
        {
            new BatchRun(model, new SequenceOptions { ContextLength = 300 }, seed).Run();
        }
    }

    [Fact]
    public void Memory_OfAnyText_IsTheFormulaAndNoMore()
    {
        // Rows of 12 floats take a cache line of 16.
        const long StateBytes = TinyRetNet.BlockCount * TinyRetNet.HeadCount * TinyRetNet.KeyDim * 16 * sizeof(float);
        using TinyModel model = TinyRetNet.Create("fla").Load(threads: 2);
        using GgufFile file = GgufFile.Open(model.FilePath);
        long? workspace = null;
        foreach (int context in new[] { 300, 8192, 500_000 })
        {
            SequenceOptions options = new() { ContextLength = context };
            using Sequence sequence = model.Network.CreateSequence(options);
            sequence.Prefill(TinyModel.RandomIds(128, seed: 1));
            MemoryEstimate estimate = new(file, options, 2);
            Assert.Equal((0, 0), (sequence.KvBytesReserved, sequence.KvBytesPerTokenMax));
            Assert.Equal((StateBytes, StateBytes), (sequence.StateBytes, sequence.KvBytesUsed));
            Assert.Equal((0, 0, StateBytes), (estimate.KvBytes, estimate.KvBytesPerToken, estimate.StateBytes));
            Assert.Equal(sequence.StateHistoryBytes, estimate.StateHistoryBytes);
            Assert.Equal(sequence.WorkspaceBytes, estimate.WorkspaceBytes);
            Assert.Equal(workspace ?? sequence.WorkspaceBytes, sequence.WorkspaceBytes);
            workspace = sequence.WorkspaceBytes;
        }

        using SequenceBatch batch = model.Network.CreateBatch(
            new SequenceOptions { ContextLength = 8192 }, new BatchOptions { SequencesMax = 2 });
        Assert.Equal((StateBytes, StateBytes), (batch.KvBytes(10), batch.KvBytes(8000)));
        Assert.Equal(StateBytes, batch.Add(8000).KvBytesReserved);
    }

    [Fact]
    public void Decode_WarmSequence_AllocatesNothing()
    {
        using TinyModel model = TinyRetNet.Create("fla-grouped").Load(threads: 2);
        using Sequence sequence = model.Network.CreateSequence(new SequenceOptions());
        sequence.Prefill(TinyModel.RandomIds(100, seed: 1));
        for (int i = 0; i < 100; i++)
        {
            sequence.Decode(i % TinyModel.VocabSize);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 200; i++)
        {
            sequence.Decode(i % TinyModel.VocabSize);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void KvFormat_OfAModelWithoutKeysAndValues_IsRefused()
    {
        using TinyModel model = TinyRetNet.Create("fla").Load();

        ArgumentException fault = Assert.Throws<ArgumentException>(
            () => model.Network.CreateSequence(new SequenceOptions { KvFormat = KvFormat.Q8 }));

        Assert.StartsWith("The model keeps a state and no keys", fault.Message, StringComparison.Ordinal);
    }

    /// <summary>Takes some tokens, or some back, and compares what comes out.</summary>
    private static void Step(Sequence sequence, int[] ids, float[][] fresh, Random random)
    {
        int position = sequence.Position;
        if (random.Next(4) == 0 && position > 0)
        {
            int asked = random.Next(2) == 0 ? random.Next(position + 1) : Math.Max(0, position - random.Next(20));
            int reached = sequence.Truncate(asked);
            Assert.InRange(reached, 0, asked);
            Assert.Equal(reached, sequence.Position);
            return;
        }

        if (random.Next(12) == 0)
        {
            sequence.Mark();
            Assert.Equal(position, sequence.Truncate(position));
        }

        int count = Math.Min(random.Next(3) == 0 ? random.Next(1, 100) : random.Next(1, 4), ids.Length - position);
        for (int i = 0; i < count && random.Next(2) == 0; i++)
        {
            AssertRow(fresh[sequence.Position], sequence.Decode(ids[sequence.Position]));
        }

        count -= sequence.Position - position;
        if (count > 0)
        {
            ReadOnlySpan<float> logits = sequence.Prefill(ids.AsSpan(sequence.Position, count));
            AssertRow(fresh[sequence.Position - 1], logits);
        }
    }

    /// <summary>Cancels at random times until one falls into a pass.</summary>
    private static void CancelWithin(Sequence sequence, ReadOnlySpan<int> ids)
    {
        int start = sequence.Position;
        for (int attempt = 0; attempt < 50; attempt++)
        {
            using CancellationTokenSource source = new(TimeSpan.FromMicroseconds(200 + (attempt * 50)));
            try
            {
                sequence.Prefill(ids, null, source.Token);
                sequence.Truncate(start);
                Assert.Equal(start, sequence.Position);
            }
            catch (OperationCanceledException)
            {
                Assert.Equal(start, sequence.Position);
            }
        }
    }

    private static void AssertRow(float[] expected, ReadOnlySpan<float> actual) =>
        Assert.True(actual.SequenceEqual(expected), "The logits differ.");
}
