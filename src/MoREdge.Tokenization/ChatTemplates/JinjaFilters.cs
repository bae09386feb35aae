using System.Text;

namespace MoREdge.Tokenization;

/// <summary>The filters: what stands behind a "|".</summary>
internal static class JinjaFilters
{
    private static readonly string[] Known =
    [
        "abs", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "first", "float", "groupby", "indent",
        "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr",
        "replace", "reverse", "safe", "select", "selectattr", "sort", "string", "sum", "title", "tojson", "trim",
        "unique", "upper",
    ];

    /// <summary>Those that may put a spelling together that was not in a text.</summary>
    private static readonly string[] Respelling =
        ["capitalize", "lower", "replace", "reverse", "title", "trim", "upper"];

    /// <summary>Refuses a filter that is not there, by name.</summary>
    public static void CheckKnown(string name)
    {
        if (!IsKnown(name))
        {
            throw ChatTemplateException.Unsupported(NameOf(name));
        }
    }

    public static bool IsKnown(string name) => Array.IndexOf(Known, name) >= 0;

    public static string NameOf(string name) => $"the filter \"{name}\"";

    public static object? Apply(string name, object? value, JinjaArgumentValues arguments)
    {
        object? result = name switch
        {
            "default" or "d" => Default(value, arguments),
            "length" or "count" => Length(value, arguments.Budget),
            "first" or "last" => End(value, name, arguments.Budget),
            "int" or "float" or "abs" => Number(value, name, arguments),
            "tojson" => Json(value, arguments),
            "list" => JinjaSequenceFilters.Copy(value, arguments.Budget),
            "items" => Items(value, arguments.Budget),
            "join" => Join(value, arguments),
            "indent" => Indent(value as string ?? throw JinjaValue.Wrong(name, value), arguments),
            "reverse" => Reverse(value, arguments.Budget),
            "map" or "select" or "reject" or "selectattr" or "rejectattr" or "sort" or "unique" or "groupby"
                or "dictsort" or "sum" or "min" or "max" => JinjaSequenceFilters.Apply(name, value, arguments),
            _ => OfText(JinjaPrinter.ToText(value, arguments.Budget), name, arguments),
        };
        arguments.End();
        return value is string text && Array.IndexOf(Respelling, name) >= 0
            ? arguments.Budget.Guarded(text, result)
            : result;
    }

    private static string OfText(string text, string name, JinjaArgumentValues arguments)
    {
        JinjaBudget budget = arguments.Budget;
        budget.SpendOn(text);
        switch (name)
        {
            case "trim":
                return (string)JinjaStringMethods.Call(text, "strip", arguments)!;
            case "upper":
                return JinjaCase.Upper(text);
            case "lower":
                return JinjaCase.Lower(text);
            case "capitalize":
                return JinjaCase.Capital(text);
            case "title":
                return JinjaText.TitleWords(text);
            case "replace":
                string from = JinjaPrinter.ToText(arguments.Require("old"), budget);
                string to = JinjaPrinter.ToText(arguments.Require("new"), budget);
                return JinjaStringMethods.Replace(
                    text, from, to, arguments.Take("count", null) is long count ? count : -1, budget);
            case "escape" or "e":
                budget.Spend(4L * text.Length);
                return text.Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;").Replace("'", "&#39;")
                    .Replace("\"", "&#34;");
            default:
                // string and safe: nothing is escaped that could be marked as safe.
                return text;
        }
    }

    private static object? Default(object? value, JinjaArgumentValues arguments)
    {
        object? otherwise = arguments.Take("default_value", string.Empty);
        bool alsoFalse = arguments.TakeTruth("boolean");
        return value is JinjaUndefined || (alsoFalse && !JinjaValue.IsTrue(value)) ? otherwise : value;
    }

    private static long Length(object? value, JinjaBudget budget)
    {
        switch (value)
        {
            case JinjaUndefined:
                return 0;
            case List<object?> list:
                return list.Count;
            case Dictionary<string, object?> mapping:
                return mapping.Count;
            case string text:
                budget.SpendOn(text);
                return JinjaText.Length(text);
            default:
                throw JinjaValue.Wrong("length", value);
        }
    }

    private static object? End(object? value, string name, JinjaBudget budget)
    {
        switch (value)
        {
            case List<object?> { Count: > 0 } list:
                return list[name == "first" ? 0 : list.Count - 1];
            case string text:
                return JinjaValue.Item(text, name == "first" ? 0L : -1L, budget);
            case JinjaGenerator generator when name == "first":
                return generator.TryTake(out object? item) ? item : new JinjaUndefined("the first item");
            case JinjaGenerator:
                throw JinjaValue.Wrong(name, value);
            default:
                List<object?> items = JinjaValue.Iterate(value, budget);
                return items.Count > 0 ? End(items, name, budget) : new JinjaUndefined($"the {name} item");
        }
    }

    private static object? Number(object? value, string name, JinjaArgumentValues arguments)
    {
        object? otherwise = name == "abs" ? null : arguments.Take("default", name == "int" ? (object)0L : 0.0);
        if (value is JinjaUndefined)
        {
            throw JinjaValue.Wrong(name, value);
        }

        object? number = value is string text && name != "abs"
            ? Parse(text, name, arguments.Budget)
            : JinjaNumber.Of(value);
        return (name, number) switch
        {
            ("abs", long whole) => whole < 0 ? JinjaNumber.Compute("-", 0L, whole) : whole,
            ("abs", double fraction) => Math.Abs(fraction),
            ("abs", _) => throw JinjaValue.Wrong(name, value),
            ("float", long whole) => (double)whole,
            ("int", double fraction) => double.IsFinite(fraction) ? JinjaNumber.Truncate(fraction) : otherwise,
            (_, null) => otherwise,
            _ => number,
        };
    }

    private static object? Parse(string text, string name, JinjaBudget budget)
    {
        budget.SpendOn(text);
        return name == "int" && JinjaNumber.ParseWhole(text) is long whole ? whole : JinjaNumber.ParseFloat(text);
    }

    private static string Json(object? value, JinjaArgumentValues arguments)
    {
        bool ensureAscii = arguments.TakeTruth("ensure_ascii");
        string? indent = arguments.Take("indent", null) switch
        {
            null => null,
            string text => text,
            long spaces and <= 64 => new string(' ', (int)Math.Max(spaces, 0)),
            bool truth => truth ? " " : string.Empty,
            _ => throw arguments.Refuse(),
        };
        (string between, string behindKey) = arguments.Take("separators", null) switch
        {
            null => (indent is null ? ", " : ",", ": "),
            List<object?> and [string items, string keys] => (items, keys),
            _ => throw arguments.Refuse(),
        };
        JinjaJsonStyle style = new(indent, between, behindKey, ensureAscii, arguments.TakeTruth("sort_keys"));
        StringBuilder json = new();
        JinjaJson.Write(value, style, json, arguments.Budget);
        return json.ToString();
    }

    private static JinjaGenerator Items(object? value, JinjaBudget budget) => value switch
    {
        JinjaUndefined => new JinjaGenerator([]),
        Dictionary<string, object?> mapping => new JinjaGenerator([.. JinjaMethods.Items(mapping, budget)]),
        _ => throw JinjaValue.Wrong("items", value),
    };

    private static string Join(object? value, JinjaArgumentValues arguments)
    {
        string between = JinjaPrinter.ToText(arguments.Take("d", string.Empty), arguments.Budget);
        object? attribute = arguments.Take("attribute", null);
        StringBuilder text = new();
        bool isFirst = true;
        foreach (object? item in JinjaValue.Iterate(value, arguments.Budget))
        {
            object? part = attribute is null ? item : JinjaSequenceFilters.Get(item, attribute, arguments);
            string printed = JinjaPrinter.ToText(part, arguments.Budget);
            arguments.Budget.Spend(1 + printed.Length + (long)between.Length);
            text.Append(isFirst ? string.Empty : between).Append(printed);
            isFirst = false;
        }

        return text.ToString();
    }

    private static object Reverse(object? value, JinjaBudget budget)
    {
        if (value is JinjaNamespace or JinjaCallable or null)
        {
            throw JinjaValue.Wrong("reverse", value);
        }

        List<object?> items = [.. JinjaValue.Iterate(value, budget)];
        budget.SpendOnItems(items.Count);
        items.Reverse();
        return value is string ? string.Concat(items) : value is JinjaGenerator ? items : new JinjaGenerator(items);
    }

    private static string Indent(string text, JinjaArgumentValues arguments)
    {
        string indent = arguments.Take("width", 4L) switch
        {
            string given => given,
            long spaces and <= 64 => new string(' ', (int)Math.Max(spaces, 0)),
            _ => throw arguments.Refuse(),
        };
        bool first = arguments.TakeTruth("first");
        bool blank = arguments.TakeTruth("blank");
        arguments.Budget.SpendOn(text);
        List<object?> lines = JinjaText.Lines(text + "\n", keepEnds: false);
        StringBuilder indented = new(first ? indent : string.Empty);
        for (int i = 0; i < lines.Count; i++)
        {
            string line = (string)lines[i]!;
            arguments.Budget.Spend(indent.Length + 1L);
            indented.Append(i == 0 ? string.Empty : "\n");
            indented.Append(i > 0 && (blank || line.Length > 0) ? indent : string.Empty).Append(line);
        }

        return indented.ToString();
    }
}
