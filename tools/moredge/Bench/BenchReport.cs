using System.Globalization;
using System.Text;
using System.Text.Json;

namespace MoREdge.Cli;

/// <summary>Prints what <see cref="BenchRun"/> measured.</summary>
internal sealed class BenchReport(string model, long fileBytes, long probeBytes, BenchPlan plan, BenchRun run)
{
    private string AgainstThreadsTitle => $"vs {plan.Threads[0]} {(plan.Threads[0] == 1 ? "thread" : "threads")}";

    /// <summary>For people.</summary>
    public void WriteTable()
    {
        StringBuilder text = new();
        text.AppendLine($"{PlainText.Clean(model)}, {ByteText.Format(fileBytes)}");
        text.AppendLine(Machine.Line(ModelOptions.Kernels()));
        text.AppendLine(
            $"median (min-max) of {plan.Repetitions}, all rows in turn; ratios within a turn; bandwidth probe "
            + ByteText.Format(probeBytes));
        text.AppendLine().AppendLine($"prefill of {plan.PromptTokens} tokens");
        AppendPrefill(text);
        text.AppendLine().AppendLine($"decode of {plan.DecodeTokens} tokens behind a context");
        AppendDecode(text);
        StandardOutput.Write(text);
    }

    /// <summary>For programs.</summary>
    public void WriteJson() => StandardOutput.WriteJson(writer =>
    {
        plan.WriteJson(writer, model, fileBytes);
        writer.WriteNumber("decode_tokens", plan.DecodeTokens);
        writer.WriteNumber("probe_bytes", probeBytes);
        writer.WriteStartArray("prefill");
        foreach (PrefillResult row in run.Prefill)
        {
            writer.WriteStartObject();
            writer.WriteNumber("threads", row.Threads);
            row.Speed.WriteJson(writer, "tokens_per_second");
            row.Operations.WriteJson(writer, "operations_per_second");
            WriteRatio(writer, "against_first_threads", row.AgainstFirstThreads);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("decode");
        foreach (DecodeResult row in run.Decode)
        {
            WriteDecode(writer, row);
        }

        writer.WriteEndArray();
    });

    private static void WriteDecode(Utf8JsonWriter writer, DecodeResult row)
    {
        writer.WriteStartObject();
        writer.WriteNumber("threads", row.Threads);
        writer.WriteNumber("filled_tokens", row.Filled);
        if (row.DepthMax is { } depthMax)
        {
            writer.WriteNumber("depth_max", depthMax);
        }

        row.Speed.WriteJson(writer, "tokens_per_second");
        writer.WriteNumber("weight_bytes_per_token", row.WeightBytes);
        writer.WriteNumber("kv_bytes_per_token", row.KvBytes);
        writer.WriteNumber("mean_depth", row.MeanDepth);
        row.Bandwidth.WriteJson(writer, "read_bytes_per_second");
        row.Share.WriteJson(writer, "bandwidth_share");
        WriteRatio(writer, "against_first_threads", row.AgainstFirstThreads);
        WriteRatio(writer, "against_first_filled", row.AgainstFirstFilled);
        writer.WriteEndObject();
    }

    private static void WriteRatio(Utf8JsonWriter writer, string name, Samples ratios)
    {
        if (ratios.Count > 0)
        {
            ratios.WriteJson(writer, name);
        }
    }

    private void AppendPrefill(StringBuilder text)
    {
        bool hasRatio = plan.Threads.Length > 1;
        string[] titles = Shown((true, "threads"), (true, "tok/s"), (true, "GOP/s"), (hasRatio, AgainstThreadsTitle));
        TextTable table = Table(titles);
        foreach (PrefillResult row in run.Prefill)
        {
            table.Add(Shown(
                (true, $"{row.Threads}"), (true, row.Speed.Text("F1")), (true, row.Operations.Text("F1", 1e-9)),
                (hasRatio, Ratio(row.AgainstFirstThreads))));
        }

        table.AppendTo(text);
    }

    private void AppendDecode(StringBuilder text)
    {
        bool hasDepth = run.Decode.Exists(row => row.DepthMax is not null);
        bool hasThreads = plan.Threads.Length > 1;
        bool hasFilled = plan.Filled.Length > 1;
        TextTable table = Table(Shown(
            (true, "threads"), (true, "filled"), (hasDepth, "depth"), (true, "tok/s"), (true, "weights/token"),
            (true, "KV/token"), (true, "read GB/s"), (true, "% of bandwidth"), (hasThreads, AgainstThreadsTitle),
            (hasFilled, $"vs {plan.Filled[0]} filled")));
        foreach (DecodeResult row in run.Decode)
        {
            table.Add(Shown(
                (true, $"{row.Threads}"), (true, $"{row.Filled}"), (hasDepth, Depth(row)),
                (true, row.Speed.Text("F2")), (true, ByteText.Format(row.WeightBytes)),
                (true, ByteText.Format(row.KvBytes)), (true, row.Bandwidth.Text("F1", 1e-9)),
                (true, row.Share.Text("F0", 100)), (hasThreads, Ratio(row.AgainstFirstThreads)),
                (hasFilled, Ratio(row.AgainstFirstFilled))));
        }

        table.AppendTo(text);
    }

    private static TextTable Table(string[] titles)
    {
        TextTable table = new(Array.ConvertAll(titles, _ => true));
        table.Add(titles);
        return table;
    }

    private static string[] Shown(params (bool IsShown, string Text)[] cells) =>
        Array.ConvertAll(Array.FindAll(cells, cell => cell.IsShown), cell => cell.Text);

    /// <summary>The cap, or where routers decide the depth that came out.</summary>
    private static string Depth(DecodeResult row) =>
        row.DepthMax is null ? ""
        : row.MeanDepth == row.DepthMax ? $"{row.DepthMax}"
        : $"{row.DepthMax} (mean {row.MeanDepth.ToString("F2", CultureInfo.InvariantCulture)})";

    private static string Ratio(Samples ratios) => ratios.Count == 0 ? "" : ratios.Text("F2");
}
