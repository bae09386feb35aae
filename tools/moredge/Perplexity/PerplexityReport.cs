using System.Globalization;
using System.Text;
using System.Text.Json;
using MoREdge.Model;
using MoREdge.Quantization;

namespace MoREdge.Cli;

/// <summary>Prints what <see cref="PerplexityVerb"/> measured.</summary>
internal sealed class PerplexityReport(TextQuality quality, Sequence sequence, int windowCount, Sequence? reference)
{
    private const double TailFraction = 0.99;

    /// <summary>For people.</summary>
    public void WriteText()
    {
        StringBuilder text = new();
        TextTable table = new(false, false);
        table.Add(
            "tokens scored",
            $"{quality.NegativeLogLikelihood.Count} in {windowCount} windows of {sequence.ContextLength}");
        table.Add("nll", $"{Figure(quality.NegativeLogLikelihood, "F5")} nats per token");
        table.Add("perplexity", Figure(quality.Perplexity, quality.PerplexityError, "F4"));
        table.Add("mean depth", Invariant($"{sequence.Depths.Mean:F3} of {sequence.Depths.Histogram.Length - 1}"));
        if (reference is not null)
        {
            table.Add("reference nll", $"{Figure(quality.ReferenceNegativeLogLikelihood, "F5")} nats per token");
            table.Add("reference perplexity", Invariant($"{ReferencePerplexity:F4}"));
            table.Add(
                "perplexity ratio",
                Invariant($"{Math.Exp(quality.LogRatio.Mean):F5}, log {Figure(quality.LogRatio, "F5")}"));
            table.Add("kl divergence", $"{Figure(quality.Divergence, "F6")} nats, KL(reference || model)");
            table.Add("kl 99 %", Invariant($"{quality.DivergenceQuantile(TailFraction):F6} nats"));
            table.Add("same best token", $"{Figure(quality.TopAgreement, "F5")} of the tokens");
        }

        table.AppendTo(text);
        StandardOutput.Write(text);
    }

    /// <summary>For programs.</summary>
    public void WriteJson() => StandardOutput.WriteJson(writer =>
    {
        writer.WriteNumber("tokens", quality.NegativeLogLikelihood.Count);
        writer.WriteNumber("windows", windowCount);
        writer.WriteNumber("context", sequence.ContextLength);
        Write(writer, "nll", quality.NegativeLogLikelihood);
        JsonOutput.WriteNumber(writer, "perplexity", quality.Perplexity);
        JsonOutput.WriteNumber(writer, "perplexity_error", quality.PerplexityError);
        writer.WriteNumber("mean_depth", sequence.Depths.Mean);
        writer.WriteStartArray("depth_histogram");
        foreach (long tokens in sequence.Depths.Histogram)
        {
            writer.WriteNumberValue(tokens);
        }

        writer.WriteEndArray();
        if (reference is not null)
        {
            Write(writer, "reference_nll", quality.ReferenceNegativeLogLikelihood);
            JsonOutput.WriteNumber(writer, "reference_perplexity", ReferencePerplexity);
            Write(writer, "log_perplexity_ratio", quality.LogRatio);
            Write(writer, "kl", quality.Divergence);
            JsonOutput.WriteNumber(writer, "kl_99", quality.DivergenceQuantile(TailFraction));
            Write(writer, "top1_agreement", quality.TopAgreement);
        }
    });

    private double ReferencePerplexity => Math.Exp(quality.ReferenceNegativeLogLikelihood.Mean);

    private static string Figure(RunningMean mean, string format) => Figure(mean.Mean, mean.StandardError, format);

    /// <summary>A value and its standard error, where that is known: one token says nothing about it.</summary>
    private static string Figure(double value, double error, string format)
    {
        string text = value.ToString(format, CultureInfo.InvariantCulture);
        return double.IsNaN(error) ? text : $"{text} +- {error.ToString(format, CultureInfo.InvariantCulture)}";
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    private static void Write(Utf8JsonWriter writer, string name, RunningMean mean)
    {
        JsonOutput.WriteNumber(writer, name, mean.Mean);
        JsonOutput.WriteNumber(writer, $"{name}_error", mean.StandardError);
    }
}
