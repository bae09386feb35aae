using System.Text;
using System.Text.Json;

namespace MoREdge.Cli;

/// <summary>Prints what <see cref="BenchRun"/> measured.</summary>
internal sealed class BenchReport(
    string model, long fileBytes, long probeBytes, BenchPlan plan, List<BenchResult> results)
{
    /// <summary>For people.</summary>
    public void WriteTable()
    {
        StringBuilder text = new();
        text.AppendLine($"{PlainText.Clean(model)}, {ByteText.Format(fileBytes)}");
        text.AppendLine(Machine.Line(ModelOptions.Kernels()));
        text.AppendLine(
            $"prompt {plan.PromptTokens}, decode {plan.DecodeTokens}, {plan.Repetitions} repetitions: median "
                + "(min-max); "
            + $"bandwidth probe {ByteText.Format(probeBytes)}").AppendLine();
        TextTable table = new(true, true, true, true, true, true, true);
        table.Add(
            "threads", "prefill tok/s", "decode tok/s", "weights/token", "KV/token", "read GB/s", "% of bandwidth");
        foreach (BenchResult r in results)
        {
            table.Add(
                $"{r.Threads}", r.Prefill.Text("F1"), r.Decode.Text("F2"), ByteText.Format(r.WeightBytes),
                ByteText.Format(r.KvBytes), r.Bandwidth.Text("F1", 1e-9), r.Share.Text("F0", 100));
        }

        table.AppendTo(text);
        AppendDepths(text);
        StandardOutput.Write(text);
    }

    /// <summary>For programs.</summary>
    public void WriteJson() => StandardOutput.WriteJson(writer =>
    {
        writer.WriteString("model", model);
        writer.WriteNumber("file_bytes", fileBytes);
        Machine.WriteJson(writer, ModelOptions.Kernels());
        writer.WriteNumber("prompt_tokens", plan.PromptTokens);
        writer.WriteNumber("decode_tokens", plan.DecodeTokens);
        writer.WriteNumber("repetitions", plan.Repetitions);
        writer.WriteNumber("probe_bytes", probeBytes);
        writer.WriteStartArray("results");
        foreach (BenchResult result in results)
        {
            WriteResult(writer, result);
        }

        writer.WriteEndArray();
    });

    private static void WriteResult(Utf8JsonWriter writer, BenchResult result)
    {
        writer.WriteStartObject();
        writer.WriteNumber("threads", result.Threads);
        result.Prefill.WriteJson(writer, "prefill_tokens_per_second");
        result.Decode.WriteJson(writer, "decode_tokens_per_second");
        writer.WriteNumber("weight_bytes_per_token", result.WeightBytes);
        writer.WriteNumber("kv_bytes_per_token", result.KvBytes);
        writer.WriteNumber("mean_depth", result.MeanDepth);
        result.Bandwidth.WriteJson(writer, "read_bytes_per_second");
        result.Share.WriteJson(writer, "bandwidth_share");
        writer.WriteStartArray("depths");
        foreach (DepthResult depth in result.Depths)
        {
            writer.WriteStartObject();
            writer.WriteNumber("depth", depth.Depth);
            depth.TokensPerSecond.WriteJson(writer, "decode_tokens_per_second");
            writer.WriteNumber("weight_bytes_per_token", depth.WeightBytes);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private void AppendDepths(StringBuilder text)
    {
        foreach (BenchResult result in results)
        {
            if (result.Depths.Count == 0)
            {
                continue;
            }

            text.AppendLine().AppendLine($"threads {result.Threads}, mean depth above {result.MeanDepth:F2}; by "
                + "--max-depth:");
            TextTable table = new(true, true, true);
            table.Add("depth", "decode tok/s", "weights/token");
            foreach (DepthResult depth in result.Depths)
            {
                table.Add($"{depth.Depth}", depth.TokensPerSecond.Text("F2"), ByteText.Format(depth.WeightBytes));
            }

            table.AppendTo(text);
        }
    }
}
