using MoREdge.Inference;
using MoREdge.Kernels;
using MoREdge.Model;
using MoREdge.ModelFile;
using MoREdge.Tests.Model;

namespace MoREdge.Tests.Inference;

public sealed class BatchSchedulerTests(BuiltInModel builtIn) : IClassFixture<BuiltInModel>
{
    private static readonly SequenceOptions Short = new() { ContextLength = 128 };
    private static readonly GenerationOptions TenTokens = new() { TokenLimit = 10, IgnoreEndOfSequence = true };

    /// <summary>Packed weights, samplers, stop strings, depth caps, refill, chunked prompts.</summary>
    [Theory]
    [InlineData(SpeculationMode.Off)]
    [InlineData(SpeculationMode.On)]
    public async Task Answers_SideBySide_AreThoseOfASession(SpeculationMode speculation)
    {
        using LocalModel model = LocalModel.Open(BuiltInModel.FilePath, KernelSelector.Best, threadCount: 2);
        using BatchScheduler scheduler = model.StartBatch(
            Short with { Speculation = speculation }, Limits(sequences: 3, promptRows: 12));
        string[] prompts =
            ["Once upon a time", "The cat", "Lily and Tom went to the park. They saw a big", "A dog sat"];
        List<(TestRequest Sent, int DepthMax, BatchAnswer Answer)> all = [];
        for (int i = 0; i < 7; i++)
        {
            int depth = 1 + (i % model.Network.Config.RecursionCount);
            BatchRequest request = new()
            {
                Prompt = model.Tokenizer.Encode(prompts[i % prompts.Length], addSpecial: true),
                Options = new GenerationOptions { TokenLimit = 4 + (3 * i), StopStrings = i == 5 ? ["."] : [] },
                Sampler = new SamplerOptions { Temperature = i % 2, Seed = (ulong)i, RepeatPenalty = 1 + (0.1f * i) },
                DepthMax = depth,
            };
            TestRequest sent = new(request);
            all.Add((sent, depth, scheduler.Submit(sent.Request)));
            scheduler.Step();
        }

        scheduler.Run(TestContext.Current.CancellationToken);

        foreach ((TestRequest sent, int depth, BatchAnswer answer) in all)
        {
            GenerationStats stats = await answer.Completion;
            using GenerationSession session = model.StartSession(
                new SequenceOptions { ContextLength = 128, DepthMax = depth }, sent.Request.Sampler);
            string text = "";
            GenerationStats alone = session.Generate(
                sent.Request.Prompt.Span, sent.Request.Options, startsText: false, piece => text += piece, default);
            Assert.Equal(text, sent.Text);
            Assert.Equal(alone.DepthHistogram, stats.DepthHistogram);
            Assert.Equal(
                (alone.StopReason, alone.PromptTokens, alone.GeneratedTokens, alone.DecodedTokens),
                (stats.StopReason, stats.PromptTokens, stats.GeneratedTokens, stats.DecodedTokens));
            Assert.InRange(stats.KvBytes - alone.KvBytes, 0, speculation == SpeculationMode.Off ? 0 : 1 << 20);
            Assert.Equal((alone.MeanDepth, alone.MeanDecodeDepth), (stats.MeanDepth, stats.MeanDecodeDepth));
            Assert.Equal(sent.Tokens.Count, stats.GeneratedTokens);
        }
    }

    [Fact]
    public void Requests_MoreThanPlaces_AreServedInOrderAndRefilledAtOnce()
    {
        using BatchScheduler scheduler = Start(sequences: 2);
        List<int> first = [];
        bool isPlaceFree = false;
        for (int i = 0; i < 6; i++)
        {
            (int index, bool isNew) = (i, true);
            scheduler.Submit(Request(TenTokens with { TokenLimit = 2 + (5 * (i % 2)) }) with
            {
                OnToken = _ =>
                {
                    first.AddRange(isNew ? [index] : []);
                    isNew = false;
                    isPlaceFree |= scheduler.WaitingCount > 0 && scheduler.RunningCount < 2;
                },
            });
        }

        scheduler.Run(TestContext.Current.CancellationToken);

        Assert.Equal([0, 1, 2, 3, 4, 5], first);
        Assert.False(isPlaceFree);
        Assert.Equal((0, 0, 0L), (scheduler.WaitingCount, scheduler.RunningCount, scheduler.KvBytesReserved));
    }

    [Fact]
    public void DecodedTokens_BesideALongPrompt_KeepComing()
    {
        using BatchScheduler scheduler = Start(sequences: 2, promptRows: 4);
        List<int> tokens = [];
        scheduler.Submit(Request(TenTokens with { TokenLimit = 60 }) with { OnToken = tokens.Add });
        int promptDone = 0, beside = 0;
        scheduler.Submit(Request(TenTokens with { PromptProgress = (done, _) => promptDone = done }) with
        {
            Prompt = new int[100],
            OnToken = _ => beside = beside == 0 ? tokens.Count : beside,
        });

        scheduler.Run(TestContext.Current.CancellationToken);

        Assert.Equal(100, promptDone);
        Assert.InRange(beside, 100 / 4 / 3, 60); // 25 chunks take a tick or more each, a token three or fewer
    }

    [Fact]
    public async Task KvMemory_BeyondTheBound_WaitsWithoutBeingOvertaken()
    {
        using SequenceBatch sizes = builtIn.Model.Network.CreateBatch(Short, new BatchOptions());
        long max = 2 * sizes.KvBytes(40);
        using BatchScheduler scheduler = builtIn.Model.StartBatch(
            Short, new BatchSchedulerOptions { Limits = new() { SequencesMax = 8 }, KvBytesMax = max });
        List<int> ended = [];
        List<BatchAnswer> answers = [];
        int[] limits = [33, 17, 9, 33, 5];
        foreach (int limit in limits)
        {
            // A prompt of 8 tokens, and the last token of the answer is not stored.
            answers.Add(scheduler.Submit(Request(TenTokens with { TokenLimit = limit }) with { Prompt = new int[8] }));
        }

        long most = 0;
        bool isOvertaken = false;
        while (scheduler.Step())
        {
            most = Math.Max(most, scheduler.KvBytesReserved);
            isOvertaken |= answers[4].Sequence is not null && answers[3].Sequence is null;
        }

        Assert.InRange(most, sizes.KvBytes(40) + 1, max);
        Assert.False(isOvertaken);
        foreach (BatchAnswer answer in answers)
        {
            Assert.Equal(StopReason.TokenLimit, (await answer.Completion).StopReason);
        }

        InferenceException fault = Assert.Throws<InferenceException>(
            () => scheduler.Submit(Request(TenTokens with { TokenLimit = 90 })));
        Assert.Equal(InferenceError.RequestTooLarge, fault.Error);
        Assert.Contains($"{max}", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Step_WarmBatch_AllocatesNothing()
    {
        using BatchScheduler scheduler = Start(sequences: 3);
        int count = 0;
        for (int i = 0; i < 3; i++)
        {
            scheduler.Submit(Request(TenTokens with { TokenLimit = 100 }) with { OnToken = _ => count++ });
        }

        long allocated = 0;
        for (int step = 0; step < 60; step++)
        {
            allocated = step == 30 ? GC.GetAllocatedBytesForCurrentThread() : allocated;
            scheduler.Step();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - allocated);
        Assert.InRange(count, 3, 299);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(6)]
    public async Task Cancel_AtAnyTime_EndsThatRequestOnly(int steps)
    {
        using BatchScheduler scheduler = Start(sequences: 2, promptRows: 4);
        TestRequest kept = new(Request(TenTokens));
        TestRequest dropped = new(Request(TenTokens));
        using CancellationTokenSource source = new();
        BatchAnswer keptAnswer = scheduler.Submit(kept.Request);
        BatchAnswer droppedAnswer = scheduler.Submit(dropped.Request with { Cancellation = source.Token });
        BatchAnswer waiting = scheduler.Submit(Request(TenTokens));
        for (int i = 0; i < steps; i++)
        {
            scheduler.Step();
        }

        source.Cancel();
        waiting.Cancel();
        scheduler.Run(TestContext.Current.CancellationToken);

        Assert.Equal(StopReason.Cancelled, (await droppedAnswer.Completion).StopReason);
        Assert.Equal(StopReason.Cancelled, (await waiting.Completion).StopReason);
        Assert.Equal(StopReason.TokenLimit, (await keptAnswer.Completion).StopReason);
        Assert.Equal(Alone(TenTokens), kept.Text);
        Assert.True(dropped.Tokens.Count < 10);
        Assert.Equal(0, scheduler.KvBytesReserved);
    }

    [Theory]
    [InlineData("token")]
    [InlineData("text")]
    [InlineData("progress")]
    public async Task Receiver_Throws_EndsThatRequestOnly(string receiver)
    {
        using BatchScheduler scheduler = Start(sequences: 2);
        TestRequest kept = new(Request(TenTokens));
        BatchAnswer keptAnswer = scheduler.Submit(kept.Request);
        int calls = 0;
        void Throw()
        {
            calls++;
            throw new TimeZoneNotFoundException("The receiver has gone.");
        }

        BatchAnswer failing = scheduler.Submit(Request(TenTokens with
        {
            PromptProgress = (_, _) => (receiver == "progress" ? Throw : (Action)(() => { }))(),
        }) with
        {
            OnToken = receiver == "token" ? _ => Throw() : null,
            OnText = receiver == "text" ? _ => Throw() : null,
        });

        scheduler.Run(TestContext.Current.CancellationToken);

        await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => failing.Completion);
        Assert.Equal(1, calls);
        Assert.Equal(StopReason.TokenLimit, (await keptAnswer.Completion).StopReason);
        Assert.Equal(Alone(TenTokens), kept.Text);
    }

    /// <summary>A damaged embedding row must not reach the texts beside it.</summary>
    [Fact]
    public async Task Logits_NotANumber_EndThatRequestOnly()
    {
        using TinyModel model = TinyModel.Decoder("llama", 2, tied: false);
        model.Values(TensorNames.TokenEmbedding)[5 * 32] = float.NaN;
        model.Load();
        List<int> beside = [];
        BatchRequest good = new()
        {
            Prompt = new[] { 1, 2, 3 },
            Options = new GenerationOptions { TokenLimit = 12 },
            Sampler = BuiltInModel.Greedy,
            OnToken = beside.Add,
        };
        using BatchScheduler scheduler = new(model.Network, new SequenceOptions(), new BatchSchedulerOptions());
        BatchAnswer kept = scheduler.Submit(good);
        BatchAnswer failing = scheduler.Submit(good with { Prompt = new[] { 4, 5, 6 }, OnToken = null });

        scheduler.Run(TestContext.Current.CancellationToken);

        InferenceException fault = await Assert.ThrowsAsync<InferenceException>(() => failing.Completion);
        Assert.Equal(InferenceError.NotANumber, fault.Error);
        Assert.Equal(StopReason.TokenLimit, (await kept.Completion).StopReason);
        List<int> alone = [];
        scheduler.Submit(good with { OnToken = alone.Add });
        scheduler.Run(TestContext.Current.CancellationToken);
        Assert.Equal(alone, beside);
    }

    [Fact]
    public void Submit_WhatCannotRun_IsRefusedAtOnce()
    {
        using BatchScheduler scheduler = Start(sequences: 1);
        BatchRequest good = Request(TenTokens);
        Assert.Throws<ArgumentException>(() => scheduler.Submit(good with { Prompt = default }));
        Assert.Throws<ArgumentException>(() => scheduler.Submit(good with { Prompt = new[] { -1 } }));
        Assert.Throws<ArgumentException>(() => scheduler.Submit(good with { DepthMax = 99 }));
        Assert.Throws<ArgumentException>(
            () => scheduler.Submit(good with { Sampler = new SamplerOptions { TopP = 2 } }));
        InferenceException fault = Assert.Throws<InferenceException>(
            () => scheduler.Submit(good with { Prompt = new int[129] }));
        Assert.Equal(InferenceError.PromptTooLong, fault.Error);
        DecoderModel network = builtIn.Model.Network;
        Assert.Throws<ArgumentException>(() => new BatchScheduler(network, Short, new() { WaitingMax = 0 }));
        using BatchScheduler bare = new(network, Short, new BatchSchedulerOptions());
        fault = Assert.Throws<InferenceException>(() => bare.Submit(good with { OnText = _ => { } }));
        Assert.Equal(InferenceError.NoTokenizer, fault.Error);
        Assert.False(scheduler.Step());
    }

    [Fact]
    public void Submit_BeyondTheQueue_IsRefusedUntilThereIsRoom()
    {
        using BatchScheduler scheduler = new(builtIn.Model.Network, Short, new() { WaitingMax = 1 });
        _ = scheduler.Submit(Request(TenTokens));
        InferenceException fault = Assert.Throws<InferenceException>(() => scheduler.Submit(Request(TenTokens)));
        Assert.Equal(InferenceError.QueueFull, fault.Error);
        Assert.True(scheduler.Step());
    }

    [Fact]
    public async Task Submit_FromManyThreads_AllAreAnswered()
    {
        using BatchScheduler scheduler = Start(sequences: 3);
        using CancellationTokenSource stop = new();
        Task server = Task.Run(
            () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    scheduler.Run(stop.Token);
                    scheduler.WaitForWork(stop.Token);
                }
            },
            TestContext.Current.CancellationToken);
        TestRequest[] sent = new TestRequest[12];
        await Parallel.ForAsync(0, sent.Length, TestContext.Current.CancellationToken, async (i, _) =>
        {
            sent[i] = new TestRequest(Request(TenTokens));
            await scheduler.Submit(sent[i].Request).Completion;
        });
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => server);

        string expected = Alone(TenTokens);
        Assert.All(sent, one => Assert.Equal(expected, one.Text));
    }

    [Fact]
    public async Task Limits_ZeroTokensAndFullContext_EndAsInASession()
    {
        using BatchScheduler scheduler = Start(sequences: 2);
        BatchAnswer none = scheduler.Submit(Request(TenTokens with { TokenLimit = 0 }));
        BatchAnswer all = scheduler.Submit(Request(TenTokens with { TokenLimit = null }));
        scheduler.Run(TestContext.Current.CancellationToken);
        GenerationStats stats = await none.Completion;
        Assert.Equal((StopReason.TokenLimit, 0), (stats.StopReason, stats.GeneratedTokens));
        Assert.Equal(StopReason.ContextFull, (await all.Completion).StopReason);
    }

    [Fact]
    public void Run_Cancelled_LeavesRequestsForAnotherCall()
    {
        using BatchScheduler scheduler = Start(sequences: 2);
        using CancellationTokenSource source = new();
        TestRequest sent = new(Request(TenTokens));
        BatchAnswer answer = scheduler.Submit(sent.Request);
        scheduler.Submit(Request(TenTokens) with { OnToken = _ => source.Cancel() });

        scheduler.Run(source.Token);

        Assert.False(answer.IsCompleted);
        Assert.InRange(sent.Tokens.Count, 0, 2);
        scheduler.Run(TestContext.Current.CancellationToken);
        Assert.True(answer.IsCompleted);
        Assert.Equal(Alone(TenTokens), sent.Text);
    }

    [Fact]
    public async Task Dispose_WithRequests_EndsThemAsCancelled()
    {
        BatchScheduler scheduler = Start(sequences: 1);
        BatchAnswer running = scheduler.Submit(Request(TenTokens));
        BatchAnswer waiting = scheduler.Submit(Request(TenTokens));
        scheduler.Step();

        scheduler.Dispose();

        Assert.Equal(StopReason.Cancelled, (await running.Completion).StopReason);
        Assert.Equal(StopReason.Cancelled, (await waiting.Completion).StopReason);
        Assert.Throws<ObjectDisposedException>(() => scheduler.Submit(Request(TenTokens)));
    }

    private static BatchSchedulerOptions Limits(int sequences, int promptRows) =>
        new() { Limits = new BatchOptions { SequencesMax = sequences, PromptRowsMax = promptRows } };

    private BatchScheduler Start(int sequences, int promptRows = 64) =>
        builtIn.Model.StartBatch(Short, Limits(sequences, promptRows));

    private BatchRequest Request(GenerationOptions options) => new()
    {
        Prompt = builtIn.Model.Tokenizer.Encode(BuiltInModel.Prompt, addSpecial: true),
        Options = options,
        Sampler = BuiltInModel.Greedy,
    };

    private string Alone(GenerationOptions options)
    {
        using GenerationSession session = builtIn.Start(contextLength: 128);
        string text = "";
        session.Generate(Request(options).Prompt.Span, options, startsText: false, piece => text += piece, default);
        return text;
    }

    /// <summary>A request that keeps what it receives.</summary>
    private sealed class TestRequest
    {
        public TestRequest(BatchRequest request) => Request = request with
        {
            OnToken = Tokens.Add,
            OnText = piece => Text += piece,
        };

        public BatchRequest Request { get; }

        public List<int> Tokens { get; } = [];

        public string Text { get; private set; } = "";
    }
}
