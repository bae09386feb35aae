using System.Globalization;
using System.Text.Json;
using MoREdge.ModelFile;

namespace MoREdge.Cli;

/// <summary>One thing a model file says: a line for people, a member of an object for programs.</summary>
/// <param name="Key">The member's name.</param>
/// <param name="Label">The line's label.</param>
/// <param name="Text">The line's text.</param>
/// <param name="Value">A string, an integer, a number, a boolean, or an array of numbers.</param>
internal sealed record Fact(string Key, string Label, string Text, object Value)
{
    /// <summary>Writes the member.</summary>
    public void WriteMember(Utf8JsonWriter writer)
    {
        switch (Value)
        {
            case string text:
                writer.WriteString(Key, text);
                break;
            case bool flag:
                writer.WriteBoolean(Key, flag);
                break;
            case long integer:
                writer.WriteNumber(Key, integer);
                break;
            case double number:
                JsonOutput.WriteNumber(writer, Key, number);
                break;
            case double[] numbers:
                writer.WriteStartArray(Key);
                foreach (double number in numbers)
                {
                    JsonOutput.WriteNumberValue(writer, number);
                }

                writer.WriteEndArray();
                break;
            default:
                writer.WriteString(Key, Text);
                break;
        }
    }
}

/// <summary>Facts under one title.</summary>
/// <param name="title">The title, and the object's name.</param>
internal sealed class FactSection(string title)
{
    /// <summary>The title.</summary>
    public string Title { get; } = title;

    /// <summary>The facts, in order.</summary>
    public List<Fact> Facts { get; } = [];

    /// <summary>Adds words.</summary>
    public void Add(string key, string label, string text) =>
        Facts.Add(new Fact(key, label, PlainText.Clean(text), text));

    /// <summary>Adds an integer.</summary>
    public void Add(string key, string label, long value) =>
        Facts.Add(new Fact(key, label, value.ToString("N0", CultureInfo.InvariantCulture), value));

    /// <summary>Adds a size.</summary>
    public void AddBytes(string key, string label, long bytes) => Facts.Add(
        new Fact(
            key, label,
            string.Create(CultureInfo.InvariantCulture, $"{ByteText.Format(bytes)} ({bytes:N0} bytes)"), bytes));

    /// <summary>
    /// Adds a metadata value as it is, whatever its type: a file of others may hold a number or an array where ours
    /// hold words.
    /// </summary>
    public void AddValue(string key, string label, GgufMetadata metadata, string metadataKey)
    {
        if (!metadata.TryGetValue(metadataKey, out GgufValue? value))
        {
            return;
        }

        if (value.TryGetString(out string? text))
        {
            Add(key, label, text);
        }
        else if (value.TryGetInteger(out Int128 integer) && integer >= long.MinValue && integer <= long.MaxValue)
        {
            Add(key, label, (long)integer);
        }
        else if (value.TryGetBoolean(out bool flag))
        {
            Facts.Add(new Fact(key, label, flag ? "yes" : "no", flag));
        }
        else if (value.TryGetFloat(out double number))
        {
            Facts.Add(new Fact(key, label, number.ToString("G7", CultureInfo.InvariantCulture), number));
        }
        else if (NumbersOf(value) is { } numbers)
        {
            string[] words = Array.ConvertAll(numbers, item => item.ToString("G6", CultureInfo.InvariantCulture));
            Facts.Add(new Fact(key, label, PlainText.Clean(string.Join(", ", words)), numbers));
        }
        else
        {
            Add(key, label, value.ToString());
        }
    }

    private static double[]? NumbersOf(GgufValue value)
    {
        if (value.Type != GgufValueType.Array || value.Count > 1000)
        {
            return null;
        }

        double[] numbers = new double[value.Count];
        for (int i = 0; i < numbers.Length; i++)
        {
            if (value.TryGetIntegerAt(i, out Int128 integer))
            {
                numbers[i] = (double)integer;
            }
            else if (!value.TryGetFloatAt(i, out numbers[i]))
            {
                return null;
            }
        }

        return numbers;
    }
}
