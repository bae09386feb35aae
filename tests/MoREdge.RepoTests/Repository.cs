using System.ComponentModel;
using System.Diagnostics;

namespace MoREdge.RepoTests;

/// <summary>The working tree: its root, and the files that belong to it.</summary>
internal static class Repository
{
    private static readonly string[] GeneratedFolders =
        ["bin", "obj", "artifacts", "TestResults", ".git", ".vs", ".idea"];

    /// <summary>The folder that holds MoREdge.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Every file of the repository, relative to the root, with forward slashes.</summary>
    public static IReadOnlyList<string> Files { get; } = ListFiles();

    /// <summary>The C# files that the style rules speak about.</summary>
    public static IReadOnlyList<SourceFile> CSharpFiles { get; } =
    [
        .. Files.Where(path => path.EndsWith(".cs", StringComparison.Ordinal) && IsCodeFolder(path)).Select(Read),
    ];

    /// <summary>The project files.</summary>
    public static IReadOnlyList<SourceFile> ProjectFiles { get; } =
        [.. Files.Where(path => path.EndsWith(".csproj", StringComparison.Ordinal)).Select(Read)];

    public static string FullPath(string relativePath) => Path.Combine(Root, relativePath);

    public static SourceFile Read(string relativePath) => new(relativePath, File.ReadAllText(FullPath(relativePath)));

    /// <summary>What git tracks, or null where git or its folder is absent (a source archive).</summary>
    public static List<string>? TrackedFiles(string root)
    {
        ProcessStartInfo git = new("git")
        {
            WorkingDirectory = root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in (string[])["ls-files", "-z"])
        {
            git.ArgumentList.Add(argument);
        }

        try
        {
            using Process process = Process.Start(git)!;
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? [.. output.Split('\0', StringSplitOptions.RemoveEmptyEntries)] : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    /// <summary>Every file below the root that no tool generates: what git would track, found without git.</summary>
    public static List<string> WalkedFiles(string root)
    {
        List<string> files = [];
        foreach (string path in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories))
        {
            string relative = Path.GetRelativePath(root, path).Replace('\\', '/');
            if (!relative.Split('/').Any(GeneratedFolders.Contains))
            {
                files.Add(relative);
            }
        }

        return files;
    }

    private static bool IsCodeFolder(string path) => path.Split('/')[0] is "src" or "tools" or "tests";

    private static List<string> ListFiles()
    {
        // A worktree deletes files before git forgets them, so what is listed must also exist.
        List<string> listed = TrackedFiles(Root) ?? WalkedFiles(Root);
        return [.. listed.Where(path => File.Exists(FullPath(path)) && path != ".git").Order(StringComparer.Ordinal)];
    }

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "MoREdge.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException("No folder above the tests holds MoREdge.sln.");
    }
}
