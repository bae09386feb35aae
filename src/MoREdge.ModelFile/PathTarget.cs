namespace MoREdge.ModelFile;

/// <summary>What a path leads to, looked at without opening it: opening a pipe may wait forever.</summary>
public static class PathTarget
{
    /// <summary>True for a file without a byte, a pipe or a device.</summary>
    /// <param name="path">The path, which may be a symbolic link.</param>
    /// <exception cref="IOException">Links lead round in circles.</exception>
    public static bool IsEmpty(string path)
    {
        FileInfo file = new(path);
        FileInfo target = file.ResolveLinkTarget(returnFinalTarget: true) is { } end ? new(end.FullName) : file;
        return target is { Exists: true, Length: 0 };
    }
}
