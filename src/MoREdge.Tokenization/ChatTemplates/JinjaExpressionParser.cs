using System.Globalization;
using System.Text;

namespace MoREdge.Tokenization;

/// <summary>
/// Parses expressions with Jinja's precedence: if, or, and, not, comparison, + -, ~, * / // %, **, sign, then postfix.
/// </summary>
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

    /// <summary>What a statement or an output holds: an expression, or a tuple without brackets.</summary>
    public JinjaExpression ParseTuple(bool withCondition = true)
    {
        JinjaExpression first = withCondition ? Parse() : ParseOr();
        if (reader.Next is not { Kind: JinjaTokenKind.Operator, Text: "," })
        {
            return first;
        }

        List<JinjaExpression> items = [first];
        while (reader.TakeOperator(",") && !IsTupleEnd())
        {
            items.Add(withCondition ? Parse() : ParseOr());
        }

        return new JinjaList(items, isTuple: true);
    }

    /// <summary>The filters of a filter block or a set block, behind the first "|".</summary>
    public JinjaExpression ParseBlockFilters() => ParseFilters(ParseFilter(new JinjaCaptured()));

    private bool IsTupleEnd() => reader.Next.Kind is JinjaTokenKind.EndOutput or JinjaTokenKind.EndStatement
        || reader.Next is { Kind: JinjaTokenKind.Operator, Text: ")" };

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
        JinjaExpression left = ParsePower();
        while (reader.Next is { Kind: JinjaTokenKind.Operator, Text: "*" or "/" or "//" or "%" })
        {
            left = new JinjaArithmetic(reader.Take().Text, left, ParsePower());
        }

        return left;
    }

    private JinjaExpression ParsePower()
    {
        JinjaExpression left = ParseSigned(withFilters: true);
        while (reader.TakeOperator("**"))
        {
            left = new JinjaArithmetic("**", left, ParseSigned(withFilters: true));
        }

        return left;
    }

    // A filter behind "-x" applies to the negated value, as in Jinja.
    private JinjaExpression ParseSigned(bool withFilters)
    {
        JinjaExpression value;
        bool isMinus = reader.TakeOperator("-");
        if (isMinus || reader.TakeOperator("+"))
        {
            Enter();
            value = new JinjaSign(ParseSigned(withFilters: false), isMinus);
            _nesting--;
        }
        else
        {
            value = ParsePrimary();
        }

        value = ParsePostfix(value);
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
                return long.TryParse(token.Text, CultureInfo.InvariantCulture, out long number)
                    ? new JinjaLiteral(number)
                    : throw reader.Fault($"The number {token.Text} is too large.");
            case JinjaTokenKind.Float:
                return new JinjaLiteral(double.Parse(token.Text, CultureInfo.InvariantCulture));
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
                return new JinjaList(ParseItems("]"), isTuple: false);
            case JinjaTokenKind.Operator when token.Text == "{":
                return ParseMapping();
            default:
                throw reader.Fault($"\"{token.Text}\" ({token.Kind}) stands where a value must be.");
        }
    }

    // (a) is a; (a,) and (a, b) are tuples.
    private JinjaExpression ParseParentheses()
    {
        if (reader.TakeOperator(")"))
        {
            return new JinjaList([], isTuple: true);
        }

        JinjaExpression first = Parse();
        if (!reader.TakeOperator(","))
        {
            reader.ExpectOperator(")");
            return first;
        }

        return new JinjaList([first, .. ParseItems(")")], isTuple: true);
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
                value = reader.Next is { Kind: JinjaTokenKind.Integer }
                    ? new JinjaIndex(value, ParsePrimary())
                    : new JinjaAttribute(value, reader.Expect(JinjaTokenKind.Name).Text);
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

    private JinjaArguments ParseArguments() => JinjaArgumentsParser.Parse(reader, Parse);

    private JinjaExpression ParseFilters(JinjaExpression value)
    {
        while (true)
        {
            if (reader.TakeOperator("|"))
            {
                value = ParseFilter(value);
            }
            else if (reader.TakeName("is"))
            {
                value = ParseTest(value);
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

    private JinjaFilter ParseFilter(JinjaExpression value)
    {
        string name = reader.Expect(JinjaTokenKind.Name).Text;
        JinjaFilters.CheckKnown(name);
        return new JinjaFilter(value, name, reader.TakeOperator("(") ? ParseArguments() : JinjaArguments.None);
    }

    // "x is divisibleby 3" and "x is divisibleby(3)"; a word that goes on with the sentence is no argument.
    private JinjaTest ParseTest(JinjaExpression value)
    {
        bool negated = reader.TakeName("not");
        string name = reader.Expect(JinjaTokenKind.Name).Text;
        JinjaTests.CheckKnown(name);
        if (reader.TakeOperator("("))
        {
            return new JinjaTest(value, name, negated, ParseArguments());
        }

        bool hasArgument = reader.Next switch
        {
            { Kind: JinjaTokenKind.Name } => reader.Next.Text is not ("else" or "or" or "and"),
            { Kind: JinjaTokenKind.String or JinjaTokenKind.Integer or JinjaTokenKind.Float } => true,
            _ => reader.Next is { Kind: JinjaTokenKind.Operator, Text: "[" or "{" },
        };
        if (hasArgument && reader.Next is { Kind: JinjaTokenKind.Name, Text: "is" })
        {
            throw reader.Fault("A test stands behind a test.");
        }

        return new JinjaTest(value, name, negated, hasArgument
            ? new JinjaArguments([ParsePostfix(ParsePrimary())], [])
            : JinjaArguments.None);
    }
}
