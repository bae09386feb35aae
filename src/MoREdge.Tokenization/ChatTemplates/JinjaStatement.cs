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
            scope.Budget.Step();
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
        output.Write(JinjaPrinter.ToText(value.Evaluate(scope), scope.Budget));
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

internal sealed class JinjaForStatement(
    JinjaTarget target,
    JinjaExpression items,
    JinjaExpression? condition,
    List<JinjaStatement> body,
    List<JinjaStatement> otherwise) : JinjaStatement
{
    public override JinjaFlow Run(JinjaScope scope, JinjaOutput output)
    {
        List<object?> list = JinjaValue.Iterate(items.Evaluate(scope), scope.Budget);
        JinjaLoop loop = new(
            list, condition is null ? null : item => Passes(item, condition, scope), scope.Budget);
        bool completed = false;
        while (loop.MoveNext())
        {
            JinjaScope inner = new(scope);
            inner.Set("loop", loop);
            target.Assign(inner, loop.Item);
            JinjaFlow flow = RunAll(body, inner, output);
            completed |= flow == JinjaFlow.Next;
            if (flow == JinjaFlow.Break)
            {
                break;
            }
        }

        // As in Jinja, the else follows unless some item was gone through to the end.
        return completed || otherwise.Count == 0
            ? JinjaFlow.Next
            : RunAll(otherwise, new JinjaScope(scope), output);
    }

    private bool Passes(object? item, JinjaExpression asked, JinjaScope scope)
    {
        JinjaScope trial = new(scope);
        target.Assign(trial, item);
        return JinjaValue.IsTrue(asked.Evaluate(trial));
    }
}
