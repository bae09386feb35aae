namespace MoREdge.RepoTests;

/// <summary>One text file: its path below the root (forward slashes) and what it says.</summary>
internal sealed record SourceFile(string Path, string Text)
{
    private string? _code;

    /// <summary>The C# text with comments and literals blanked; offsets and line numbers stay.</summary>
    public string Code => _code ??= CSharpMask.Apply(Text);

    /// <summary>The file's own name.</summary>
    public string Name => Path[(Path.LastIndexOf('/') + 1)..];

    /// <summary>Whether it lies in one of these projects under src, named without the `MoREdge.` prefix.</summary>
    public bool IsIn(params ReadOnlySpan<string> projects)
    {
        foreach (string project in projects)
        {
            if (Path.StartsWith($"src/MoREdge.{project}/", StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether it lies below this folder of the root.</summary>
    public bool IsUnder(string folder) => Path.StartsWith(folder + "/", StringComparison.Ordinal);

    /// <summary>The line number, from 1, of an offset into <see cref="Text"/> or <see cref="Code"/>.</summary>
    public int LineAt(int offset) => Text.AsSpan(0, offset).Count('\n') + 1;
}
