using MoREdge.Model;

namespace MoREdge.Tests.Model;

/// <summary>Two threads in what serves one call at a time: wrong numbers now and then would be worse.</summary>
public sealed class SharedUseTests
{
    private static readonly int[] Ids = TinyModel.RandomIds(40, seed: 5);

    [Fact]
    public async Task Sequence_AnotherThreadUsesIt_IsRefusedAndNothingChanges()
    {
        using TinyModel model = TinyModel.Decoder("llama", 2).Load();
        using Sequence sequence = model.Network.CreateSequence(new SequenceOptions());
        using ManualResetEventSlim isAtWork = new();
        using ManualResetEventSlim mayGoOn = new();
        Task<float[]> answer = Task.Run(
            () => sequence.Prefill(Ids, _ => Pause(isAtWork, mayGoOn)).ToArray(),
            TestContext.Current.CancellationToken);
        isAtWork.Wait(TestContext.Current.CancellationToken);

        Assert.Throws<InvalidOperationException>(() => sequence.Prefill([1]).Length);
        Assert.Throws<InvalidOperationException>(() => sequence.Decode(1).Length);
        Assert.Throws<InvalidOperationException>(() => sequence.Score([1], (_, _) => { }));
        Assert.Throws<InvalidOperationException>(() => sequence.Truncate(0));
        Assert.Throws<InvalidOperationException>(sequence.Mark);
        mayGoOn.Set();

        Assert.Equal(model.Score(Ids)[^1], await answer);
        Assert.Equal(Ids.Length, sequence.Position);
        Assert.NotEmpty(sequence.Decode(1).ToArray());
    }

    /// <summary>A depth cap or bias that changes within a pass would give rows depths of their own.</summary>
    [Fact]
    public void Sequence_DepthSetByAReceiver_IsRefused()
    {
        using TinyModel model = TinyModel.Recursive("expert", "middle_cycle", recursions: 3, baseDepth: 1).Load();
        using Sequence sequence = model.Network.CreateSequence(new SequenceOptions());

        Assert.Throws<InvalidOperationException>(() => sequence.Score(Ids, (_, _) => sequence.DepthMax = 1));
        Assert.Throws<InvalidOperationException>(() => sequence.Score(Ids, (_, _) => sequence.DepthBias = 1));
    }

    [Fact]
    public async Task Sequences_OfOneModel_ComputeSideBySide()
    {
        using TinyModel model = TinyModel.Decoder("llama", 2).Load();
        using Sequence first = model.Network.CreateSequence(new SequenceOptions());
        using Sequence second = model.Network.CreateSequence(new SequenceOptions());
        using ManualResetEventSlim isAtWork = new();
        using ManualResetEventSlim mayGoOn = new();
        Task<float[]> answer = Task.Run(
            () => first.Prefill(Ids, _ => Pause(isAtWork, mayGoOn)).ToArray(), TestContext.Current.CancellationToken);
        isAtWork.Wait(TestContext.Current.CancellationToken);

        float[] beside = second.Prefill(Ids).ToArray();
        mayGoOn.Set();

        Assert.Equal(beside, await answer);
    }

    /// <summary>Drafts are asked for in the middle of a tick.</summary>
    [Fact]
    public void Batch_UsedWithinItsTick_IsRefused()
    {
        using TinyModel model = TinyModel.Recursive("none", "middle_cycle", recursions: 3, baseDepth: 1).Load();
        using SequenceBatch batch = model.Network.CreateBatch(
            new SequenceOptions { Speculation = SpeculationMode.On }, new BatchOptions { SequencesMax = 2 });
        BatchSequence sequence = batch.Add(tokensMax: 64);
        int refused = 0;
        sequence.DraftOverride = (_, draft, _) =>
        {
            Assert.Throws<InvalidOperationException>(batch.Tick);
            Assert.Throws<InvalidOperationException>(() => batch.Feed(sequence, [1]));
            Assert.Throws<InvalidOperationException>(() => batch.Add(tokensMax: 64));
            Assert.Throws<InvalidOperationException>(() => batch.Remove(sequence));
            refused++;
            return draft;
        };

        batch.Feed(sequence, [1]);
        while (sequence.IsUnderWay)
        {
            batch.Tick();
        }

        Assert.True(refused > 0);
        Assert.Equal(1, sequence.Position);
        batch.Remove(sequence);
        Assert.Equal(0, batch.SequenceCount);
    }

    private static void Pause(ManualResetEventSlim isAtWork, ManualResetEventSlim mayGoOn)
    {
        isAtWork.Set();
        Assert.True(mayGoOn.Wait(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
    }
}
