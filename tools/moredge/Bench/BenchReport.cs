using System.Text.Json;
using MoREdge.Kernels;

namespace MoREdge.Cli;

/// <summary>Prints what <see cref="BenchRun"/> measured.</summary>
internal sealed class BenchReport(string model, long fileBytes, long probeBytes, BenchPlan plan, List<BenchResult> results)
{
    /// <summary>For people.</summary>
    public void WriteTable()
    {
        KernelSet kernels = ModelOptions.Kernels();
        Console.Out.WriteLine($"{model}, {ByteText.Format(fileBytes)}");
        Console.Out.WriteLine(Machine.Line(kernels));
        Console.Out.WriteLine(
            $"prompt {plan.PromptTokens}, decode {plan.DecodeTokens}, {plan.Repetitions} repetitions: median (min-max); "
            + $"bandwidth probe {ByteText.Format(probeBytes)}");
        Console.Out.WriteLine();
        Console.Out.WriteLine(
            $"{"threads",7}  {"prefill tok/s",22}  {"decode tok/s",20}  {"weights/token",13}  {"KV/token",9}  "
            + $"{"read GB/s",16}  share of bandwidth");
        foreach (BenchResult r in results)
        {
            Console.Out.WriteLine(
                $"{r.Threads,7}  {r.Prefill.Text("F1"),22}  {r.Decode.Text("F2"),20}  {ByteText.Format(r.WeightBytes),13}  "
                + $"{ByteText.Format(r.KvBytes),9}  {r.Bandwidth.Text("F1", 1e-9),16}  {r.Share.Text("F0", 100)} %");
        }

        WriteDepths();
    }

    /// <summary>For programs.</summary>
    public void WriteJson()
    {
        using JsonOutput output = new();
        Utf8JsonWriter writer = output.Writer;
        writer.WriteStartObject();
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
            WriteResult(output, result);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        output.Finish();
    }

    private static void WriteResult(JsonOutput output, BenchResult result)
    {
        Utf8JsonWriter writer = output.Writer;
        writer.WriteStartObject();
        writer.WriteNumber("threads", result.Threads);
        result.Prefill.WriteJson(output, "prefill_tokens_per_second");
        result.Decode.WriteJson(output, "decode_tokens_per_second");
        output.WriteNumber("weight_bytes_per_token", result.WeightBytes);
        output.WriteNumber("kv_bytes_per_token", result.KvBytes);
        output.WriteNumber("mean_depth", result.MeanDepth);
        result.Bandwidth.WriteJson(output, "read_bytes_per_second");
        result.Share.WriteJson(output, "bandwidth_share");
        writer.WriteStartArray("depths");
        foreach (DepthResult depth in result.Depths)
        {
            writer.WriteStartObject();
            writer.WriteNumber("depth", depth.Depth);
            depth.TokensPerSecond.WriteJson(output, "decode_tokens_per_second");
            output.WriteNumber("weight_bytes_per_token", depth.WeightBytes);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private void WriteDepths()
    {
        foreach (BenchResult result in results)
        {
            if (result.Depths.Count == 0)
            {
                continue;
            }

            Console.Out.WriteLine();
            Console.Out.WriteLine($"threads {result.Threads}, mean depth above {result.MeanDepth:F2}; by --max-depth:");
            Console.Out.WriteLine($"{"depth",7}  {"decode tok/s",20}  {"weights/token",13}");
            foreach (DepthResult depth in result.Depths)
            {
                Console.Out.WriteLine(
                    $"{depth.Depth,7}  {depth.TokensPerSecond.Text("F2"),20}  {ByteText.Format(depth.WeightBytes),13}");
            }
        }
    }
}
