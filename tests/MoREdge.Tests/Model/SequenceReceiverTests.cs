using MoREdge.Model;

namespace MoREdge.Tests.Model;

/// <summary>What receivers do to the sequence that calls them: the next row would read freed memory.</summary>
public sealed class SequenceReceiverTests
{
    private static readonly int[] Ids = TinyModel.RandomIds(300, seed: 3);

    [Theory]
    [InlineData(256)]
    [InlineData(300)]
    public void Prefill_ProgressDisposesTheSequence_IsTold(int at)
    {
        using TinyModel model = TinyModel.Decoder("llama", 2).Load();
        Sequence sequence = model.Network.CreateSequence(new SequenceOptions());

        Assert.Throws<ObjectDisposedException>(() => sequence.Prefill(Ids, done => DisposeAt(done, at, sequence)));
    }

    [Theory]
    [InlineData(256)]
    [InlineData(300)]
    public void Prefill_ProgressDisposesTheModel_IsTold(int at)
    {
        using TinyModel model = TinyModel.Decoder("llama", 2).Load();
        using Sequence sequence = model.Network.CreateSequence(new SequenceOptions());

        Assert.Throws<ObjectDisposedException>(
            () => sequence.Prefill(Ids, done => DisposeAt(done, at, model.Network)));
    }

    [Fact]
    public void Score_VisitorDisposesTheSequence_IsTold()
    {
        using TinyModel model = TinyModel.Decoder("llama", 2).Load();
        Sequence sequence = model.Network.CreateSequence(new SequenceOptions());
        int calls = 0;

        Assert.Throws<ObjectDisposedException>(() => sequence.Score(Ids, (position, _) =>
        {
            calls++;
            DisposeAt(position, 5, sequence);
        }));
        Assert.Equal(6, calls);
    }

    [Fact]
    public void Receivers_UseTheSequence_AreTold()
    {
        using TinyModel model = TinyModel.Decoder("llama", 2).Load();
        using Sequence sequence = model.Network.CreateSequence(new SequenceOptions());

        Assert.Throws<InvalidOperationException>(() => sequence.Prefill(Ids, _ => sequence.Truncate(0)));
        Assert.Throws<InvalidOperationException>(() => sequence.Score(Ids, (_, _) => sequence.Decode(1)));

        sequence.Truncate(0);
        Assert.Equal(model.Score(Ids)[299], sequence.Prefill(Ids).ToArray());
    }

    private static void DisposeAt(int done, int at, IDisposable disposed)
    {
        if (done == at)
        {
            disposed.Dispose();
        }
    }
}
