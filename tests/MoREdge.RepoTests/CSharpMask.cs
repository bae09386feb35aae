namespace MoREdge.RepoTests;

/// <summary>
/// Blanks comments, character literals and strings of C# text, so that a search sees code only. Newlines stay, so line
/// numbers do too. Code in the holes of an ordinary interpolated string stays visible; that in a raw one is blanked.
/// </summary>
internal sealed class CSharpMask
{
    private const int CharLiteralLengthMax = 12;

    private readonly string _text;
    private readonly char[] _code;
    private int _at;

    private CSharpMask(string text)
    {
        _text = text;
        _code = text.ToCharArray();
    }

    public static string Apply(string text)
    {
        CSharpMask mask = new(text);
        mask.ScanCode(inHole: false);
        return new string(mask._code);
    }

    private void ScanCode(bool inHole)
    {
        int depth = 0;
        while (_at < _text.Length)
        {
            if (StartsWith("//"))
            {
                BlankThrough("\n");
            }
            else if (StartsWith("/*"))
            {
                BlankThrough("*/");
            }
            else if (_text[_at] == '\'')
            {
                ScanCharLiteral();
            }
            else if (StringPrefixLength() is int prefix and >= 0)
            {
                ScanString(prefix);
            }
            else if (inHole && depth == 0 && _text[_at] == '}')
            {
                return;
            }
            else
            {
                depth += _text[_at] switch { '{' => 1, '}' => -1, _ => 0 };
                _at++;
            }
        }
    }

    /// <summary>The count of $ and @ before an opening quote here, or -1 if no string starts here.</summary>
    private int StringPrefixLength()
    {
        int end = _at;
        while (end < _text.Length && _text[end] is '$' or '@')
        {
            end++;
        }

        return end < _text.Length && _text[end] == '"' ? end - _at : -1;
    }

    private void ScanString(int prefixLength)
    {
        ReadOnlySpan<char> prefix = _text.AsSpan(_at, prefixLength);
        bool verbatim = prefix.Contains('@');
        bool interpolated = prefix.Contains('$');
        Blank(prefixLength);
        int quotes = 0;
        while (_at + quotes < _text.Length && _text[_at + quotes] == '"')
        {
            quotes++;
        }

        if (quotes >= 3 && !verbatim)
        {
            Blank(quotes);
            BlankThrough(new string('"', quotes));
        }
        else
        {
            Blank(1);
            ScanQuoted(verbatim, interpolated);
        }
    }

    private void ScanQuoted(bool verbatim, bool interpolated)
    {
        while (_at < _text.Length)
        {
            char c = _text[_at];
            bool escape = (verbatim && StartsWith("\"\"")) || (!verbatim && c == '\\');
            if (escape || (interpolated && (StartsWith("{{") || StartsWith("}}"))))
            {
                Blank(2);
            }
            else if (interpolated && c == '{')
            {
                Blank(1);
                ScanCode(inHole: true);
                Blank(1);
            }
            else
            {
                Blank(1);
                if (c == '"')
                {
                    return;
                }
            }
        }
    }

    // A lone quote, as in a directive's text, is no literal: it must close soon and on its own line.
    private void ScanCharLiteral()
    {
        int end = _at + 1;
        while (end < _text.Length && end - _at < CharLiteralLengthMax && _text[end] is not ('\'' or '\n'))
        {
            end += _text[end] == '\\' ? 2 : 1;
        }

        Blank(end < _text.Length && _text[end] == '\'' ? end + 1 - _at : 1);
    }

    private bool StartsWith(string token) => string.CompareOrdinal(_text, _at, token, 0, token.Length) == 0;

    private void BlankThrough(string token)
    {
        int end = _text.IndexOf(token, Math.Min(_at + 1, _text.Length), StringComparison.Ordinal);
        Blank((end < 0 ? _text.Length : end + token.Length) - _at);
    }

    private void Blank(int count)
    {
        for (int end = Math.Min(_at + count, _text.Length); _at < end; _at++)
        {
            if (_code[_at] != '\n')
            {
                _code[_at] = ' ';
            }
        }
    }
}
