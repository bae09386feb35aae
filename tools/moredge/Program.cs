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
            string verb = result.CommandResult.Command is RootCommand ? "" : result.CommandResult.Command.Name + " ";
            return Faults.Report(ExitCode.Usage, $"{Sentence(result.Errors[0].Message)} Try 'moredge {verb}--help'.");
        }

        return Faults.Guard(() => result.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false }));
    }

    /// <summary>The parser's message; where it would name a .NET type, only numbers are meant.</summary>
    private static string Sentence(string message)
    {
        int type = message.IndexOf(" as expected type", StringComparison.Ordinal);
        return type < 0 ? message : $"{message[..type]}: it is not a number in range.";
    }
}
