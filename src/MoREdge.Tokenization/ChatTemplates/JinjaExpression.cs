namespace MoREdge.Tokenization;

/// <summary>One node of an expression.</summary>
internal abstract class JinjaExpression
{
    // A chain such as a + b + c is a node per link: its depth is bounded like that of brackets, for the stack's sake.
    private const int DepthMax = 256;

    private readonly int _depth;

    protected JinjaExpression(params ReadOnlySpan<JinjaExpression?> parts)
    {
        foreach (JinjaExpression? part in parts)
        {
            _depth = Math.Max(_depth, part is null ? 0 : part._depth + 1);
        }

        if (_depth > DepthMax)
        {
            throw new ChatTemplateException(
                ChatTemplateError.TooDeep, $"An expression has more than {DepthMax} levels.");
        }
    }

    /// <summary>The value; a node that copies or makes something spends what that costs.</summary>
    public object? Evaluate(JinjaScope scope)
    {
        scope.Budget.Step();
        return Compute(scope);
    }

    protected abstract object? Compute(JinjaScope scope);
}

/// <summary>The arguments of a call, a filter or a test.</summary>
internal sealed class JinjaArguments(
    List<JinjaExpression> positional, List<(string Name, JinjaExpression Value)> named)
{
    public static JinjaArguments None { get; } = new([], []);

    public ReadOnlySpan<JinjaExpression?> Parts
    {
        get
        {
            List<JinjaExpression?> parts = [.. positional];
            named.ForEach(argument => parts.Add(argument.Value));
            return parts.ToArray();
        }
    }

    public JinjaArgumentValues Evaluate(string callee, JinjaScope scope, JinjaCallable? caller = null)
    {
        Dictionary<string, object?> values = [];
        List<object?> list = positional.ConvertAll(argument => argument.Evaluate(scope));
        foreach ((string name, JinjaExpression value) in named)
        {
            scope.Budget.SpendOnKey(name);
            values[name] = value.Evaluate(scope);
        }

        if (caller is not null)
        {
            values["caller"] = caller;
        }

        scope.Budget.SpendOnItems(list.Count + values.Count);
        return new JinjaArgumentValues(callee, list, values, scope.Budget);
    }
}

internal sealed class JinjaLiteral(object? value) : JinjaExpression
{
    protected override object? Compute(JinjaScope scope) => value;
}

internal sealed class JinjaVariable(string name) : JinjaExpression
{
    public string Name => name;

    protected override object? Compute(JinjaScope scope) => scope.Get(name);
}

internal sealed class JinjaList(List<JinjaExpression> items, bool isTuple) : JinjaExpression([.. items])
{
    protected override object? Compute(JinjaScope scope)
    {
        scope.Budget.SpendOnItems(items.Count);
        List<object?> values = items.ConvertAll(item => item.Evaluate(scope));
        return isTuple ? new JinjaSequence(JinjaSequenceKind.Tuple, [.. values]) : values;
    }
}

internal sealed class JinjaMapping(List<(JinjaExpression Key, JinjaExpression Value)> pairs)
    : JinjaExpression([.. pairs.ConvertAll(pair => pair.Key), .. pairs.ConvertAll(pair => pair.Value)])
{
    protected override object? Compute(JinjaScope scope)
    {
        scope.Budget.SpendOnItems(JinjaBudget.CostOfObject * (pairs.Count + 1L));
        Dictionary<string, object?> mapping = [];
        foreach ((JinjaExpression key, JinjaExpression value) in pairs)
        {
            string name = key.Evaluate(scope) as string
                ?? throw ChatTemplateException.Unsupported("a mapping with keys that are no strings");
            scope.Budget.SpendOnKey(name);
            mapping[name] = value.Evaluate(scope);
        }

        return mapping;
    }
}

internal sealed class JinjaAttribute(JinjaExpression owner, string name) : JinjaExpression(owner)
{
    public string Name => name;

    protected override object? Compute(JinjaScope scope) =>
        JinjaValue.Attribute(owner.Evaluate(scope), name, scope.Budget);
}

internal sealed class JinjaIndex(JinjaExpression owner, JinjaExpression index) : JinjaExpression(owner, index)
{
    protected override object? Compute(JinjaScope scope) =>
        JinjaValue.Item(owner.Evaluate(scope), index.Evaluate(scope), scope.Budget);
}

internal sealed class JinjaSlice(
    JinjaExpression owner, JinjaExpression? first, JinjaExpression? stop, JinjaExpression? step)
    : JinjaExpression(owner, first, stop, step)
{
    protected override object? Compute(JinjaScope scope)
    {
        object? value = owner.Evaluate(scope);
        if (value is not (string or List<object?>) || value is JinjaSequence { IsView: true })
        {
            throw JinjaValue.Wrong("slicing", value);
        }

        List<object?> list = JinjaValue.Iterate(value, scope.Budget);
        long stride = Bound(step, scope) ?? 1;
        if (stride == 0)
        {
            throw new ChatTemplateException(ChatTemplateError.WrongType, "A slice has the step 0.");
        }

        // Python's rule: bounds count from the end when negative, and are clipped to where the step can start and stop.
        long low = stride > 0 ? 0 : -1;
        long high = stride > 0 ? list.Count : list.Count - 1;
        long from = Clip(Bound(first, scope), list.Count, low, high) ?? (stride > 0 ? low : high);
        long to = Clip(Bound(stop, scope), list.Count, low, high) ?? (stride > 0 ? high : low);
        List<object?> slice = (value as JinjaSequence)?.Kind switch
        {
            null => [],
            JinjaSequenceKind.Group => new JinjaSequence(JinjaSequenceKind.Tuple),
            JinjaSequenceKind kind => new JinjaSequence(kind),
        };
        for (long i = from; stride > 0 ? i < to : i > to; i += Math.Clamp(stride, -list.Count - 1, list.Count + 1))
        {
            slice.Add(list[(int)i]);
        }

        scope.Budget.SpendOnItems(slice.Count);
        return value is string text ? scope.Budget.Guarded(text, string.Concat(slice)) : slice;
    }

    private static long? Bound(JinjaExpression? bound, JinjaScope scope) => bound?.Evaluate(scope) switch
    {
        null => null,
        long number => number,
        bool truth => truth ? 1 : 0,
        object other => throw JinjaValue.Wrong("a slice bound", other),
    };

    private static long? Clip(long? bound, int count, long low, long high) =>
        bound is long value ? Math.Clamp(value < 0 ? value + count : value, low, high) : null;
}

internal sealed class JinjaCall(JinjaExpression callee, JinjaArguments arguments)
    : JinjaExpression([callee, .. arguments.Parts])
{
    protected override object? Compute(JinjaScope scope) => Call(scope, caller: null);

    /// <summary>Calls; a call block hands its body to the macro.</summary>
    public object? Call(JinjaScope scope, JinjaCallable? caller)
    {
        object? value = callee.Evaluate(scope);
        if (value is not JinjaCallable callable)
        {
            throw ChatTemplateException.Unsupported(callee switch
            {
                JinjaVariable variable => $"the function \"{variable.Name}\"",
                JinjaAttribute method => $"the method \"{method.Name}\"",
                _ => "a call of a value",
            });
        }

        return callable.Call(arguments.Evaluate(callable.Name, scope, caller));
    }
}

internal sealed class JinjaFilter(JinjaExpression value, string name, JinjaArguments arguments)
    : JinjaExpression([value, .. arguments.Parts])
{
    protected override object? Compute(JinjaScope scope)
    {
        object? input = value.Evaluate(scope);
        return JinjaFilters.Apply(name, input, arguments.Evaluate(JinjaFilters.NameOf(name), scope));
    }
}

/// <summary>What a filter block or a set block with filters has collected.</summary>
internal sealed class JinjaCaptured : JinjaExpression
{
    public const string Variable = " captured";

    protected override object? Compute(JinjaScope scope) => scope.Get(Variable);
}

internal sealed class JinjaTest(JinjaExpression value, string name, bool negated, JinjaArguments arguments)
    : JinjaExpression([value, .. arguments.Parts])
{
    protected override object? Compute(JinjaScope scope)
    {
        object? input = value.Evaluate(scope);
        return JinjaTests.Holds(name, input, arguments.Evaluate(JinjaTests.NameOf(name), scope)) != negated;
    }
}

internal sealed class JinjaConditional(JinjaExpression value, JinjaExpression condition, JinjaExpression? otherwise)
    : JinjaExpression(value, condition, otherwise)
{
    protected override object? Compute(JinjaScope scope) =>
        JinjaValue.IsTrue(condition.Evaluate(scope)) ? value.Evaluate(scope)
        : otherwise is null ? new JinjaUndefined("the missing else") : otherwise.Evaluate(scope);
}
