using System.CommandLine;
using System.CommandLine.Parsing;

namespace MoREdge.Cli;

/// <summary>What every option and argument that names a file has in common.</summary>
internal static class PathRule
{
    private const string StandardOutputName = "-";

    /// <summary>
    /// Refuses as wrong usage an empty name, which is what a shell makes of a variable that is not set, and one that is
    /// not UTF-8: .NET has read U+FFFD in place of what is not, which is another name.
    /// </summary>
    public static Option<T> NamesFile<T>(this Option<T> option)
    {
        option.Validators.Add(result => RefuseNoName(option.Name, result));
        return option;
    }

    /// <summary>The same for an argument.</summary>
    public static Argument<T> NamesFile<T>(this Argument<T> argument)
    {
        argument.Validators.Add(result => RefuseNoName(argument.Name, result));
        return argument;
    }

    /// <summary>
    /// The same for a file that is written, of which a dash is no name: who writes it elsewhere means standard output.
    /// </summary>
    public static Option<T> NamesOutput<T>(this Option<T> option)
    {
        option.Validators.Add(result =>
        {
            foreach (Token token in result.Tokens)
            {
                if (token.Value == StandardOutputName)
                {
                    result.AddError(
                        $"{option.Name} needs the name of a file: a model file does not go to standard output "
                        + $"('./{StandardOutputName}' is a file of that name).");
                }
            }
        });
        return option.NamesFile();
    }

    private static void RefuseNoName(string name, SymbolResult result)
    {
        foreach (Token token in result.Tokens)
        {
            if (token.Value.Length == 0)
            {
                result.AddError($"{name} needs the name of a file, which is not empty.");
            }
            else if (token.Value.Contains('\uFFFD', StringComparison.Ordinal) && !Path.Exists(token.Value))
            {
                result.AddError(
                    $"{name} needs the name of a file in UTF-8: '{PlainText.Clean(token.Value)}' has bytes that are "
                    + "not, and such a file can be opened under another name only.");
            }
        }
    }
}
