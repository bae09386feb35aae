using System.Globalization;
using System.Text;
using System.Text.Json;

namespace MoREdge.Cli;

/// <summary>Prints what <see cref="BenchRun"/> measured.</summary>
/// <param name="model">Name of the model.</param>
/// <param name="fileBytes">Size of its file.</param>
/// <param name="probeBytes">Size of the probe's buffer; null where the bandwidth was left out.</param>
/// <param name="plan">What was measured.</param>
/// <param name="run">The figures.</param>
internal sealed class BenchReport(string model, long fileBytes, long? probeBytes, BenchPlan plan, BenchRun run)
{
    private bool HasThreads => plan.Threads.Length > 1;

    private bool HasPolicies => plan.KvPolicies.Length > 1;

    /// <summary>For people.</summary>
    public void WriteTable()
    {
        StringBuilder text = new();
        string note = probeBytes is { } bytes ? $"; bandwidth probe {ByteText.Format(bytes)}" : "";
        plan.AppendHead(text, model, fileBytes, note);
        text.AppendLine($"prefill of {plan.PromptTokens} tokens");
        AppendPrefill(text);
        text.AppendLine().AppendLine($"decode of {plan.DecodeTokens} tokens behind a context");
        AppendDecode(text);
        if (run.TouchedBytes is { } touched)
        {
            string file = ByteText.Format(fileBytes);
            text.AppendLine().AppendLine($"touched {ByteText.Format(touched)} of the file's {file}");
        }

        DepthFitReport.AppendTo(text, DepthFit.Of(run.Prefill), DepthFit.Of(run.Decode));
        StandardOutput.Write(text);
    }

    /// <summary>For programs.</summary>
    public void WriteJson() => StandardOutput.WriteJson(writer =>
    {
        plan.WriteJson(writer, model, fileBytes);
        writer.WriteNumber("decode_tokens", plan.DecodeTokens);
        if (probeBytes is { } bytes)
        {
            writer.WriteNumber("probe_bytes", bytes);
        }

        if (run.TouchedBytes is { } touched)
        {
            writer.WriteNumber("touched_file_bytes", touched);
        }

        writer.WriteStartArray("prefill");
        foreach (PrefillResult row in run.Prefill)
        {
            writer.WriteStartObject();
            row.WriteSetting(writer);
            row.Speed.WriteJson(writer, "tokens_per_second");
            row.Operations.WriteJson(writer, "operations_per_second");
            writer.WriteNumber("mean_depth", row.MeanDepth);
            row.AgainstFirstThreads.WriteJsonIfAny(writer, "against_first_threads");
            row.AgainstFirstPolicy.WriteJsonIfAny(writer, "against_first_kv_policy");
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("decode");
        foreach (DecodeResult row in run.Decode)
        {
            WriteDecode(writer, row);
        }

        writer.WriteEndArray();
        DepthFitReport.WriteJson(writer, "prefill_depth_fit", DepthFit.Of(run.Prefill));
        DepthFitReport.WriteJson(writer, "decode_depth_fit", DepthFit.Of(run.Decode));
    });

    private static void WriteDecode(Utf8JsonWriter writer, DecodeResult row)
    {
        writer.WriteStartObject();
        row.WriteSetting(writer);
        writer.WriteNumber("filled_tokens", row.Setting.Filled);
        row.Speed.WriteJson(writer, "tokens_per_second");
        writer.WriteNumber("weight_bytes_per_token", row.WeightBytes);
        writer.WriteNumber("kv_bytes_per_token", row.KvBytes);
        writer.WriteNumber("kv_bytes_kept_per_token", row.KvBytesKept);
        writer.WriteNumber("mean_depth", row.MeanDepth);
        if (row.MajorFaults is { } faults)
        {
            writer.WriteNumber("major_faults", faults);
        }

        row.Bandwidth.WriteJsonIfAny(writer, "read_bytes_per_second");
        row.Share.WriteJsonIfAny(writer, "bandwidth_share");
        row.RouterShare.WriteJsonIfAny(writer, "router_share");
        row.AgainstFirstThreads.WriteJsonIfAny(writer, "against_first_threads");
        row.AgainstFirstFilled.WriteJsonIfAny(writer, "against_first_filled");
        row.AgainstFirstPolicy.WriteJsonIfAny(writer, "against_first_kv_policy");
        writer.WriteEndObject();
    }

    private void AppendPrefill(StringBuilder text)
    {
        bool hasDepth = run.Prefill.Exists(row => row.Setting.DepthMax is not null);
        TextTable table = TextTable.OfNumbers(TextTable.Shown(
            (true, "threads"), (HasPolicies, "kv"), (hasDepth, "depth"), (true, "tok/s"), (true, "GOP/s"),
            (HasThreads, plan.AgainstThreadsTitle), (HasPolicies, plan.AgainstPolicyTitle)));
        foreach (PrefillResult row in run.Prefill)
        {
            table.Add(TextTable.Shown(
                (true, $"{row.Setting.Threads}"), (HasPolicies, BenchPlan.KvName(row.Setting.KvPolicy)),
                (hasDepth, Depth(row)), (true, row.Speed.Text("F1")), (true, row.Operations.Text("F1", 1e-9)),
                (HasThreads, row.AgainstFirstThreads.TextIfAny("F2")),
                (HasPolicies, row.AgainstFirstPolicy.TextIfAny("F2"))));
        }

        table.AppendTo(text);
    }

    private void AppendDecode(StringBuilder text)
    {
        bool hasDepth = run.Decode.Exists(row => row.Setting.DepthMax is not null);
        bool hasProbe = probeBytes is not null;
        bool hasFaults = run.Decode.Exists(row => row.MajorFaults > 0);
        bool hasFilled = plan.Filled.Length > 1;
        TextTable table = TextTable.OfNumbers(TextTable.Shown(
            (true, "threads"), (true, "filled"), (HasPolicies, "kv"), (hasDepth, "depth"), (true, "tok/s"),
            (true, "weights/token"), (true, "KV/token"), (HasPolicies, "KV kept/token"), (hasProbe, "read GB/s"),
            (hasProbe, "% of bandwidth"), (hasFaults, "disk faults"), (HasThreads, plan.AgainstThreadsTitle),
            (hasFilled, $"vs {plan.Filled[0]} filled"), (HasPolicies, plan.AgainstPolicyTitle)));
        foreach (DecodeResult row in run.Decode)
        {
            table.Add(TextTable.Shown(
                (true, $"{row.Setting.Threads}"), (true, $"{row.Setting.Filled}"),
                (HasPolicies, BenchPlan.KvName(row.Setting.KvPolicy)), (hasDepth, Depth(row)),
                (true, row.Speed.Text("F2")), (true, ByteText.Format(row.WeightBytes)),
                (true, ByteText.Format(row.KvBytes)), (HasPolicies, ByteText.Format(row.KvBytesKept)),
                (hasProbe, row.Bandwidth.TextIfAny("F1", 1e-9)), (hasProbe, row.Share.TextIfAny("F0", 100)),
                (hasFaults, $"{row.MajorFaults}"), (HasThreads, row.AgainstFirstThreads.TextIfAny("F2")),
                (hasFilled, row.AgainstFirstFilled.TextIfAny("F2")),
                (HasPolicies, row.AgainstFirstPolicy.TextIfAny("F2"))));
        }

        table.AppendTo(text);
    }

    /// <summary>The cap, or where routers decide the depth that came out.</summary>
    private static string Depth(BenchRow row) =>
        row.Setting.DepthMax is not { } depthMax ? ""
        : row.MeanDepth == depthMax ? $"{depthMax}"
        : $"{depthMax} (mean {row.MeanDepth.ToString("F2", CultureInfo.InvariantCulture)})";
}
