using System.Text.RegularExpressions;

namespace MoREdge.RepoTests;

/// <summary>A method, constructor, operator, property or indexer, from its signature to its last line.</summary>
internal readonly record struct Member(string Name, int FirstLine, int LineCount);

/// <summary>
/// Finds the members of C# text and how long they are by matching braces. Local functions and lambdas count in the
/// member that holds them; attributes and fields (tables may be long) do not. Works on text whose comments and strings
/// are blanked.
/// </summary>
internal sealed partial class MemberScanner
{
    private readonly string _code;
    private readonly List<Member> _members = [];
    private int _at;

    private MemberScanner(string code) => _code = code;

    public static List<Member> Scan(SourceFile file)
    {
        MemberScanner scanner = new(file.Code);
        scanner.ScanContainer(file.Code.Length);
        return scanner._members;
    }

    // A container is the file, a namespace or a type: a sequence of declarations.
    private void ScanContainer(int end)
    {
        for (SkipToDeclaration(end); _at < end; SkipToDeclaration(end))
        {
            int start = _at;
            int stop = HeaderEnd(start, end);
            string header = _code[start..stop];
            bool arrow = string.CompareOrdinal(_code, stop, "=>", 0, 2) == 0;
            if (stop < end && _code[stop] == '{')
            {
                ScanBody(header, start, stop, end);
            }
            else
            {
                int last = StatementEnd(stop, end);
                if (arrow)
                {
                    Add(header, start, last);
                }

                _at = last + 1;
            }
        }
    }

    private void ScanBody(string header, int start, int open, int end)
    {
        int close = MatchingBrace(open, end);
        string keyword = TypeKeyword().Match(header.Split('(')[0]).Value;
        if (keyword.Length == 0)
        {
            Add(header, start, close);
        }
        else if (keyword != "enum")
        {
            _at = open + 1;
            ScanContainer(close);
        }

        _at = close + 1;
        SkipSpace(end);
        if (_at < end && _code[_at] == '=')
        {
            _at = StatementEnd(_at, end) + 1;
        }
    }

    private void Add(string header, int start, int last)
    {
        int firstLine = _code.AsSpan(0, start).Count('\n') + 1;
        int lineCount = _code.AsSpan(start, Math.Min(last, _code.Length) - start).Count('\n') + 1;
        Match name = CallableName().Match(header);
        string shown = name.Success ? name.Groups[1].Value : header.Trim().Split(' ')[^1];
        _members.Add(new Member(shown, firstLine, lineCount));
    }

    /// <summary>Passes blanks, stray ends, attributes and preprocessor lines.</summary>
    private void SkipToDeclaration(int end)
    {
        SkipSpace(end);
        while (_at < end && _code[_at] is '[' or '#' or ';' or '}')
        {
            _at = _code[_at] switch
            {
                '[' => MatchingBrace(_at, end) + 1,
                '#' => _code.IndexOf('\n', _at) is int newline and >= 0 ? newline : end,
                _ => _at + 1,
            };
            SkipSpace(end);
        }
    }

    private void SkipSpace(int end)
    {
        while (_at < end && char.IsWhiteSpace(_code[_at]))
        {
            _at++;
        }
    }

    /// <summary>Where a declaration's header ends: at a brace, semicolon, arrow or = outside parentheses.</summary>
    private int HeaderEnd(int from, int end)
    {
        // The symbol of an operator stands before its parameter list: the = in it ends nothing.
        Match operatorWord = OperatorKeyword().Match(_code, from, end - from);
        int depth = 0;
        for (int i = from; i < end; i++)
        {
            if (operatorWord.Success && i == operatorWord.Index)
            {
                i = Math.Min(_code.IndexOf('(', i) is int paren and >= 0 ? paren : end, end - 1);
            }

            char c = _code[i];
            if (depth == 0 && c is '{' or ';' or '=')
            {
                return i;
            }

            depth += c switch { '(' or '[' => 1, ')' or ']' => -1, _ => 0 };
        }

        return end;
    }

    private int StatementEnd(int from, int end)
    {
        int depth = 0;
        for (int i = from; i < end; i++)
        {
            if (depth == 0 && _code[i] == ';')
            {
                return i;
            }

            depth += Nesting(_code[i]);
        }

        return end;
    }

    private int MatchingBrace(int open, int end)
    {
        int depth = 0;
        for (int i = open; i < end; i++)
        {
            depth += Nesting(_code[i]);
            if (depth == 0)
            {
                return i;
            }
        }

        return end;
    }

    private static int Nesting(char c) => c switch { '{' or '(' or '[' => 1, '}' or ')' or ']' => -1, _ => 0 };

    [GeneratedRegex(@"\b(namespace|class|struct|interface|record|enum|extension)\b")]
    private static partial Regex TypeKeyword();

    // The word before a parameter list; a modifier stands there only when the result is a tuple.
    [GeneratedRegex(@"\b(?!(?:public|private|protected|internal|static|readonly|override|virtual|new|unsafe)\b)"
        + @"(operator|this|\w+(?=\s*(?:<[^()]*>)?\s*\())")]
    private static partial Regex CallableName();

    [GeneratedRegex(@"\G[^{};=()\[\]]*\boperator\b")]
    private static partial Regex OperatorKeyword();
}
