using System.Globalization;
using System.Text;

namespace MoREdge.Tokenization;

/// <summary>The methods of strings, with Python's meaning.</summary>
internal static class JinjaStringMethods
{
    private static readonly string[] Known =
    [
        "strip", "lstrip", "rstrip", "upper", "lower", "capitalize", "title", "swapcase", "split", "rsplit",
        "splitlines", "startswith", "endswith", "replace", "find", "rfind", "index", "rindex", "count", "join",
        "partition", "rpartition", "removeprefix", "removesuffix", "zfill", "center", "ljust", "rjust", "isdigit",
        "isdecimal", "isnumeric", "isalpha", "isalnum", "isspace", "isupper", "islower",
    ];

    public static bool IsKnown(string name) => Array.IndexOf(Known, name) >= 0;

    public static object? Call(string text, string name, JinjaArgumentValues arguments)
    {
        JinjaBudget budget = arguments.Budget;
        if (name is "startswith" or "endswith")
        {
            return HasEnd(text, arguments.Require("prefix"), name == "startswith", arguments);
        }

        budget.SpendOn(text);
        switch (name)
        {
            case "strip" or "lstrip" or "rstrip":
                string? characters = arguments.TakeText("chars");
                budget.Spend((characters?.Length ?? 0) > 16 ? (long)text.Length * characters!.Length / 16 : 0);
                return JinjaText.Strip(text, characters, name != "rstrip", name != "lstrip");
            case "upper":
                return JinjaCase.Upper(text);
            case "lower":
                return JinjaCase.Lower(text);
            case "capitalize":
                return JinjaCase.Capital(text);
            case "title":
                return JinjaText.Title(text);
            case "swapcase":
                return JinjaText.SwapCase(text);
            case "split" or "rsplit":
                return Split(text, name == "rsplit", arguments);
            case "splitlines":
                List<object?> lines = JinjaText.Lines(text, arguments.TakeTruth("keepends"));
                budget.SpendOnItems(lines.Count);
                return lines;
            case "replace":
                string from = arguments.RequireText("old");
                return Replace(text, from, arguments.RequireText("new"), arguments.TakeWhole("count", -1), budget);
            case "find" or "rfind" or "index" or "rindex" or "count":
                return Search(text, name, arguments);
            case "join":
                return Join(text, JinjaValue.Iterate(arguments.Require("iterable"), budget), budget);
            case "partition" or "rpartition":
                return Partition(text, name == "rpartition", arguments);
            case "removeprefix" or "removesuffix":
                string end = arguments.RequireText("end");
                bool has = name == "removeprefix"
                    ? text.StartsWith(end, StringComparison.Ordinal)
                    : text.EndsWith(end, StringComparison.Ordinal);
                return !has ? text : name == "removeprefix" ? text[end.Length..] : text[..^end.Length];
            case "zfill" or "center" or "ljust" or "rjust":
                return Pad(text, name, arguments);
            case "isupper" or "islower":
                return JinjaText.HasCase(text, isUpper: name == "isupper");
            default:
                return IsAll(text, name);
        }
    }

    /// <summary>text.replace(from, to, count); an empty string is found at every place between characters.</summary>
    public static string Replace(string text, string from, string to, long count, JinjaBudget budget)
    {
        budget.SpendOn(text);
        budget.SpendOnSearch(text, from);
        long left = count < 0 ? long.MaxValue : count;
        StringBuilder result = new();
        int start = 0;
        int at = 0;
        while (left > 0 && (at = text.IndexOf(from, at, StringComparison.Ordinal)) >= 0)
        {
            budget.SpendOn(to);
            result.Append(text, start, at - start).Append(to);
            start = at;
            left--;
            if (from.Length > 0)
            {
                start = at += from.Length;
            }
            else if (at == text.Length)
            {
                break;
            }
            else
            {
                at += JinjaText.LengthAt(text, at);
            }
        }

        return result.Append(text, start, text.Length - start).ToString();
    }

    private static bool HasEnd(string text, object? end, bool atStart, JinjaArgumentValues arguments)
    {
        switch (end)
        {
            case string part:
                arguments.Budget.SpendOn(part);
                return atStart
                    ? text.StartsWith(part, StringComparison.Ordinal)
                    : text.EndsWith(part, StringComparison.Ordinal);
            case JinjaSequence { Kind: JinjaSequenceKind.Tuple } parts:
                return parts.Exists(part => part is string
                    ? HasEnd(text, part, atStart, arguments)
                    : throw arguments.Refuse());
            default:
                throw JinjaValue.Wrong(atStart ? "startswith" : "endswith", end);
        }
    }

    private static List<object?> Split(string text, bool fromEnd, JinjaArgumentValues arguments)
    {
        string? separator = arguments.TakeText("sep");
        long most = arguments.TakeWhole("maxsplit", -1);
        if (fromEnd && most >= 0)
        {
            throw ChatTemplateException.Unsupported("a limit of the method \"rsplit\"");
        }

        if (separator is null)
        {
            List<object?> words = JinjaText.Words(text, most);
            arguments.Budget.SpendOnItems(words.Count);
            return words;
        }

        if (separator.Length == 0)
        {
            throw new ChatTemplateException(ChatTemplateError.WrongType, "A string is split at an empty one.");
        }

        arguments.Budget.SpendOnSearch(text, separator);
        int count = most < 0 ? int.MaxValue : (int)Math.Min(most, int.MaxValue - 1) + 1;
        List<object?> parts = [.. text.Split(separator, count)];
        arguments.Budget.SpendOnItems(parts.Count);
        return parts;
    }

    private static JinjaSequence Partition(string text, bool last, JinjaArgumentValues arguments)
    {
        string separator = arguments.RequireText("sep");
        if (separator.Length == 0)
        {
            throw new ChatTemplateException(ChatTemplateError.WrongType, "A string is split at an empty one.");
        }

        arguments.Budget.SpendOnSearch(text, separator);
        int at = last
            ? text.LastIndexOf(separator, StringComparison.Ordinal)
            : text.IndexOf(separator, StringComparison.Ordinal);
        return at >= 0
            ? new(JinjaSequenceKind.Tuple, text[..at], separator, text[(at + separator.Length)..])
            : last ? new(JinjaSequenceKind.Tuple, "", "", text) : new(JinjaSequenceKind.Tuple, text, "", "");
    }

    private static object Search(string text, string name, JinjaArgumentValues arguments)
    {
        string part = arguments.RequireText("sub");
        arguments.Budget.SpendOnSearch(text, part);
        if (name == "count")
        {
            long count = part.Length == 0 ? JinjaText.Length(text) + 1 : 0;
            for (int from = 0; part.Length > 0 && (from = text.IndexOf(part, from, StringComparison.Ordinal)) >= 0;)
            {
                count++;
                from += part.Length;
            }

            return count;
        }

        int at = name[0] == 'r'
            ? text.LastIndexOf(part, StringComparison.Ordinal)
            : text.IndexOf(part, StringComparison.Ordinal);
        return at >= 0 ? JinjaText.Length(text[..at])
            : name is "find" or "rfind" ? -1L
            : throw new ChatTemplateException(ChatTemplateError.WrongType, "A string has no such part to find.");
    }

    private static string Join(string separator, List<object?> items, JinjaBudget budget)
    {
        StringBuilder joined = new();
        for (int i = 0; i < items.Count; i++)
        {
            string part = items[i] as string ?? throw JinjaValue.Wrong("join", items[i]);
            budget.Spend(part.Length + (long)separator.Length);
            joined.Append(i == 0 ? string.Empty : separator).Append(part);
        }

        return joined.ToString();
    }

    private static string Pad(string text, string name, JinjaArgumentValues arguments)
    {
        long width = Math.Min(arguments.TakeWhole("width", 0), JinjaBudget.WorkMax);
        string fill = name == "zfill" ? "0" : arguments.TakeText("fillchar") ?? " ";
        long missing = Math.Max(0, width - JinjaText.Length(text));
        arguments.Budget.Spend(missing * fill.Length);
        if (JinjaText.Length(fill) != 1)
        {
            throw arguments.Refuse();
        }

        // Of an odd number of fillers, center puts the last one left where the width is odd.
        long left = name switch
        {
            "ljust" => 0,
            "center" => (missing / 2) + (missing & width & 1),
            _ => missing,
        };
        int sign = name == "zfill" && text.Length > 0 && text[0] is '+' or '-' ? 1 : 0;
        return new StringBuilder(text[..sign]).Insert(sign, fill, (int)left).Append(text, sign, text.Length - sign)
            .ToString() + new StringBuilder().Insert(0, fill, (int)(missing - left));
    }

    private static bool IsAll(string text, string name)
    {
        bool any = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (!Is(rune, name))
            {
                return false;
            }

            any = true;
        }

        return any;
    }

    private static bool Is(Rune rune, string name)
    {
        string text = rune.ToString();
        bool isDecimal = CharUnicodeInfo.GetDecimalDigitValue(text, 0) >= 0;
        bool isNumeric = CharUnicodeInfo.GetNumericValue(text, 0) >= 0;
        return name switch
        {
            "isspace" => text.Length == 1 && JinjaText.IsSpace(text[0]),
            "isdecimal" => isDecimal,
            "isdigit" => CharUnicodeInfo.GetDigitValue(text, 0) >= 0,
            "isnumeric" => isNumeric,
            "isalpha" => Rune.IsLetter(rune),
            _ => Rune.IsLetter(rune) || isDecimal || isNumeric || CharUnicodeInfo.GetDigitValue(text, 0) >= 0,
        };
    }
}
