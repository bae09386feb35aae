namespace MoREdge.Cli;

/// <summary>
/// Whether a result may be written to a path; asked before the work, so that nobody waits for a refusal.
/// </summary>
internal static class OutputCheck
{
    /// <summary>Throws unless <paramref name="path"/> may be written.</summary>
    /// <param name="source">The file or folder that is read.</param>
    /// <param name="path">The file to write.</param>
    /// <param name="overwrite">Whether an existing file may be replaced.</param>
    /// <exception cref="FailureException">It may not.</exception>
    public static void Require(string source, string path, bool overwrite)
    {
        if (path.Length == 0)
        {
            throw new UsageException("The output needs a name.");
        }

        string target = Path.GetFullPath(path);
        string folder = Path.GetDirectoryName(target) ?? target;
        if (Directory.Exists(target) || Path.EndsInDirectorySeparator(path))
        {
            throw new FailureException($"{path}: is a folder; name a file in it.");
        }

        if (!Directory.Exists(folder))
        {
            throw new FailureException($"{path}: the folder {folder} does not exist.");
        }

        if (!File.Exists(target))
        {
            return;
        }

        string final = FinalPath(target);
        string finalSource = FinalPath(Path.GetFullPath(source));
        if (final == finalSource)
        {
            throw new FailureException($"{path}: is the source itself; write to another file.");
        }

        if (Directory.Exists(finalSource)
            && final.StartsWith(finalSource + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            && !final.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))
        {
            throw new FailureException($"{path}: belongs to the source; write to another file.");
        }

        if (!overwrite)
        {
            throw new FailureException($"{path}: exists already; --force replaces it.");
        }

        // A rename over a device node would replace the node and not fill the device.
        if (OperatingSystem.IsLinux() && Path.GetDirectoryName(final) == "/dev")
        {
            throw new FailureException($"{path}: is a device; a model file needs a disk.");
        }
    }

    private static string FinalPath(string path)
    {
        FileSystemInfo info = Directory.Exists(path) ? new DirectoryInfo(path) : new FileInfo(path);
        string final = info.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? info.FullName;
        return Path.TrimEndingDirectorySeparator(final);
    }
}
