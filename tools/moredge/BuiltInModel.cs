namespace MoREdge.Cli;

/// <summary>The model files that lie next to the program, so that a first chat needs nothing else.</summary>
internal static class BuiltInModel
{
    /// <summary>Names that stand for a model next to the program wherever a file is asked for.</summary>
    public static readonly string[] Names = ["mor-stories", "mor-commands"];

    /// <summary>What a help says of them behind "or".</summary>
    public static string NamesHelp => $"a built-in one's name: {string.Join(", ", Names)}";

    /// <summary>The file of a model: of the first built-in one for none, of one by its name, else the path.</summary>
    /// <exception cref="FailureException">
    /// The built-in model is not next to the program, or the path is that of a checkpoint.
    /// </exception>
    public static string Resolve(string? path)
    {
        string name = path ?? Names[0];
        if (!Names.Contains(name) || File.Exists(name))
        {
            return File.Exists(Path.Combine(name, "config.json"))
                ? throw new FailureException($"{name}: is a checkpoint; {Faults.QuantizeHint}.")
                : name;
        }

        string file = $"{name}-q4.gguf";
        string builtIn = Path.Combine(AppContext.BaseDirectory, file);
        return File.Exists(builtIn)
            ? builtIn
            : throw new FailureException(
                $"The built-in model '{file}' is not next to the program; name a model with -m FILE.");
    }
}
