using MoREdge.Inference;

namespace MoREdge.Cli;

/// <summary>
/// The loop of a chat: reads lines, runs slash commands, prints answers. Only answers go to standard output.
/// </summary>
internal sealed class ChatConsole : IDisposable
{
    private const string HelpText =
        "/help   this list\n"
        + "/reset  forget the conversation\n"
        + "/stats  what the last answer cost\n"
        + "/depth  how deep the tokens of the last answer and its prompt went; /depth N caps the recursions, a "
        + "faster and coarser answer\n"
        + "/quit   leave (or Ctrl-D)\n"
        + "Ctrl-C stops an answer. A line that begins with // is sent with one slash.";

    private readonly LocalModel _model;
    private readonly GenerationSession _session;
    private readonly ChatSession _chat;
    private readonly int? _tokenLimit;
    private readonly Interruption _interruption;
    private readonly StreamWriter _output = new(StandardOutput.Open());
    private readonly bool _isInteractive = !Console.IsInputRedirected;
    private readonly BufferedStream _input = new(new StandardInput());
    private GenerationStats? _lastStats;
    private int _exitCode = ExitCode.Success;

    public ChatConsole(LocalModel model, GenerationSession session, ChatSession chat, int? tokenLimit)
    {
        _model = model;
        _session = session;
        _chat = chat;
        _tokenLimit = tokenLimit;
        _interruption = new Interruption(() => Console.Error.Write("\n(/quit or Ctrl-D leaves)\n> "));
    }

    /// <summary>Runs until /quit, the end of input, or a signal to end.</summary>
    /// <returns>
    /// Failure where a piped question found no answer or a piped command is none, because nobody is there to read why;
    /// else success.
    /// </returns>
    public int Run()
    {
        if (_isInteractive)
        {
            string fileName = Path.GetFileName(_model.File.Path);
            string name = _model.File.Metadata.GetString(ModelFile.MetadataKeys.Name, fileName);
            string size = ByteText.Format(_model.File.FileBytes);
            Console.Error.WriteLine($"{PlainText.Clean(name)}, {size}. Write something; /help lists the commands.");
            // The machine has nothing else to do while somebody writes.
            _model.Integrity.Start();
        }

        while (!_interruption.IsTerminating && ReadLine() is { } line)
        {
            if (!Handle(line.Trim()))
            {
                break;
            }
        }

        return _isInteractive ? ExitCode.Success : _exitCode;
    }

    public void Dispose()
    {
        _interruption.Dispose();
        _output.Dispose();
        _input.Dispose();
    }

    private string? ReadLine()
    {
        if (_isInteractive)
        {
            Console.Error.Write("> ");
        }

        _interruption.IsIdle = true;
        string? line = _isInteractive ? Console.In.ReadLine() : TextInput.ReadLine(_input);
        _interruption.IsIdle = false;
        return line;
    }

    /// <summary>False when the conversation is over.</summary>
    private bool Handle(string line)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0)
        {
            return true;
        }

        switch (words[0])
        {
            case "/quit" or "/exit":
                return false;
            case "/help":
                Console.Error.WriteLine(HelpText);
                break;
            case "/reset":
                _chat.Reset();
                _lastStats = null;
                Console.Error.WriteLine("The conversation is forgotten.");
                break;
            case "/stats":
                Stats();
                break;
            case "/depth":
                Depth(words);
                break;
            default:
                if (line[0] == '/' && !line.StartsWith("//", StringComparison.Ordinal))
                {
                    Refuse($"There is no command {PlainText.Clean(words[0])}; /help lists them.");
                }
                else
                {
                    Answer(line[0] == '/' ? line[1..] : line);
                }

                break;
        }

        return true;
    }

    private void Refuse(string sentence)
    {
        Console.Error.WriteLine(sentence);
        _exitCode = ExitCode.Failure;
    }

    private void Stats()
    {
        Console.Error.WriteLine(
            _lastStats is null ? "There is no answer yet." : StatsText.Format(_model, _session, _lastStats));
        if (_lastStats is not null && _session.Budget is not null)
        {
            Console.Error.WriteLine(BudgetText.Format(_model, _session, _lastStats, CancellationToken.None));
        }
    }

    private void Depth(string[] words)
    {
        if (_model.Network.Config.Recursion is not { } recursion)
        {
            Console.Error.WriteLine("This model has no recursion; every token passes through all its layers once.");
            return;
        }

        if (words.Length > 1)
        {
            if (!int.TryParse(words[1], out int depth) || depth < 1 || depth > recursion.RecursionCount)
            {
                Refuse($"The cap is a number from 1 to {recursion.RecursionCount}.");
                return;
            }

            _session.Sequence.DepthMax = depth;
        }

        string last = _lastStats is null
            ? "no answer yet"
            : $"last answer and its prompt: mean {_lastStats.MeanDepth:F2}, tokens by depth "
                + $"0…{recursion.RecursionCount}: " + string.Join(" ", _lastStats.DepthHistogram);
        Console.Error.WriteLine(
            $"At most {_session.Sequence.DepthMax} of {recursion.RecursionCount} recursions; {last}.");
    }

    private void Answer(string text)
    {
        _interruption.Rearm();
        using ProgressLine progress = new("Reading");
        GenerationOptions options = new()
        {
            TokenLimit = _tokenLimit,
            PromptProgress = (done, total) => progress.Report(done, total),
        };
        try
        {
            ChatTurn turn = _chat.Ask(
                text, options,
                piece =>
                {
                    progress.Dispose();
                    _output.Write(PlainText.ForStandardOutput(piece));
                    _output.Flush();
                },
                _interruption.Token);
            _lastStats = turn.Stats;
            _output.WriteLine();
            _output.Flush();
            if (turn.IsTakenBack)
            {
                Console.Error.WriteLine("(Stopped before the answer began: the question is forgotten.)");
            }

            if (turn.DroppedMessages > 0)
            {
                Console.Error.WriteLine(
                    $"(The context is full: the oldest {turn.DroppedMessages} messages are forgotten.)");
            }
        }
        catch (InferenceException fault) when (fault.Error == InferenceError.PromptTooLong)
        {
            _exitCode = Faults.Report(ExitCode.Failure, fault.Message);
        }
    }
}
