namespace MoREdge.Tokenization;

internal enum JinjaTokenKind
{
    Text,
    BeginOutput,
    EndOutput,
    BeginStatement,
    EndStatement,
    Name,
    String,
    Integer,
    Float,
    Operator,
    End,
}

internal readonly record struct JinjaToken(JinjaTokenKind Kind, string Text);

/// <summary>Cuts a template into tokens; white space control happens here.</summary>
internal sealed class JinjaLexer
{
    private static readonly string[] Operators =
    [
        "**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}",
        ".", ",", ":", "|",
    ];

    private readonly string _source;
    private readonly List<JinjaToken> _tokens = [];
    private int _at;

    private JinjaLexer(string source) => _source = source;

    /// <summary>All tokens of a template, with <see cref="JinjaTokenKind.End"/> last.</summary>
    public static IReadOnlyList<JinjaToken> Scan(string template)
    {
        string source = template.Replace("\r\n", "\n").Replace('\r', '\n');
        JinjaLexer lexer = new(source.EndsWith('\n') ? source[..^1] : source);
        lexer.ScanAll();
        return lexer._tokens;
    }

    private void ScanAll()
    {
        while (_at < _source.Length)
        {
            int tag = NextTag(_at);
            AddText(tag);
            if (tag == _source.Length)
            {
                break;
            }

            char kind = _source[tag + 1];
            _at = tag + 2;
            bool marked = _at < _source.Length && _source[_at] is '-' or '+';
            _at += marked ? 1 : 0;
            if (kind == '#')
            {
                SkipComment();
            }
            else if (kind == '{' || !TryScanRaw())
            {
                ScanTag(kind == '{');
            }
        }

        Add(JinjaTokenKind.End, string.Empty);
    }

    private int NextTag(int from)
    {
        int tag = from - 1;
        do
        {
            tag = _source.IndexOf('{', tag + 1);
        }
        while (tag >= 0 && !(tag + 1 < _source.Length && _source[tag + 1] is '{' or '%' or '#'));
        return tag < 0 ? _source.Length : tag;
    }

    // "{%-" takes all white space before it; "{%" and "{#" take what stands between them and the line's start.
    private void AddText(int tag)
    {
        int end = tag;
        char mark = tag + 2 < _source.Length ? _source[tag + 2] : '\0';
        if (tag < _source.Length && mark == '-')
        {
            while (end > _at && JinjaText.IsSpace(_source[end - 1]))
            {
                end--;
            }
        }
        else if (tag < _source.Length && _source[tag + 1] != '{' && mark != '+')
        {
            while (end > _at && _source[end - 1] != '\n' && JinjaText.IsSpace(_source[end - 1]))
            {
                end--;
            }

            bool lineStarts = end == 0 || _source[end - 1] == '\n';
            end = lineStarts ? end : tag;
        }

        if (end > _at)
        {
            Add(JinjaTokenKind.Text, _source[_at..end]);
        }
    }

    private void SkipComment()
    {
        int end = _source.IndexOf("#}", _at, StringComparison.Ordinal);
        if (end < 0)
        {
            throw Fault("A comment does not end.");
        }

        _at = end + 2;
        SkipAfterTag(end > 0 ? _source[end - 1] : '\0', trimLine: true);
    }

    // {% raw %} ... {% endraw %} is text; _at is behind the "{%" and its mark.
    private bool TryScanRaw()
    {
        int at = _at;
        if (!TakeRawTag("raw", ref at, out char mark) || mark == '+')
        {
            return false;
        }

        _at = at;
        SkipAfterTag(mark, trimLine: false);
        int tag = _at - 1;
        while ((tag = _source.IndexOf("{%", tag + 1, StringComparison.Ordinal)) >= 0)
        {
            at = tag + 2;
            at += at < _source.Length && _source[at] is '-' or '+' ? 1 : 0;
            if (TakeRawTag("endraw", ref at, out mark))
            {
                AddText(tag);
                _at = at;
                SkipAfterTag(mark, trimLine: true);
                return true;
            }
        }

        throw Fault("A raw block does not end.");
    }

    private bool TakeRawTag(string name, ref int at, out char mark)
    {
        mark = '\0';
        at = SkipSpaces(at);
        if (string.CompareOrdinal(_source, at, name, 0, name.Length) != 0)
        {
            return false;
        }

        at = SkipSpaces(at + name.Length);
        if (at < _source.Length && _source[at] is '-' or '+')
        {
            mark = _source[at++];
        }

        bool closes = string.CompareOrdinal(_source, at, "%}", 0, 2) == 0;
        at += closes ? 2 : 0;
        return closes;
    }

    private int SkipSpaces(int at)
    {
        while (at < _source.Length && JinjaText.IsSpace(_source[at]))
        {
            at++;
        }

        return at;
    }

    private void ScanTag(bool isOutput)
    {
        Add(isOutput ? JinjaTokenKind.BeginOutput : JinjaTokenKind.BeginStatement, string.Empty);
        string close = isOutput ? "}}" : "%}";
        int open = 0;
        while (true)
        {
            _at = SkipSpaces(_at);
            bool isMark = _at < _source.Length && (_source[_at] == '-' || (_source[_at] == '+' && !isOutput));
            int mark = isMark ? 1 : 0;
            if (open == 0 && string.CompareOrdinal(_source, _at + mark, close, 0, close.Length) == 0)
            {
                char markChar = isMark ? _source[_at] : '\0';
                _at += mark + close.Length;
                Add(isOutput ? JinjaTokenKind.EndOutput : JinjaTokenKind.EndStatement, string.Empty);
                SkipAfterTag(markChar, trimLine: !isOutput);
                return;
            }

            string text = ScanToken();
            open += text is "(" or "[" or "{" ? 1 : text is ")" or "]" or "}" ? -1 : 0;
            if (open < 0)
            {
                throw Fault($"A \"{text}\" closes nothing.");
            }
        }
    }

    // "-%}" takes all white space behind it; "%}" and "#}" take one line end, "+%}" none.
    private void SkipAfterTag(char mark, bool trimLine)
    {
        if (mark == '-')
        {
            _at = SkipSpaces(_at);
        }
        else if (mark != '+' && trimLine && _at < _source.Length && _source[_at] == '\n')
        {
            _at++;
        }
    }

    /// <summary>Adds one token of a tag; gives its text when it is an operator, else an empty one.</summary>
    private string ScanToken()
    {
        if (_at >= _source.Length)
        {
            throw Fault("A tag does not end.");
        }

        char first = _source[_at];
        if (first is '"' or '\'')
        {
            Add(JinjaTokenKind.String, JinjaStringLiteral.Scan(_source, ref _at));
            return string.Empty;
        }

        if (char.IsAsciiDigit(first))
        {
            ScanNumber();
            return string.Empty;
        }

        if (char.IsLetter(first) || first == '_')
        {
            Add(JinjaTokenKind.Name, TakeWhile(value => char.IsLetterOrDigit(value) || value == '_'));
            return string.Empty;
        }

        foreach (string text in Operators)
        {
            if (string.CompareOrdinal(_source, _at, text, 0, text.Length) == 0)
            {
                _at += text.Length;
                Add(JinjaTokenKind.Operator, text);
                return text;
            }
        }

        throw Fault($"The character '{first}' has no meaning in a tag.");
    }

    // 12, 1_000, 1.5, 2e-3; behind a dot ("a.0.1") only whole numbers.
    private void ScanNumber()
    {
        bool afterDot = _tokens.Count > 0 && _tokens[^1] is { Kind: JinjaTokenKind.Operator, Text: "." };
        string text = TakeWhile(value => char.IsAsciiDigit(value) || value == '_');
        char next = _at < _source.Length ? _source[_at] : '\0';
        if (text == "0" && next is 'x' or 'X' or 'b' or 'B' or 'o' or 'O')
        {
            throw ChatTemplateException.Unsupported("a number that is not decimal");
        }

        int digits = text.Length;
        if (!afterDot && next == '.' && IsDigit(_at + 1))
        {
            _at++;
            text += "." + TakeWhile(value => char.IsAsciiDigit(value) || value == '_');
            next = _at < _source.Length ? _source[_at] : '\0';
        }

        int sign = _at + 1 < _source.Length && _source[_at + 1] is '+' or '-' ? 1 : 0;
        if (!afterDot && next is 'e' or 'E' && IsDigit(_at + 1 + sign))
        {
            string exponent = _source.Substring(_at, 1 + sign);
            _at += 1 + sign;
            text += exponent + TakeWhile(char.IsAsciiDigit);
        }

        Add(text.Length == digits ? JinjaTokenKind.Integer : JinjaTokenKind.Float, text.Replace("_", null));
    }

    private bool IsDigit(int at) => at < _source.Length && char.IsAsciiDigit(_source[at]);

    private string TakeWhile(Predicate<char> belongs)
    {
        int start = _at;
        while (_at < _source.Length && belongs(_source[_at]))
        {
            _at++;
        }

        return _source[start.._at];
    }

    private void Add(JinjaTokenKind kind, string text) => _tokens.Add(new JinjaToken(kind, text));

    private static ChatTemplateException Fault(string sentence) => new(ChatTemplateError.Syntax, sentence);
}
