using Microsoft.Win32.SafeHandles;

namespace MoREdge.Cli;

/// <summary>
/// Whether a result may be written to a path; asked before the work, so that nobody waits for a refusal.
/// </summary>
internal static class OutputCheck
{
    private const string NotAFile = "is a device or a pipe, not a file; a model file needs a disk.";
    private const string SharedMemory = "/dev/shm/";

    /// <summary>Links that a path may lead through, as in Linux.</summary>
    private const int LinksMax = 40;

    /// <summary>Folders of what is no file on a disk: opening a device may do anything, so it is known by its
    /// place.</summary>
    private static readonly string[] DeviceFolders = ["/dev/", "/proc/"];

    /// <summary>Throws unless <paramref name="path"/> may be written.</summary>
    /// <param name="source">The file or folder that is read.</param>
    /// <param name="path">The file to write.</param>
    /// <param name="overwrite">Whether an existing file may be replaced.</param>
    /// <param name="others">Other files that are read; null for none.</param>
    /// <returns>
    /// The file itself: where <paramref name="path"/> is a symbolic link, what it leads to. The result is renamed to
    /// its name, and a link that was renamed over would leave the file behind it as it was.
    /// </returns>
    /// <exception cref="FailureException">It may not.</exception>
    public static string Require(string source, string path, bool overwrite, params ReadOnlySpan<string?> others)
    {
        string final = FinalPath(path);
        string folder = Path.GetDirectoryName(final) ?? final;
        if (Directory.Exists(final) || Path.EndsInDirectorySeparator(path))
        {
            throw new FailureException($"{path}: is a folder; name a file in it.");
        }

        if (!Directory.Exists(folder))
        {
            throw new FailureException($"{path}: the folder {folder} does not exist.");
        }

        if (IsInDeviceFolder(final))
        {
            throw new FailureException($"{path}: {NotAFile}");
        }

        if (File.Exists(final))
        {
            RequireReplaceable(source, path, final, overwrite);
            foreach (string? other in others)
            {
                if (other is not null && final == FinalPath(other))
                {
                    throw new FailureException($"{path}: belongs to the source; write to another file.");
                }
            }
        }

        return final;
    }

    private static void RequireReplaceable(string source, string path, string final, bool overwrite)
    {
        string finalSource = FinalPath(source);
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

        if (!IsRegular(final))
        {
            throw new FailureException($"{path}: {NotAFile}");
        }
    }

    private static bool IsInDeviceFolder(string path) =>
        !OperatingSystem.IsWindows() && !path.StartsWith(SharedMemory, StringComparison.Ordinal)
        && Array.Exists(DeviceFolders, folder => path.StartsWith(folder, StringComparison.Ordinal));

    /// <summary>
    /// Whether a path that exists leads to a regular file. A rename over a device or a pipe would replace its node and
    /// never reach who reads it.
    /// </summary>
    private static bool IsRegular(string path)
    {
        if (new FileInfo(path).Length > 0)
        {
            // Devices and pipes have no length.
            return true;
        }

        try
        {
            // Only a regular file has a length that can be set. Opened for reading too, a pipe waits for nobody.
            using SafeFileHandle file = File.OpenHandle(
                path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            RandomAccess.SetLength(file, 0);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
        catch (NotSupportedException)
        {
            // A pipe has no positions.
            return false;
        }
    }

    /// <summary>What a path leads to, the links to folders on the way followed, too.</summary>
    /// <exception cref="IOException">There are too many links.</exception>
    private static string FinalPath(string path)
    {
        int linksLeft = LinksMax;
        return FinalPath(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)), ref linksLeft);
    }

    private static string FinalPath(string path, ref int linksLeft)
    {
        if (Path.GetDirectoryName(path) is not { } parent)
        {
            return path;
        }

        string final = Path.Combine(FinalPath(parent, ref linksLeft), Path.GetFileName(path));
        FileSystemInfo info = Directory.Exists(final) ? new DirectoryInfo(final) : new FileInfo(final);
        if (!info.Exists || info.ResolveLinkTarget(returnFinalTarget: false) is not { } target)
        {
            return final;
        }

        return linksLeft-- > 0
            ? FinalPath(Path.TrimEndingDirectorySeparator(target.FullName), ref linksLeft)
            : throw new IOException($"{path}: leads through more than {LinksMax} links.");
    }
}
