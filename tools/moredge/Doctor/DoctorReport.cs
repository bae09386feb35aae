using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using MoREdge.Kernels;
using MoREdge.Model;

namespace MoREdge.Cli;

/// <summary>Prints what <see cref="DoctorVerb"/> found.</summary>
internal sealed class DoctorReport
{
    public required KernelSet Kernels { get; init; }

    public required int Threads { get; init; }

    /// <summary>Threads that read for the measurement: no more than there are processors.</summary>
    public required int Readers { get; init; }

    /// <summary>The measured read bandwidth.</summary>
    public required double BytesPerSecond { get; init; }

    /// <summary>The same of as many bytes as the file has, which may lie in a cache.</summary>
    public required double WeightBytesPerSecond { get; init; }

    public required string? FileName { get; init; }

    public required MemoryEstimate? Estimate { get; init; }

    public required IReadOnlyList<KernelSelfTestResult>? SelfTests { get; init; }

    /// <summary>Bytes that the model may take; null when unknown.</summary>
    public required long? AvailableBytes { get; init; }

    /// <summary>True when they are not those of this machine but were asked for.</summary>
    public required bool IsOtherMachine { get; init; }

    /// <summary>False when the model does not fit or a kernel set disagrees.</summary>
    public bool IsHealthy
    {
        get
        {
            bool isHealthy = Fit != MemoryFit.TooLarge;
            foreach (KernelSelfTestResult test in SelfTests ?? [])
            {
                isHealthy &= test.Passed;
            }

            return isHealthy;
        }
    }

    /// <summary>Whether the model fits; null without a model, and where nobody says how much memory there is.</summary>
    private MemoryFit? Fit => AvailableBytes is { } available ? Estimate?.Fit(available) : null;

    /// <summary>Decoded tokens per second that the memory allows at full depth and an empty context.</summary>
    private double DecodeBound => WeightBytesPerSecond / Estimate!.WeightBytesPerToken(Estimate.DepthMax);

    /// <summary>For people.</summary>
    public void WriteText()
    {
        IReadOnlyList<string> seen = KernelSelector.CpuFeatures;
        string features = seen.Count == 0 ? "none" : string.Join(", ", seen);
        string limit = Machine.MemoryLimitBytes is { } bytes
            ? $", limit of the container {ByteText.Format(bytes)}"
            : "";
        TextTable table = new(false, false);
        table.Add("processor", $"{Machine.CpuModel} ({RuntimeInformation.ProcessArchitecture})");
        table.Add("features", features);
        table.Add("kernels", KernelSelector.Reason(Kernels));
        table.Add("cores", $"{Environment.ProcessorCount}");
        table.Add(
            "memory",
            $"{ByteText.Format(Machine.MemoryBytes)}, {ByteText.Format(Machine.MemoryAvailableBytes)} "
                + $"available{limit}");
        table.Add("bandwidth", $"{ByteText.Format(BytesPerSecond)}/s read with {Readers} threads");
        table.Add("runtime", $"{RuntimeInformation.FrameworkDescription}, {(Machine.IsAot ? "NativeAOT" : "JIT")}");
        AddModel(table);
        foreach (KernelSelfTestResult test in SelfTests ?? [])
        {
            string verdict = test.Passed ? "passed" : $"FAILED, worst: {test.Worst.Operation}";
            table.Add("self-test", $"{test.SetName}: {test.Checks} comparisons, {verdict}");
        }

        StringBuilder text = new();
        table.AppendTo(text);
        StandardOutput.Write(text);
    }

    /// <summary>For programs.</summary>
    public void WriteJson() => StandardOutput.WriteJson(writer =>
    {
        Machine.WriteJson(writer, Kernels);
        writer.WriteStartArray("features");
        foreach (string feature in KernelSelector.CpuFeatures)
        {
            writer.WriteStringValue(feature);
        }

        writer.WriteEndArray();
        writer.WriteString("kernel_reason", KernelSelector.Reason(Kernels));
        WriteBytes(writer, "memory_bytes", Machine.MemoryBytes);
        WriteBytes(writer, "memory_available_bytes", Machine.MemoryAvailableBytes);
        WriteBytes(writer, "memory_limit_bytes", Machine.MemoryLimitBytes);
        writer.WriteNumber("threads", Threads);
        writer.WriteNumber("read_threads", Readers);
        writer.WriteNumber("read_bytes_per_second", BytesPerSecond);
        WriteModel(writer);
        WriteSelfTests(writer);
    });

    private static void WriteBytes(Utf8JsonWriter writer, string name, long? bytes)
    {
        if (bytes is { } known)
        {
            writer.WriteNumber(name, known);
        }
        else
        {
            writer.WriteNull(name);
        }
    }

    private static string Verdict(MemoryFit? fit) => fit switch
    {
        MemoryFit.Fits => "fits",
        MemoryFit.WillPage => "will page",
        MemoryFit.TooLarge => "refuse",
        _ => "unknown",
    };

    private static string LaterTokens(MemoryEstimate model) => model.KvBytesPerLaterToken == model.KvBytesPerToken
        ? ""
        : $", {ByteText.Format(model.KvBytesPerLaterToken)} behind the windows";

    private void AddModel(TextTable table)
    {
        if (Estimate is not { } model)
        {
            return;
        }

        string meaning = Fit switch
        {
            null => "the system does not say how much memory there is; name it with --memory",
            MemoryFit.Fits => "everything stays in memory",
            MemoryFit.WillPage => "weights are read from the disk again and again; expect it to be slow",
            _ when model.StateBytes > 0 => "not enough memory for the state of a text",
            _ when model.IsRecursive => "not enough memory; try a smaller --context, --kv-format q8 or --kv shared",
            _ => "not enough memory; try a smaller --context or --kv-format q8",
        };
        table.Add("model", PlainText.Clean(FileName!));
        table.Add("  weights", $"{ByteText.Format(model.FileBytes)} (mapped, not copied)");
        table.Add(
            "  cache",
            model.StateBytes > 0
            ? $"{ByteText.Format(model.StateBytes)} for a text of any length (0 B each token), and "
                + $"{ByteText.Format(model.StateHistoryBytes)} to take tokens back"
            : $"{ByteText.Format(model.KvBytes)} for {model.ContextLength} tokens "
            + $"({ByteText.Format(model.KvBytesPerToken)} each{LaterTokens(model)}, {model.KvFormat})");
        table.Add("  workspace", $"{ByteText.Format(model.WorkspaceBytes)}");
        table.Add("  program", $"{ByteText.Format(MemoryEstimate.ProgramBytes)}");
        table.Add(
            "  total",
            $"{ByteText.Format(model.TotalBytes)} of {ByteText.Format(AvailableBytes)}"
            + (IsOtherMachine ? ", as asked for with --memory" : ""));
        table.Add("  verdict", $"{Verdict(Fit)}: {meaning}");
        table.Add(
            "  decode",
            $"at most {DecodeBound:F1} tokens/s ({ByteText.Format(model.WeightBytesPerToken(model.DepthMax))} of "
            + $"weights per token, {ByteText.Format(WeightBytesPerSecond)}/s read from a buffer of the file's size)");
    }

    private void WriteModel(Utf8JsonWriter writer)
    {
        if (Estimate is not { } model)
        {
            return;
        }

        writer.WriteStartObject("model");
        writer.WriteString("file", FileName);
        writer.WriteNumber("file_bytes", model.FileBytes);
        writer.WriteNumber("context_tokens", model.ContextLength);
        writer.WriteNumber("kv_bytes_per_token", model.KvBytesPerToken);
        writer.WriteNumber("kv_bytes_per_later_token", model.KvBytesPerLaterToken);
        writer.WriteNumber("kv_bytes", model.KvBytes);
        writer.WriteNumber("state_bytes", model.StateBytes);
        writer.WriteNumber("state_history_bytes", model.StateHistoryBytes);
        writer.WriteNumber("workspace_bytes", model.WorkspaceBytes);
        writer.WriteNumber("program_bytes", MemoryEstimate.ProgramBytes);
        writer.WriteNumber("total_bytes", model.TotalBytes);
        WriteBytes(writer, "available_bytes", AvailableBytes);
        writer.WriteString("verdict", Verdict(Fit));
        writer.WriteNumber("weight_bytes_per_token", model.WeightBytesPerToken(model.DepthMax));
        writer.WriteNumber("weight_read_bytes_per_second", WeightBytesPerSecond);
        writer.WriteNumber("decode_tokens_per_second_max", DecodeBound);
        writer.WriteEndObject();
    }

    private void WriteSelfTests(Utf8JsonWriter writer)
    {
        if (SelfTests is null)
        {
            return;
        }

        writer.WriteStartArray("self_tests");
        foreach (KernelSelfTestResult test in SelfTests)
        {
            writer.WriteStartObject();
            writer.WriteString("kernels", test.SetName);
            writer.WriteBoolean("passed", test.Passed);
            writer.WriteNumber("comparisons", test.Checks);
            writer.WriteNumber("failures", test.Failures.Count);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
