using System.Text;
using System.Text.Json;

namespace MoREdge.Tokenization;

/// <summary>How tojson writes.</summary>
/// <param name="Indent">What stands before each level, or null for one line.</param>
/// <param name="ItemSeparator">What parts two items.</param>
/// <param name="KeySeparator">What parts a key from its value.</param>
/// <param name="EnsureAscii">Whether other characters are written as escapes.</param>
/// <param name="SortKeys">Whether keys are sorted.</param>
internal sealed record JinjaJsonStyle(
    string? Indent, string ItemSeparator, string KeySeparator, bool EnsureAscii, bool SortKeys);

/// <summary>
/// JSON as Python's json.dumps writes it, which is what tojson of the transformers library does, and JSON into values.
/// </summary>
internal static class JinjaJson
{
    /// <summary>The values of a JSON text; throws where a number or a string is none that templates hold.</summary>
    public static object? Read(JsonElement element, Func<string, string> onText, int depth = 0)
    {
        // Whoever parsed the text may have allowed any depth.
        if (depth > JinjaValue.ValueNestingMax)
        {
            throw JinjaValue.TooDeep();
        }

        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                Dictionary<string, object?> mapping = [];
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    mapping[onText(property.Name)] = Read(property.Value, onText, depth + 1);
                }

                return mapping;
            case JsonValueKind.Array:
                List<object?> list = new(element.GetArrayLength());
                foreach (JsonElement item in element.EnumerateArray())
                {
                    list.Add(Read(item, onText, depth + 1));
                }

                return list;
            case JsonValueKind.String:
                return onText(element.GetString() ?? string.Empty);
            case JsonValueKind.Number:
                return ReadNumber(element);
            case JsonValueKind.True or JsonValueKind.False:
                return element.ValueKind == JsonValueKind.True;
            default:
                return null;
        }
    }

    public static void Write(
        object? value, JinjaJsonStyle style, StringBuilder json, JinjaBudget budget, int depth = 0)
    {
        budget.Spend(1);
        if (depth > JinjaValue.ValueNestingMax)
        {
            throw JinjaValue.TooDeep();
        }

        switch (value)
        {
            case null:
                json.Append("null");
                break;
            case bool truth:
                json.Append(truth ? "true" : "false");
                break;
            case long number:
                budget.Spend(JinjaBudget.CostOfNumber);
                json.Append(number);
                break;
            case double number:
                budget.Spend(JinjaBudget.CostOfNumber);
                json.Append(double.IsNaN(number) ? "NaN" : double.IsPositiveInfinity(number) ? "Infinity"
                    : double.IsNegativeInfinity(number) ? "-Infinity" : JinjaNumber.ToText(number));
                break;
            case string text:
                WriteString(text, style, json, budget);
                break;
            case List<object?> list when JinjaSequence.IsPlain(list):
                json.Append('[');
                for (int i = 0; i < list.Count; i++)
                {
                    BeginItem(i == 0, style, json, budget, depth);
                    Write(list[i], style, json, budget, depth + 1);
                }

                EndItems(list.Count, ']', style, json, budget, depth);
                break;
            case Dictionary<string, object?> mapping:
                WriteMapping(mapping, style, json, budget, depth);
                break;
            default:
                throw JinjaValue.Wrong("tojson", value);
        }
    }

    private static object ReadNumber(JsonElement element)
    {
        string text = element.GetRawText();
        if (text.AsSpan().IndexOfAny('.', 'e', 'E') >= 0)
        {
            return element.GetDouble();
        }

        return element.TryGetInt64(out long number)
            ? number
            : throw ChatTemplateException.Unsupported("a whole number of more than 64 bits");
    }

    private static void WriteMapping(
        Dictionary<string, object?> mapping, JinjaJsonStyle style, StringBuilder json, JinjaBudget budget, int depth)
    {
        List<KeyValuePair<string, object?>> pairs = [.. mapping];
        if (style.SortKeys)
        {
            pairs = JinjaSort.Stable(
                pairs, (left, right) => JinjaValue.Order(left.Key, right.Key, budget), isReversed: false);
        }

        json.Append('{');
        for (int i = 0; i < pairs.Count; i++)
        {
            BeginItem(i == 0, style, json, budget, depth);
            WriteString(pairs[i].Key, style, json, budget);
            budget.SpendOn(style.KeySeparator);
            json.Append(style.KeySeparator);
            Write(pairs[i].Value, style, json, budget, depth + 1);
        }

        EndItems(pairs.Count, '}', style, json, budget, depth);
    }

    private static void BeginItem(bool isFirst, JinjaJsonStyle style, StringBuilder json, JinjaBudget budget, int depth)
    {
        string separator = isFirst ? string.Empty : style.ItemSeparator;
        budget.SpendOn(separator);
        json.Append(separator);
        NewLine(style, json, budget, depth + 1);
    }

    private static void EndItems(
        int count, char close, JinjaJsonStyle style, StringBuilder json, JinjaBudget budget, int depth)
    {
        if (count > 0)
        {
            NewLine(style, json, budget, depth);
        }

        json.Append(close);
    }

    private static void NewLine(JinjaJsonStyle style, StringBuilder json, JinjaBudget budget, int depth)
    {
        if (style.Indent is string indent)
        {
            budget.Spend((long)indent.Length * depth);
            json.Append('\n').Insert(json.Length, indent, depth);
        }
    }

    private static void WriteString(string text, JinjaJsonStyle style, StringBuilder json, JinjaBudget budget)
    {
        budget.SpendOn(text);
        json.Append('"');
        foreach (char unit in text)
        {
            int named = "\"\\\n\r\t\b\f".IndexOf(unit, StringComparison.Ordinal);
            if (named >= 0)
            {
                json.Append('\\').Append("\"\\nrtbf"[named]);
            }
            else if (unit < ' ' || (style.EnsureAscii && unit > '~'))
            {
                json.Append($"\\u{(int)unit:x4}");
            }
            else
            {
                json.Append(unit);
            }
        }

        json.Append('"');
    }
}

/// <summary>A sort that keeps equal items in order and lets faults of the comparison through.</summary>
internal static class JinjaSort
{
    public static List<T> Stable<T>(List<T> items, Func<T, T, int> order, bool isReversed)
    {
        T[] from = items.ToArray();
        T[] to = new T[from.Length];
        int sign = isReversed ? -1 : 1;
        for (int width = 1; width < from.Length; width *= 2)
        {
            for (int start = 0; start < from.Length; start += 2 * width)
            {
                int left = start;
                int middle = Math.Min(start + width, from.Length);
                int right = middle;
                int end = Math.Min(middle + width, from.Length);
                for (int i = start; i < end; i++)
                {
                    bool takesLeft = left < middle
                        && (right >= end || sign * order(from[left], from[right]) <= 0);
                    to[i] = takesLeft ? from[left++] : from[right++];
                }
            }

            (from, to) = (to, from);
        }

        return [.. from];
    }
}
