namespace MoREdge.Tokenization;

/// <summary>
/// The <c>loop</c> variable, and the walk over a for's items: a condition is asked only when an item is needed.
/// </summary>
internal sealed class JinjaLoop(List<object?> items, Predicate<object?>? condition, JinjaBudget budget)
{
    private readonly List<object?> _passed = condition is null ? items : [];
    private int _asked;
    private object? _last;
    private bool _hasLast;

    public int Index { get; private set; } = -1;

    public object? Item => _passed[Index];

    public bool MoveNext()
    {
        Index++;
        return Reaches(Index);
    }

    public object? Get(string name) => name switch
    {
        "index" => Index + 1L,
        "index0" => (long)Index,
        "revindex" => (long)Length() - Index,
        "revindex0" => Length() - Index - 1L,
        "first" => Index == 0,
        "last" => !Reaches(Index + 1),
        "length" => (long)Length(),
        "previtem" => Index > 0 ? _passed[Index - 1] : new JinjaUndefined("loop.previtem"),
        "nextitem" => Reaches(Index + 1) ? _passed[Index + 1] : new JinjaUndefined("loop.nextitem"),
        "depth" => 1L,
        "depth0" => 0L,
        "cycle" => new JinjaFunction("loop.cycle", Cycle),
        "changed" => new JinjaFunction("loop.changed", Changed),
        _ => Missing(name),
    };

    private JinjaUndefined Missing(string name)
    {
        budget.Spend(JinjaBudget.CostOfObject + (long)name.Length);
        return new JinjaUndefined($"loop.{name}");
    }

    private object? Cycle(JinjaArgumentValues arguments)
    {
        List<object?> values = arguments.TakeRest();
        return values.Count > 0
            ? values[Index % values.Count]
            : throw new ChatTemplateException(ChatTemplateError.WrongType, "loop.cycle has nothing to choose from.");
    }

    private object? Changed(JinjaArgumentValues arguments)
    {
        List<object?> values = arguments.TakeRest();
        bool same = _hasLast && JinjaValue.AreEqual(_last, values, budget, 0);
        (_last, _hasLast) = (values, true);
        return !same;
    }

    private int Length()
    {
        Reaches(int.MaxValue);
        return _passed.Count;
    }

    private bool Reaches(int index)
    {
        while (condition is not null && _passed.Count <= index && _asked < items.Count)
        {
            object? item = items[_asked++];
            if (condition(item))
            {
                _passed.Add(item);
            }
        }

        return index < _passed.Count;
    }
}
