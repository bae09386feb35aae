using System.Globalization;
using System.Text;

namespace MoREdge.Tokenization;

/// <summary>The words of GPT-4o's pattern, which end where a small letter meets a capital one.</summary>
/// <remarks>
/// With U = [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}] and L = [\p{Ll}\p{Lm}\p{Lo}\p{M}] the two alternatives are
/// <c>[^\r\n\p{L}\p{N}]?U*L+</c> and <c>[^\r\n\p{L}\p{N}]?U+L*</c>. U and L share letters without case and marks, so a
/// matcher that gives back what it took ends U*L+ behind the last such character of the U where no small letter
/// follows. One pass that remembers that place does the same.
/// </remarks>
internal static class CasedWordScanner
{
    /// <summary>Byte count of the word that a text starts with, or 0.</summary>
    public static int Length(ReadOnlySpan<byte> text)
    {
        Kind first = KindAt(text, 0, out int prefix);
        bool canPrefix = first is Kind.Mark or Kind.Other;
        int end = canPrefix ? MixedEnd(text, prefix) : 0;
        end = end > 0 || first == Kind.Other ? end : MixedEnd(text, 0);
        if (end > 0)
        {
            return end;
        }

        // U+L*: no character of U is one of L here, and no small letter follows.
        end = canPrefix ? UpperEnd(text, prefix) : 0;
        int start = canPrefix ? prefix : 0;
        return end > start ? end : first == Kind.Other ? 0 : UpperEnd(text, 0);
    }

    private enum Kind
    {
        None,
        Other,
        Upper,
        Lower,
        Caseless,
        Mark,
    }

    // U*L+ from a start, or 0.
    private static int MixedEnd(ReadOnlySpan<byte> text, int start)
    {
        int end = start;
        int shared = 0;
        Kind kind;
        while ((kind = KindAt(text, end, out int length)) is Kind.Upper or Kind.Caseless or Kind.Mark)
        {
            end += length;
            shared = kind == Kind.Upper ? shared : end;
        }

        if (kind != Kind.Lower)
        {
            return shared;
        }

        while (KindAt(text, end, out int length) is Kind.Lower or Kind.Caseless or Kind.Mark)
        {
            end += length;
        }

        return end;
    }

    private static int UpperEnd(ReadOnlySpan<byte> text, int start)
    {
        int end = start;
        while (KindAt(text, end, out int length) is Kind.Upper or Kind.Caseless or Kind.Mark)
        {
            end += length;
        }

        return end;
    }

    private static Kind KindAt(ReadOnlySpan<byte> text, int index, out int length)
    {
        length = 0;
        if (index >= text.Length)
        {
            return Kind.None;
        }

        length = 1;
        byte first = text[index];
        if (first < 0x80)
        {
            return first switch
            {
                >= (byte)'a' and <= (byte)'z' => Kind.Lower,
                >= (byte)'A' and <= (byte)'Z' => Kind.Upper,
                (>= (byte)'0' and <= (byte)'9') or (byte)'\r' or (byte)'\n' => Kind.None,
                _ => Kind.Other,
            };
        }

        Rune.DecodeFromUtf8(text[index..], out Rune rune, out length);
        return Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter => Kind.Upper,
            UnicodeCategory.LowercaseLetter => Kind.Lower,
            UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => Kind.Caseless,
            UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark =>
                Kind.Mark,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber =>
                Kind.None,
            _ => Kind.Other,
        };
    }
}
