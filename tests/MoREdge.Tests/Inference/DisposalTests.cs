using MoREdge.Inference;
using MoREdge.Kernels;
using MoREdge.Model;
using MoREdge.Tests.ModelFile;

namespace MoREdge.Tests.Inference;

/// <summary>
/// Disposing of what another thread, or a caller further up, is at work in: reading freed memory would end the process.
/// </summary>
public sealed class DisposalTests : IDisposable
{
    private const int Rounds = 20;

    /// <summary>Four chunks, each of which takes the model some dozens of milliseconds.</summary>
    private static readonly int[] LongPrompt = Array.ConvertAll(new int[1000], _ => 17);

    private readonly TemporaryFolder _folder = new();

    public enum Owner
    {
        Session,
        Sequence,
        Model,
        File,
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Owner.Session, SpeculationMode.Off)]
    [InlineData(Owner.Session, SpeculationMode.On)]
    [InlineData(Owner.Sequence, SpeculationMode.Off)]
    [InlineData(Owner.Model, SpeculationMode.Off)]
    [InlineData(Owner.Model, SpeculationMode.On)]
    public async Task Generate_DisposedByAnotherThread_EndsWithThatException(Owner owner, SpeculationMode speculation)
    {
        for (int i = 0; i < Rounds; i++)
        {
            using LocalModel model = Open(BuiltInModel.FilePath);
            using GenerationSession session = Start(model, speculation);
            using ManualResetEventSlim isAnswering = new();
            Task<GenerationStats> answer = Task.Run(
                () => session.Generate(
                    LongPrompt.AsSpan(0, 8), new GenerationOptions { IgnoreEndOfSequence = true },
                    startsText: false, _ => isAnswering.Set(), default),
                TestContext.Current.CancellationToken);
            isAnswering.Wait(TestContext.Current.CancellationToken);

            DisposeOf(owner, model, session);

            await Assert.ThrowsAsync<ObjectDisposedException>(() => answer);
        }
    }

    [Theory]
    [InlineData(Owner.Session)]
    [InlineData(Owner.Model)]
    public async Task Prefill_DisposedByAnotherThread_EndsWithThatException(Owner owner)
    {
        for (int i = 0; i < Rounds; i++)
        {
            using LocalModel model = Open(BuiltInModel.FilePath);
            using GenerationSession session = Start(model, SpeculationMode.Off);
            using ManualResetEventSlim isReading = new();
            Task prompt = Task.Run(
                () => session.Sequence.Prefill(LongPrompt, _ => isReading.Set()).Length,
                TestContext.Current.CancellationToken);
            isReading.Wait(TestContext.Current.CancellationToken);

            DisposeOf(owner, model, session);

            await Assert.ThrowsAsync<ObjectDisposedException>(() => prompt);
        }
    }

    [Fact]
    public async Task BatchRun_ModelDisposedByAnotherThread_EndsWithThatException()
    {
        for (int i = 0; i < Rounds; i++)
        {
            using LocalModel model = Open(BuiltInModel.FilePath);
            using BatchScheduler scheduler = model.StartBatch(new SequenceOptions(), new BatchSchedulerOptions());
            using ManualResetEventSlim isRunning = new();
            BatchRequest request = new()
            {
                Prompt = LongPrompt.AsMemory(0, 8),
                OnToken = _ => isRunning.Set(),
                Options = new GenerationOptions { IgnoreEndOfSequence = true },
            };
            BatchAnswer[] answers = Array.ConvertAll(new int[10], _ => scheduler.Submit(request));
            Task server = Task.Run(() => scheduler.Run(default), TestContext.Current.CancellationToken);
            isRunning.Wait(TestContext.Current.CancellationToken);

            model.Dispose();

            await Assert.ThrowsAsync<ObjectDisposedException>(() => server);
            foreach (BatchAnswer answer in answers)
            {
                Assert.True(answer.IsCompleted);
                await Assert.ThrowsAsync<ObjectDisposedException>(() => answer.Completion);
            }
        }
    }

    /// <summary>A thread that serves ends, whether a request has come or not.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task BatchServer_ModelDisposedWhileItWaits_EndsWithThatException(int requests)
    {
        using LocalModel model = Open(BuiltInModel.FilePath);
        using BatchScheduler scheduler = model.StartBatch(new SequenceOptions(), new BatchSchedulerOptions());
        Task server = Task.Run(() => ServeForever(scheduler), TestContext.Current.CancellationToken);
        BatchRequest request = new() { Prompt = LongPrompt.AsMemory(0, 8), Options = new() { TokenLimit = 1 } };
        for (int i = 0; i < requests; i++)
        {
            await scheduler.Submit(request).Completion;
        }

        await Task.Delay(50, TestContext.Current.CancellationToken);

        model.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(
            () => server.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.Throws<ObjectDisposedException>(() => scheduler.Submit(request));
    }

    [Fact]
    public async Task BatchTick_DisposedByAnotherThread_IsFinishedFirst()
    {
        using LocalModel model = Open(BuiltInModel.FilePath);
        for (int i = 0; i < Rounds; i++)
        {
            using SequenceBatch batch = model.Network.CreateBatch(
                new SequenceOptions(), new BatchOptions { PromptRowsMax = 256 });
            BatchSequence sequence = batch.Add(tokensMax: 256);
            batch.Feed(sequence, LongPrompt.AsSpan(0, 256));
            Task ticks = Task.Run(() => TickForever(batch), TestContext.Current.CancellationToken);
            await Task.Delay(1 + (i % 5), TestContext.Current.CancellationToken);

            batch.Dispose();

            await Assert.ThrowsAsync<ObjectDisposedException>(() => ticks);
        }
    }

    /// <summary>What a receiver looks at stays until it has returned.</summary>
    [Fact]
    public void Score_VisitorDisposesTheSequence_KeepsItsLogits()
    {
        using LocalModel model = Open(BuiltInModel.FilePath);
        Sequence sequence = model.Network.CreateSequence(new SequenceOptions());
        float[] before = [];
        float[] after = [];

        Assert.Throws<ObjectDisposedException>(() => sequence.Score(LongPrompt.AsSpan(0, 8), (_, logits) =>
        {
            before = logits.ToArray();
            sequence.Dispose();
            after = logits.ToArray();
        }));

        Assert.Equal(before, after);
    }

    [Fact]
    public void Hold_SequenceThatIsDisposed_KeepsItsLogits()
    {
        using LocalModel model = Open(BuiltInModel.FilePath);
        Sequence sequence = model.Network.CreateSequence(new SequenceOptions());
        using IDisposable hold = sequence.Hold();
        ReadOnlySpan<float> logits = sequence.Prefill(LongPrompt.AsSpan(0, 8));
        float[] before = logits.ToArray();

        sequence.Dispose();

        Assert.Equal(before, logits.ToArray());
        Assert.Throws<ObjectDisposedException>(() => sequence.Decode(17));
        Assert.Throws<ObjectDisposedException>(() => sequence.Hold());
    }

    /// <summary>The weights lie in the file: it goes with the last pass, and no later.</summary>
    [Theory]
    [InlineData(Owner.Model)]
    [InlineData(Owner.File)]
    public void Dispose_WithinAPass_UnmapsTheFileBehindIt(Owner owner)
    {
        string path = _folder.Write("model.gguf", File.ReadAllBytes(BuiltInModel.FilePath));
        LocalModel model = Open(path);
        using GenerationSession session = Start(model, SpeculationMode.Off);
        bool isMapped = false;

        Exception? end = Record.Exception(() => session.Sequence.Prefill(LongPrompt, done =>
        {
            DisposeOf(owner, model, session);
            isMapped = IsMapped(path);
        }));

        // A file by itself may be closed under its network, which goes on.
        Assert.Equal(owner == Owner.Model ? typeof(ObjectDisposedException) : null, end?.GetType());
        Assert.True(isMapped);
        model.Dispose();
        Assert.False(OperatingSystem.IsLinux() && IsMapped(path));
    }

    [Fact]
    public async Task Session_UsedByAnotherThreadWhileItAnswers_Refuses()
    {
        using LocalModel model = Open(BuiltInModel.FilePath);
        using GenerationSession session = Start(model, SpeculationMode.Off);
        using ManualResetEventSlim isAnswering = new();
        using ManualResetEventSlim mayGoOn = new();
        GenerationOptions one = new() { TokenLimit = 1, IgnoreEndOfSequence = true };
        GenerationOptions held = one with
        {
            PromptProgress = (_, _) =>
            {
                isAnswering.Set();
                mayGoOn.Wait(TestContext.Current.CancellationToken);
            },
        };
        Task<GenerationStats> answer = Task.Run(
            () => session.Generate([17, 18], held, startsText: false, _ => { }, default),
            TestContext.Current.CancellationToken);
        isAnswering.Wait(TestContext.Current.CancellationToken);

        Assert.Throws<InvalidOperationException>(session.Reset);
        Assert.Throws<InvalidOperationException>(() => session.Generate([17], one, false, _ => { }, default));

        mayGoOn.Set();
        Assert.Equal(1, (await answer).GeneratedTokens);
        session.Reset();
    }

    private static LocalModel Open(string path) => LocalModel.Open(path, KernelSelector.Best, threadCount: 2);

    private static GenerationSession Start(LocalModel model, SpeculationMode speculation) =>
        model.StartSession(new SequenceOptions { Speculation = speculation }, BuiltInModel.Greedy);

    private static void ServeForever(BatchScheduler scheduler)
    {
        while (true)
        {
            scheduler.WaitForWork(default);
            scheduler.Run(default);
        }
    }

    private static void TickForever(SequenceBatch batch)
    {
        while (true)
        {
            batch.Tick();
        }
    }

    private static void DisposeOf(Owner owner, LocalModel model, GenerationSession session)
    {
        IDisposable owned = owner switch
        {
            Owner.Session => session,
            Owner.Sequence => session.Sequence,
            Owner.Model => model,
            _ => model.File,
        };
        owned.Dispose();
    }

    private static bool IsMapped(string path) => !OperatingSystem.IsLinux()
        || File.ReadAllText("/proc/self/maps").Contains(path, StringComparison.Ordinal);
}
