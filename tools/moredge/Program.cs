using System.CommandLine;

namespace MoREdge.Cli;

/// <summary>
/// The entry point: parses, runs the verb, and turns every outside fault into one sentence and an exit code.
/// </summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        StandardStreams.Prepare();
        Interruption.IgnoreFileSizeLimit();
        ParseResult result = Verbs.CreateRoot().Parse(args);
        if (result.Errors.Count > 0)
        {
            bool hasVerb = result.CommandResult.Command is not RootCommand;
            string verb = hasVerb ? result.CommandResult.Command.Name + " " : "";
            string message = !hasVerb && result.UnmatchedTokens is [string word, ..]
                ? $"There is no command or option '{word}'."
                : Sentence(result.Errors[0].Message);
            return Faults.Report(ExitCode.Usage, $"{message} Try 'moredge {verb}--help'.");
        }

        return Faults.Guard(() => result.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false }));
    }

    /// <summary>
    /// The parser's message on one line; where it would name a .NET type, only numbers are meant, and the values that
    /// an option takes have lines of their own there.
    /// </summary>
    private static string Sentence(string message)
    {
        int type = message.IndexOf(" as expected type", StringComparison.Ordinal);
        if (type >= 0)
        {
            return $"{message[..type]}: it is not a number in range.";
        }

        string[] lines = message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return lines.Length < 2 ? message : $"{lines[0]} {string.Join(", ", lines.AsSpan(1))}.";
    }
}
