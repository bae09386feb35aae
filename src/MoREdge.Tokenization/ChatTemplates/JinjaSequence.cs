namespace MoREdge.Tokenization;

/// <summary>What a sequence is when it is no plain list.</summary>
internal enum JinjaSequenceKind
{
    Tuple,
    Range,
    Keys,
    Values,
    Items,
    Group,
}

/// <summary>A sequence that behaves like a list but prints, compares or indexes otherwise.</summary>
internal sealed class JinjaSequence(JinjaSequenceKind kind) : List<object?>
{
    public JinjaSequence(JinjaSequenceKind kind, params ReadOnlySpan<object?> items)
        : this(kind)
    {
        foreach (object? item in items)
        {
            Add(item);
        }
    }

    public JinjaSequenceKind Kind => kind;

    /// <summary>Whether it is a view of a mapping, which has a length but no items by number.</summary>
    public bool IsView => Kind is JinjaSequenceKind.Keys or JinjaSequenceKind.Values or JinjaSequenceKind.Items;

    /// <summary>Whether a value is anything but a range or a view, which cannot be added or repeated.</summary>
    public static bool IsPlain(object? value) =>
        value is not JinjaSequence { Kind: not (JinjaSequenceKind.Tuple or JinjaSequenceKind.Group) };

    /// <summary>Whether two sequences can be equal at all: a list never equals a tuple.</summary>
    public static bool AreAlike(List<object?> left, List<object?> right) => KindOf(left) == KindOf(right);

    private static JinjaSequenceKind? KindOf(List<object?> list) => (list as JinjaSequence)?.Kind switch
    {
        JinjaSequenceKind.Group => JinjaSequenceKind.Tuple,
        JinjaSequenceKind kind => kind,
        null => null,
    };
}

/// <summary>
/// What select, map and their like give: true, without a length, and empty once it has been run through.
/// </summary>
internal sealed class JinjaGenerator(IEnumerable<object?> items)
{
    private readonly IEnumerator<object?> _items = items.GetEnumerator();

    public bool TryTake(out object? item)
    {
        bool any = _items.MoveNext();
        item = any ? _items.Current : null;
        return any;
    }

    public List<object?> TakeAll()
    {
        List<object?> rest = [];
        while (TryTake(out object? item))
        {
            rest.Add(item);
        }

        return rest;
    }
}
