using System.Globalization;
using System.Text;

namespace MoREdge.Tokenization;

/// <summary>What values print as: Python's str and repr.</summary>
internal static class JinjaPrinter
{
    /// <summary>What a value prints as; lists and mappings as in a Python program.</summary>
    public static string ToText(object? value, JinjaBudget budget)
    {
        switch (value)
        {
            case string text:
                return text;
            case JinjaUndefined:
                return string.Empty;
            default:
                StringBuilder written = new();
                WriteRepr(value, written, budget, 0);
                return written.ToString();
        }
    }

    private static void WriteRepr(object? value, StringBuilder output, JinjaBudget budget, int depth)
    {
        budget.Spend(1);
        if (depth > JinjaValue.ValueNestingMax)
        {
            throw JinjaValue.TooDeep();
        }

        switch (value)
        {
            case null:
                output.Append("None");
                break;
            case JinjaUndefined:
                output.Append("Undefined");
                break;
            case bool truth:
                output.Append(truth ? "True" : "False");
                break;
            case long number:
                budget.Spend(JinjaBudget.CostOfNumber);
                output.Append(number);
                break;
            case double number:
                budget.Spend(JinjaBudget.CostOfNumber);
                output.Append(JinjaNumber.ToText(number));
                break;
            case string text:
                budget.SpendOn(text);
                WriteQuoted(text, output);
                break;
            case JinjaSequence { Kind: JinjaSequenceKind.Range } range:
                WriteRange(range, output);
                break;
            case List<object?> list:
                WriteList(list, output, budget, depth);
                break;
            case Dictionary<string, object?> mapping:
                char before = '{';
                foreach ((string key, object? item) in mapping)
                {
                    output.Append(before == '{' ? "{" : ", ");
                    before = ',';
                    budget.SpendOn(key);
                    WriteQuoted(key, output);
                    output.Append(": ");
                    WriteRepr(item, output, budget, depth + 1);
                }

                output.Append(before == '{' ? "{}" : "}");
                break;
            default:
                throw ChatTemplateException.Unsupported($"printing a {JinjaValue.TypeName(value)}");
        }
    }

    private static void WriteList(List<object?> list, StringBuilder output, JinjaBudget budget, int depth)
    {
        (string open, string close) = (list as JinjaSequence)?.Kind switch
        {
            null => ("[", "]"),
            JinjaSequenceKind.Keys => ("dict_keys([", "])"),
            JinjaSequenceKind.Values => ("dict_values([", "])"),
            JinjaSequenceKind.Items => ("dict_items([", "])"),
            _ => ("(", list.Count == 1 ? ",)" : ")"),
        };
        output.Append(open);
        for (int i = 0; i < list.Count; i++)
        {
            output.Append(i == 0 ? string.Empty : ", ");
            WriteRepr(list[i], output, budget, depth + 1);
        }

        output.Append(close);
    }

    private static void WriteRange(JinjaSequence range, StringBuilder output)
    {
        if (range.Count < 2 || range[0] is not long first || range[1] is not long second || second - first != 1)
        {
            throw ChatTemplateException.Unsupported("printing such a range");
        }

        output.Append(CultureInfo.InvariantCulture, $"range({first}, {first + range.Count})");
    }

    // Double quotes where the text has single ones and no double ones.
    private static void WriteQuoted(string text, StringBuilder output)
    {
        bool isDouble = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal);
        char quote = isDouble ? '"' : '\'';
        output.Append(quote);
        for (int i = 0, length; i < text.Length; i += length)
        {
            length = JinjaText.LengthAt(text, i);
            int point = length == 2 ? char.ConvertToUtf32(text[i], text[i + 1]) : text[i];
            int named = "\n\r\t\\".IndexOf(text[i], StringComparison.Ordinal);
            if (named >= 0 || text[i] == quote)
            {
                output.Append('\\').Append(named >= 0 ? "nrt\\"[named] : quote);
            }
            else if (IsPrintable(point))
            {
                output.Append(text, i, length);
            }
            else
            {
                output.Append(point switch
                {
                    <= byte.MaxValue => $"\\x{point:x2}",
                    <= char.MaxValue => $"\\u{point:x4}",
                    _ => $"\\U{point:x8}",
                });
            }
        }

        output.Append(quote);
    }

    private static bool IsPrintable(int point) => point == ' ' || CharUnicodeInfo.GetUnicodeCategory(point)
        is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
            or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
}
