namespace MoREdge.Tokenization;

/// <summary>The values of a call's arguments, taken one after the other.</summary>
internal sealed class JinjaArgumentValues(
    string callee, List<object?> positional, Dictionary<string, object?> named, JinjaBudget budget)
{
    private int _taken;

    public JinjaBudget Budget => budget;

    public bool IsEmpty => positional.Count + named.Count == 0;

    /// <summary>
    /// The next positional argument or the one of this name; else a value that stands for its absence.
    /// </summary>
    public object? Take(string name, object? otherwise)
    {
        if (_taken < positional.Count)
        {
            return positional[_taken++];
        }

        budget.SpendOnKey(name);
        return named.Remove(name, out object? value) ? value : otherwise;
    }

    /// <summary>An argument that must be there.</summary>
    public object? Require(string name)
    {
        object absent = this;
        object? value = Take(name, absent);
        return ReferenceEquals(value, absent) ? throw Refuse() : value;
    }

    public string RequireText(string name) => Require(name) as string ?? throw Refuse();

    public string? TakeText(string name) => Take(name, null) switch
    {
        null => null,
        string text => text,
        _ => throw Refuse(),
    };

    public long TakeWhole(string name, long otherwise) => Take(name, otherwise) switch
    {
        long number => number,
        bool truth => truth ? 1 : 0,
        _ => throw Refuse(),
    };

    public bool TakeTruth(string name) => JinjaValue.IsTrue(Take(name, false));

    /// <summary>The positional arguments that are left.</summary>
    public List<object?> TakeRest()
    {
        List<object?> rest = positional.GetRange(_taken, positional.Count - _taken);
        _taken = positional.Count;
        return rest;
    }

    /// <summary>The argument of this name only.</summary>
    public object? TakeNamed(string name, object? otherwise) =>
        named.Remove(name, out object? value) ? value : otherwise;

    /// <summary>The named arguments that are left.</summary>
    public Dictionary<string, object?> TakeNamed()
    {
        Dictionary<string, object?> rest = new(named);
        named.Clear();
        return rest;
    }

    /// <summary>Refuses arguments that nobody took.</summary>
    public void End()
    {
        if (_taken < positional.Count || named.Count > 0)
        {
            throw Refuse();
        }
    }

    public ChatTemplateException Refuse() => ChatTemplateException.Unsupported($"those arguments of {callee}");
}

/// <summary>A value that can be called.</summary>
internal abstract class JinjaCallable
{
    public abstract string Name { get; }

    public abstract object? Call(JinjaArgumentValues arguments);
}

/// <summary>A function of this library.</summary>
internal sealed class JinjaFunction(string name, Func<JinjaArgumentValues, object?> call) : JinjaCallable
{
    public override string Name => $"\"{name}\"";

    public override object? Call(JinjaArgumentValues arguments)
    {
        object? result = call(arguments);
        arguments.End();
        return result;
    }
}

/// <summary>A method with the value that it belongs to.</summary>
internal sealed class JinjaMethod(object owner, string name) : JinjaCallable
{
    public override string Name => $"the method \"{name}\"";

    public override object? Call(JinjaArgumentValues arguments)
    {
        object? result = JinjaMethods.Call(owner, name, arguments);
        arguments.End();
        return result;
    }
}

/// <summary>A macro, or the body of a call block: parameters, and a body that sees where it was written.</summary>
internal sealed class JinjaMacro(JinjaMacroSource source, JinjaScope closure) : JinjaCallable
{
    public override string Name => $"the macro \"{source.Name}\"";

    public override object? Call(JinjaArgumentValues arguments)
    {
        JinjaBudget budget = closure.Budget;
        budget.EnterMacro();
        JinjaScope scope = new(closure);
        foreach ((string name, _) in source.Parameters)
        {
            budget.Spend(JinjaBudget.CostOfObject + (long)name.Length);

            // A default that names its own parameter, or a later one, finds nothing.
            scope.Set(name, new JinjaUndefined($"the parameter \"{name}\""));
        }

        foreach ((string name, JinjaExpression? value) in source.Parameters)
        {
            object? argument = arguments.Take(name, this);
            bool isGiven = !ReferenceEquals(argument, this);
            if (isGiven || value is not null)
            {
                scope.Set(name, isGiven ? argument : value!.Evaluate(scope));
            }
        }

        if (source.Uses("caller"))
        {
            scope.Set("caller", arguments.TakeNamed("caller", new JinjaUndefined("caller")));
        }

        if (source.Uses("varargs"))
        {
            scope.Set("varargs", new JinjaSequence(JinjaSequenceKind.Tuple, [.. arguments.TakeRest()]));
        }

        if (source.Uses("kwargs"))
        {
            scope.Set("kwargs", arguments.TakeNamed());
        }

        arguments.End();
        JinjaOutput output = new(budget);
        JinjaStatement.RunAll(source.Body, scope, output);
        budget.LeaveMacro();
        return output.ToString();
    }
}

/// <summary>A macro as written.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Parameters">Names, and values for those that a call leaves out.</param>
/// <param name="Body">What it writes.</param>
/// <param name="Words">Every name in its body, which says what it takes beside its parameters.</param>
internal sealed record JinjaMacroSource(
    string Name,
    IReadOnlyList<(string Name, JinjaExpression? Value)> Parameters,
    IReadOnlyList<JinjaStatement> Body,
    IReadOnlySet<string> Words)
{
    public bool Uses(string name) => Words.Contains(name);
}
