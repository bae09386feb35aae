using System.Globalization;
using System.Text;
using System.Text.Json;
using MoREdge.Model;

namespace MoREdge.Cli;

/// <summary>Prints what <see cref="DraftMeasurement"/> measured.</summary>
internal sealed class DraftReport(string model, long fileBytes, BenchPlan plan, List<DraftResult> results)
{
    /// <summary>How many drafts were right, and of those behind drafts how many were kept, for people.</summary>
    public static string Fared(SpeculationStatistics fared)
    {
        string text = $"{fared.Accepted} of {fared.Drafted}";
        return fared.SecondDrafted > 0 ? $"{text}, {fared.SecondKept} of {fared.SecondDrafted}" : text;
    }

    /// <summary>The same for programs.</summary>
    public static void WriteFared(Utf8JsonWriter writer, SpeculationStatistics fared)
    {
        writer.WriteNumber("drafted", fared.Drafted);
        writer.WriteNumber("accepted", fared.Accepted);
        writer.WriteNumber("second_drafted", fared.SecondDrafted);
        writer.WriteNumber("second_kept", fared.SecondKept);
    }

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
                row.Drafts == DraftMode.Off ? "" : Fared(row.Fared),
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
            WriteFared(writer, row.Fared);
            writer.WriteNumber("mean_depth", row.MeanDepth);
            row.AgainstOff.WriteJsonIfAny(writer, "against_off");
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });
}
