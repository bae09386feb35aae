namespace MoREdge.Tokenization;

/// <summary>What a set or a for gives values to: a name, a field of a namespace, or several of them.</summary>
internal sealed class JinjaTarget(string name, string? field, IReadOnlyList<JinjaTarget>? parts)
{
    public void Assign(JinjaScope scope, object? value)
    {
        scope.Budget.Step();
        if (parts is not null)
        {
            Unpack(scope, value, parts);
        }
        else if (field is null)
        {
            scope.Set(name, value);
        }
        else if (scope.Get(name) is JinjaNamespace target)
        {
            scope.Budget.SpendOnKey(field);
            target.Values[field] = value;
        }
        else
        {
            throw new ChatTemplateException(
                ChatTemplateError.WrongType, $"{name}.{field} is set, but {name} is no namespace.");
        }
    }

    private static void Unpack(JinjaScope scope, object? value, IReadOnlyList<JinjaTarget> targets)
    {
        List<object?> values = JinjaValue.Iterate(value, scope.Budget);
        if (values.Count != targets.Count)
        {
            throw new ChatTemplateException(
                ChatTemplateError.WrongType, $"{values.Count} values are unpacked into {targets.Count} names.");
        }

        for (int i = 0; i < values.Count; i++)
        {
            targets[i].Assign(scope, values[i]);
        }
    }
}

internal sealed class JinjaSetStatement(JinjaTarget target, JinjaExpression value) : JinjaStatement
{
    public override JinjaFlow Run(JinjaScope scope, JinjaOutput output)
    {
        target.Assign(scope, value.Evaluate(scope));
        return JinjaFlow.Next;
    }
}

/// <summary>{% set name %}...{% endset %} and {% filter ... %}: what a body writes, filtered.</summary>
/// <param name="target">What is set, or null to write it.</param>
/// <param name="filtered">Filters over a <see cref="JinjaCaptured"/>.</param>
/// <param name="body">What is collected.</param>
internal sealed class JinjaCaptureStatement(
    JinjaTarget? target, JinjaExpression filtered, List<JinjaStatement> body) : JinjaStatement
{
    public override JinjaFlow Run(JinjaScope scope, JinjaOutput output)
    {
        JinjaOutput captured = new(scope.Budget);
        JinjaScope inner = new(scope);
        RunAll(body, inner, captured);
        inner.Set(JinjaCaptured.Variable, captured.ToString());
        object? value = filtered.Evaluate(inner);
        if (target is null)
        {
            output.Write(value as string ?? throw JinjaValue.Wrong("a filter block", value));
        }
        else
        {
            target.Assign(scope, value);
        }

        return JinjaFlow.Next;
    }
}

/// <summary>{% with a = b %} and {% generation %}: a body with variables of its own.</summary>
internal sealed class JinjaWithStatement(
    List<(JinjaTarget Target, JinjaExpression Value)> values, List<JinjaStatement> body) : JinjaStatement
{
    public override JinjaFlow Run(JinjaScope scope, JinjaOutput output)
    {
        JinjaScope inner = new(scope);
        foreach ((JinjaTarget target, JinjaExpression value) in values)
        {
            target.Assign(inner, value.Evaluate(scope));
        }

        return RunAll(body, inner, output);
    }
}

internal sealed class JinjaMacroStatement(JinjaMacroSource source) : JinjaStatement
{
    public override JinjaFlow Run(JinjaScope scope, JinjaOutput output)
    {
        scope.Set(source.Name, new JinjaMacro(source, scope));
        return JinjaFlow.Next;
    }
}

/// <summary>{% call(parameters) macro(arguments) %}: the macro may call the body back as caller().</summary>
internal sealed class JinjaCallStatement(JinjaCall call, JinjaMacroSource body) : JinjaStatement
{
    public override JinjaFlow Run(JinjaScope scope, JinjaOutput output)
    {
        output.Write(JinjaPrinter.ToText(call.Call(scope, new JinjaMacro(body, scope)), scope.Budget));
        return JinjaFlow.Next;
    }
}
