using System.Text;
using MoREdge.Inference;
using MoREdge.Kernels;
using MoREdge.Model;

namespace MoREdge.Tests.Inference;

public sealed class GenerationSessionTests(BuiltInModel builtIn) : IClassFixture<BuiltInModel>
{
    private static readonly GenerationOptions TwentyTokens = new() { TokenLimit = 20, IgnoreEndOfSequence = true };

    [Fact]
    public void Generate_TokenLimit_StopsThereAndCountsTokens()
    {
        using GenerationSession session = builtIn.Start();
        int[] prompt = session.Encode(BuiltInModel.Prompt);

        (GenerationStats stats, string text) = Run(session, prompt, TwentyTokens);

        Assert.Equal(StopReason.TokenLimit, stats.StopReason);
        Assert.Equal((prompt.Length, 20, 19), (stats.PromptTokens, stats.GeneratedTokens, stats.DecodedTokens));
        Assert.StartsWith(" girl named Lily", text, StringComparison.Ordinal);
        Assert.Equal(prompt.Length + 19, session.Ids.Count);
        Assert.Equal(session.Ids.Count, session.Sequence.Position);
    }

    [Theory]
    [InlineData("zzz")]
    [InlineData(null)]
    public void Generate_Pieces_AreNeverEmpty(string? stop)
    {
        using GenerationSession session = builtIn.Start();
        GenerationOptions options = TwentyTokens with { StopStrings = stop is null ? [] : [stop] };
        List<string> pieces = [];
        session.Generate(
            session.Encode(BuiltInModel.Prompt), options, startsText: false, pieces.Add,
            TestContext.Current.CancellationToken);

        Assert.NotEmpty(pieces);
        Assert.DoesNotContain("", pieces);
    }

    [Fact]
    public void Generate_StopString_IsNotShown()
    {
        using GenerationSession session = builtIn.Start();

        (GenerationStats stats, string text) = Run(
            session, session.Encode(BuiltInModel.Prompt), TwentyTokens with { StopStrings = ["med Li"] });

        Assert.Equal(StopReason.StopString, stats.StopReason);
        Assert.Equal(" girl na", text);
    }

    [Fact]
    public void Generate_EndToken_StopsUnlessIgnored()
    {
        using GenerationSession session = builtIn.Start();
        int[] prompt = session.Encode("<|im_start|>user\nHello!<|im_end|>\n<|im_start|>assistant\n");

        (GenerationStats stats, _) = Run(session, prompt, TwentyTokens with { IgnoreEndOfSequence = false });
        (GenerationStats ignored, _) = Run(session, prompt, TwentyTokens);

        Assert.Equal(StopReason.EndOfSequence, stats.StopReason);
        Assert.Equal(StopReason.TokenLimit, ignored.StopReason);
    }

    [Fact]
    public void Generate_FullContext_Stops()
    {
        using GenerationSession session = builtIn.Start(contextLength: 32);

        (GenerationStats stats, _) = Run(
            session, session.Encode(BuiltInModel.Prompt), new GenerationOptions { IgnoreEndOfSequence = true });

        Assert.Equal(StopReason.ContextFull, stats.StopReason);
        Assert.Equal(32, session.Sequence.Position);
    }

    [Fact]
    public void Generate_PromptLongerThanTheContext_IsRefused()
    {
        using GenerationSession session = builtIn.Start(contextLength: 4);

        InferenceException fault = Assert.Throws<InferenceException>(
            () => Run(session, session.Encode(BuiltInModel.Prompt), TwentyTokens));

        Assert.Equal(InferenceError.PromptTooLong, fault.Error);
        Assert.Contains("SequenceOptions.ContextLength", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void Generate_CancelledAfterSomePieces_LeavesAValidSession(int pieces)
    {
        using GenerationSession session = builtIn.Start();
        int[] prompt = session.Encode(BuiltInModel.Prompt);
        using CancellationTokenSource source = new();
        if (pieces == 0)
        {
            source.Cancel();
        }

        int shown = 0;
        GenerationStats stats = session.Generate(
            prompt, TwentyTokens, startsText: false,
            _ =>
            {
                if (++shown == pieces)
                {
                    source.Cancel();
                }
            },
            source.Token);

        Assert.Equal((StopReason.Cancelled, pieces), (stats.StopReason, stats.GeneratedTokens));
        using GenerationSession fresh = builtIn.Start();
        Assert.Equal(Run(fresh, prompt, TwentyTokens).Text, Run(session, prompt, TwentyTokens).Text);
    }

    [Fact]
    public void Generate_LongerPrompt_ComputesOnlyWhatIsNew()
    {
        using GenerationSession session = builtIn.Start();
        (GenerationStats first, string text) = Run(session, session.Encode(BuiltInModel.Prompt), TwentyTokens);
        int[] all = [.. session.Ids, .. session.Encode(" and then")];

        (GenerationStats second, _) = Run(session, all, TwentyTokens);

        Assert.Equal(all.Length - first.PromptTokens - first.DecodedTokens, second.PromptTokens);
        Assert.NotEqual("", text);
    }

    [Fact]
    public void Generate_PromptThatIsRefused_KeepsTheText()
    {
        using GenerationSession session = builtIn.Start();
        (GenerationStats first, _) = Run(session, session.Encode(BuiltInModel.Prompt), TwentyTokens);
        int kept = first.PromptTokens + first.DecodedTokens;

        Assert.Throws<ArgumentException>(() => Run(session, [], TwentyTokens));
        Assert.Throws<ArgumentException>(() => Run(session, [5, -1, 5], TwentyTokens));

        Assert.Equal((kept, kept), (session.Ids.Count, session.Sequence.Position));
    }

    [Fact]
    public async Task Sessions_OnThreadsOfTheirOwn_SayWhatEachSaysAlone()
    {
        using LocalModel model = LocalModel.Open(BuiltInModel.FilePath, KernelSelector.Best, threadCount: 2);
        string Say(string prompt)
        {
            using GenerationSession session = model.StartSession(
                new SequenceOptions { ContextLength = 128 }, new SamplerOptions { Temperature = 1, Seed = 7 });
            return Run(session, session.Encode(prompt), TwentyTokens).Text;
        }

        string[] prompts = [BuiltInModel.Prompt, "The cat", "Lily and Tom went to the park.", "One day"];
        string[] alone = Array.ConvertAll(prompts, Say);
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        for (int i = 0; i < 3; i++)
        {
            string[] together = await Task.WhenAll(
                Array.ConvertAll(prompts, prompt => Task.Run(() => Say(prompt), cancellation)));
            Assert.Equal(alone, together);
        }
    }

    /// <summary>An answer whose text so far was replaced would go on somewhere else.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Receiver_UsesTheSession_IsTold(bool inPrompt)
    {
        using GenerationSession session = builtIn.Start();
        int[] prompt = session.Encode(BuiltInModel.Prompt);
        void Use() => Run(session, prompt, TwentyTokens);
        GenerationOptions options = inPrompt ? TwentyTokens with { PromptProgress = (_, _) => Use() } : TwentyTokens;

        Assert.Throws<InvalidOperationException>(
            () => session.Generate(prompt, options, startsText: false, _ => Use(), default));
        Assert.Throws<InvalidOperationException>(
            () => session.Generate(prompt, options, startsText: false, _ => session.Reset(), default));

        using GenerationSession fresh = builtIn.Start();
        Assert.Equal(Run(fresh, prompt, TwentyTokens).Text, Run(session, prompt, TwentyTokens).Text);
    }

    [Fact]
    public void Generate_CancelledWithinThePrompt_CountsWhatWasComputed()
    {
        int[] prompt = new int[300];
        using GenerationSession session = builtIn.Start();
        using CancellationTokenSource source = new();
        GenerationOptions options = new() { PromptProgress = (_, _) => source.Cancel() };
        GenerationStats stats = session.Generate(prompt, options, startsText: false, _ => { }, source.Token);

        Assert.Equal((StopReason.Cancelled, 256, 0), (stats.StopReason, stats.PromptTokens, session.Ids.Count));
        Assert.Equal(256, Sum(stats.DepthHistogram));
    }

    /// <summary>It was a cancellation where nobody had cancelled, or left ids that were not in the list.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Generate_ProgressThrows_ComesOutAndTheIdsAreTheText(bool isCancellation)
    {
        int[] prompt = new int[300];
        using GenerationSession session = builtIn.Start();
        Exception thrown = isCancellation ? new OperationCanceledException() : new IOException();
        GenerationOptions options = TwentyTokens with { PromptProgress = (_, _) => throw thrown };

        Exception? fault = Record.Exception(() => Run(session, prompt, options));

        Assert.Same(thrown, fault);
        Assert.Equal((256, 256), (session.Ids.Count, session.Sequence.Position));
        Assert.Equal(300 - 256, Run(session, prompt, TwentyTokens).Stats.PromptTokens);
    }

    [Fact]
    public void Reset_AfterText_ForgetsIt()
    {
        using GenerationSession session = builtIn.Start();
        int[] prompt = session.Encode(BuiltInModel.Prompt);
        (GenerationStats first, string text) = Run(session, prompt, TwentyTokens);

        session.Reset();

        Assert.Empty(session.Ids);
        Assert.Equal(0, session.Sequence.Position);
        (GenerationStats again, string sameText) = Run(session, prompt, TwentyTokens);
        Assert.Equal((first.PromptTokens, text), (again.PromptTokens, sameText));
    }

    [Fact]
    public void Encode_EmptyPrompt_StartsFromTheBeginToken()
    {
        using GenerationSession session = builtIn.Start();
        Assert.Equal([builtIn.Model.Tokenizer.Definition.BosId], session.Encode(""));
    }

    [Fact]
    public void Generate_EmptyStopString_IsRefused()
    {
        using GenerationSession session = builtIn.Start();
        int[] prompt = session.Encode(BuiltInModel.Prompt);

        Assert.Throws<ArgumentException>(() => Run(session, prompt, TwentyTokens with { StopStrings = [".", ""] }));
        Assert.Throws<ArgumentException>(() => Run(session, prompt, TwentyTokens with { StopStrings = [null!] }));
        Assert.Throws<ArgumentException>(() => Run(session, prompt, TwentyTokens with { StopStrings = null! }));
        Assert.Throws<ArgumentNullException>(() => session.Encode(null!));
    }

    /// <summary>As other libraries write "no limit", which gave no token at all.</summary>
    [Fact]
    public void Generate_LimitBelowZero_IsRefused()
    {
        using GenerationSession session = builtIn.Start();
        int[] prompt = session.Encode(BuiltInModel.Prompt);

        Assert.Throws<ArgumentException>(() => Run(session, prompt, TwentyTokens with { TokenLimit = -1 }));
        Assert.Equal(0, Run(session, prompt, TwentyTokens with { TokenLimit = 0 }).Stats.GeneratedTokens);
    }

    /// <summary>Tokens of a prompt compete there, so what is left of an earlier one is no beginning of it.</summary>
    [Theory]
    [InlineData(RoutingMode.TopK)]
    [InlineData(RoutingMode.TopKThreshold)]
    public void Generate_SamePromptAgainWithTopK_GivesTheSameAnswer(RoutingMode routing)
    {
        using GenerationSession session = builtIn.Model.StartSession(
            new SequenceOptions { ContextLength = 128, Routing = routing }, BuiltInModel.Greedy);
        foreach (string prompt in new[] { "The cat sat on the", "One day, a boy named Tim", BuiltInModel.Prompt })
        {
            int[] ids = session.Encode(prompt);
            (GenerationStats first, string text) = Run(session, ids, TwentyTokens);

            (GenerationStats again, string sameText) = Run(session, ids, TwentyTokens);

            Assert.Equal((first.MeanDepth, text), (again.MeanDepth, sameText));
        }
    }

    private static long Sum(long[] counts)
    {
        long sum = 0;
        Array.ForEach(counts, count => sum += count);
        return sum;
    }

    private static (GenerationStats Stats, string Text) Run(
        GenerationSession session, int[] prompt, GenerationOptions options)
    {
        StringBuilder text = new();
        GenerationStats stats = session.Generate(
            prompt, options, startsText: false, piece => text.Append(piece), TestContext.Current.CancellationToken);
        return (stats, text.ToString());
    }
}
