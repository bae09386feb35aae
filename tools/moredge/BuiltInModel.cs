namespace MoREdge.Cli;

/// <summary>The model file that lies next to the program, so that a first chat needs nothing else.</summary>
internal static class BuiltInModel
{
    private const string FileName = "mor-stories-q4.gguf";

    /// <summary>The path asked for, or the built-in model's.</summary>
    /// <exception cref="FailureException">None was asked for and the built-in one is not there.</exception>
    public static string Resolve(string? path)
    {
        if (path is not null)
        {
            return path;
        }

        string builtIn = Path.Combine(AppContext.BaseDirectory, FileName);
        return File.Exists(builtIn)
            ? builtIn
            : throw new FailureException(
                $"The built-in model '{FileName}' is not next to the program; name a model with -m FILE.");
    }
}
