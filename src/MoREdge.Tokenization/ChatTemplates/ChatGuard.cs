using System.Text;

namespace MoREdge.Tokenization;

/// <summary>
/// Marks what people say so that no spelling of a control token in it becomes that token, wherever a template puts it.
/// </summary>
/// <remarks>A mark stands behind the first character of every such spelling, and of the start of one at the end of a
/// string, which the next string could complete. It travels through the template as any character does, keeps the
/// spelling from being found, and <see cref="Tokenizer.EncodeMarked"/> takes it away. What the template cuts out of
/// such a string, or turns around, is marked again (<see cref="MarkMade(string, object?)"/>).</remarks>
internal sealed class ChatGuard(Tokenizer tokenizer)
{
    /// <summary>A code point that Unicode keeps free for such use inside a program.</summary>
    public const char Sign = '\uFDD0';

    private const char Replacement = '\uFFFD';

    /// <summary>A special token's text as the vocabulary spells it, or null.</summary>
    public static string? SpecialText(Tokenizer tokenizer, int id) => id < 0 ? null : tokenizer.TokenText(id);

    /// <summary>A text with its marks; one that held marks before holds U+FFFD in their place.</summary>
    public string Mark(string text) => MarkSpellings(text.Replace(Sign, Replacement));

    /// <summary>
    /// What an operation of a template has made of a text, or the list of parts: a spelling that a cut has put together
    /// gets its mark, and so does the start of one that stands at an end now. A text with control tokens of the
    /// template's own is left as it is.
    /// </summary>
    public object? MarkMade(string from, object? made)
    {
        bool? isTemplates = null;
        switch (made)
        {
            case string text:
                return MarkMade(from, text, ref isTemplates);
            case List<object?> parts:
                for (int i = 0; i < parts.Count; i++)
                {
                    parts[i] = parts[i] is string part ? MarkMade(from, part, ref isTemplates) : parts[i];
                }

                return parts;
            default:
                return made;
        }
    }

    private string MarkMade(string from, string made, ref bool? isTemplates)
    {
        string marked = MarkSpellings(made);
        if (ReferenceEquals(marked, made))
        {
            return made;
        }

        isTemplates ??= !ReferenceEquals(MarkSpellings(from), from);
        return isTemplates.Value ? made : marked;
    }

    private string MarkSpellings(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        StringBuilder? marked = null;
        int copied = 0;
        for (int at = 0; at < utf8.Length; at++)
        {
            if (tokenizer.StartsControl(utf8.AsSpan(at)))
            {
                Rune.DecodeFromUtf8(utf8.AsSpan(at), out _, out int length);
                marked ??= new StringBuilder();
                marked.Append(Encoding.UTF8.GetString(utf8, copied, at + length - copied)).Append(Sign);
                copied = at + length;
            }
        }

        return marked is null
            ? text
            : marked.Append(Encoding.UTF8.GetString(utf8, copied, utf8.Length - copied)).ToString();
    }

    /// <summary>Takes the marks away from UTF-8 text.</summary>
    /// <param name="text">The text; its start is overwritten.</param>
    /// <returns>How many bytes are left.</returns>
    public static int Unmark(Span<byte> text)
    {
        ReadOnlySpan<byte> sign = "\uFDD0"u8;
        int count = 0;
        for (int i = 0; i < text.Length; i++)
        {
            bool isSign = text[i] == sign[0] && text[i..].StartsWith(sign);
            i += isSign ? sign.Length - 1 : 0;
            if (!isSign)
            {
                text[count++] = text[i];
            }
        }

        return count;
    }
}
