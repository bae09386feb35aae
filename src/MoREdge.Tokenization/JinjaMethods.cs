using System.Text;

namespace MoREdge.Tokenization;

/// <summary>The functions that every template has, and the methods of strings and mappings, with Python's
/// meaning.</summary>
internal static class JinjaMethods
{
    // Longer ranges than this number no messages.
    private const int RangeMax = 100_000;

    /// <summary>Calls namespace, raise_exception or range.</summary>
    public static object? Call(
        JinjaFunction function, List<object?> positional, Dictionary<string, object?> named, JinjaBudget budget)
    {
        switch (function.Name)
        {
            case "namespace" when positional.Count == 0:
                JinjaNamespace space = new();
                foreach ((string name, object? value) in named)
                {
                    space.Values[name] = value;
                }

                return space;
            case "raise_exception" when positional.Count == 1 && named.Count == 0:
                throw new ChatTemplateException(ChatTemplateError.Raised, JinjaValue.ToText(positional[0]));
            case "range" when named.Count == 0:
                return Range(positional, budget);
            default:
                throw ChatTemplateException.Unsupported($"those arguments of \"{function.Name}\"");
        }
    }

    /// <summary>Calls a method.</summary>
    public static object? Call(
        object? owner, string name, List<object?> positional, Dictionary<string, object?> named, JinjaBudget budget)
    {
        budget.SpendOn(owner);
        positional.ForEach(budget.SpendOn);
        if (owner is JinjaUndefined undefined)
        {
            throw JinjaValue.Undefined(undefined);
        }

        if (named.Count > 0)
        {
            throw ChatTemplateException.Unsupported($"a named argument of the method \"{name}\"");
        }

        return (owner, positional) switch
        {
            (string text, []) => CallPlain(text, name),
            (string text, [string argument]) => CallWithText(text, name, argument, budget),
            (string text, [string from, string to]) when name == "replace" => Replace(text, from, to, budget),
            (string text, [string separator, long most]) when name == "split" => Split(text, separator, most, budget),
            (string, _) => throw ChatTemplateException.Unsupported($"those arguments of the method \"{name}\""),
            (Dictionary<string, object?> mapping, _) => CallMapping(mapping, name, positional),
            _ => throw ChatTemplateException.Unsupported($"the method \"{name}\" of a {JinjaValue.TypeName(owner)}"),
        };
    }

    private static object CallPlain(string text, string name)
    {
        switch (name)
        {
            case "strip":
                return JinjaText.Strip(text, null, left: true, right: true);
            case "lstrip":
                return JinjaText.Strip(text, null, left: true, right: false);
            case "rstrip":
                return JinjaText.Strip(text, null, left: false, right: true);
            case "upper":
                return text.ToUpperInvariant();
            case "lower":
                return text.ToLowerInvariant();
            case "capitalize":
                return text.Length == 0 ? text : text[..1].ToUpperInvariant() + text[1..].ToLowerInvariant();
            case "split":
                return JinjaText.Words(text);
            default:
                throw Unknown(name);
        }
    }

    private static object CallWithText(string text, string name, string argument, JinjaBudget budget)
    {
        budget.SpendOnSearch(text, argument);
        switch (name)
        {
            case "strip":
                return JinjaText.Strip(text, argument, left: true, right: true);
            case "lstrip":
                return JinjaText.Strip(text, argument, left: true, right: false);
            case "rstrip":
                return JinjaText.Strip(text, argument, left: false, right: true);
            case "startswith":
                return text.StartsWith(argument, StringComparison.Ordinal);
            case "endswith":
                return text.EndsWith(argument, StringComparison.Ordinal);
            case "split":
                return Split(text, argument, -1, budget);
            default:
                throw Unknown(name);
        }
    }

    private static object? CallMapping(Dictionary<string, object?> mapping, string name, List<object?> positional)
    {
        switch (name, positional)
        {
            case ("get", [string key]):
                return mapping.GetValueOrDefault(key);
            case ("get", [string key, object otherwise]):
                return mapping.TryGetValue(key, out object? value) ? value : otherwise;
            case ("get", [string key, null]):
                return mapping.GetValueOrDefault(key);
            case ("keys", []):
                return new List<object?>(mapping.Keys);
            case ("values", []):
                return new List<object?>(mapping.Values);
            case ("items", []):
                List<object?> items = [];
                foreach (KeyValuePair<string, object?> pair in mapping)
                {
                    items.Add(new List<object?> { pair.Key, pair.Value });
                }

                return items;
            default:
                throw ChatTemplateException.Unsupported(
                    $"the method \"{name}\" of a mapping, or those arguments of it,");
        }
    }

    private static string Replace(string text, string from, string to, JinjaBudget budget)
    {
        if (from.Length == 0)
        {
            throw ChatTemplateException.Unsupported("replace of an empty string");
        }

        // The result's length is paid for before it is made.
        budget.SpendOnSearch(text, from);
        for (int at = 0; (at = text.IndexOf(from, at, StringComparison.Ordinal)) >= 0; at += from.Length)
        {
            budget.Spend(to.Length);
        }

        return text.Replace(from, to, StringComparison.Ordinal);
    }

    private static List<object?> Split(string text, string separator, long most, JinjaBudget budget)
    {
        if (separator.Length == 0)
        {
            throw new ChatTemplateException(ChatTemplateError.WrongType, "A string is split at an empty one.");
        }

        int count = most < 0 ? int.MaxValue : (int)Math.Min(most, int.MaxValue - 1) + 1;
        List<object?> parts = [.. text.Split(separator, count)];
        budget.SpendOn(parts);
        return parts;
    }

    private static List<object?> Range(List<object?> positional, JinjaBudget budget)
    {
        (long from, long to, long step) = positional switch
        {
            [long stop] => (0L, stop, 1L),
            [long start, long stop] => (start, stop, 1L),
            [long start, long stop, long stride] when stride != 0 => (start, stop, stride),
            _ => throw ChatTemplateException.Unsupported("those arguments of \"range\""),
        };
        List<object?> numbers = [];
        for (Int128 i = from; step > 0 ? i < to : i > to; i += step)
        {
            budget.Spend(1);
            numbers.Add((long)i);
            if (numbers.Count > RangeMax)
            {
                throw new ChatTemplateException(
                    ChatTemplateError.TooLarge, $"A range has more than {RangeMax} numbers.");
            }
        }

        return numbers;
    }

    private static ChatTemplateException Unknown(string name) =>
        ChatTemplateException.Unsupported($"the method \"{name}\" of a string, or those arguments of it,");
}

/// <summary>Python's string rules that .NET has differently.</summary>
internal static class JinjaText
{
    /// <summary>White space as Python counts it: .NET's, and the four ASCII separators.</summary>
    public static bool IsSpace(char unit) => char.IsWhiteSpace(unit) || unit is >= '\u001C' and <= '\u001F';

    /// <summary>Takes white space, or any of some characters, from the ends of a text.</summary>
    public static string Strip(string text, string? characters, bool left, bool right)
    {
        bool Goes(char unit) => characters?.Contains(unit, StringComparison.Ordinal) ?? IsSpace(unit);
        int start = 0;
        int end = text.Length;
        while (left && start < end && Goes(text[start]))
        {
            start++;
        }

        while (right && end > start && Goes(text[end - 1]))
        {
            end--;
        }

        return text[start..end];
    }

    /// <summary>The runs of characters between white space.</summary>
    public static List<object?> Words(string text)
    {
        List<object?> words = [];
        StringBuilder word = new();
        foreach (char unit in text + " ")
        {
            if (!IsSpace(unit))
            {
                word.Append(unit);
            }
            else if (word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }
        }

        return words;
    }
}
