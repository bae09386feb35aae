using System.Text;
using MoREdge.Inference;
using MoREdge.Kernels;
using MoREdge.Model;
using MoREdge.Tests.Cli;
using MoREdge.Tests.ModelFile;

namespace MoREdge.Tests.Inference;

/// <summary>
/// Sessions over a model whose layers see a window: what they can no longer go back to is read again, and what was done
/// of a cancelled prompt is not.
/// </summary>
public sealed class WindowSessionTests : IDisposable
{
    private const int PassRows = 256;

    private static readonly GenerationOptions Answer = new() { TokenLimit = 150, IgnoreEndOfSequence = true };

    private readonly TemporaryFolder _folder = new();
    private readonly LocalModel _model;

    public WindowSessionTests()
    {
        string path = new ByteModel { Window = 20 }.Write(_folder.File("m.gguf"));
        _model = LocalModel.Open(path, KernelSelector.Best, threadCount: 1);
    }

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(1300, 0)]
    [InlineData(700, 0)]
    [InlineData(1560, 1560)]
    public void Generate_PromptThatLeavesTheText_ReadsWhatIsNotKeptAgain(int common, int reused)
    {
        using GenerationSession session = Start();
        int[] prompt = Ids(1500, seed: 1);
        Run(session, prompt);
        int[] next = [.. session.Ids.Take(common), .. Ids(30, seed: 2)];

        (GenerationStats stats, string text) = Run(session, next);

        Assert.Equal(next.Length - reused, stats.PromptTokens);
        using GenerationSession fresh = Start();
        Assert.Equal(Run(fresh, next).Text, text);
        Assert.Equal(session.Sequence.Position, session.Ids.Count);
    }

    [Fact]
    public void Generate_CancelledInALongPrompt_GoesOnFromWhatWasDone()
    {
        using GenerationSession session = Start();
        int[] first = Ids(600, seed: 3);
        Run(session, first);
        int[] prompt = [.. session.Ids, .. Ids(900, seed: 4)];
        int before = session.Ids.Count;
        using CancellationTokenSource source = new();
        GenerationStats cancelled = session.Generate(
            prompt,
            Answer with { PromptProgress = (done, _) => CancelBehind(source, done, 2 * PassRows) },
            startsText: false, _ => { }, source.Token);

        Assert.Equal(StopReason.Cancelled, cancelled.StopReason);
        Assert.Equal(before + (2 * PassRows), session.Ids.Count);
        Assert.Equal(session.Sequence.Position, session.Ids.Count);
        Assert.Equal(prompt[..session.Ids.Count], session.Ids);
        (GenerationStats stats, string text) = Run(session, prompt);
        Assert.Equal(900 - (2 * PassRows), stats.PromptTokens);
        using GenerationSession fresh = Start();
        Assert.Equal(Run(fresh, prompt).Text, text);
    }

    private static void CancelBehind(CancellationTokenSource source, int done, int tokens)
    {
        if (done == tokens)
        {
            source.Cancel();
        }
    }

    private static int[] Ids(int count, int seed)
    {
        Random random = new(seed);
        int[] ids = new int[count];
        for (int i = 0; i < count; i++)
        {
            ids[i] = random.Next('a', 'z');
        }

        return ids;
    }

    private static (GenerationStats Stats, string Text) Run(GenerationSession session, int[] prompt)
    {
        StringBuilder text = new();
        GenerationStats stats = session.Generate(
            prompt, Answer, startsText: false, piece => text.Append(piece), TestContext.Current.CancellationToken);
        return (stats, text.ToString());
    }

    private GenerationSession Start() =>
        _model.StartSession(new SequenceOptions { ContextLength = 4096 }, BuiltInModel.Greedy);
}
