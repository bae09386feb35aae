namespace MoREdge.Tokenization;

/// <summary>The filters that run over the items of a value.</summary>
internal static class JinjaSequenceFilters
{
    /// <summary>The filter list: a new list of the items.</summary>
    public static List<object?> Copy(object? value, JinjaBudget budget)
    {
        List<object?> items = [.. JinjaValue.Iterate(value, budget)];
        budget.SpendOnItems(items.Count);
        return items;
    }

    public static object? Apply(string name, object? value, JinjaArgumentValues arguments)
    {
        if (name == "dictsort")
        {
            return SortMapping(value, arguments);
        }

        switch (name)
        {
            case "map":
                return new JinjaGenerator(Mapped(value, MapOf(arguments), arguments.Budget));
            case "select" or "reject" or "selectattr" or "rejectattr":
                object? kept = JinjaValue.IsTrue(value) ? value : new List<object?>();
                return new JinjaGenerator(Kept(kept, SelectOf(name, arguments), arguments.Budget));
            case "unique":
                return new JinjaGenerator(Kept(value, UniqueOf(arguments), arguments.Budget));
        }

        List<object?> items = Copy(value, arguments.Budget);
        return name switch
        {
            "sort" => Sort(items, arguments),
            "groupby" => Group(items, arguments),
            "sum" => Sum(items, arguments),
            _ => Extreme(items, name, arguments),
        };
    }

    /// <summary>What "a.b.0" names in an item.</summary>
    public static object? Get(object? item, object? path, JinjaArgumentValues arguments)
    {
        if (path is long index)
        {
            return JinjaValue.Item(item, index, arguments.Budget);
        }

        string text = path as string ?? throw arguments.Refuse();
        arguments.Budget.SpendOn(text);
        foreach (string part in text.Split('.'))
        {
            bool isIndex = long.TryParse(part, out long number) && char.IsAsciiDigit(part[0]);
            item = JinjaValue.Item(item, isIndex ? number : part, arguments.Budget);
        }

        return item;
    }

    // Nothing is computed before it is asked for, as in Jinja. A generator over a generator is a recursion whose depth
    // is up to the template, so each asks for stack before it runs the one below, and before every item: what is done
    // with that may run another.
    private static IEnumerable<object?> Mapped(object? value, Func<object?, object?> map, JinjaBudget budget)
    {
        budget.Step();
        foreach (object? item in JinjaValue.IsTrue(value) ? JinjaValue.Iterate(value, budget) : [])
        {
            budget.Step();
            yield return map(item);
        }
    }

    private static IEnumerable<object?> Kept(object? value, Predicate<object?> keeps, JinjaBudget budget)
    {
        budget.Step();
        foreach (object? item in JinjaValue.Iterate(value, budget))
        {
            budget.Step();
            if (keeps(item))
            {
                yield return item;
            }
        }
    }

    private static Func<object?, object?> MapOf(JinjaArgumentValues arguments)
    {
        if (arguments.TakeNamed("attribute", null) is object path)
        {
            object? otherwise = arguments.TakeNamed("default", null);
            return item => Get(item, path, arguments) is var found && found is JinjaUndefined
                ? otherwise ?? found
                : found;
        }

        string name = arguments.RequireText("name");
        JinjaFilters.CheckKnown(name);
        List<object?> rest = arguments.TakeRest();
        Dictionary<string, object?> named = arguments.TakeNamed();
        return item => JinjaFilters.Apply(
            name, item, Again(JinjaFilters.NameOf(name), rest, named, arguments.Budget));
    }

    private static Predicate<object?> SelectOf(string name, JinjaArgumentValues arguments)
    {
        bool wanted = name is "select" or "selectattr";
        object? path = name.EndsWith("attr", StringComparison.Ordinal) ? arguments.Require("attribute") : null;
        string? test = arguments.TakeText("test");
        if (test is not null)
        {
            JinjaTests.CheckKnown(test);
        }

        List<object?> rest = arguments.TakeRest();
        Dictionary<string, object?> named = arguments.TakeNamed();
        return item =>
        {
            object? tested = path is null ? item : Get(item, path, arguments);
            bool holds = test is null ? JinjaValue.IsTrue(tested) : JinjaTests.Holds(
                test, tested, Again(JinjaTests.NameOf(test), rest, named, arguments.Budget));
            return holds == wanted;
        };
    }

    private static JinjaArgumentValues Again(
        string callee, List<object?> rest, Dictionary<string, object?> named, JinjaBudget budget)
    {
        budget.SpendOnItems(rest.Count + named.Count);
        return new JinjaArgumentValues(callee, rest, new Dictionary<string, object?>(named), budget);
    }

    private static List<object?> Sort(List<object?> items, JinjaArgumentValues arguments)
    {
        bool isReversed = arguments.TakeTruth("reverse");
        bool caseSensitive = arguments.TakeTruth("case_sensitive");
        object? path = arguments.Take("attribute", null);
        arguments.Budget.SpendOn(path as string ?? string.Empty);
        string[] parts = path is string several ? several.Split(',') : [];
        List<(object? Key, object? Item)> keyed = items.ConvertAll(item => (
            parts.Length > 1
                ? new JinjaSequence(JinjaSequenceKind.Tuple, Array.ConvertAll(
                    parts, part => Key(item, part, caseSensitive, arguments)))
                : Key(item, path, caseSensitive, arguments),
            item));
        return JinjaSort.Stable(keyed, Compare, isReversed).ConvertAll(pair => pair.Item);

        // Equal keys need no order: Jinja compares lists of one key each.
        int Compare((object? Key, object? Item) left, (object? Key, object? Item) right) =>
            JinjaValue.AreEqual(left.Key, right.Key, arguments.Budget, 0)
                ? 0
                : JinjaValue.Order(left.Key, right.Key, arguments.Budget);
    }

    private static List<object?> SortMapping(object? value, JinjaArgumentValues arguments)
    {
        if (value is not Dictionary<string, object?> mapping)
        {
            throw JinjaValue.Wrong("dictsort", value);
        }

        bool caseSensitive = arguments.TakeTruth("case_sensitive");
        long place = arguments.Take("by", "key") switch
        {
            "key" => 0,
            "value" => 1,
            _ => throw arguments.Refuse(),
        };
        bool isReversed = arguments.TakeTruth("reverse");
        return JinjaSort.Stable(
            [.. JinjaMethods.Items(mapping, arguments.Budget)],
            (left, right) => JinjaValue.Order(
                Key(left, place, caseSensitive, arguments), Key(right, place, caseSensitive, arguments),
                arguments.Budget),
            isReversed);
    }

    // What an item is compared by: strings without their case, unless told otherwise.
    private static object? Key(object? item, object? path, bool caseSensitive, JinjaArgumentValues arguments)
    {
        object? key = path is null ? item : Get(item, path, arguments);
        if (key is not string text || caseSensitive)
        {
            return key;
        }

        arguments.Budget.SpendOn(text);
        return JinjaCase.Lower(text);
    }

    private static Predicate<object?> UniqueOf(JinjaArgumentValues arguments)
    {
        bool caseSensitive = arguments.TakeTruth("case_sensitive");
        object? path = arguments.Take("attribute", null);
        HashSet<string> seen = [];
        return item =>
        {
            string identity = Identity(Key(item, path, caseSensitive, arguments), arguments.Budget);
            arguments.Budget.SpendOnKey(identity);
            return seen.Add(identity);
        };
    }

    // Equal for equal values, and text: .NET's hashes of text cannot be made to meet, those of numbers can.
    private static string Identity(object? key, JinjaBudget budget)
    {
        switch (key)
        {
            case null:
                return string.Empty;
            case string text:
                budget.SpendOn(text);
                return "s" + text;
            case JinjaSequence { Kind: JinjaSequenceKind.Tuple }:
                return "(" + JinjaPrinter.ToText(key, budget);
            case bool or long or double:
                budget.Spend(JinjaBudget.CostOfNumber);

                // Both zeros are one number.
                return (JinjaNumber.Float(key) + 0.0).ToString("R", System.Globalization.CultureInfo.InvariantCulture);
            default:
                throw JinjaValue.Wrong("unique", key);
        }
    }

    private static List<object?> Group(List<object?> items, JinjaArgumentValues arguments)
    {
        object? path = arguments.Require("attribute");
        object? otherwise = arguments.Take("default", null);
        bool caseSensitive = arguments.TakeTruth("case_sensitive");
        List<(object? Key, object? Item)> keyed = items.ConvertAll(item =>
        {
            object? key = Key(item, path, caseSensitive, arguments);
            return (key is JinjaUndefined && otherwise is not null ? otherwise : key, item);
        });
        keyed = JinjaSort.Stable(
            keyed, (left, right) => JinjaValue.Order(left.Key, right.Key, arguments.Budget), isReversed: false);
        List<object?> groups = [];
        for (int start = 0, end; start < keyed.Count; start = end)
        {
            List<object?> members = [];
            for (end = start; end < keyed.Count
                && JinjaValue.AreEqual(keyed[end].Key, keyed[start].Key, arguments.Budget, 0); end++)
            {
                members.Add(keyed[end].Item);
            }

            // The group is named as its first member has it.
            object? name = Get(keyed[start].Item, path, arguments);
            name = name is JinjaUndefined ? keyed[start].Key : name;
            groups.Add(new JinjaSequence(JinjaSequenceKind.Group, name, members));
        }

        return groups;
    }

    private static object? Sum(List<object?> items, JinjaArgumentValues arguments)
    {
        object? path = arguments.Take("attribute", null);
        object? sum = arguments.Take("start", 0L);
        foreach (object? item in items)
        {
            object? value = path is null ? item : Get(item, path, arguments);
            sum = (JinjaNumber.Of(sum), JinjaNumber.Of(value)) is (object a, object b)
                ? JinjaNumber.Compute("+", a, b)
                : throw JinjaValue.Wrong("sum", value);
        }

        return sum;
    }

    private static object? Extreme(List<object?> items, string name, JinjaArgumentValues arguments)
    {
        bool caseSensitive = arguments.TakeTruth("case_sensitive");
        object? path = arguments.Take("attribute", null);
        object? best = new JinjaUndefined($"the {name} of nothing");
        object? bestKey = null;
        for (int i = 0; i < items.Count; i++)
        {
            object? key = Key(items[i], path, caseSensitive, arguments);
            int order = i == 0 ? 0 : JinjaValue.Order(key, bestKey, arguments.Budget);
            if (i == 0 || (name == "min" ? order < 0 : order > 0))
            {
                (best, bestKey) = (items[i], key);
            }
        }

        return best;
    }
}
