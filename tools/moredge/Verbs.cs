using System.CommandLine;

namespace MoREdge.Cli;

/// <summary>The list of verbs. Each lives in a file of its own and returns its <see cref="Command"/>.</summary>
internal static class Verbs
{
    /// <summary>Builds the command line.</summary>
    public static RootCommand CreateRoot()
    {
        RootCommand root = new(
            "MoREdge runs small language models on small computers, offline.\n\n"
            + "Exit codes: 0 success, 1 failure (bad file, no memory, full disk, interrupted, a piped question "
            + "too long to answer or a piped command that is none), 2 wrong usage.");
        root.Subcommands.Add(ChatVerb.Create());
        root.Subcommands.Add(GenerateVerb.Create());
        root.Subcommands.Add(QuantizeVerb.Create());
        root.Subcommands.Add(InspectVerb.Create());
        root.Subcommands.Add(VerifyVerb.Create());
        root.Subcommands.Add(TokenizeVerb.Create());
        root.Subcommands.Add(DetokenizeVerb.Create());
        root.Subcommands.Add(LogitsVerb.Create());
        root.Subcommands.Add(BenchVerb.Create());
        root.Subcommands.Add(DoctorVerb.Create());
        root.Subcommands.Add(PerplexityVerb.Create());
        return root;
    }
}
