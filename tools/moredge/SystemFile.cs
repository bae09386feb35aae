namespace MoREdge.Cli;

/// <summary>Files in which the system says something about itself. What it hides is unknown, not a failure.</summary>
internal static class SystemFile
{
    /// <summary>The lines of a file of the system; none where it hides it.</summary>
    public static string[] Lines(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllLines(path) : [];
        }
        catch (IOException)
        {
            return [];
        }
        catch (UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>The text behind the colon of the first line "name: text"; null where there is none.</summary>
    public static string? Field(string path, string name)
    {
        foreach (string line in Lines(path))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0 && line.AsSpan(0, colon).Trim().SequenceEqual(name))
            {
                return line[(colon + 1)..].Trim();
            }
        }

        return null;
    }
}
