using System.Globalization;
using System.Text;

namespace MoREdge.Tokenization;

/// <summary>Strings in tags, with Python's escapes.</summary>
internal static class JinjaStringLiteral
{
    private const int OctalDigitsMax = 3;

    /// <summary>The value of the string that starts at a quote.</summary>
    /// <param name="source">The template.</param>
    /// <param name="at">The quote; afterwards behind the closing one.</param>
    public static string Scan(string source, ref int at)
    {
        char quote = source[at++];
        StringBuilder text = new();
        while (at < source.Length && source[at] != quote)
        {
            if (source[at] == '\\')
            {
                ScanEscape(source, ref at, text);
            }
            else
            {
                text.Append(source[at++]);
            }
        }

        if (at >= source.Length)
        {
            throw NoEnd();
        }

        at++;
        return text.ToString();
    }

    // An escape that Python does not know keeps its backslash.
    private static void ScanEscape(string source, ref int at, StringBuilder text)
    {
        char code = at + 1 < source.Length ? source[at + 1] : throw NoEnd();
        at += 2;
        switch (code)
        {
            case 'x' or 'u' or 'U':
                AppendPoint(text, TakeHex(source, ref at, code));
                break;
            case 'N':
                throw ChatTemplateException.Unsupported("the string escape \\N");
            case >= '0' and <= '7':
                int value = code - '0';
                for (int i = 1; i < OctalDigitsMax && at < source.Length && source[at] is >= '0' and <= '7'; i++)
                {
                    value = (value * 8) + (source[at++] - '0');
                }

                AppendPoint(text, value);
                break;
            case '\n':
                break;
            default:
                int index = "nrtbfav\\'\"".IndexOf(code, StringComparison.Ordinal);
                text.Append(index < 0 ? $"\\{code}" : "\n\r\t\b\f\a\v\\'\"".Substring(index, 1));
                break;
        }
    }

    private static int TakeHex(string source, ref int at, char code)
    {
        int digits = code switch
        {
            'x' => 2,
            'u' => 4,
            _ => 8,
        };
        if (at + digits > source.Length
            || !int.TryParse(source.AsSpan(at, digits), NumberStyles.AllowHexSpecifier, null, out int value))
        {
            throw new ChatTemplateException(ChatTemplateError.Syntax, $"The escape \\{code} lacks its digits.");
        }

        at += digits;
        return value;
    }

    private static void AppendPoint(StringBuilder text, int point)
    {
        if (point is >= 0 and <= char.MaxValue)
        {
            text.Append((char)point);
        }
        else if (Rune.TryCreate(point, out Rune rune))
        {
            text.Append(rune.ToString());
        }
        else
        {
            throw new ChatTemplateException(ChatTemplateError.Syntax, "An escape names no character.");
        }
    }

    private static ChatTemplateException NoEnd() => new(ChatTemplateError.Syntax, "A string does not end.");
}
