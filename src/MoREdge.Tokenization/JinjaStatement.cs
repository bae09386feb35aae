namespace MoREdge.Tokenization;

/// <summary>How a statement ended.</summary>
internal enum JinjaFlow
{
    Next,
    Break,
    Continue,
}

/// <summary>One statement of a template.</summary>
internal abstract class JinjaStatement
{
    public abstract JinjaFlow Run(JinjaScope scope, JinjaOutput output);

    public static JinjaFlow RunAll(IReadOnlyList<JinjaStatement> statements, JinjaScope scope, JinjaOutput output)
    {
        foreach (JinjaStatement statement in statements)
        {
            scope.Budget.Spend(1);
            JinjaFlow flow = statement.Run(scope, output);
            if (flow != JinjaFlow.Next)
            {
                return flow;
            }
        }

        return JinjaFlow.Next;
    }
}

internal sealed class JinjaTextStatement(string text) : JinjaStatement
{
    public override JinjaFlow Run(JinjaScope scope, JinjaOutput output)
    {
        output.Write(text);
        return JinjaFlow.Next;
    }
}

internal sealed class JinjaOutputStatement(JinjaExpression value) : JinjaStatement
{
    public override JinjaFlow Run(JinjaScope scope, JinjaOutput output)
    {
        output.Write(JinjaValue.ToText(value.Evaluate(scope)));
        return JinjaFlow.Next;
    }
}

internal sealed class JinjaJumpStatement(JinjaFlow flow) : JinjaStatement
{
    public override JinjaFlow Run(JinjaScope scope, JinjaOutput output) => flow;
}

internal sealed class JinjaIfStatement(List<(JinjaExpression? Condition, List<JinjaStatement> Body)> branches)
    : JinjaStatement
{
    public override JinjaFlow Run(JinjaScope scope, JinjaOutput output)
    {
        foreach ((JinjaExpression? condition, List<JinjaStatement> body) in branches)
        {
            if (condition is null || JinjaValue.IsTrue(condition.Evaluate(scope)))
            {
                return RunAll(body, scope, output);
            }
        }

        return JinjaFlow.Next;
    }
}

internal sealed class JinjaSetStatement(string name, string? attribute, JinjaExpression value) : JinjaStatement
{
    public override JinjaFlow Run(JinjaScope scope, JinjaOutput output)
    {
        object? result = value.Evaluate(scope);
        if (attribute is null)
        {
            scope.Set(name, result);
        }
        else if (scope.Get(name) is JinjaNamespace target)
        {
            target.Values[attribute] = result;
        }
        else
        {
            throw new ChatTemplateException(
                ChatTemplateError.WrongType, $"{name}.{attribute} is set, but {name} is no namespace.");
        }

        return JinjaFlow.Next;
    }
}

internal sealed class JinjaForStatement(
    List<string> targets,
    JinjaExpression items,
    JinjaExpression? filter,
    List<JinjaStatement> body,
    List<JinjaStatement> otherwise) : JinjaStatement
{
    public override JinjaFlow Run(JinjaScope scope, JinjaOutput output)
    {
        object? iterated = items.Evaluate(scope);
        List<object?> list = JinjaValue.Iterate(iterated, scope.Budget);
        if (filter is not null)
        {
            list = list.FindAll(item =>
            {
                JinjaScope trial = new(scope);
                Bind(trial, item);
                return JinjaValue.IsTrue(filter.Evaluate(trial));
            });
        }

        if (list.Count == 0)
        {
            return RunAll(otherwise, scope, output);
        }

        JinjaLoop loop = new(list);
        for (int i = 0; i < list.Count; i++)
        {
            JinjaScope inner = new(scope);
            loop.Index = i;
            inner.Set("loop", loop);
            Bind(inner, list[i]);
            if (RunAll(body, inner, output) == JinjaFlow.Break)
            {
                break;
            }
        }

        return JinjaFlow.Next;
    }

    private void Bind(JinjaScope scope, object? item)
    {
        scope.Budget.Spend(1);
        if (targets.Count == 1)
        {
            scope.Set(targets[0], item);
            return;
        }

        if (item is not List<object?> parts || parts.Count != targets.Count)
        {
            throw new ChatTemplateException(
                ChatTemplateError.WrongType, $"A for unpacks {targets.Count} values from something else.");
        }

        for (int i = 0; i < parts.Count; i++)
        {
            scope.Set(targets[i], parts[i]);
        }
    }
}
