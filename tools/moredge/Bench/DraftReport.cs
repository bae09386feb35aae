using System.Globalization;
using System.Text;

namespace MoREdge.Cli;

/// <summary>Prints what <see cref="DraftMeasurement"/> measured.</summary>
internal sealed class DraftReport(string model, long fileBytes, BenchPlan plan, List<DraftResult> results)
{
    /// <summary>For people.</summary>
    public void WriteTable()
    {
        StringBuilder text = new();
        plan.AppendHead(text, model, fileBytes);
        text.AppendLine(
            $"decode of {plan.DecodeTokens} tokens behind {plan.PromptTokens}, with drafts and without");
        TextTable table = TextTable.OfNumbers("threads", "drafts", "tok/s", "were right", "mean depth", "vs off");
        foreach (DraftResult row in results)
        {
            table.Add(
                $"{row.Threads}", row.Drafts.Name, row.Speed.Text("F1"),
                row.Drafts == DraftMode.Off ? "" : $"{row.Fared.Accepted} of {row.Fared.Drafted}",
                row.MeanDepth.ToString("F2", CultureInfo.InvariantCulture), row.AgainstOff.TextIfAny("F2"));
        }

        table.AppendTo(text);
        StandardOutput.Write(text);
    }

    /// <summary>For programs.</summary>
    public void WriteJson() => StandardOutput.WriteJson(writer =>
    {
        plan.WriteJson(writer, model, fileBytes);
        writer.WriteNumber("decode_tokens", plan.DecodeTokens);
        writer.WriteStartArray("speculation");
        foreach (DraftResult row in results)
        {
            writer.WriteStartObject();
            writer.WriteNumber("threads", row.Threads);
            writer.WriteString("mode", row.Drafts.Name);
            row.Speed.WriteJson(writer, "tokens_per_second");
            writer.WriteNumber("drafted", row.Fared.Drafted);
            writer.WriteNumber("accepted", row.Fared.Accepted);
            writer.WriteNumber("mean_depth", row.MeanDepth);
            row.AgainstOff.WriteJsonIfAny(writer, "against_off");
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });
}
