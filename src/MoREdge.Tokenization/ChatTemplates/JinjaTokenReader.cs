namespace MoREdge.Tokenization;

/// <summary>A place in a list of tokens.</summary>
internal sealed class JinjaTokenReader(IReadOnlyList<JinjaToken> tokens)
{
    private int _at;

    /// <summary>The next token, not consumed; the last one is <see cref="JinjaTokenKind.End"/>.</summary>
    public JinjaToken Next => tokens[Math.Min(_at, tokens.Count - 1)];

    /// <summary>How many tokens are consumed.</summary>
    public int Position => _at;

    /// <summary>Every name among the tokens consumed since a position.</summary>
    public IReadOnlySet<string> NamesFrom(int position)
    {
        HashSet<string> names = [];
        for (int i = position; i < _at; i++)
        {
            if (tokens[i].Kind == JinjaTokenKind.Name)
            {
                names.Add(tokens[i].Text);
            }
        }

        return names;
    }

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
