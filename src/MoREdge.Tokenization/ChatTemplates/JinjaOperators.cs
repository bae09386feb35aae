using System.Text;

namespace MoREdge.Tokenization;

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

/// <summary>-a, +a.</summary>
internal sealed class JinjaSign(JinjaExpression value, bool isMinus) : JinjaExpression(value)
{
    protected override object? Compute(JinjaScope scope)
    {
        object? operand = value.Evaluate(scope);
        object number = JinjaNumber.Of(operand) ?? throw JinjaValue.Wrong(isMinus ? "a minus" : "a plus", operand);
        return (number, isMinus) switch
        {
            (_, false) => number,
            (double fraction, _) => -fraction,
            _ => JinjaNumber.Compute("-", 0L, number),
        };
    }
}

internal sealed class JinjaArithmetic(string text, JinjaExpression left, JinjaExpression right)
    : JinjaExpression(left, right)
{
    protected override object? Compute(JinjaScope scope)
    {
        object? a = left.Evaluate(scope);
        object? b = right.Evaluate(scope);
        JinjaBudget budget = scope.Budget;
        if (text == "~")
        {
            return Concat(JinjaPrinter.ToText(a, budget), JinjaPrinter.ToText(b, budget), budget);
        }

        switch (text, a, b)
        {
            case (_, JinjaUndefined undefined, _):
                throw JinjaValue.Undefined(undefined);
            case (_, _, JinjaUndefined undefined):
                throw JinjaValue.Undefined(undefined);
            case ("+", string x, string y):
                return Concat(x, y, budget);
            case ("+", List<object?> x, List<object?> y) when JinjaSequence.AreAlike(x, y) && JinjaSequence.IsPlain(x):
                budget.SpendOnItems(x.Count + (long)y.Count);
                List<object?> joined = [.. x, .. y];
                return x is JinjaSequence ? new JinjaSequence(JinjaSequenceKind.Tuple, [.. joined]) : joined;
            case ("*", string or List<object?>, long or bool) when JinjaSequence.IsPlain(a):
                return Repeat(a, (long)JinjaNumber.Of(b)!, budget);
            case ("*", long or bool, string or List<object?>) when JinjaSequence.IsPlain(b):
                return Repeat(b, (long)JinjaNumber.Of(a)!, budget);
            case ("%", string, _):
                throw ChatTemplateException.Unsupported("the operator % on a string");
        }

        return (JinjaNumber.Of(a), JinjaNumber.Of(b)) is (object x2, object y2)
            ? JinjaNumber.Compute(text, x2, y2)
            : throw JinjaValue.Wrong($"the operator {text} on a {JinjaValue.TypeName(a)}", b);
    }

    private static string Concat(string a, string b, JinjaBudget budget)
    {
        budget.Spend(a.Length + b.Length);
        return a + b;
    }

    // The result is paid for before it is made.
    private static object Repeat(object? value, long times, JinjaBudget budget)
    {
        times = Math.Clamp(times, 0, JinjaBudget.WorkMax);
        if (value is string text)
        {
            budget.Spend(times * text.Length);
            return text.Length == 0 ? text : new StringBuilder().Insert(0, text, (int)times).ToString();
        }

        List<object?> items = (List<object?>)value!;
        budget.SpendOnItems(times * items.Count);
        List<object?> repeated = items is JinjaSequence ? new JinjaSequence(JinjaSequenceKind.Tuple) : [];
        for (long i = 0; items.Count > 0 && i < times; i++)
        {
            repeated.AddRange(items);
        }

        return repeated;
    }
}
