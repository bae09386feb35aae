namespace MoREdge.Tokenization;

/// <summary>
/// The methods of strings, lists and mappings, with Python's meaning; those that change a value are not there: the
/// sandbox of the transformers library refuses them too.
/// </summary>
internal static class JinjaMethods
{
    private static readonly string[] OfMapping = ["get", "keys", "values", "items", "copy"];
    private static readonly string[] OfList = ["count", "index", "copy"];

    /// <summary>The method of a value, or null when it has none of that name.</summary>
    public static JinjaMethod? Find(object? owner, string name)
    {
        bool isKnown = owner switch
        {
            string => JinjaStringMethods.IsKnown(name),
            JinjaSequence { IsView: true } => false,
            JinjaSequence => name is "count" or "index",
            List<object?> => Array.IndexOf(OfList, name) >= 0,
            Dictionary<string, object?> => Array.IndexOf(OfMapping, name) >= 0,
            _ => false,
        };
        return isKnown ? new JinjaMethod(owner!, name) : null;
    }

    public static object? Call(object owner, string name, JinjaArgumentValues arguments) => owner switch
    {
        string text => arguments.Budget.Guarded(text, JinjaStringMethods.Call(text, name, arguments)),
        List<object?> list => CallList(list, name, arguments),
        _ => CallMapping((Dictionary<string, object?>)owner, name, arguments),
    };

    /// <summary>Pairs of key and value.</summary>
    public static JinjaSequence Items(Dictionary<string, object?> mapping, JinjaBudget budget)
    {
        budget.SpendOnItems(JinjaBudget.CostOfObject * (long)mapping.Count);
        JinjaSequence items = new(JinjaSequenceKind.Items);
        foreach ((string key, object? value) in mapping)
        {
            items.Add(new JinjaSequence(JinjaSequenceKind.Tuple, key, value));
        }

        return items;
    }

    private static object? CallList(List<object?> list, string name, JinjaArgumentValues arguments)
    {
        arguments.Budget.SpendOnItems(list.Count);
        if (name == "copy")
        {
            return new List<object?>(list);
        }

        object? wanted = arguments.Require("value");
        long count = 0;
        for (int i = 0; i < list.Count; i++)
        {
            bool found = JinjaValue.AreEqual(list[i], wanted, arguments.Budget, 0);
            if (found && name == "index")
            {
                return (long)i;
            }

            count += found ? 1 : 0;
        }

        return name == "count"
            ? count
            : throw new ChatTemplateException(ChatTemplateError.WrongType, "A list has no such item to find.");
    }

    private static object? CallMapping(Dictionary<string, object?> mapping, string name, JinjaArgumentValues arguments)
    {
        switch (name)
        {
            case "get":
                object? key = arguments.Require("key");
                object? otherwise = arguments.Take("default", null);
                if (key is not string text)
                {
                    return otherwise;
                }

                arguments.Budget.SpendOnKey(text);
                return mapping.TryGetValue(text, out object? value) ? value : otherwise;
            case "items":
                return Items(mapping, arguments.Budget);
            case "copy":
                arguments.Budget.SpendOnItems(JinjaBudget.CostOfObject * (long)mapping.Count);
                return new Dictionary<string, object?>(mapping);
            default:
                arguments.Budget.SpendOnItems(mapping.Count);
                return name == "keys"
                    ? new JinjaSequence(JinjaSequenceKind.Keys, [.. mapping.Keys])
                    : new JinjaSequence(JinjaSequenceKind.Values, [.. mapping.Values]);
        }
    }
}
