using System.Globalization;
using System.Text;
using System.Text.Json;

namespace MoREdge.Cli;

/// <summary>Prints the fits of time over depth, each beside the same fit of the work.</summary>
internal static class DepthFitReport
{
    /// <summary>Nothing where no setting has two depths.</summary>
    public static void AppendTo(StringBuilder text, List<DepthFit> prefill, List<DepthFit> decode)
    {
        if (prefill.Count + decode.Count == 0)
        {
            return;
        }

        text.AppendLine().AppendLine(
            "time of a token = fixed + depth x block, least squares over the medians; the loop's share at full depth");
        bool hasPolicy = prefill.Exists(fit => fit.Deepest.Setting.KvPolicy is not null);
        TextTable table = TextTable.OfNumbers(TextTable.Shown(
            (true, ""), (true, "threads"), (true, "filled"), (hasPolicy, "kv"), (true, "fixed ms"), (true, "block ms"),
            (true, "loop % of time"), (true, "loop % of work"), (true, "largest deviation %"), (true, "routers %")));
        prefill.ForEach(fit => table.Add(Cells("prefill", fit, hasPolicy)));
        decode.ForEach(fit => table.Add(Cells("decode", fit, hasPolicy)));
        table.AppendTo(text);
        text.AppendLine("work: multiply-adds of the projections (prefill), weights, keys and values read (decode)");
    }

    /// <summary>For programs.</summary>
    public static void WriteJson(Utf8JsonWriter writer, string name, List<DepthFit> fits)
    {
        writer.WriteStartArray(name);
        foreach (DepthFit fit in fits)
        {
            BenchSetting setting = fit.Deepest.Setting;
            writer.WriteStartObject();
            writer.WriteNumber("threads", setting.Threads);
            writer.WriteNumber("filled_tokens", setting.Filled);
            if (setting.KvPolicy is not null)
            {
                writer.WriteString("kv_policy", BenchPlan.KvName(setting.KvPolicy));
            }

            writer.WriteNumber("fixed_seconds", fit.Seconds.Intercept);
            writer.WriteNumber("block_seconds", fit.Seconds.Slope);
            writer.WriteNumber("fixed_work", fit.Work.Intercept);
            writer.WriteNumber("block_work", fit.Work.Slope);
            writer.WriteNumber("loop_share_of_time", fit.LoopShareOfTime);
            writer.WriteNumber("loop_share_of_work", fit.LoopShareOfWork);
            if (fit.Seconds.DeviationMax is { } deviation)
            {
                writer.WriteNumber("deviation_max", deviation);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static string[] Cells(string what, DepthFit fit, bool hasPolicy)
    {
        BenchSetting setting = fit.Deepest.Setting;
        Samples? routers = (fit.Deepest as DecodeResult)?.RouterShare;
        return TextTable.Shown(
            (true, what), (true, $"{setting.Threads}"), (true, $"{setting.Filled}"),
            (hasPolicy, BenchPlan.KvName(setting.KvPolicy)), (true, Text(fit.Seconds.Intercept * 1e3, "F3")),
            (true, Text(fit.Seconds.Slope * 1e3, "F3")), (true, Text(fit.LoopShareOfTime * 100, "F1")),
            (true, Text(fit.LoopShareOfWork * 100, "F1")),
            (true, fit.Seconds.DeviationMax is { } deviation ? Text(deviation * 100, "F1") : ""),
            (true, routers is { Count: > 0 } ? Text(routers.Median * 100, "F3") : ""));
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
