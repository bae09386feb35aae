using System.Text;

namespace MoREdge.Tokenization;

/// <summary>What values are in a template: null, bool, long, string, list, mapping, namespace, loop, function,
/// undefined.</summary>
internal static class JinjaValue
{
    // Nesting deeper than this is no message of a chat.
    private const int DepthMax = 64;

    public static bool IsTrue(object? value) => value switch
    {
        null or JinjaUndefined => false,
        bool truth => truth,
        long number => number != 0,
        string text => text.Length > 0,
        List<object?> list => list.Count > 0,
        Dictionary<string, object?> mapping => mapping.Count > 0,
        _ => true,
    };

    /// <summary>What a value prints as; Python's words for truth and nothing.</summary>
    public static string ToText(object? value) => value switch
    {
        null => "None",
        JinjaUndefined => string.Empty,
        bool truth => truth ? "True" : "False",
        long number => number.ToString(),
        string text => text,
        _ => throw ChatTemplateException.Unsupported($"printing a {TypeName(value)}"),
    };

    public static string TypeName(object? value) => value switch
    {
        null => "none",
        JinjaUndefined => "undefined",
        bool => "truth value",
        long => "number",
        string => "string",
        List<object?> => "list",
        Dictionary<string, object?> => "mapping",
        JinjaNamespace => "namespace",
        JinjaFunction => "function",
        _ => "loop",
    };

    /// <summary>The items a for runs over: list items, mapping keys, characters (whole code points).</summary>
    public static List<object?> Iterate(object? value, JinjaBudget budget)
    {
        budget.SpendOn(value);
        switch (value)
        {
            case JinjaUndefined:
                return [];
            case List<object?> list:
                return list;
            case Dictionary<string, object?> mapping:
                return [.. mapping.Keys];
            case string text:
                List<object?> characters = new(text.Length);
                foreach (Rune rune in text.EnumerateRunes())
                {
                    characters.Add(rune.ToString());
                }

                return characters;
            default:
                throw Wrong("iteration", value);
        }
    }

    public static bool Compare(string text, object? left, object? right, JinjaBudget budget)
    {
        budget.SpendOn(left);
        budget.SpendOn(right);
        switch (text)
        {
            case "==":
                return AreEqual(left, right, budget, 0);
            case "!=":
                return !AreEqual(left, right, budget, 0);
            case "in":
                return Contains(right, left, budget);
            case "not in":
                return !Contains(right, left, budget);
        }

        int order = (Number(left), Number(right), left, right) switch
        {
            (long x, long y, _, _) => x.CompareTo(y),
            (_, _, string x, string y) => string.CompareOrdinal(x, y),
            _ => throw Wrong($"the comparison {text} with {TypeName(left)}", right),
        };
        return text switch
        {
            "<" => order < 0,
            ">" => order > 0,
            "<=" => order <= 0,
            _ => order >= 0,
        };
    }

    public static bool AreEqual(object? left, object? right, JinjaBudget budget, int depth)
    {
        budget.Spend(1);
        if (depth > DepthMax)
        {
            throw TooDeep();
        }

        switch (left, right)
        {
            case (JinjaUndefined, JinjaUndefined):
                return true;
            case (long or bool, long or bool):
                return Number(left) == Number(right);
            case (string a, string b):
                return a == b;
            case (List<object?> a, List<object?> b):
                bool same = a.Count == b.Count;
                for (int i = 0; same && i < a.Count; i++)
                {
                    same = AreEqual(a[i], b[i], budget, depth + 1);
                }

                return same;
            case (Dictionary<string, object?> a, Dictionary<string, object?> b):
                if (a.Count != b.Count)
                {
                    return false;
                }

                foreach ((string key, object? value) in a)
                {
                    if (!b.TryGetValue(key, out object? other) || !AreEqual(value, other, budget, depth + 1))
                    {
                        return false;
                    }
                }

                return true;
            default:
                return ReferenceEquals(left, right);
        }
    }

    /// <summary>JSON as Python's json.dumps writes it without ASCII escapes, which is what Hugging Face's tojson
    /// does.</summary>
    public static void WriteJson(object? value, int? indent, StringBuilder json, JinjaBudget budget, int depth = 0)
    {
        budget.SpendOn(value);
        if (depth > DepthMax)
        {
            throw TooDeep();
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
                json.Append(number);
                break;
            case string text:
                WriteJsonString(text, json);
                break;
            case List<object?> list:
                WriteJsonItems('[', ']', list.Count, indent, json, budget, depth, i =>
                    WriteJson(list[i], indent, json, budget, depth + 1));
                break;
            case Dictionary<string, object?> mapping:
                List<KeyValuePair<string, object?>> pairs = [.. mapping];
                WriteJsonItems('{', '}', pairs.Count, indent, json, budget, depth, i =>
                {
                    WriteJsonString(pairs[i].Key, json);
                    json.Append(": ");
                    WriteJson(pairs[i].Value, indent, json, budget, depth + 1);
                });
                break;
            default:
                throw Wrong("tojson", value);
        }
    }

    public static ChatTemplateException Undefined(JinjaUndefined value) => new(
        ChatTemplateError.UndefinedValue, $"The template uses {value.Name}, which is not defined.");

    public static ChatTemplateException Wrong(string what, object? value) => value is JinjaUndefined undefined
        ? Undefined(undefined)
        : new ChatTemplateException(
            ChatTemplateError.WrongType, $"The template applies {what} to a {TypeName(value)}.");

    private static ChatTemplateException TooDeep() => new(
        ChatTemplateError.TooDeep, $"A value is nested more than {DepthMax} deep.");

    private static long? Number(object? value) => value switch
    {
        long number => number,
        bool truth => truth ? 1 : 0,
        _ => null,
    };

    private static bool Contains(object? container, object? item, JinjaBudget budget)
    {
        switch (container)
        {
            case string text:
                string part = item as string ?? throw Wrong("in a string", item);
                budget.SpendOnSearch(text, part);
                return text.Contains(part, StringComparison.Ordinal);
            case Dictionary<string, object?> mapping:
                return item is string key && mapping.ContainsKey(key);
            case List<object?> or JinjaUndefined:
                return Iterate(container, budget).Exists(other => AreEqual(item, other, budget, 0));
            default:
                throw Wrong("in", container);
        }
    }

    private static void WriteJsonItems(
        char open,
        char close,
        int count,
        int? indent,
        StringBuilder json,
        JinjaBudget budget,
        int depth,
        Action<int> write)
    {
        json.Append(open);
        for (int i = 0; i < count; i++)
        {
            json.Append(i == 0 ? string.Empty : indent is null ? ", " : ",");
            NewLine(indent * (depth + 1), json, budget);
            write(i);
        }

        if (count > 0)
        {
            NewLine(indent * depth, json, budget);
        }

        json.Append(close);
    }

    private static void NewLine(int? spaces, StringBuilder json, JinjaBudget budget)
    {
        if (spaces is int count)
        {
            budget.Spend(count);
            json.Append('\n').Append(' ', count);
        }
    }

    private static void WriteJsonString(string text, StringBuilder json)
    {
        json.Append('"');
        foreach (char unit in text)
        {
            int named = "\"\\\n\r\t\b\f".IndexOf(unit, StringComparison.Ordinal);
            if (named >= 0)
            {
                json.Append('\\').Append("\"\\nrtbf"[named]);
            }
            else if (unit < ' ')
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
