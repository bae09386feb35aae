using System.Text.Json;

namespace MoREdge.Cli;

/// <summary>Repetitions of one measurement.</summary>
internal sealed class Samples
{
    private readonly List<double> _values = [];

    /// <summary>The middle value, or the mean of the two; NaN without values.</summary>
    public double Median
    {
        get
        {
            double[] sorted = Sorted();
            int middle = sorted.Length / 2;
            return sorted.Length == 0 ? double.NaN
                : sorted.Length % 2 == 1 ? sorted[middle]
                : (sorted[middle - 1] + sorted[middle]) / 2;
        }
    }

    /// <summary>The smallest value; NaN without values.</summary>
    public double Min => _values.Count == 0 ? double.NaN : Sorted()[0];

    /// <summary>The largest value; NaN without values.</summary>
    public double Max => _values.Count == 0 ? double.NaN : Sorted()[^1];

    /// <summary>Repetitions so far.</summary>
    public int Count => _values.Count;

    /// <summary>The latest value; there must be one.</summary>
    public double Last => _values[^1];

    /// <summary>Adds a repetition.</summary>
    public void Add(double value) => _values.Add(value);

    /// <summary>For example "61.2 (59.8-61.9)": median and extremes, each times <paramref name="scale"/>.</summary>
    public string Text(string format, double scale = 1) =>
        $"{(Median * scale).ToString(format)} ({(Min * scale).ToString(format)}-{(Max * scale).ToString(format)})";

    /// <summary>The same, or nothing without values.</summary>
    public string TextIfAny(string format, double scale = 1) => Count == 0 ? "" : Text(format, scale);

    /// <summary>Median, extremes and every value; nothing without values.</summary>
    public void WriteJsonIfAny(Utf8JsonWriter writer, string name)
    {
        if (Count > 0)
        {
            WriteJson(writer, name);
        }
    }

    /// <summary>Median, extremes and every value.</summary>
    public void WriteJson(Utf8JsonWriter writer, string name)
    {
        writer.WriteStartObject(name);
        writer.WriteNumber("median", Median);
        writer.WriteNumber("min", Min);
        writer.WriteNumber("max", Max);
        writer.WriteStartArray("samples");
        foreach (double value in _values)
        {
            writer.WriteNumberValue(value);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private double[] Sorted()
    {
        double[] sorted = [.. _values];
        Array.Sort(sorted);
        return sorted;
    }
}
