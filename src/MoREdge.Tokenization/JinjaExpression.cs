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

    /// <summary>The value; spends what making it costs.</summary>
    public object? Evaluate(JinjaScope scope)
    {
        object? value = Compute(scope);
        scope.Budget.SpendOn(value);
        return value;
    }

    protected abstract object? Compute(JinjaScope scope);
}

/// <summary>The arguments of a call.</summary>
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

    public (List<object?> Positional, Dictionary<string, object?> Named) Evaluate(JinjaScope scope)
    {
        Dictionary<string, object?> values = [];
        foreach ((string name, JinjaExpression value) in named)
        {
            values[name] = value.Evaluate(scope);
        }

        return (positional.ConvertAll(argument => argument.Evaluate(scope)), values);
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

internal sealed class JinjaList(List<JinjaExpression> items) : JinjaExpression([.. items])
{
    protected override object? Compute(JinjaScope scope) => items.ConvertAll(item => item.Evaluate(scope));
}

internal sealed class JinjaMapping(List<(JinjaExpression Key, JinjaExpression Value)> pairs)
    : JinjaExpression([.. pairs.ConvertAll(pair => pair.Key), .. pairs.ConvertAll(pair => pair.Value)])
{
    protected override object? Compute(JinjaScope scope)
    {
        Dictionary<string, object?> mapping = [];
        foreach ((JinjaExpression key, JinjaExpression value) in pairs)
        {
            string name = key.Evaluate(scope) as string
                ?? throw ChatTemplateException.Unsupported("a mapping with keys that are no strings");
            mapping[name] = value.Evaluate(scope);
        }

        return mapping;
    }
}

internal sealed class JinjaAttribute(JinjaExpression owner, string name) : JinjaExpression(owner)
{
    public JinjaExpression Owner => owner;

    public string Name => name;

    protected override object? Compute(JinjaScope scope) => owner.Evaluate(scope) switch
    {
        Dictionary<string, object?> mapping =>
            mapping.TryGetValue(name, out object? value) ? value : new JinjaUndefined(name),
        JinjaNamespace space => space.Values.TryGetValue(name, out object? value) ? value : new JinjaUndefined(name),
        JinjaLoop loop => loop.Get(name),
        JinjaUndefined undefined => throw JinjaValue.Undefined(undefined),
        _ => new JinjaUndefined(name),
    };
}

internal sealed class JinjaIndex(JinjaExpression owner, JinjaExpression index) : JinjaExpression(owner, index)
{
    protected override object? Compute(JinjaScope scope)
    {
        object? value = owner.Evaluate(scope);
        object? key = index.Evaluate(scope);
        switch (value, key)
        {
            case (JinjaUndefined undefined, _):
                throw JinjaValue.Undefined(undefined);
            case (Dictionary<string, object?> mapping, string name):
                return mapping.TryGetValue(name, out object? found) ? found : new JinjaUndefined(name);
            case (List<object?> or string, long number):
                List<object?> list = JinjaValue.Iterate(value, scope.Budget);
                number += number < 0 ? list.Count : 0;
                return number >= 0 && number < list.Count ? list[(int)number] : new JinjaUndefined($"item {number}");
            default:
                return new JinjaUndefined(JinjaValue.TypeName(key));
        }
    }
}

internal sealed class JinjaSlice(
    JinjaExpression owner, JinjaExpression? first, JinjaExpression? stop, JinjaExpression? step)
    : JinjaExpression(owner, first, stop, step)
{
    protected override object? Compute(JinjaScope scope)
    {
        object? value = owner.Evaluate(scope);
        if (value is not (string or List<object?>))
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
        List<object?> slice = [];
        for (long i = from; stride > 0 ? i < to : i > to; i += Math.Clamp(stride, -list.Count - 1, list.Count + 1))
        {
            slice.Add(list[(int)i]);
        }

        return value is string ? string.Concat(slice) : slice;
    }

    private static long? Bound(JinjaExpression? bound, JinjaScope scope) => bound?.Evaluate(scope) switch
    {
        null => null,
        long number => number,
        object other => throw JinjaValue.Wrong("a slice bound", other),
    };

    private static long? Clip(long? bound, int count, long low, long high) =>
        bound is long value ? Math.Clamp(value < 0 ? value + count : value, low, high) : null;
}

internal sealed class JinjaCall(JinjaExpression callee, JinjaArguments arguments)
    : JinjaExpression([callee, .. arguments.Parts])
{
    protected override object? Compute(JinjaScope scope)
    {
        if (callee is JinjaAttribute method)
        {
            object? owner = method.Owner.Evaluate(scope);
            (List<object?> values, Dictionary<string, object?> named) = arguments.Evaluate(scope);
            return JinjaMethods.Call(owner, method.Name, values, named, scope.Budget);
        }

        if (callee is not JinjaVariable variable || scope.Get(variable.Name) is not JinjaFunction function)
        {
            string name = callee is JinjaVariable called ? $"the function \"{called.Name}\"" : "a call of a value";
            throw ChatTemplateException.Unsupported(name);
        }

        (List<object?> positional, Dictionary<string, object?> keywords) = arguments.Evaluate(scope);
        return JinjaMethods.Call(function, positional, keywords, scope.Budget);
    }
}

internal sealed class JinjaFilter(JinjaExpression value, string name, JinjaArguments arguments)
    : JinjaExpression([value, .. arguments.Parts])
{
    protected override object? Compute(JinjaScope scope)
    {
        object? input = value.Evaluate(scope);
        (List<object?> positional, Dictionary<string, object?> named) = arguments.Evaluate(scope);
        return JinjaFilters.Apply(name, input, positional, named, scope.Budget);
    }
}

internal sealed class JinjaTest(JinjaExpression value, string name, bool negated, JinjaExpression? operand)
    : JinjaExpression(value, operand)
{
    protected override object? Compute(JinjaScope scope) =>
        JinjaTests.Holds(name, value.Evaluate(scope), operand?.Evaluate(scope), scope.Budget) != negated;
}

internal sealed class JinjaConditional(JinjaExpression value, JinjaExpression condition, JinjaExpression? otherwise)
    : JinjaExpression(value, condition, otherwise)
{
    protected override object? Compute(JinjaScope scope) =>
        JinjaValue.IsTrue(condition.Evaluate(scope)) ? value.Evaluate(scope)
        : otherwise is null ? new JinjaUndefined("the missing else") : otherwise.Evaluate(scope);
}

internal sealed class JinjaNot(JinjaExpression value) : JinjaExpression(value)
{
    protected override object? Compute(JinjaScope scope) => !JinjaValue.IsTrue(value.Evaluate(scope));
}

/// <summary>and, or: the value that decided, as in Python.</summary>
internal sealed class JinjaLogical(JinjaExpression left, JinjaExpression right, bool isAnd)
    : JinjaExpression(left, right)
{
    protected override object? Compute(JinjaScope scope)
    {
        object? value = left.Evaluate(scope);
        return JinjaValue.IsTrue(value) == isAnd ? right.Evaluate(scope) : value;
    }
}

/// <summary>a &lt; b &lt;= c ...: every link must hold.</summary>
internal sealed class JinjaComparison(JinjaExpression first, List<(string Operator, JinjaExpression Right)> rest)
    : JinjaExpression([first, .. rest.ConvertAll(link => link.Right)])
{
    protected override object? Compute(JinjaScope scope)
    {
        object? left = first.Evaluate(scope);
        foreach ((string text, JinjaExpression operand) in rest)
        {
            object? right = operand.Evaluate(scope);
            if (!JinjaValue.Compare(text, left, right, scope.Budget))
            {
                return false;
            }

            left = right;
        }

        return true;
    }
}

internal sealed class JinjaArithmetic(string text, JinjaExpression left, JinjaExpression right)
    : JinjaExpression(left, right)
{
    protected override object? Compute(JinjaScope scope)
    {
        object? a = left.Evaluate(scope);
        object? b = right.Evaluate(scope);
        scope.Budget.SpendOn(a);
        scope.Budget.SpendOn(b);
        switch (text, a, b)
        {
            case (_, JinjaUndefined undefined, _) when text != "~":
                throw JinjaValue.Undefined(undefined);
            case (_, _, JinjaUndefined undefined) when text != "~":
                throw JinjaValue.Undefined(undefined);
            case ("~", _, _):
                return JinjaValue.ToText(a) + JinjaValue.ToText(b);
            case ("+", string x, string y):
                return x + y;
            case ("+", List<object?> x, List<object?> y):
                return new List<object?>([.. x, .. y]);
            case (_, long x, long y):
                return Integer(x, y);
            default:
                throw JinjaValue.Wrong($"the operator {text} on {JinjaValue.TypeName(a)}", b);
        }
    }

    private long Integer(long x, long y)
    {
        if (text is "//" or "%" && y is 0 or -1)
        {
            throw new ChatTemplateException(ChatTemplateError.WrongType, $"A number is divided by {y}.");
        }

        // Division rounds down and the remainder has the divisor's sign, as in Python.
        long down = text is "//" or "%" ? (x / y) - (x % y != 0 && (x ^ y) < 0 ? 1 : 0) : 0;
        return text switch
        {
            "+" => unchecked(x + y),
            "-" => unchecked(x - y),
            "*" => unchecked(x * y),
            "//" => down,
            _ => x - (down * y),
        };
    }
}
