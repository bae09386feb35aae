namespace MoREdge.Tokenization;

/// <summary>
/// What values are in a template: null, bool, long, double, string, list (tuples and their like are
/// <see cref="JinjaSequence"/>), mapping, generator, namespace, loop, callable, undefined.
/// </summary>
internal static class JinjaValue
{
    /// <summary>Deepest nesting of lists and mappings; deeper is no message of a chat.</summary>
    public const int ValueNestingMax = 64;

    public static bool IsTrue(object? value) => value switch
    {
        null or JinjaUndefined => false,
        bool truth => truth,
        long number => number != 0,
        double number => number != 0,
        string text => text.Length > 0,
        List<object?> list => list.Count > 0,
        Dictionary<string, object?> mapping => mapping.Count > 0,
        _ => true,
    };

    public static string TypeName(object? value) => value switch
    {
        null => "none",
        JinjaUndefined => "undefined",
        bool => "truth value",
        long or double => "number",
        string => "string",
        JinjaSequence sequence => sequence.Kind.ToString().ToLowerInvariant(),
        List<object?> => "list",
        Dictionary<string, object?> => "mapping",
        JinjaGenerator => "generator",
        JinjaNamespace => "namespace",
        JinjaLoop => "loop",
        _ => "function",
    };

    /// <summary>
    /// The items a for runs over: list items, mapping keys, characters (whole code points), and what is left of a
    /// generator.
    /// </summary>
    public static List<object?> Iterate(object? value, JinjaBudget budget)
    {
        switch (value)
        {
            case JinjaUndefined:
                return [];
            case List<object?> list:
                return list;
            case JinjaGenerator generator:
                return generator.TakeAll();
            case Dictionary<string, object?> mapping:
                budget.Spend(mapping.Count);
                return [.. mapping.Keys];
            case string text:
                budget.SpendOn(text);
                return JinjaText.Characters(text);
            default:
                throw Wrong("iteration", value);
        }
    }

    /// <summary>owner[key]: an item, else an attribute of that name.</summary>
    public static object? Item(object? owner, object? key, JinjaBudget budget)
    {
        if (key is string looked)
        {
            budget.SpendOnKey(looked);
        }

        switch (owner, key)
        {
            case (JinjaUndefined undefined, _):
                throw Undefined(undefined);
            case (Dictionary<string, object?> mapping, string name) when mapping.TryGetValue(name, out object? found):
                return found;
            case (List<object?> or string, bool truth):
                return Item(owner, truth ? 1L : 0L, budget);
            case (JinjaSequence { IsView: true }, long):
                return new JinjaUndefined("an item of a mapping's view");
            case (List<object?> list, long number):
                number += number < 0 ? list.Count : 0;
                return number >= 0 && number < list.Count ? list[(int)number] : new JinjaUndefined($"item {number}");
            case (string text, long number):
                budget.SpendOn(text);
                return JinjaText.CharacterAt(text, number) ?? (object)new JinjaUndefined($"character {number}");
            case (_, string name):
                return OwnAttribute(owner, name) ?? Missing(name, budget);
            default:
                return new JinjaUndefined($"an item of a {TypeName(owner)}");
        }
    }

    /// <summary>owner.name: an attribute, else the item of that name.</summary>
    public static object? Attribute(object? owner, string name, JinjaBudget budget)
    {
        budget.SpendOnKey(name);
        return owner switch
        {
            JinjaUndefined undefined => throw Undefined(undefined),
            JinjaNamespace space => space.Values.TryGetValue(name, out object? value)
                ? value
                : new JinjaUndefined(name),
            JinjaLoop loop => loop.Get(name),
            _ when OwnAttribute(owner, name) is object attribute => attribute,
            Dictionary<string, object?> mapping when mapping.TryGetValue(name, out object? value) => value,
            _ => Missing(name, budget),
        };
    }

    public static bool Compare(string text, object? left, object? right, JinjaBudget budget)
    {
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

        // Nothing but "not equal" holds of a number that is none.
        if (JinjaNumber.Of(left) is double.NaN || JinjaNumber.Of(right) is double.NaN)
        {
            return false;
        }

        int order = Order(left, right, budget);
        return text switch
        {
            "<" => order < 0,
            ">" => order > 0,
            "<=" => order <= 0,
            _ => order >= 0,
        };
    }

    /// <summary>Negative, zero or positive as left is less than, equal to or greater than right.</summary>
    public static int Order(object? left, object? right, JinjaBudget budget)
    {
        budget.Step();
        switch (left, right)
        {
            case (string a, string b):
                budget.Spend(Math.Min(a.Length, b.Length));
                return JinjaText.CompareByCodePoint(a, b);
            case (List<object?> a, List<object?> b) when JinjaSequence.AreAlike(a, b):
                for (int i = 0; i < Math.Min(a.Count, b.Count); i++)
                {
                    if (!AreEqual(a[i], b[i], budget, 0))
                    {
                        return Order(a[i], b[i], budget);
                    }
                }

                return a.Count.CompareTo(b.Count);
            default:
                return JinjaNumber.TryCompare(left, right, out int order)
                    ? order
                    : throw Wrong($"an order with a {TypeName(left)}", right);
        }
    }

    public static bool AreEqual(object? left, object? right, JinjaBudget budget, int depth)
    {
        budget.Spend(1);
        if (depth > ValueNestingMax)
        {
            throw TooDeep();
        }

        switch (left, right)
        {
            case (JinjaUndefined, JinjaUndefined):
                return true;
            case (string a, string b):
                budget.Spend(a.Length == b.Length ? a.Length : 0);
                return a == b;
            case (List<object?> a, List<object?> b) when JinjaSequence.AreAlike(a, b):
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
                    budget.SpendOnKey(key);
                    if (!b.TryGetValue(key, out object? other) || !AreEqual(value, other, budget, depth + 1))
                    {
                        return false;
                    }
                }

                return true;
            default:
                return JinjaNumber.TryCompare(left, right, out int order)
                    ? order == 0 && JinjaNumber.Of(left) is not double.NaN
                    : ReferenceEquals(left, right);
        }
    }

    public static ChatTemplateException Undefined(JinjaUndefined value) => new(
        ChatTemplateError.UndefinedValue, $"The template uses {value.Name}, which is not defined.");

    public static ChatTemplateException Wrong(string what, object? value) => value is JinjaUndefined undefined
        ? Undefined(undefined)
        : new ChatTemplateException(
            ChatTemplateError.WrongType, $"The template applies {what} to a {TypeName(value)}.");

    public static ChatTemplateException TooDeep() => new(
        ChatTemplateError.TooDeep, $"A value is nested more than {ValueNestingMax} deep.");

    // The name is copied, for the sentence of a fault.
    private static JinjaUndefined Missing(string name, JinjaBudget budget)
    {
        budget.Spend(JinjaBudget.CostOfObject + (long)name.Length);
        return new JinjaUndefined($"\"{name}\"");
    }

    // Methods, and the two fields of what groupby gives.
    private static object? OwnAttribute(object? owner, string name) => owner switch
    {
        JinjaSequence { Kind: JinjaSequenceKind.Group } group when name is "grouper" or "list" =>
            group[name == "grouper" ? 0 : 1],
        JinjaNamespace space => space.Values.GetValueOrDefault(name),
        _ => JinjaMethods.Find(owner, name),
    };

    private static bool Contains(object? container, object? item, JinjaBudget budget)
    {
        switch (container)
        {
            case string text:
                string part = item as string ?? throw Wrong("in a string", item);
                budget.SpendOn(text);
                budget.SpendOnSearch(text, part);
                return text.Contains(part, StringComparison.Ordinal);
            case Dictionary<string, object?> mapping:
                if (item is List<object?> and not JinjaSequence or Dictionary<string, object?>)
                {
                    throw Wrong("in a mapping", item);
                }

                string? key = item as string;
                budget.SpendOnKey(key ?? string.Empty);
                return key is not null && mapping.ContainsKey(key);
            case List<object?> or JinjaUndefined or JinjaGenerator:
                return Iterate(container, budget).Exists(other => AreEqual(item, other, budget, 0));
            default:
                throw Wrong("in", container);
        }
    }
}
