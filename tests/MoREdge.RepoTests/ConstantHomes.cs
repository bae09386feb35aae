using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace MoREdge.RepoTests;

/// <summary>A named numeric constant; its value is decimal for a literal, else the text of its initializer.</summary>
internal sealed record Constant(SourceFile File, int Offset, string Name, string Value, bool IsPrivate)
{
    public string Place => $"{File.Path}:{File.LineAt(Offset)}";
}

/// <summary>One fact, one home: finds numeric constants that are declared in two places.</summary>
internal static partial class ConstantHomes
{
    private const string NumericTypes = "u?int|u?long|u?short|s?byte|nu?int|float|double";

    /// <summary>
    /// Two constants clash if they share the name, unless both are private and differ in value; or if they share a
    /// value too odd to be chance: beyond 16 bits, or the bytes of something, and no power of two.
    /// </summary>
    public static IEnumerable<string> Clashes(IEnumerable<SourceFile> files)
    {
        List<Constant> seen = [];
        foreach (Constant constant in files.SelectMany(Declarations))
        {
            Constant? other = seen.Find(earlier => SameName(earlier, constant) || SameOddValue(earlier, constant));
            if (other is not null)
            {
                string fact = $"{constant.Name} = {constant.Value}";
                yield return $"{constant.Place}: {fact} is at home in {other.Place} ({other.Name}).";
            }

            seen.Add(constant);
        }
    }

    public static IEnumerable<Constant> Declarations(SourceFile file)
    {
        foreach (Match match in Declaration().Matches(file.Code))
        {
            // A constant without an access word is local or private by default.
            bool isPrivate = !match.Groups[1].Value.Contains("public") && !match.Groups[1].Value.Contains("internal");
            foreach (Match one in Declarator().Matches(match.Groups[2].Value))
            {
                yield return new(file, match.Index, one.Groups[1].Value, Normalized(one.Groups[2].Value), isPrivate);
            }
        }
    }

    private static bool SameName(Constant a, Constant b) =>
        a.Name == b.Name && (a.Value == b.Value || !a.IsPrivate || !b.IsPrivate);

    private static bool SameOddValue(Constant a, Constant b) => a.Value == b.Value && IsOdd(a) && IsOdd(b);

    private static bool IsOdd(Constant constant) =>
        ulong.TryParse(constant.Value, CultureInfo.InvariantCulture, out ulong value)
        && !BitOperations.IsPow2(value)
        && (value > ushort.MaxValue || (value > 16 && constant.Name.Contains("Bytes")));

    private static string Normalized(string initializer)
    {
        string text = Blank().Replace(initializer, "");
        string digits = text.Replace("_", "").TrimEnd('u', 'U', 'l', 'L');
        bool hex = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        NumberStyles style = hex ? NumberStyles.HexNumber : NumberStyles.None;
        return ulong.TryParse(hex ? digits[2..] : digits, style, CultureInfo.InvariantCulture, out ulong value)
            ? value.ToString(CultureInfo.InvariantCulture)
            : text;
    }

    [GeneratedRegex($@"((?:\b(?:public|internal|protected|private|new)\s+)*)\bconst\s+(?:{NumericTypes})\s+([^;]+);")]
    private static partial Regex Declaration();

    [GeneratedRegex(@"(\w+)\s*=\s*([^,;]+)")]
    private static partial Regex Declarator();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blank();
}
