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
        plan.AppendHead(text, model, fileBytes);
        text.AppendLine(
            $"sequences side by side: each a prompt of {plan.PromptTokens} tokens and an answer of "
            + $"{plan.DecodeTokens}, all submitted at once");
        bool hasPolicies = plan.KvPolicies.Length > 1, hasDrafts = plan.HasDrafts;
        string againstFirst = $"vs {plan.Sequences[0]} {(plan.Sequences[0] == 1 ? "sequence" : "sequences")}";
        TextTable table = TextTable.OfNumbers(TextTable.Shown(
            (true, "threads"), (true, "sequences"), (hasPolicies, "kv"), (hasDrafts, "drafts"),
            (true, "tok/s, all included"),
            (true, "tok/s, all decoding"), (hasDrafts, "were right"), (true, "mean depth"), (true, "KV"),
            (true, againstFirst), (hasPolicies, plan.AgainstPolicyTitle), (hasDrafts, "vs off")));
        foreach (BatchResult row in results)
        {
            table.Add(TextTable.Shown(
                (true, $"{row.Threads}"), (true, $"{row.Sequences}"),
                (hasPolicies, BenchPlan.KvName(row.KvPolicy)), (hasDrafts, row.Drafts.Name),
                (true, row.Speed.Text("F1")), (true, row.DecodeSpeed.TextIfAny("F1")),
                (hasDrafts, row.Drafts == DraftMode.Off ? "" : DraftReport.Fared(row.Fared)),
                (true, row.MeanDepth.ToString("F2", CultureInfo.InvariantCulture)),
                (true, ByteText.Format(row.KvBytes)), (true, row.AgainstFirstSequences.TextIfAny("F2")),
                (hasPolicies, row.AgainstFirstPolicy.TextIfAny("F2")), (hasDrafts, row.AgainstOff.TextIfAny("F2"))));
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
            if (row.KvPolicy is not null)
            {
                writer.WriteString("kv_policy", BenchPlan.KvName(row.KvPolicy));
            }

            writer.WriteNumber("sequences", row.Sequences);
            if (plan.HasDrafts)
            {
                writer.WriteString("mode", row.Drafts.Name);
                DraftReport.WriteFared(writer, row.Fared);
            }

            row.Speed.WriteJson(writer, "tokens_per_second");
            row.DecodeSpeed.WriteJsonIfAny(writer, "decode_tokens_per_second");
            writer.WriteNumber("mean_depth", row.MeanDepth);
            writer.WriteNumber("kv_bytes", row.KvBytes);
            row.AgainstFirstSequences.WriteJsonIfAny(writer, "against_first_sequences");
            row.AgainstFirstPolicy.WriteJsonIfAny(writer, "against_first_kv_policy");
            row.AgainstOff.WriteJsonIfAny(writer, "against_off");
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });
}
