using System.Text;

namespace MoREdge.Tokenization;

/// <summary>Parses expressions with Jinja's precedence: if, or, and, not, comparison, + -, ~, * // %, sign, then
/// postfix.</summary>
internal sealed class JinjaExpressionParser(JinjaTokenReader reader)
{
    // Each level of nesting costs about a dozen stack frames.
    private const int ExpressionNestingMax = 64;

    private int _nesting;

    /// <summary>An expression that may be "a if b else c".</summary>
    public JinjaExpression Parse()
    {
        Enter();
        JinjaExpression value = ParseOr();
        if (reader.TakeName("if"))
        {
            JinjaExpression condition = ParseOr();
            JinjaExpression? otherwise = reader.TakeName("else") ? Parse() : null;
            value = new JinjaConditional(value, condition, otherwise);
        }

        _nesting--;
        return value;
    }

    /// <summary>An expression that ends before an "if": what a for runs over.</summary>
    public JinjaExpression ParseWithoutCondition() => ParseOr();

    private void Enter()
    {
        if (++_nesting > ExpressionNestingMax)
        {
            throw new ChatTemplateException(
                ChatTemplateError.TooDeep, $"Expressions are nested more than {ExpressionNestingMax} deep.");
        }
    }

    private JinjaExpression ParseOr()
    {
        JinjaExpression left = ParseAnd();
        while (reader.TakeName("or"))
        {
            left = new JinjaLogical(left, ParseAnd(), isAnd: false);
        }

        return left;
    }

    private JinjaExpression ParseAnd()
    {
        JinjaExpression left = ParseNot();
        while (reader.TakeName("and"))
        {
            left = new JinjaLogical(left, ParseNot(), isAnd: true);
        }

        return left;
    }

    private JinjaExpression ParseNot()
    {
        if (!reader.TakeName("not"))
        {
            return ParseComparison();
        }

        Enter();
        JinjaNot negated = new(ParseNot());
        _nesting--;
        return negated;
    }

    private JinjaExpression ParseComparison()
    {
        JinjaExpression first = ParseSum();
        List<(string Operator, JinjaExpression Right)> rest = [];
        while (TakeComparison() is string comparison)
        {
            rest.Add((comparison, ParseSum()));
        }

        return rest.Count == 0 ? first : new JinjaComparison(first, rest);
    }

    private string? TakeComparison()
    {
        if (reader.Next is { Kind: JinjaTokenKind.Operator, Text: "==" or "!=" or "<" or ">" or "<=" or ">=" })
        {
            return reader.Take().Text;
        }

        if (reader.TakeName("in"))
        {
            return "in";
        }

        if (!reader.TakeName("not"))
        {
            return null;
        }

        return reader.TakeName("in") ? "not in" : throw reader.Fault("A \"not\" stands where it has no meaning.");
    }

    private JinjaExpression ParseSum()
    {
        JinjaExpression left = ParseConcatenation();
        while (reader.Next is { Kind: JinjaTokenKind.Operator, Text: "+" or "-" })
        {
            left = new JinjaArithmetic(reader.Take().Text, left, ParseConcatenation());
        }

        return left;
    }

    private JinjaExpression ParseConcatenation()
    {
        JinjaExpression left = ParseProduct();
        while (reader.TakeOperator("~"))
        {
            left = new JinjaArithmetic("~", left, ParseProduct());
        }

        return left;
    }

    private JinjaExpression ParseProduct()
    {
        JinjaExpression left = ParseSigned(withFilters: true);
        while (reader.Next is { Kind: JinjaTokenKind.Operator, Text: "*" or "//" or "%" or "/" or "**" })
        {
            string text = reader.Take().Text;
            left = text is "/" or "**"
                ? throw ChatTemplateException.Unsupported($"the operator {text}")
                : new JinjaArithmetic(text, left, ParseSigned(withFilters: true));
        }

        return left;
    }

    // A filter behind "-x" applies to the negated value, as in Jinja.
    private JinjaExpression ParseSigned(bool withFilters)
    {
        JinjaExpression value;
        if (reader.TakeOperator("-"))
        {
            Enter();
            value = new JinjaArithmetic("-", new JinjaLiteral(0L), ParseSigned(withFilters: false));
            _nesting--;
        }
        else
        {
            value = ParsePostfix(ParsePrimary());
        }

        return withFilters ? ParseFilters(value) : value;
    }

    private JinjaExpression ParsePrimary()
    {
        JinjaToken token = reader.Take();
        switch (token.Kind)
        {
            case JinjaTokenKind.String:
                // Neighbouring strings are one, as in Python.
                StringBuilder text = new(token.Text);
                while (reader.Next.Kind == JinjaTokenKind.String)
                {
                    text.Append(reader.Take().Text);
                }

                return new JinjaLiteral(text.ToString());
            case JinjaTokenKind.Integer:
                return long.TryParse(token.Text, out long number)
                    ? new JinjaLiteral(number)
                    : throw reader.Fault($"The number {token.Text} is too large.");
            case JinjaTokenKind.Name:
                return token.Text switch
                {
                    "true" or "True" => new JinjaLiteral(true),
                    "false" or "False" => new JinjaLiteral(false),
                    "none" or "None" => new JinjaLiteral(null),
                    _ => new JinjaVariable(token.Text),
                };
            case JinjaTokenKind.Operator when token.Text == "(":
                return ParseParentheses();
            case JinjaTokenKind.Operator when token.Text == "[":
                return new JinjaList(ParseItems("]"));
            case JinjaTokenKind.Operator when token.Text == "{":
                return ParseMapping();
            default:
                throw reader.Fault($"\"{token.Text}\" ({token.Kind}) stands where a value must be.");
        }
    }

    // (a) is a; (a,) and (a, b) are tuples, which behave as lists here.
    private JinjaExpression ParseParentheses()
    {
        if (reader.TakeOperator(")"))
        {
            return new JinjaList([]);
        }

        JinjaExpression first = Parse();
        if (!reader.TakeOperator(","))
        {
            reader.ExpectOperator(")");
            return first;
        }

        return new JinjaList([first, .. ParseItems(")")]);
    }

    private List<JinjaExpression> ParseItems(string close)
    {
        List<JinjaExpression> items = [];
        while (!reader.TakeOperator(close))
        {
            items.Add(Parse());
            if (!reader.TakeOperator(","))
            {
                reader.ExpectOperator(close);
                break;
            }
        }

        return items;
    }

    private JinjaMapping ParseMapping()
    {
        List<(JinjaExpression Key, JinjaExpression Value)> pairs = [];
        while (!reader.TakeOperator("}"))
        {
            JinjaExpression key = Parse();
            reader.ExpectOperator(":");
            pairs.Add((key, Parse()));
            if (!reader.TakeOperator(","))
            {
                reader.ExpectOperator("}");
                break;
            }
        }

        return new JinjaMapping(pairs);
    }

    private JinjaExpression ParsePostfix(JinjaExpression value)
    {
        while (true)
        {
            if (reader.TakeOperator("."))
            {
                value = new JinjaAttribute(value, reader.Expect(JinjaTokenKind.Name).Text);
            }
            else if (reader.TakeOperator("["))
            {
                value = ParseSubscript(value);
            }
            else if (reader.TakeOperator("("))
            {
                value = new JinjaCall(value, ParseArguments());
            }
            else
            {
                return value;
            }
        }
    }

    private JinjaExpression ParseSubscript(JinjaExpression value)
    {
        JinjaExpression? first = IsSliceEnd() ? null : Parse();
        if (reader.TakeOperator("]"))
        {
            return new JinjaIndex(value, first ?? throw reader.Fault("An index is empty."));
        }

        reader.ExpectOperator(":");
        JinjaExpression? stop = IsSliceEnd() ? null : Parse();
        JinjaExpression? step = reader.TakeOperator(":") && !IsSliceEnd() ? Parse() : null;
        reader.ExpectOperator("]");
        return new JinjaSlice(value, first, stop, step);
    }

    private bool IsSliceEnd() => reader.Next is { Kind: JinjaTokenKind.Operator, Text: ":" or "]" };

    private JinjaArguments ParseArguments()
    {
        List<JinjaExpression> positional = [];
        List<(string Name, JinjaExpression Value)> named = [];
        while (!reader.TakeOperator(")"))
        {
            JinjaExpression value = Parse();
            if (value is JinjaVariable name && reader.TakeOperator("="))
            {
                named.Add((name.Name, Parse()));
            }
            else
            {
                positional.Add(value);
            }

            if (!reader.TakeOperator(","))
            {
                reader.ExpectOperator(")");
                break;
            }
        }

        return new JinjaArguments(positional, named);
    }

    private JinjaExpression ParseFilters(JinjaExpression value)
    {
        while (true)
        {
            if (reader.TakeOperator("|"))
            {
                string name = reader.Expect(JinjaTokenKind.Name).Text;
                JinjaFilters.CheckKnown(name);
                value = new JinjaFilter(value, name, reader.TakeOperator("(") ? ParseArguments() : JinjaArguments.None);
            }
            else if (reader.TakeName("is"))
            {
                value = ParseTest(value);
            }
            else
            {
                return value;
            }
        }
    }

    private JinjaTest ParseTest(JinjaExpression value)
    {
        bool negated = reader.TakeName("not");
        string name = reader.Expect(JinjaTokenKind.Name).Text;
        bool takesOperand = JinjaTests.CheckKnown(name);
        JinjaExpression? operand = takesOperand ? ParsePostfix(ParsePrimary()) : null;
        return new JinjaTest(value, name, negated, operand);
    }
}
