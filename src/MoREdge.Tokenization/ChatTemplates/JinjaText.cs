using System.Text;

namespace MoREdge.Tokenization;

/// <summary>Python's string rules that .NET has differently: a string is a row of code points.</summary>
internal static class JinjaText
{
    /// <summary>White space as Python counts it: .NET's, and the four ASCII separators.</summary>
    public static bool IsSpace(char unit) => char.IsWhiteSpace(unit) || unit is >= '\u001C' and <= '\u001F';

    /// <summary>Number of code points.</summary>
    public static int Length(string text)
    {
        int length = text.Length;
        for (int i = 1; i < text.Length; i++)
        {
            length -= char.IsSurrogatePair(text[i - 1], text[i]) ? 1 : 0;
        }

        return length;
    }

    /// <summary>The code points, each a string.</summary>
    public static List<object?> Characters(string text)
    {
        List<object?> characters = new(text.Length);
        for (int i = 0, length; i < text.Length; i += length)
        {
            length = LengthAt(text, i);
            characters.Add(text.Substring(i, length));
        }

        return characters;
    }

    /// <summary>One code point, counted from the end when the index is negative, or null beyond the ends.</summary>
    public static string? CharacterAt(string text, long index)
    {
        index += index < 0 ? Length(text) : 0;
        for (int i = 0; index >= 0 && i < text.Length; i += LengthAt(text, i), index--)
        {
            if (index == 0)
            {
                return text.Substring(i, LengthAt(text, i));
            }
        }

        return null;
    }

    /// <summary>
    /// The order of two strings by code points, which differs from that of UTF-16 units where surrogates meet units
    /// above them.
    /// </summary>
    public static int CompareByCodePoint(string left, string right)
    {
        int same = left.AsSpan().CommonPrefixLength(right);
        if (same == left.Length || same == right.Length)
        {
            return left.Length.CompareTo(right.Length);
        }

        bool leftHigh = char.IsSurrogate(left[same]);
        return leftHigh != char.IsSurrogate(right[same])
            ? leftHigh ? 1 : -1
            : left[same].CompareTo(right[same]);
    }

    /// <summary>Takes white space, or any of some characters, from the ends of a text.</summary>
    public static string Strip(string text, string? characters, bool left, bool right)
    {
        bool Goes(int start, int length) => characters is null
            ? length == 1 && IsSpace(text[start])
            : length > 0 && characters.AsSpan().IndexOf(text.AsSpan(start, length)) >= 0;
        int start = 0;
        int end = text.Length;
        while (left && start < end && Goes(start, LengthAt(text, start)))
        {
            start += LengthAt(text, start);
        }

        while (right && end > start)
        {
            int length = end - start > 1 && char.IsSurrogatePair(text[end - 2], text[end - 1]) ? 2 : 1;
            if (!Goes(end - length, length))
            {
                break;
            }

            end -= length;
        }

        return text[start..end];
    }

    /// <summary>Every run of letters capitalized: str.title.</summary>
    public static string Title(string text)
    {
        StringBuilder title = new(text.Length);
        bool afterLetter = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            string character = rune.ToString();
            title.Append(afterLetter ? JinjaCase.Lower(character) : JinjaCase.Capital(character));
            afterLetter = IsCased(rune);
        }

        return title.ToString();
    }

    /// <summary>Every part behind white space, a hyphen or an opening bracket capitalized: the filter title.</summary>
    public static string TitleWords(string text)
    {
        StringBuilder title = new(text.Length);
        for (int i = 0, start = 0; i <= text.Length; i++)
        {
            if (i == text.Length || IsSpace(text[i]) || "-({[<".Contains(text[i], StringComparison.Ordinal))
            {
                int first = start < i ? LengthAt(text, start) : 0;
                title.Append(JinjaCase.Upper(text.Substring(start, first)));
                title.Append(JinjaCase.Lower(text[(start + first)..i]));
                title.Append(i < text.Length ? text[i].ToString() : string.Empty);
                start = i + 1;
            }
        }

        return title.ToString();
    }

    public static string SwapCase(string text)
    {
        StringBuilder swapped = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            string character = rune.ToString();
            swapped.Append(Rune.IsUpper(rune) ? JinjaCase.Lower(character) : JinjaCase.Upper(character));
        }

        return swapped.ToString();
    }

    /// <summary>Whether a character has a case, by which words of a title are told apart.</summary>
    public static bool IsCased(Rune rune) =>
        Rune.IsUpper(rune) || Rune.IsLower(rune)
        || Rune.GetUnicodeCategory(rune) == System.Globalization.UnicodeCategory.TitlecaseLetter;

    /// <summary>Whether a text has letters with a case, and all of them have the one asked for.</summary>
    public static bool HasCase(string text, bool isUpper)
    {
        bool any = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool cased = IsCased(rune);
            if (cased && !(isUpper ? Rune.IsUpper(rune) : Rune.IsLower(rune)))
            {
                return false;
            }

            any |= cased;
        }

        return any;
    }

    /// <summary>The lines, without their ends.</summary>
    public static List<object?> Lines(string text, bool keepEnds)
    {
        List<object?> lines = [];
        int start = 0;
        while (start < text.Length)
        {
            int end = start;
            while (end < text.Length && !IsLineEnd(text[end]))
            {
                end++;
            }

            int next = end < text.Length ? end + 1 : end;
            next += next < text.Length && text[end] == '\r' && text[next] == '\n' ? 1 : 0;
            lines.Add(text[start..(keepEnds ? next : end)]);
            start = next;
        }

        return lines;
    }

    /// <summary>The runs of characters between white space; the last part keeps its rest after so many cuts.</summary>
    public static List<object?> Words(string text, long cutsMax)
    {
        List<object?> words = [];
        int at = 0;
        while (true)
        {
            while (at < text.Length && IsSpace(text[at]))
            {
                at++;
            }

            if (at == text.Length)
            {
                return words;
            }

            if (cutsMax >= 0 && words.Count == cutsMax)
            {
                words.Add(Strip(text[at..], null, left: false, right: true));
                return words;
            }

            int start = at;
            while (at < text.Length && !IsSpace(text[at]))
            {
                at++;
            }

            words.Add(text[start..at]);
        }
    }

    /// <summary>Number of UTF-16 units of the code point at an index.</summary>
    public static int LengthAt(string text, int index) =>
        index + 1 < text.Length && char.IsSurrogatePair(text[index], text[index + 1]) ? 2 : 1;

    private static bool IsLineEnd(char unit) =>
        unit is '\n' or '\r' or '\v' or '\f' or (>= '\u001C' and <= '\u001E') or '\u0085' or '\u2028' or '\u2029';
}
