using System.Runtime.CompilerServices;
using MoREdge.Inference;
using MoREdge.Model;
using MoREdge.Tests.Model;

namespace MoREdge.Tests.Inference;

/// <summary>
/// Schedulers that are disposed of or run where their requests do not expect it, and requests that fail or end early.
/// </summary>
public sealed class BatchLifetimeTests(BuiltInModel builtIn) : IClassFixture<BuiltInModel>
{
    /// <summary>The tick under way reads what is to be freed.</summary>
    [Fact]
    public async Task Dispose_WhileAnotherThreadRuns_WaitsForTheTick()
    {
        for (int i = 0; i < 10; i++)
        {
            BatchScheduler scheduler = Start(sequences: 4);
            using ManualResetEventSlim isRunning = new();
            BatchRequest request = Request(tokenLimit: null) with { OnToken = _ => isRunning.Set() };
            BatchAnswer[] answers = Array.ConvertAll(new int[6], _ => scheduler.Submit(request));
            Task server = Task.Run(() => scheduler.Run(default), TestContext.Current.CancellationToken);
            isRunning.Wait(TestContext.Current.CancellationToken);

            scheduler.Dispose();

            await server;
            foreach (BatchAnswer answer in answers)
            {
                Assert.Equal(StopReason.Cancelled, (await answer.Completion).StopReason);
            }
        }
    }

    [Fact]
    public async Task Dispose_WhileAnotherThreadWaitsForWork_WakesIt()
    {
        BatchScheduler scheduler = Start(sequences: 1);
        Task server = Task.Run(() => scheduler.WaitForWork(default), TestContext.Current.CancellationToken);
        await Task.Delay(50, TestContext.Current.CancellationToken);

        scheduler.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(
            () => server.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.Throws<ObjectDisposedException>(() => scheduler.WaitForWork(default));
    }

    [Fact]
    public async Task Dispose_ByAReceiver_EndsEveryRequestWithTheTick()
    {
        BatchScheduler scheduler = Start(sequences: 2);
        BatchAnswer disposing = scheduler.Submit(Request() with { OnToken = _ => scheduler.Dispose() });
        BatchAnswer beside = scheduler.Submit(Request());
        BatchAnswer waiting = scheduler.Submit(Request());

        scheduler.Run(TestContext.Current.CancellationToken);

        Assert.Equal(StopReason.Cancelled, (await disposing.Completion).StopReason);
        Assert.Equal(StopReason.Cancelled, (await beside.Completion).StopReason);
        Assert.Equal(StopReason.Cancelled, (await waiting.Completion).StopReason);
        Assert.Throws<ObjectDisposedException>(() => scheduler.Step());
    }

    [Fact]
    public async Task Receiver_RunsTheBatch_EndsThatRequestOnly()
    {
        using BatchScheduler scheduler = Start(sequences: 2);
        List<int> kept = [];
        BatchAnswer keptAnswer = scheduler.Submit(Request() with { OnToken = kept.Add });
        BatchAnswer failing = scheduler.Submit(Request() with { OnToken = _ => scheduler.Step() });

        scheduler.Run(TestContext.Current.CancellationToken);

        await Assert.ThrowsAsync<InvalidOperationException>(() => failing.Completion);
        Assert.Equal(StopReason.TokenLimit, (await keptAnswer.Completion).StopReason);
        Assert.Equal(10, kept.Count);
    }

    /// <summary>Every layer that can be skipped has its place in the histogram, begun or not.</summary>
    [Fact]
    public async Task Cancel_BeforeOrWithinThePrompt_CountsWhatWasComputed()
    {
        using TinyModel model = TinyFamilies.Create("mod").Load();
        using BatchScheduler scheduler = new(
            model.Network, new SequenceOptions(), new BatchSchedulerOptions { Limits = new() { PromptRowsMax = 8 } });
        BatchAnswer waiting = scheduler.Submit(new BatchRequest { Prompt = new int[20] });
        waiting.Cancel();
        BatchAnswer running = scheduler.Submit(new BatchRequest { Prompt = new int[20] });
        scheduler.Step();
        running.Cancel();

        scheduler.Run(TestContext.Current.CancellationToken);

        GenerationStats none = await waiting.Completion;
        GenerationStats some = await running.Completion;
        Assert.Equal((0, 8), (none.PromptTokens, some.PromptTokens));
        Assert.Equal(model.Network.Config.DepthCount + 1, none.DepthHistogram.Length);
        Assert.Equal(some.DepthHistogram.Length, none.DepthHistogram.Length);
    }

    /// <summary>A server may keep answers until somebody asks for their statistics.</summary>
    [Fact]
    public void Answer_ThatIsKept_HoldsNothingOfTheBatch()
    {
        using BatchScheduler scheduler = Start(sequences: 1);
        (BatchAnswer answer, WeakReference sequence) = RunOne(scheduler);

        // The batch itself forgets a text when another one takes its place.
        RunOne(scheduler);
        GC.Collect();

        Assert.True(answer.IsCompleted);
        Assert.False(sequence.IsAlive);
    }

    /// <summary>Drafts are asked for in the middle of a tick.</summary>
    [Fact]
    public async Task DraftOverride_Throws_EndsThatRequestOnly()
    {
        using BatchScheduler scheduler = Start(sequences: 2, SpeculationMode.On);
        List<int> kept = [];
        int calls = 0;
        BatchAnswer keptAnswer = scheduler.Submit(Request() with { OnToken = kept.Add });
        BatchAnswer failing = scheduler.Submit(Request() with
        {
            DraftOverride = (_, draft, _) =>
                ++calls < 2 ? draft : throw new TimeZoneNotFoundException("No more drafts."),
        });

        scheduler.Run(TestContext.Current.CancellationToken);

        await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => failing.Completion);
        Assert.Equal(2, calls);
        Assert.Equal(StopReason.TokenLimit, (await keptAnswer.Completion).StopReason);
        Assert.Equal(10, kept.Count);
    }

    /// <summary>A method of its own, whose locals are gone when it returns.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private (BatchAnswer Answer, WeakReference Sequence) RunOne(BatchScheduler scheduler)
    {
        BatchAnswer answer = scheduler.Submit(Request());
        scheduler.Step();
        WeakReference sequence = new(answer.Sequence);
        Assert.True(sequence.IsAlive);
        scheduler.Run(TestContext.Current.CancellationToken);
        return (answer, sequence);
    }

    private BatchScheduler Start(int sequences, SpeculationMode speculation = SpeculationMode.Off) =>
        builtIn.Model.StartBatch(
            new SequenceOptions { ContextLength = 128, Speculation = speculation },
            new BatchSchedulerOptions { Limits = new BatchOptions { SequencesMax = sequences } });

    private BatchRequest Request(int? tokenLimit = 10) => new()
    {
        Prompt = builtIn.Model.Tokenizer.Encode(BuiltInModel.Prompt, addSpecial: true),
        Options = new GenerationOptions { TokenLimit = tokenLimit, IgnoreEndOfSequence = true },
        Sampler = BuiltInModel.Greedy,
    };
}
