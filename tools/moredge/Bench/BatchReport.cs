using System.Globalization;
using System.Text;

namespace MoREdge.Cli;

/// <summary>Prints what <see cref="BatchMeasurement"/> measured.</summary>
internal sealed class BatchReport(string model, long fileBytes, BenchPlan plan, List<BatchResult> results)
{
    /// <summary>For people.</summary>
    public void WriteTable()
    {
        StringBuilder text = new();
        text.AppendLine($"{PlainText.Clean(model)}, {ByteText.Format(fileBytes)}");
        text.AppendLine(Machine.Line(ModelOptions.Kernels()));
        text.AppendLine($"median (min-max) of {plan.Repetitions}, all rows in turn; ratios within a turn");
        text.AppendLine().AppendLine(
            $"sequences side by side: each a prompt of {plan.PromptTokens} tokens and an answer of "
            + $"{plan.DecodeTokens}, all submitted at once");
        string[] titles =
        [
            "threads", "sequences", "tok/s, all included", "tok/s, all decoding", "mean depth", "KV",
            $"vs {plan.Sequences[0]} {(plan.Sequences[0] == 1 ? "sequence" : "sequences")}",
        ];
        TextTable table = new(Array.ConvertAll(titles, _ => true));
        table.Add(titles);
        foreach (BatchResult row in results)
        {
            table.Add(
                $"{row.Threads}", $"{row.Sequences}", row.Speed.Text("F1"), Text(row.DecodeSpeed, "F1"),
                row.MeanDepth.ToString("F2", CultureInfo.InvariantCulture), ByteText.Format(row.KvBytes),
                Text(row.AgainstFirstSequences, "F2"));
        }

        table.AppendTo(text);
        StandardOutput.Write(text);
    }

    /// <summary>For programs.</summary>
    public void WriteJson() => StandardOutput.WriteJson(writer =>
    {
        plan.WriteJson(writer, model, fileBytes);
        writer.WriteNumber("answer_tokens", plan.DecodeTokens);
        writer.WriteStartArray("sequences");
        foreach (BatchResult row in results)
        {
            writer.WriteStartObject();
            writer.WriteNumber("threads", row.Threads);
            writer.WriteNumber("sequences", row.Sequences);
            row.Speed.WriteJson(writer, "tokens_per_second");
            if (row.DecodeSpeed.Count > 0)
            {
                row.DecodeSpeed.WriteJson(writer, "decode_tokens_per_second");
            }

            writer.WriteNumber("mean_depth", row.MeanDepth);
            writer.WriteNumber("kv_bytes", row.KvBytes);
            if (row.AgainstFirstSequences.Count > 0)
            {
                row.AgainstFirstSequences.WriteJson(writer, "against_first_sequences");
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    private static string Text(Samples samples, string format) => samples.Count == 0 ? "" : samples.Text(format);
}
