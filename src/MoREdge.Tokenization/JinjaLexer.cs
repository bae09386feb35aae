using System.Globalization;
using System.Text;

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
            int tag = NextTag();
            AddText(tag);
            if (tag == _source.Length)
            {
                break;
            }

            char kind = _source[tag + 1];
            _at = tag + 2;
            bool marked = _at < _source.Length && _source[_at] is '-' or '+';
            _at += marked && (kind != '{' || _source[_at] == '-') ? 1 : 0;
            if (kind == '#')
            {
                SkipComment();
            }
            else
            {
                ScanTag(kind == '{');
            }
        }

        Add(JinjaTokenKind.End, string.Empty);
    }

    private int NextTag()
    {
        int tag = _at - 1;
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
        SkipAfterTag(_source[end - 1], trimLine: true);
    }

    private void ScanTag(bool isOutput)
    {
        Add(isOutput ? JinjaTokenKind.BeginOutput : JinjaTokenKind.BeginStatement, string.Empty);
        string close = isOutput ? "}}" : "%}";
        int open = 0;
        while (true)
        {
            while (_at < _source.Length && JinjaText.IsSpace(_source[_at]))
            {
                _at++;
            }

            int mark = _at < _source.Length && _source[_at] is '-' or '+' ? 1 : 0;
            if (open == 0 && string.CompareOrdinal(_source, _at + mark, close, 0, close.Length) == 0)
            {
                char markChar = mark == 1 ? _source[_at] : '\0';
                _at += mark + close.Length;
                Add(isOutput ? JinjaTokenKind.EndOutput : JinjaTokenKind.EndStatement, string.Empty);
                SkipAfterTag(markChar, trimLine: !isOutput);
                return;
            }

            string text = ScanToken();
            open += text is "(" or "[" or "{" ? 1 : text is ")" or "]" or "}" ? -1 : 0;
        }
    }

    // "-%}" takes all white space behind it; "%}" and "#}" take one line end, "+%}" none.
    private void SkipAfterTag(char mark, bool trimLine)
    {
        while (mark == '-' && _at < _source.Length && JinjaText.IsSpace(_source[_at]))
        {
            _at++;
        }

        if (mark is not ('-' or '+') && trimLine && _at < _source.Length && _source[_at] == '\n')
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
            ScanString(first);
            return string.Empty;
        }

        if (char.IsAsciiDigit(first))
        {
            Add(JinjaTokenKind.Integer, TakeWhile(char.IsAsciiDigit));
            bool isFloat = _at + 1 < _source.Length && _source[_at] == '.' && char.IsAsciiDigit(_source[_at + 1]);
            return isFloat ? throw ChatTemplateException.Unsupported("a number with a fraction") : string.Empty;
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

    private string TakeWhile(Predicate<char> belongs)
    {
        int start = _at;
        while (_at < _source.Length && belongs(_source[_at]))
        {
            _at++;
        }

        return _source[start.._at];
    }

    private void ScanString(char quote)
    {
        StringBuilder text = new();
        for (_at++; _at < _source.Length && _source[_at] != quote; _at++)
        {
            text.Append(_source[_at] == '\\' ? ScanEscape() : _source[_at].ToString());
        }

        if (_at >= _source.Length)
        {
            throw Fault("A string does not end.");
        }

        _at++;
        Add(JinjaTokenKind.String, text.ToString());
    }

    // Python's escapes; one that Python does not know keeps its backslash.
    private string ScanEscape()
    {
        _at++;
        char code = _at < _source.Length ? _source[_at] : throw Fault("A string does not end.");
        switch (code)
        {
            case 'x' or 'u':
                int digits = code == 'x' ? 2 : 4;
                int value = 0;
                if (_at + digits >= _source.Length || !int.TryParse(
                    _source.AsSpan(_at + 1, digits), NumberStyles.AllowHexSpecifier, null, out value))
                {
                    throw Fault($"The escape \\{code} lacks its digits.");
                }

                _at += digits;
                return ((char)value).ToString();
            case 'U' or 'N' or (>= '0' and <= '7'):
                throw ChatTemplateException.Unsupported($"the string escape \\{code}");
            default:
                int index = "nrtbfav\\'\"\n".IndexOf(code, StringComparison.Ordinal);
                return index < 0 ? $"\\{code}" : code == '\n' ? string.Empty : "\n\r\t\b\f\a\v\\'\""[index].ToString();
        }
    }

    private void Add(JinjaTokenKind kind, string text) => _tokens.Add(new JinjaToken(kind, text));

    private static ChatTemplateException Fault(string sentence) => new(ChatTemplateError.Syntax, sentence);
}
