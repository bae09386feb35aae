namespace MoREdge.Tests;

/// <summary>Finds test data: what the repository holds, and what may lie beside it in ../shared.</summary>
internal static class SharedData
{
    /// <summary>The folder that holds MoREdge.sln.</summary>
    public static string RepositoryRoot { get; } = FindRepositoryRoot();

    /// <summary>The full path of a file or folder in the repository.</summary>
    public static string InRepository(string relativePath) => Path.Combine(RepositoryRoot, relativePath);

    /// <summary>The full path of a file or folder in ../shared; skips the test when it is absent.</summary>
    public static string Require(string relativePath)
    {
        string path = Path.GetFullPath(Path.Combine(RepositoryRoot, "..", "shared", relativePath));
        Assert.SkipUnless(Path.Exists(path), $"../shared/{relativePath} is not on this machine.");
        return path;
    }

    private static string FindRepositoryRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "MoREdge.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException("No folder above the tests holds MoREdge.sln.");
    }
}
