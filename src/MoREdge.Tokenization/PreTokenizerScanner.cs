using System.Globalization;
using System.Text;

namespace MoREdge.Tokenization;

/// <summary>
/// Cuts UTF-8 text into pre-tokens: the published patterns as hand-written scanners, linear and without backtracking.
/// </summary>
/// <remarks>The alternatives are tried in the order of the patterns that <see cref="PreTokenizer"/> quotes.</remarks>
internal static class PreTokenizerScanner
{
    private enum Class
    {
        End,
        Letter,
        Number,
        Space,
        LineEnd,
        Other,
    }

    /// <summary>Byte count of the first pre-token of a text that is not empty.</summary>
    public static int NextLength(ReadOnlySpan<byte> text, PreTokenizer preTokenizer) => preTokenizer switch
    {
        PreTokenizer.Gpt2 => NextGpt2(text, digitsAlone: false),
        PreTokenizer.Smollm => NextGpt2(text, digitsAlone: true),
        PreTokenizer.Llama3 or PreTokenizer.Cl100k => NextLlama3(text, digitsMax: 3),
        PreTokenizer.Qwen2 => NextLlama3(text, digitsMax: 1),
        PreTokenizer.O200k => NextO200k(text, digitsMax: 3, contractions: true),
        PreTokenizer.Tekken => NextO200k(text, digitsMax: 1, contractions: false),
        _ => text.Length,
    };

    private static int NextGpt2(ReadOnlySpan<byte> text, bool digitsAlone)
    {
        int contraction = ContractionLength(text, anyCase: false);
        if (contraction > 0)
        {
            return contraction;
        }

        Class first = ClassAt(text, 0, out int firstLength);
        if (first == Class.Number && digitsAlone)
        {
            return firstLength;
        }

        int start = 0;
        Class run = first;
        int length = firstLength;
        if (text[0] == ' ')
        {
            run = ClassAt(text, 1, out length);
            start = 1;
        }

        // Where digits stand alone the text ends before them: no space joins a digit.
        bool joins = run is Class.Letter or Class.Other || (run == Class.Number && !digitsAlone);
        return joins ? RunEnd(text, start + length, run, int.MaxValue) : SpaceRunEnd(text, digitsAlone);
    }

    private static int NextLlama3(ReadOnlySpan<byte> text, int digitsMax)
    {
        int contraction = ContractionLength(text, anyCase: true);
        if (contraction > 0)
        {
            return contraction;
        }

        Class first = ClassAt(text, 0, out int firstLength);
        Class second = ClassAt(text, firstLength, out int secondLength);
        if (first == Class.Letter)
        {
            return RunEnd(text, firstLength, Class.Letter, int.MaxValue);
        }

        if (first is Class.Space or Class.Other && second == Class.Letter)
        {
            return RunEnd(text, firstLength + secondLength, Class.Letter, int.MaxValue);
        }

        if (first == Class.Number)
        {
            return RunEnd(text, firstLength, Class.Number, digitsMax - 1);
        }

        if (first == Class.Other || (text[0] == ' ' && second == Class.Other))
        {
            int end = RunEnd(text, firstLength, Class.Other, int.MaxValue);
            while (end < text.Length && text[end] is (byte)'\r' or (byte)'\n')
            {
                end++;
            }

            return end;
        }

        int lastLineEnd = LastLineEnd(text);
        return lastLineEnd > 0 ? lastLineEnd : SpaceRunEnd(text, digitsAlone: false);
    }

    private static int NextO200k(ReadOnlySpan<byte> text, int digitsMax, bool contractions)
    {
        int word = CasedWordScanner.Length(text);
        if (word > 0)
        {
            return word + (contractions ? ContractionLength(text[word..], anyCase: true) : 0);
        }

        Class first = ClassAt(text, 0, out int firstLength);
        if (first == Class.Number)
        {
            return RunEnd(text, firstLength, Class.Number, digitsMax - 1);
        }

        if (first == Class.Other || (text[0] == ' ' && ClassAt(text, firstLength, out _) == Class.Other))
        {
            int end = RunEnd(text, firstLength, Class.Other, int.MaxValue);
            while (end < text.Length && text[end] is (byte)'\r' or (byte)'\n' or (byte)'/')
            {
                end++;
            }

            return end;
        }

        int lastLineEnd = LastLineEnd(text);
        return lastLineEnd > 0 ? lastLineEnd : SpaceRunEnd(text, digitsAlone: false);
    }

    // \s*[\r\n]+ : up to the last line end of the white space that the text starts with; 0 when it has none.
    private static int LastLineEnd(ReadOnlySpan<byte> text)
    {
        int last = 0;
        int end = 0;
        while (ClassAt(text, end, out int length) is Class.Space or Class.LineEnd)
        {
            last = text[end] is (byte)'\r' or (byte)'\n' ? end + length : last;
            end += length;
        }

        return last;
    }

    // \s+(?!\S)|\s+ : white space up to its last character, which belongs to the word that follows.
    private static int SpaceRunEnd(ReadOnlySpan<byte> text, bool digitsAlone)
    {
        int end = 0;
        int lastStart = 0;
        Class next;
        while ((next = ClassAt(text, end, out int length)) is Class.Space or Class.LineEnd)
        {
            lastStart = end;
            end += length;
        }

        bool textEnds = next == Class.End || (next == Class.Number && digitsAlone);
        return textEnds || lastStart == 0 ? end : lastStart;
    }

    private static int RunEnd(ReadOnlySpan<byte> text, int end, Class run, int countMax)
    {
        for (int count = 0; count < countMax && ClassAt(text, end, out int length) == run; count++)
        {
            end += length;
        }

        return end;
    }

    // 's 't 're 've 'm 'll 'd; in any case, 's also has the long s (U+017F), which folds to s.
    private static int ContractionLength(ReadOnlySpan<byte> text, bool anyCase)
    {
        if (text.Length < 2 || text[0] != '\'')
        {
            return 0;
        }

        if (anyCase && text.StartsWith("'ſ"u8))
        {
            return "'ſ"u8.Length;
        }

        int caseBit = anyCase ? 0x20 : 0;
        int first = text[1] | caseBit;
        if (first is 's' or 't' or 'm' or 'd')
        {
            return 2;
        }

        int second = text.Length > 2 ? text[2] | caseBit : 0;
        return (first, second) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }

    private static Class ClassAt(ReadOnlySpan<byte> text, int index, out int length)
    {
        length = 1;
        if (index >= text.Length)
        {
            length = 0;
            return Class.End;
        }

        byte first = text[index];
        if (first < 0x80)
        {
            return ClassOfAscii(first);
        }

        Rune.DecodeFromUtf8(text[index..], out Rune rune, out length);
        return Rune.GetUnicodeCategory(rune) switch
        {
            <= UnicodeCategory.OtherLetter => Class.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber =>
                Class.Number,
            _ => Rune.IsWhiteSpace(rune) ? Class.Space : Class.Other,
        };
    }

    private static Class ClassOfAscii(byte value) => value switch
    {
        (>= (byte)'a' and <= (byte)'z') or (>= (byte)'A' and <= (byte)'Z') => Class.Letter,
        >= (byte)'0' and <= (byte)'9' => Class.Number,
        (byte)'\r' or (byte)'\n' => Class.LineEnd,
        (byte)' ' or (byte)'\t' or 0x0B or 0x0C => Class.Space,
        _ => Class.Other,
    };
}
