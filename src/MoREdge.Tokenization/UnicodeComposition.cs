using System.Text;

namespace MoREdge.Tokenization;

/// <summary>Unicode normalization form C (Unicode Standard Annex 15): decompose, order the marks, compose.</summary>
/// <remarks>The runtime is culture-invariant, where <see cref="string.Normalize()"/> returns its text
/// unchanged.</remarks>
internal static class UnicodeComposition
{
    // Hangul syllables compose by arithmetic (The Unicode Standard, section 3.12).
    private const int SyllableBase = 0xAC00;
    private const int LeadBase = 0x1100;
    private const int VowelBase = 0x1161;
    private const int TailBase = 0x11A7;
    private const int VowelCount = 21;
    private const int TailCount = 28;
    private const int SyllableCount = 19 * VowelCount * TailCount;

    private static readonly Dictionary<int, (int First, int Second)> Parts = [];
    private static readonly Dictionary<(int First, int Second), int> Wholes = [];
    private static readonly Dictionary<int, byte> Classes = [];

    static UnicodeComposition()
    {
        ReadOnlySpan<byte> data = Convert.FromBase64String(UnicodeCompositionData.Decompositions);
        for (int point = 0, first = 0; !data.IsEmpty;)
        {
            point += Number(ref data);
            int zigzag = Number(ref data);
            first += (zigzag & 1) == 0 ? zigzag >> 1 : -((zigzag + 1) >> 1);
            int second = Number(ref data);
            Parts[point] = (first, second >> 1);
            if ((second & 1) == 1)
            {
                Wholes[(first, second >> 1)] = point;
            }
        }

        data = Convert.FromBase64String(UnicodeCompositionData.CombiningClasses);
        for (int point = 0; !data.IsEmpty;)
        {
            point += Number(ref data);
            int end = point + Number(ref data);
            for (; point < end; point++)
            {
                Classes[point] = data[0];
            }

            data = data[1..];
        }
    }

    /// <summary>Whether a text may differ from its form C; text below U+0300 never does.</summary>
    /// <param name="utf8">UTF-8 text.</param>
    public static bool MayChange(ReadOnlySpan<byte> utf8) => utf8.IndexOfAnyInRange((byte)0xCC, (byte)0xFF) >= 0;

    /// <summary>The form C of a text.</summary>
    public static string Compose(string text)
    {
        List<int> points = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            Decompose(rune.Value, points);
        }

        OrderMarks(points);
        StringBuilder composed = new(text.Length);
        foreach (int point in ComposePairs(points))
        {
            composed.Append(new Rune(point).ToString());
        }

        return composed.ToString();
    }

    private static int Number(ref ReadOnlySpan<byte> data)
    {
        int value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = data[0];
            data = data[1..];
            value |= (next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }

    // Decompositions nest four deep at most.
    private static void Decompose(int point, List<int> points)
    {
        int syllable = point - SyllableBase;
        if (syllable is >= 0 and < SyllableCount)
        {
            points.Add(LeadBase + (syllable / (VowelCount * TailCount)));
            points.Add(VowelBase + (syllable / TailCount % VowelCount));
            if (syllable % TailCount > 0)
            {
                points.Add(TailBase + (syllable % TailCount));
            }
        }
        else if (Parts.TryGetValue(point, out (int First, int Second) parts))
        {
            Decompose(parts.First, points);
            if (parts.Second > 0)
            {
                Decompose(parts.Second, points);
            }
        }
        else
        {
            points.Add(point);
        }
    }

    private static byte ClassOf(int point) => Classes.GetValueOrDefault(point);

    // Marks between two starters are sorted by class; the index in the key keeps equal ones in order.
    private static void OrderMarks(List<int> points)
    {
        for (int start = 0; start < points.Count; start++)
        {
            int end = start;
            while (end < points.Count && ClassOf(points[end]) != 0)
            {
                end++;
            }

            if (end - start > 1)
            {
                int[] marks = points.GetRange(start, end - start).ToArray();
                long[] keys = new long[marks.Length];
                for (int i = 0; i < marks.Length; i++)
                {
                    keys[i] = ((long)ClassOf(marks[i]) << 32) | (uint)i;
                }

                Array.Sort(keys, marks);
                for (int i = 0; i < marks.Length; i++)
                {
                    points[start + i] = marks[i];
                }
            }

            start = end;
        }
    }

    // A mark joins the last starter unless a mark of the same or a higher class, or another starter, stands between.
    private static List<int> ComposePairs(List<int> points)
    {
        List<int> composed = new(points.Count);
        int starter = -1;
        int lastClass = -1;
        foreach (int point in points)
        {
            int markClass = ClassOf(point);
            if (starter >= 0 && lastClass < markClass && TryCompose(composed[starter], point, out int whole))
            {
                composed[starter] = whole;
                continue;
            }

            if (markClass == 0)
            {
                starter = composed.Count;
                lastClass = -1;
            }
            else
            {
                lastClass = markClass;
            }

            composed.Add(point);
        }

        return composed;
    }

    private static bool TryCompose(int first, int second, out int whole)
    {
        int syllable = first - SyllableBase;
        if (first is >= LeadBase and < LeadBase + 19 && second is >= VowelBase and < VowelBase + VowelCount)
        {
            whole = SyllableBase + ((((first - LeadBase) * VowelCount) + second - VowelBase) * TailCount);
            return true;
        }

        if (syllable is >= 0 and < SyllableCount && syllable % TailCount == 0
            && second is > TailBase and < TailBase + TailCount)
        {
            whole = first + second - TailBase;
            return true;
        }

        return Wholes.TryGetValue((first, second), out whole);
    }
}
