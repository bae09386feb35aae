using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using MoREdge.Kernels;

namespace MoREdge.Cli;

/// <summary>What is known about the machine that runs the program.</summary>
internal static class Machine
{
    /// <summary>The processor's name as the system knows it.</summary>
    public static string CpuModel => FindCpuModel();

    /// <summary>Bytes of memory; null where the system does not say.</summary>
    public static long? MemoryBytes { get; } =
        MemInfo("MemTotal") ?? Known(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    /// <summary>Bytes that programs may still take without swapping; null where the system does not say.</summary>
    public static long? MemoryAvailableBytes => MemInfo("MemAvailable");

    /// <summary>
    /// Bytes this program may take: what the system has left, or has at all where it says no more, or less where a
    /// container has less; null where nobody says.
    /// </summary>
    public static long? AvailableBytes
    {
        get
        {
            long? ofSystem = MemoryAvailableBytes ?? MemoryBytes;
            long? ofGroups = Least(group => group.LimitBytes - group.UsedBytes);
            return ofGroups < ofSystem || ofSystem is null ? ofGroups : ofSystem;
        }
    }

    /// <summary>Pages this program has had to wait for from the disk; null where the system does not say.</summary>
    public static long? MajorFaults
    {
        get
        {
            // The fields behind the name, which may hold anything, are numbers from the state on: majflt is the tenth.
            string text = SystemFile.Lines("/proc/self/stat") is [string first, ..] ? first : "";
            string[] fields = text[(text.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return fields.Length > 9
                && long.TryParse(fields[9], NumberStyles.None, CultureInfo.InvariantCulture, out long count)
                ? count
                : null;
        }
    }

    /// <summary>Bytes of this program that are in memory; null where the system does not say.</summary>
    public static long? ResidentBytes => Known(Environment.WorkingSet);

    /// <summary>
    /// Bytes of all mapped files that this program has touched and that are in memory; null where the system does not
    /// say.
    /// </summary>
    public static long? MappedFileBytes => Kibibytes(SystemFile.Field("/proc/self/status", "RssFile"));

    /// <summary>
    /// Bytes that the control group (a container, a service) and those around it may use, or null without a limit.
    /// </summary>
    public static long? MemoryLimitBytes { get; } = Least(group => group.LimitBytes);

    /// <summary>True for a NativeAOT binary.</summary>
    public static bool IsAot => !RuntimeFeature.IsDynamicCodeSupported;

    /// <summary>Everything that a measured number depends on, in one line.</summary>
    public static string Line(KernelSet kernels) =>
        $"{CpuModel}, {Environment.ProcessorCount} cores, kernels {kernels.Name}, "
            + $"{RuntimeInformation.FrameworkDescription}, "
        + $"{(IsAot ? "NativeAOT" : "JIT")}";

    /// <summary>The same as an object.</summary>
    public static void WriteJson(Utf8JsonWriter writer, KernelSet kernels)
    {
        writer.WriteStartObject("machine");
        writer.WriteString("cpu", CpuModel);
        writer.WriteString("architecture", RuntimeInformation.ProcessArchitecture.ToString());
        writer.WriteNumber("cores", Environment.ProcessorCount);
        writer.WriteString("kernels", kernels.Name);
        writer.WriteString("runtime", RuntimeInformation.FrameworkDescription);
        writer.WriteBoolean("aot", IsAot);
        writer.WriteEndObject();
    }

    private static string FindCpuModel()
    {
        // x64 Linux names the model per core; ARM boards name the board instead.
        string? name = SystemFile.Field("/proc/cpuinfo", "model name") ?? SystemFile.Field("/proc/cpuinfo", "Model");
        return name ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER")
            ?? $"unknown {RuntimeInformation.ProcessArchitecture} processor";
    }

    private static long? MemInfo(string key) => Kibibytes(SystemFile.Field("/proc/meminfo", key));

    // "1234 kB"; null when there is no number.
    private static long? Kibibytes(string? text)
    {
        string digits = text?.Split(' ')[0] ?? "";
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long kibibytes)
            ? Known(kibibytes * 1024)
            : null;
    }

    /// <summary>What a system that does not know says is 0.</summary>
    private static long? Known(long bytes) => bytes > 0 ? bytes : null;

    /// <summary>The least number of the group of this program and those around it; null where none says.</summary>
    private static long? Least(Func<MemoryGroup, long?> number)
    {
        long? least = null;
        foreach (MemoryGroup group in MemoryGroup.OfThisProcess())
        {
            least = number(group) is { } found && !(found >= least) ? Math.Max(0, found) : least;
        }

        return least;
    }
}
