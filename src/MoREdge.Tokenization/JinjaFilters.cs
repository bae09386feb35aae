using System.Text;

namespace MoREdge.Tokenization;

/// <summary>The filters: what stands behind a "|".</summary>
internal static class JinjaFilters
{
    private static readonly string[] Known =
    [
        "trim", "upper", "lower", "capitalize", "length", "count", "default", "d", "first", "last", "join", "replace",
        "string", "int", "list", "items", "tojson", "safe",
    ];

    /// <summary>Refuses a filter that is not there, by name.</summary>
    public static void CheckKnown(string name)
    {
        if (Array.IndexOf(Known, name) < 0)
        {
            throw ChatTemplateException.Unsupported($"the filter \"{name}\"");
        }
    }

    public static object? Apply(
        string name, object? value, List<object?> positional, Dictionary<string, object?> named, JinjaBudget budget)
    {
        budget.SpendOn(value);
        object? Argument(int index, string keyword, object? otherwise) =>
            named.Remove(keyword, out object? found) ? found : index < positional.Count ? positional[index] : otherwise;
        object? result = name switch
        {
            "default" or "d" => Default(value, Argument(0, "default_value", ""), Argument(1, "boolean", false)),
            "tojson" => Json(value, Argument(0, "indent", null), budget),
            "join" => Join(value, Argument(0, "d", ""), budget),
            "replace" or "trim" or "upper" or "lower" or "capitalize" =>
                JinjaMethods.Call(JinjaValue.ToText(value), name == "trim" ? "strip" : name, positional, named, budget),
            "length" or "count" => Length(value, budget),
            "first" or "last" => JinjaValue.Iterate(value, budget) switch
            {
                [] => new JinjaUndefined($"the {name} item"),
                List<object?> items => items[name == "first" ? 0 : items.Count - 1],
            },
            "list" => new List<object?>(JinjaValue.Iterate(value, budget)),
            "items" => value is JinjaUndefined ? new List<object?>() : JinjaMethods.Call(value, name, [], [], budget),
            "int" => Integer(value, Argument(0, "default", 0L)),
            _ => JinjaValue.ToText(value),
        };
        return named.Count == 0
            ? result
            : throw ChatTemplateException.Unsupported($"an argument of the filter \"{name}\"");
    }

    private static object? Default(object? value, object? otherwise, object? boolean) =>
        value is JinjaUndefined || (JinjaValue.IsTrue(boolean) && !JinjaValue.IsTrue(value)) ? otherwise : value;

    private static string Json(object? value, object? indent, JinjaBudget budget)
    {
        int? spaces = indent switch
        {
            null => null,
            long and >= 0 and <= 16 => (int)(long)indent,
            _ => throw ChatTemplateException.Unsupported("that indent of the filter \"tojson\""),
        };
        StringBuilder json = new();
        JinjaValue.WriteJson(value, spaces, json, budget);
        return json.ToString();
    }

    private static string Join(object? value, object? separator, JinjaBudget budget)
    {
        StringBuilder text = new();
        string between = JinjaValue.ToText(separator);
        foreach (object? item in JinjaValue.Iterate(value, budget))
        {
            string part = JinjaValue.ToText(item);
            budget.Spend(part.Length + between.Length);
            text.Append(text.Length == 0 ? string.Empty : between).Append(part);
        }

        return text.ToString();
    }

    private static long Length(object? value, JinjaBudget budget) =>
        value is Dictionary<string, object?> mapping ? mapping.Count : JinjaValue.Iterate(value, budget).Count;

    private static object? Integer(object? value, object? otherwise) => value switch
    {
        long number => number,
        bool truth => truth ? 1L : 0L,
        string text when long.TryParse(text.Trim(), out long number) => number,
        _ => otherwise,
    };
}

/// <summary>The tests: what stands behind an "is".</summary>
internal static class JinjaTests
{
    private static readonly string[] Plain =
    [
        "defined", "undefined", "none", "string", "number", "integer", "boolean", "true", "false", "mapping",
        "iterable", "sequence", "odd", "even",
    ];

    private static readonly string[] WithOperand = ["equalto", "eq", "ne", "in"];

    /// <summary>Refuses a test that is not there, by name; says whether it takes an operand.</summary>
    public static bool CheckKnown(string name)
    {
        bool withOperand = Array.IndexOf(WithOperand, name) >= 0;
        return withOperand || Array.IndexOf(Plain, name) >= 0
            ? withOperand
            : throw ChatTemplateException.Unsupported($"the test \"{name}\"");
    }

    public static bool Holds(string name, object? value, object? operand, JinjaBudget budget) => name switch
    {
        "defined" => value is not JinjaUndefined,
        "undefined" => value is JinjaUndefined,
        "none" => value is null,
        "string" => value is string,
        "number" => value is long or bool,
        "integer" => value is long,
        "boolean" => value is bool,
        "true" => value is true,
        "false" => value is false,
        "mapping" => value is Dictionary<string, object?>,
        "iterable" => value is string or List<object?> or Dictionary<string, object?> or JinjaUndefined,
        "sequence" => value is string or List<object?> or Dictionary<string, object?> or JinjaUndefined,
        "odd" or "even" =>
            value is long number ? number % 2 != 0 == (name == "odd") : throw JinjaValue.Wrong(name, value),
        "ne" => JinjaValue.Compare("!=", value, operand, budget),
        "in" => JinjaValue.Compare("in", value, operand, budget),
        _ => JinjaValue.Compare("==", value, operand, budget),
    };
}
