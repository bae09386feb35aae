namespace MoREdge.Tokenization;

/// <summary>The tests: what stands behind an "is".</summary>
internal static class JinjaTests
{
    private static readonly string[] Plain =
    [
        "defined", "undefined", "none", "string", "number", "integer", "float", "boolean", "true", "false", "mapping",
        "iterable", "sequence", "callable", "odd", "even", "lower", "upper", "filter", "test",
    ];

    private static readonly string[] Comparing =
    [
        "==", "eq", "equalto", "!=", "ne", "<", "lt", "lessthan", "<=", "le", ">", "gt", "greaterthan", ">=", "ge",
        "in", "sameas", "divisibleby",
    ];

    /// <summary>Refuses a test that is not there, by name.</summary>
    public static void CheckKnown(string name)
    {
        if (!IsKnown(name))
        {
            throw ChatTemplateException.Unsupported(NameOf(name));
        }
    }

    public static string NameOf(string name) => $"the test \"{name}\"";

    public static bool Holds(string name, object? value, JinjaArgumentValues arguments)
    {
        bool holds = Array.IndexOf(Comparing, name) >= 0
            ? Compares(name, value, arguments.Require("other"), arguments)
            : Is(name, value, arguments.Budget);
        arguments.End();
        return holds;
    }

    private static bool IsKnown(string name) => Array.IndexOf(Plain, name) >= 0 || Array.IndexOf(Comparing, name) >= 0;

    private static bool Compares(string name, object? value, object? other, JinjaArgumentValues arguments)
    {
        string text = name switch
        {
            "eq" or "equalto" => "==",
            "ne" => "!=",
            "lt" or "lessthan" => "<",
            "le" => "<=",
            "gt" or "greaterthan" => ">",
            "ge" => ">=",
            _ => name,
        };
        return text switch
        {
            "sameas" => (value, other) switch
            {
                (bool a, bool b) => a == b,
                (string or long or double, string or long or double) => throw arguments.Refuse(),
                _ => ReferenceEquals(value, other),
            },
            "divisibleby" => JinjaNumber.Float(Remainder(name, value, other)) == 0,
            _ => JinjaValue.Compare(text, value, other, arguments.Budget),
        };
    }

    private static bool Is(string name, object? value, JinjaBudget budget) => name switch
    {
        "defined" => value is not JinjaUndefined,
        "undefined" => value is JinjaUndefined,
        "none" => value is null,
        "string" => value is string,
        "number" => value is long or double or bool,
        "integer" => value is long,
        "float" => value is double,
        "boolean" => value is bool,
        "true" => value is true,
        "false" => value is false,
        "mapping" => value is Dictionary<string, object?>,
        "iterable" => value is string or List<object?> or Dictionary<string, object?> or JinjaUndefined
            or JinjaGenerator or JinjaLoop,
        "sequence" => value is string or List<object?> or Dictionary<string, object?> or JinjaUndefined
            && value is not JinjaSequence { IsView: true },
        "callable" => value is JinjaCallable or JinjaUndefined,
        "odd" or "even" => JinjaNumber.Float(Remainder(name, value, 2L)) == (name == "odd" ? 1 : 0),
        "filter" => value is string filter && JinjaFilters.IsKnown(filter),
        "test" => value is string test && IsKnown(test),
        _ => HasCase(JinjaPrinter.ToText(value, budget), isUpper: name == "upper", budget),
    };

    private static bool HasCase(string text, bool isUpper, JinjaBudget budget)
    {
        budget.SpendOn(text);
        return JinjaText.HasCase(text, isUpper);
    }

    private static object Remainder(string name, object? value, object? divisor) =>
        (JinjaNumber.Of(value), JinjaNumber.Of(divisor)) is (object number, object by)
            ? JinjaNumber.Compute("%", number, by)
            : throw JinjaValue.Wrong($"the test {name}", value);
}
