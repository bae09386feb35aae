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
