using System.CommandLine;

namespace MoREdge.Cli;

internal static class Program
{
    private static int Main(string[] args) =>
        new RootCommand("MoREdge: edge language-model inference.").Parse(args).Invoke();
}
