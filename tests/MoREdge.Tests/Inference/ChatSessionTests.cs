using System.Text;
using MoREdge.Inference;
using MoREdge.Kernels;
using MoREdge.Model;
using MoREdge.Tests.Cli;
using MoREdge.Tests.ModelFile;
using MoREdge.Tokenization;

namespace MoREdge.Tests.Inference;

public sealed class ChatSessionTests(BuiltInModel builtIn) : IClassFixture<BuiltInModel>
{
    private const string Question = "Tell me a story about a cat.";

    private static readonly GenerationOptions TwelveTokens = new() { TokenLimit = 12 };

    [Fact]
    public void Ask_SecondQuestion_ReusesTheFirst()
    {
        using GenerationSession session = builtIn.Start();
        ChatSession chat = new(builtIn.Model, session, systemPrompt: null);
        Ask(chat, Question);

        (ChatTurn second, _) = Ask(chat, "And a dog?");

        int wholePrompt = session.Ids.Count - second.Stats.DecodedTokens;
        Assert.InRange(second.Stats.PromptTokens, 1, wholePrompt / 2);
        Assert.Equal((0, 4), (second.DroppedMessages, chat.MessageCount));
    }

    [Fact]
    public void Reset_KeepsTheSystemPromptOnly()
    {
        using GenerationSession session = builtIn.Start();
        ChatSession chat = new(builtIn.Model, session, "You tell stories.");
        (ChatTurn first, string text) = Ask(chat, Question);

        chat.Reset();

        Assert.Equal(1, chat.MessageCount);
        Assert.Empty(session.Ids);
        (ChatTurn again, string sameText) = Ask(chat, Question);
        Assert.Equal((first.Stats.PromptTokens, text), (again.Stats.PromptTokens, sameText));
    }

    [Fact]
    public void Ask_FullContext_DropsTheOldestPairs()
    {
        using GenerationSession session = builtIn.Start(contextLength: 64);
        ChatSession chat = new(builtIn.Model, session, "You tell stories.");
        int dropped = 0;
        for (int i = 0; i < 5; i++)
        {
            dropped += Ask(chat, Question).Turn.DroppedMessages;
        }

        Assert.True(dropped > 0, "Five questions fit a context of 64 tokens.");
        Assert.Equal(1 + (5 * 2), chat.MessageCount + dropped);
    }

    /// <summary>
    /// A prompt was made for every pair that had to go. Most of the memory that a question takes is its prompts'.
    /// </summary>
    [Fact]
    public void Ask_ManyPairsTooMany_MakesFewPrompts()
    {
        const int Pairs = 64;
        using GenerationSession session = builtIn.Start(contextLength: 2048);
        ChatSession chat = new(builtIn.Model, session, systemPrompt: null);
        for (int i = 0; i < Pairs; i++)
        {
            chat.Ask("Hello!", TwelveTokens with { TokenLimit = 1 }, _ => { }, TestContext.Current.CancellationToken);
        }

        string question = string.Concat(Enumerable.Repeat("A cat sat on the mat. ", 180));
        long onePrompt = Allocated(() => ChatTemplate.Parse(builtIn.Model.Tokenizer.Definition.ChatTemplate!)
            .Encode(builtIn.Model.Tokenizer, [new("user", question)]));
        long asking = Allocated(() => chat.Ask(question, TwelveTokens, _ => { }, new CancellationToken(true)));
        ChatTurn turn = Ask(chat, question).Turn;

        Assert.InRange(turn.DroppedMessages, Pairs, (2 * Pairs) - 1);
        Assert.Equal((2 * Pairs) + 2, turn.DroppedMessages + chat.MessageCount);
        Assert.InRange(asking, onePrompt, onePrompt * Pairs / 3);
    }

    /// <summary>
    /// What stays when something is forgotten is read again. A third of the turns may cost that, not each.
    /// </summary>
    [Fact]
    public void Ask_FullContext_IsRarelyReadAgain()
    {
        using GenerationSession session = builtIn.Start(contextLength: 256);
        ChatSession chat = new(builtIn.Model, session, systemPrompt: null);
        int forgetting = 0;
        for (int i = 0; i < 45; i++)
        {
            ChatTurn turn = Ask(chat, Question).Turn;
            forgetting += turn.DroppedMessages > 0 ? 1 : 0;
            int wholePrompt = session.Ids.Count - turn.Stats.DecodedTokens;
            Assert.InRange(turn.Stats.PromptTokens, 1, turn.DroppedMessages > 0 ? wholePrompt : 60);
        }

        Assert.InRange(forgetting, 5, 15);
        Assert.True(chat.MessageCount > 4, $"Of the conversation {chat.MessageCount} messages are left.");
    }

    [Fact]
    public void Ask_QuestionLongerThanTheContext_LeavesTheConversationAsItWas()
    {
        using GenerationSession session = builtIn.Start(contextLength: 128);
        ChatSession chat = new(builtIn.Model, session, systemPrompt: null);
        Ask(chat, Question);
        Ask(chat, Question);

        InferenceException fault = Assert.Throws<InferenceException>(() => Ask(chat, new string('a', 2000)));

        Assert.Equal(InferenceError.PromptTooLong, fault.Error);
        Assert.Equal(4, chat.MessageCount);
        Assert.Equal(6, Ask(chat, "And?").Turn.DroppedMessages + chat.MessageCount);
    }

    [Fact]
    public void Ask_Cancelled_KeepsWhatWasSaid()
    {
        using GenerationSession session = builtIn.Start();
        ChatSession chat = new(builtIn.Model, session, systemPrompt: null);
        using CancellationTokenSource source = new();

        ChatTurn turn = chat.Ask(Question, TwelveTokens, _ => source.Cancel(), source.Token);

        Assert.Equal((StopReason.Cancelled, 2), (turn.Stats.StopReason, chat.MessageCount));
        Assert.NotEqual("", Ask(chat, "And a dog?").Text);
    }

    [Fact]
    public void Ask_CancelledBeforeTheAnswer_TakesTheQuestionBack()
    {
        using GenerationSession session = builtIn.Start(contextLength: 128);
        ChatSession chat = new(builtIn.Model, session, systemPrompt: null);
        Ask(chat, Question);
        string expected = Ask(chat, "And a dog?").Text;
        chat.Reset();
        Ask(chat, Question);

        // So long that the first question and its answer have to go.
        string question = string.Concat(Enumerable.Repeat(Question, 7));
        ChatTurn turn = chat.Ask(
            question, TwelveTokens, _ => Assert.Fail("Nothing is said."), new CancellationToken(canceled: true));

        Assert.Equal((StopReason.Cancelled, true, 0), (turn.Stats.StopReason, turn.IsTakenBack, turn.DroppedMessages));
        Assert.Equal(2, chat.MessageCount);
        (ChatTurn next, string text) = Ask(chat, "And a dog?");
        Assert.Equal((expected, false, 4), (text, next.IsTakenBack, chat.MessageCount));
    }

    [Fact]
    public void Reset_ByAReceiver_IsRefusedAndForgetsNothing()
    {
        using GenerationSession session = builtIn.Start();
        ChatSession chat = new(builtIn.Model, session, "You tell stories.");

        chat.Ask(
            Question, TwelveTokens, _ => Assert.Throws<InvalidOperationException>(chat.Reset),
            TestContext.Current.CancellationToken);

        Assert.Equal(3, chat.MessageCount);
        Assert.Throws<ArgumentNullException>(() => new ChatSession(builtIn.Model, null!, systemPrompt: null));
    }

    /// <summary>A second question is refused before the template sees it: it might push out the first one.</summary>
    [Fact]
    public void Ask_DuringAnAnswer_IsRefusedWhateverItAsks()
    {
        const string Refusing = "{% for m in messages %}{{ raise_exception('no') if m.content == 'no' else m.content }}"
            + "{% endfor %}";
        using TemporaryFolder folder = new();
        string path = new ByteModel { ChatTemplate = Refusing }.Write(folder.File("m.gguf"));
        using LocalModel model = LocalModel.Open(path, KernelSelector.Best, threadCount: 1);
        using GenerationSession session = model.StartSession(new SequenceOptions(), BuiltInModel.Greedy);
        ChatSession chat = new(model, session, systemPrompt: null);
        int refused = 0;

        chat.Ask(
            "yes", TwelveTokens,
            _ =>
            {
                Assert.Throws<InvalidOperationException>(() => chat.Ask("no", TwelveTokens, _ => { }, default));
                refused++;
            },
            TestContext.Current.CancellationToken);

        Assert.True(refused > 0);
        Assert.Equal(2, chat.MessageCount);
    }

    [Fact]
    public void Constructor_SessionOfAnotherModel_IsRefused()
    {
        using LocalModel other = LocalModel.Open(
            SharedData.InRepository("tools/moredge/mor-commands-q4.gguf"), KernelSelector.Best, threadCount: 1);
        using GenerationSession session = builtIn.Start();

        Assert.Throws<ArgumentException>(() => new ChatSession(other, session, systemPrompt: null));
    }

    [Fact]
    public void Ask_WithoutTextOrReceiver_IsRefusedAndChangesNothing()
    {
        using GenerationSession session = builtIn.Start();
        ChatSession chat = new(builtIn.Model, session, systemPrompt: null);
        CancellationToken cancellation = TestContext.Current.CancellationToken;

        Assert.Throws<ArgumentNullException>(() => chat.Ask(null!, TwelveTokens, _ => { }, cancellation));
        Assert.Throws<ArgumentNullException>(() => chat.Ask(Question, TwelveTokens, null!, cancellation));

        Assert.Equal((0, 0), (chat.MessageCount, session.Ids.Count));
    }

    [Fact]
    public void Ask_LimitOfNoTokens_TakesTheQuestionBackAndHasReadIt()
    {
        using GenerationSession session = builtIn.Start();
        ChatSession chat = new(builtIn.Model, session, systemPrompt: null);
        GenerationOptions none = new() { TokenLimit = 0 };

        ChatTurn turn = chat.Ask(
            Question, none, _ => Assert.Fail("Nothing is said."), TestContext.Current.CancellationToken);

        Assert.Equal((StopReason.TokenLimit, true), (turn.Stats.StopReason, turn.IsTakenBack));
        Assert.Equal(0, chat.MessageCount);
        Assert.Equal(1, Ask(chat, Question).Turn.Stats.PromptTokens);
    }

    private static long Allocated(Action action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static (ChatTurn Turn, string Text) Ask(ChatSession chat, string question)
    {
        StringBuilder text = new();
        ChatTurn turn = chat.Ask(
            question, TwelveTokens, piece => text.Append(piece), TestContext.Current.CancellationToken);
        return (turn, text.ToString());
    }
}
