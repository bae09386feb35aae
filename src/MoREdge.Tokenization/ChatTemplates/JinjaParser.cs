namespace MoREdge.Tokenization;

/// <summary>Parses the statements of a template; expressions are <see cref="JinjaExpressionParser"/>'s.</summary>
internal sealed class JinjaParser(IReadOnlyList<JinjaToken> tokens)
{
    // Public templates nest seven blocks deep.
    private const int BlockNestingMax = 64;

    private readonly JinjaTokenReader _reader = new(tokens);
    private int _nesting;
    private int _loops;

    /// <summary>The statements of the whole template.</summary>
    public IReadOnlyList<JinjaStatement> ParseTemplate()
    {
        List<JinjaStatement> body = ParseBlock([], out _);
        return body;
    }

    /// <summary>Statements up to one of the named tags, whose name is consumed; without names, up to the end.</summary>
    private List<JinjaStatement> ParseBlock(ReadOnlySpan<string> ends, out string end)
    {
        if (++_nesting > BlockNestingMax)
        {
            throw new ChatTemplateException(
                ChatTemplateError.TooDeep, $"Blocks are nested more than {BlockNestingMax} deep.");
        }

        List<JinjaStatement> statements = [];
        while (true)
        {
            JinjaToken token = _reader.Take();
            switch (token.Kind)
            {
                case JinjaTokenKind.Text:
                    statements.Add(new JinjaTextStatement(token.Text));
                    break;
                case JinjaTokenKind.BeginOutput:
                    statements.Add(new JinjaOutputStatement(ParseTuple()));
                    _reader.Expect(JinjaTokenKind.EndOutput);
                    break;
                case JinjaTokenKind.BeginStatement:
                    string name = _reader.Expect(JinjaTokenKind.Name).Text;
                    if (ends.Contains(name))
                    {
                        end = name;
                        _nesting--;
                        return statements;
                    }

                    statements.Add(ParseStatement(name));
                    break;
                default:
                    end = string.Empty;
                    _nesting--;
                    return ends.IsEmpty ? statements : throw _reader.Fault($"A block has no {ends[^1]}.");
            }
        }
    }

    private JinjaStatement ParseStatement(string name)
    {
        switch (name)
        {
            case "if":
                return ParseIf();
            case "for":
                return ParseFor();
            case "set":
                return ParseSet();
            case "macro":
                return ParseMacro();
            case "call":
                return ParseCall();
            case "filter":
                JinjaExpression filtered = new JinjaExpressionParser(_reader).ParseBlockFilters();
                EndTag();
                return new JinjaCaptureStatement(null, filtered, ParseBody("endfilter"));
            case "with":
                return ParseWith();
            case "generation":
                EndTag();
                return new JinjaWithStatement([], ParseBody("endgeneration"));
            case "break" or "continue" when _loops > 0:
                EndTag();
                return new JinjaJumpStatement(name == "break" ? JinjaFlow.Break : JinjaFlow.Continue);
            case "else" or "elif" or "break" or "continue" or ['e', 'n', 'd', ..]:
                throw _reader.Fault($"The tag {name} stands where it has no meaning.");
            default:
                throw ChatTemplateException.Unsupported($"the statement \"{name}\"");
        }
    }

    private JinjaIfStatement ParseIf()
    {
        List<(JinjaExpression? Condition, List<JinjaStatement> Body)> branches = [];
        string end = "elif";
        while (end != "endif")
        {
            JinjaExpression? condition = end == "elif" ? ParseTuple() : null;
            EndTag();
            branches.Add((condition, condition is null
                ? ParseBlock(["endif"], out end)
                : ParseBlock(["elif", "else", "endif"], out end)));
        }

        EndTag();
        return new JinjaIfStatement(branches);
    }

    private JinjaForStatement ParseFor()
    {
        JinjaTarget target = ParseTargets(withFields: false);
        if (!_reader.TakeName("in"))
        {
            throw _reader.Fault("A for has no \"in\".");
        }

        JinjaExpression items = new JinjaExpressionParser(_reader).ParseTuple(withCondition: false);
        JinjaExpression? condition = _reader.TakeName("if") ? ParseExpression() : null;
        if (_reader.TakeName("recursive"))
        {
            throw ChatTemplateException.Unsupported("a recursive for");
        }

        EndTag();
        _loops++;
        List<JinjaStatement> body = ParseBlock(["else", "endfor"], out string end);
        _loops--;
        List<JinjaStatement> otherwise = [];
        if (end == "else")
        {
            EndTag();
            otherwise = ParseBlock(["endfor"], out _);
        }

        EndTag();
        return new JinjaForStatement(target, items, condition, body, otherwise);
    }

    private JinjaStatement ParseSet()
    {
        JinjaTarget target = ParseTargets(withFields: true);
        if (_reader.TakeOperator("="))
        {
            JinjaExpression value = ParseTuple();
            EndTag();
            return new JinjaSetStatement(target, value);
        }

        JinjaExpression captured = _reader.TakeOperator("|")
            ? new JinjaExpressionParser(_reader).ParseBlockFilters()
            : new JinjaCaptured();
        EndTag();
        return new JinjaCaptureStatement(target, captured, ParseBody("endset"));
    }

    private JinjaWithStatement ParseWith()
    {
        List<(JinjaTarget Target, JinjaExpression Value)> values = [];
        while (_reader.Next.Kind != JinjaTokenKind.EndStatement)
        {
            JinjaTarget target = ParseTarget(withFields: false);
            _reader.ExpectOperator("=");
            values.Add((target, ParseExpression()));
            if (!_reader.TakeOperator(","))
            {
                break;
            }
        }

        EndTag();
        List<JinjaStatement> body = ParseBlock(["endwith"], out _);
        EndTag();
        return new JinjaWithStatement(values, body);
    }

    private JinjaMacroStatement ParseMacro()
    {
        string name = _reader.Expect(JinjaTokenKind.Name).Text;
        _reader.ExpectOperator("(");
        List<(string, JinjaExpression?)> parameters = ParseParameters();
        EndTag();
        return new JinjaMacroStatement(ParseMacroBody(name, parameters, "endmacro"));
    }

    private JinjaCallStatement ParseCall()
    {
        List<(string, JinjaExpression?)> parameters = _reader.TakeOperator("(") ? ParseParameters() : [];
        JinjaCall call = ParseExpression() as JinjaCall ?? throw _reader.Fault("A call block calls nothing.");
        EndTag();
        return new JinjaCallStatement(call, ParseMacroBody("caller", parameters, "endcall"));
    }

    private List<(string Name, JinjaExpression? Value)> ParseParameters()
    {
        List<(string, JinjaExpression?)> parameters = [];
        while (!_reader.TakeOperator(")"))
        {
            string name = _reader.Expect(JinjaTokenKind.Name).Text;
            parameters.Add((name, _reader.TakeOperator("=") ? ParseExpression() : null));
            if (!_reader.TakeOperator(","))
            {
                _reader.ExpectOperator(")");
                break;
            }
        }

        return parameters;
    }

    private JinjaMacroSource ParseMacroBody(string name, List<(string, JinjaExpression?)> parameters, string end)
    {
        int start = _reader.Position;
        List<JinjaStatement> body = ParseBody(end);
        return new JinjaMacroSource(name, parameters, body, _reader.NamesFrom(start));
    }

    // A body whose text is collected: no break leads out of it.
    private List<JinjaStatement> ParseBody(string end)
    {
        int loops = _loops;
        _loops = 0;
        List<JinjaStatement> body = ParseBlock([end], out _);
        _loops = loops;
        EndTag();
        return body;
    }

    // a; a, b; (a, b), c
    private JinjaTarget ParseTargets(bool withFields)
    {
        JinjaTarget first = ParseTarget(withFields);
        if (_reader.Next is not { Kind: JinjaTokenKind.Operator, Text: "," })
        {
            return first;
        }

        List<JinjaTarget> targets = [first];
        while (_reader.TakeOperator(",")
            && (_reader.Next.Kind == JinjaTokenKind.Name && _reader.Next.Text != "in" || IsBracket()))
        {
            targets.Add(ParseTarget(withFields));
        }

        return new JinjaTarget(string.Empty, null, targets);
    }

    private bool IsBracket() => _reader.Next is { Kind: JinjaTokenKind.Operator, Text: "(" };

    private JinjaTarget ParseTarget(bool withFields)
    {
        if (++_nesting > BlockNestingMax)
        {
            throw new ChatTemplateException(
                ChatTemplateError.TooDeep, $"Names are nested more than {BlockNestingMax} deep.");
        }

        JinjaTarget target;
        if (_reader.TakeOperator("("))
        {
            target = ParseTargets(withFields);
            _reader.ExpectOperator(")");
        }
        else
        {
            string name = _reader.Expect(JinjaTokenKind.Name).Text;
            bool hasField = withFields && _reader.TakeOperator(".");
            target = new JinjaTarget(name, hasField ? _reader.Expect(JinjaTokenKind.Name).Text : null, null);
        }

        _nesting--;
        return target;
    }

    private JinjaExpression ParseTuple() => new JinjaExpressionParser(_reader).ParseTuple();

    private JinjaExpression ParseExpression() => new JinjaExpressionParser(_reader).Parse();

    private void EndTag() => _reader.Expect(JinjaTokenKind.EndStatement);
}
