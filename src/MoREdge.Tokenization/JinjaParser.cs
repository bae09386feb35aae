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
                    statements.Add(new JinjaOutputStatement(ParseExpression()));
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
            case "break" or "continue" when _loops > 0:
                EndTag();
                return new JinjaJumpStatement(name == "break" ? JinjaFlow.Break : JinjaFlow.Continue);
            case "else" or "elif" or "endif" or "endfor" or "break" or "continue":
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
            JinjaExpression? condition = end == "elif" ? ParseExpression() : null;
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
        List<string> targets = [_reader.Expect(JinjaTokenKind.Name).Text];
        while (_reader.TakeOperator(","))
        {
            targets.Add(_reader.Expect(JinjaTokenKind.Name).Text);
        }

        if (!_reader.TakeName("in"))
        {
            throw _reader.Fault("A for has no \"in\".");
        }

        JinjaExpression items = new JinjaExpressionParser(_reader).ParseWithoutCondition();
        JinjaExpression? filter = _reader.TakeName("if") ? ParseExpression() : null;
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
        return new JinjaForStatement(targets, items, filter, body, otherwise);
    }

    private JinjaSetStatement ParseSet()
    {
        string name = _reader.Expect(JinjaTokenKind.Name).Text;
        string? attribute = _reader.TakeOperator(".") ? _reader.Expect(JinjaTokenKind.Name).Text : null;
        if (!_reader.TakeOperator("="))
        {
            throw ChatTemplateException.Unsupported("a set that is not of the form \"name = value\"");
        }

        JinjaExpression value = ParseExpression();
        EndTag();
        return new JinjaSetStatement(name, attribute, value);
    }

    private JinjaExpression ParseExpression() => new JinjaExpressionParser(_reader).Parse();

    private void EndTag() => _reader.Expect(JinjaTokenKind.EndStatement);
}

/// <summary>A place in a list of tokens.</summary>
internal sealed class JinjaTokenReader(IReadOnlyList<JinjaToken> tokens)
{
    private int _at;

    /// <summary>The next token, not consumed; the last one is <see cref="JinjaTokenKind.End"/>.</summary>
    public JinjaToken Next => tokens[Math.Min(_at, tokens.Count - 1)];

    /// <summary>Consumes the next token.</summary>
    public JinjaToken Take()
    {
        JinjaToken token = Next;
        _at++;
        return token;
    }

    /// <summary>Consumes the next token, which must be of a kind.</summary>
    public JinjaToken Expect(JinjaTokenKind kind) =>
        Next.Kind == kind ? Take() : throw Fault($"\"{Next.Text}\" ({Next.Kind}) stands where {kind} must be.");

    /// <summary>Consumes the next token, which must be an operator.</summary>
    public void ExpectOperator(string text)
    {
        if (!TakeOperator(text))
        {
            throw Fault($"\"{Next.Text}\" ({Next.Kind}) stands where \"{text}\" must be.");
        }
    }

    /// <summary>Consumes the next token if it is this operator.</summary>
    public bool TakeOperator(string text) => TakeIf(JinjaTokenKind.Operator, text);

    /// <summary>Consumes the next token if it is this word.</summary>
    public bool TakeName(string text) => TakeIf(JinjaTokenKind.Name, text);

    /// <summary>A fault of the template's grammar.</summary>
    public ChatTemplateException Fault(string sentence) => new(ChatTemplateError.Syntax, $"{sentence} (token {_at})");

    private bool TakeIf(JinjaTokenKind kind, string text)
    {
        bool matches = Next.Kind == kind && Next.Text == text;
        _at += matches ? 1 : 0;
        return matches;
    }
}
