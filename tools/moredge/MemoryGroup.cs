using System.Globalization;

namespace MoREdge.Cli;

/// <summary>A control group of Linux, version 1 or 2, as far as memory goes.</summary>
/// <param name="folder">Its folder below /sys/fs/cgroup.</param>
/// <param name="isUnified">Whether it is of version 2.</param>
internal sealed class MemoryGroup(string folder, bool isUnified)
{
    /// <summary>Above this, a group of version 1 means "no limit".</summary>
    private const long LimitMax = 1L << 60;

    /// <summary>Bytes that all in the group may use; null without a limit.</summary>
    public long? LimitBytes =>
        Number(isUnified ? "memory.max" : "memory.limit_in_bytes") is { } limit and < LimitMax ? limit : null;

    /// <summary>Bytes in use, but for those of files, which the system takes away when they are wanted.</summary>
    public long UsedBytes
    {
        get
        {
            long used = Number(isUnified ? "memory.current" : "memory.usage_in_bytes") ?? 0;
            string prefix = isUnified ? "" : "total_";
            foreach (string line in SystemFile.Lines(Path.Combine(folder, "memory.stat")))
            {
                string[] words = line.Split(' ');
                bool isOfFiles = words[0] == $"{prefix}active_file" || words[0] == $"{prefix}inactive_file";
                used -= isOfFiles && words.Length > 1 ? Parse(words[1]) ?? 0 : 0;
            }

            return Math.Max(0, used);
        }
    }

    /// <summary>The group of this process and those around it, from the inside out.</summary>
    public static List<MemoryGroup> OfThisProcess()
    {
        List<MemoryGroup> groups = [];
        foreach (string line in SystemFile.Lines("/proc/self/cgroup"))
        {
            // "hierarchy:controllers:path"; version 2 is the hierarchy without controllers.
            string[] parts = line.Split(':', 3);
            if (parts.Length < 3 || (parts[1].Length > 0 && !parts[1].Split(',').Contains("memory")))
            {
                continue;
            }

            bool isUnified = parts[1].Length == 0;
            string root = isUnified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
            for (string? path = parts[2].Trim('/'); path is not null; path = Path.GetDirectoryName(path))
            {
                groups.Add(new MemoryGroup(Path.Combine(root, path), isUnified));
            }
        }

        return groups;
    }

    private static long? Parse(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;

    /// <summary>The number that a file of the group holds; null where there is none, as in "max".</summary>
    private long? Number(string file) =>
        SystemFile.Lines(Path.Combine(folder, file)) is [string first, ..] ? Parse(first.Trim()) : null;
}
