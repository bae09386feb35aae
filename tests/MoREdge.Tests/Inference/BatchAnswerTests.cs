using MoREdge.Inference;
using MoREdge.Model;

namespace MoREdge.Tests.Inference;

/// <summary>What a request of a batch tells beside its text.</summary>
public sealed class BatchAnswerTests(BuiltInModel builtIn) : IClassFixture<BuiltInModel>
{
    [Fact]
    public void Seed_ThatWasDrawn_RepeatsTheAnswer()
    {
        List<int> drawn = [];
        List<int> repeated = [];
        List<int> other = [];

        ulong seed = Run(seed: null, drawn);

        Assert.Equal(seed, Run(seed, repeated));
        Assert.NotEqual(seed, Run(seed: null, other));
        Assert.Equal(drawn, repeated);
        Assert.NotEqual(drawn, other);
    }

    /// <summary>All that was said may be the beginning of a stop string; as in a session it comes out.</summary>
    [Fact]
    public async Task Cancel_BetweenTwoTicks_ShowsWhatWasHeldBack()
    {
        string all = "";
        using (GenerationSession session = builtIn.Start())
        {
            session.Generate(
                Request().Prompt.Span, Request().Options with { TokenLimit = 5 }, startsText: false,
                piece => all += piece, default);
        }

        string shown = "";
        int tokens = 0;
        using BatchScheduler scheduler = builtIn.Model.StartBatch(
            new SequenceOptions { ContextLength = 64 }, new BatchSchedulerOptions());
        BatchAnswer answer = scheduler.Submit(Request() with
        {
            Options = new GenerationOptions { IgnoreEndOfSequence = true, StopStrings = [all + "§"] },
            Sampler = BuiltInModel.Greedy,
            OnToken = _ => tokens++,
            OnText = piece => shown += piece,
        });
        while (tokens < 5)
        {
            scheduler.Step();
        }

        Assert.Equal("", shown);
        answer.Cancel();
        scheduler.Run(TestContext.Current.CancellationToken);

        Assert.Equal(StopReason.Cancelled, (await answer.Completion).StopReason);
        Assert.Equal((5, all), (tokens, shown));
    }

    /// <summary>What the text that comes out late does not spare.</summary>
    [Fact]
    public async Task Cancel_ReceiverOfTheRestThrows_EndsWithThatException()
    {
        int tokens = 0;
        using BatchScheduler scheduler = builtIn.Model.StartBatch(
            new SequenceOptions { ContextLength = 64 }, new BatchSchedulerOptions());
        BatchAnswer answer = scheduler.Submit(Request() with
        {
            Options = new GenerationOptions { IgnoreEndOfSequence = true, StopStrings = [" girl named"] },
            Sampler = BuiltInModel.Greedy,
            OnToken = _ => tokens++,
            OnText = _ => throw new TimeZoneNotFoundException("Nobody listens."),
        });
        while (tokens < 1)
        {
            scheduler.Step();
        }

        answer.Cancel();
        scheduler.Run(TestContext.Current.CancellationToken);

        await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => answer.Completion);
    }

    private ulong Run(ulong? seed, List<int> ids)
    {
        using BatchScheduler scheduler = builtIn.Model.StartBatch(
            new SequenceOptions { ContextLength = 64 }, new BatchSchedulerOptions());
        BatchAnswer answer = scheduler.Submit(Request() with
        {
            OnToken = ids.Add,
            Sampler = new SamplerOptions { Temperature = 5, TopK = 0, TopP = 1, MinP = 0, Seed = seed },
        });
        ulong told = answer.Seed;
        scheduler.Run(TestContext.Current.CancellationToken);
        return told;
    }

    private BatchRequest Request() => new()
    {
        Prompt = builtIn.Model.Tokenizer.Encode(BuiltInModel.Prompt, addSpecial: true),
        Options = new GenerationOptions { TokenLimit = 20, IgnoreEndOfSequence = true },
    };
}
