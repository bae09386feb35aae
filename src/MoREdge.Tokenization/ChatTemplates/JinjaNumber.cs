using System.Globalization;

namespace MoREdge.Tokenization;

/// <summary>Python's numbers: whole ones of 64 bits, and floating-point ones; a truth value counts as 0 or 1.</summary>
internal static class JinjaNumber
{
    // Where repr changes to an exponent.
    private const int PlainExponentMin = -4;
    private const int PlainExponentMax = 16;

    /// <summary>The number that a value is, as long or double, or null.</summary>
    public static object? Of(object? value) => value switch
    {
        long or double => value,
        bool truth => truth ? 1L : 0L,
        _ => null,
    };

    public static bool TryCompare(object? left, object? right, out int order)
    {
        order = 0;
        switch (Of(left), Of(right))
        {
            case (long x, long y):
                order = x.CompareTo(y);
                return true;
            case (long or double, long or double):
                order = Float(left).CompareTo(Float(right));
                return true;
            default:
                return false;
        }
    }

    /// <summary>One of + - * / // % ** on two numbers.</summary>
    public static object Compute(string text, object left, object right)
    {
        if (text is "/" or "//" or "%" && Float(right) == 0)
        {
            throw new ChatTemplateException(ChatTemplateError.WrongType, "A number is divided by 0.");
        }

        try
        {
            return (text, left, right) switch
            {
                // Each arm is boxed as it is: their common type would be double.
                ("/", _, _) => (object)(Float(left) / Float(right)),
                ("**", long x, long y and >= 0) => Power(x, y),
                ("**", _, _) => Math.Pow(Float(left), Float(right)),
                (_, long x, long y) => Whole(text, x, y),
                _ => Fraction(text, Float(left), Float(right)),
            };
        }
        catch (OverflowException)
        {
            throw new ChatTemplateException(ChatTemplateError.TooLarge, "A whole number leaves 64 bits.");
        }
    }

    /// <summary>As Python's repr: the shortest digits that give the number back.</summary>
    public static string ToText(double number)
    {
        if (!double.IsFinite(number))
        {
            return double.IsNaN(number) ? "nan" : number > 0 ? "inf" : "-inf";
        }

        // "-1.25E+017" or the like: the digits are the shortest ones in every format that names no precision.
        string shortest = number.ToString("R", CultureInfo.InvariantCulture);
        string sign = shortest[0] == '-' ? "-" : string.Empty;
        string[] parts = shortest[sign.Length..].Split('E');
        string[] digitParts = parts[0].Split('.');
        string digits = digitParts[0] + (digitParts.Length > 1 ? digitParts[1] : string.Empty);
        int exponent = digitParts[0].Length - 1 + (parts.Length > 1 ? int.Parse(parts[1], null) : 0);
        int zeros = digits.Length - digits.TrimStart('0').Length;
        if (zeros == digits.Length)
        {
            return sign + "0.0";
        }

        digits = digits[zeros..].TrimEnd('0');
        exponent -= zeros;
        if (exponent is < PlainExponentMin or >= PlainExponentMax)
        {
            string rest = digits.Length > 1 ? "." + digits[1..] : string.Empty;
            return $"{sign}{digits[0]}{rest}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }

        if (exponent < 0)
        {
            return sign + "0." + new string('0', -exponent - 1) + digits;
        }

        digits = digits.PadRight(exponent + 1, '0');
        return sign + digits[..(exponent + 1)] + "." + (digits.Length == exponent + 1 ? "0" : digits[(exponent + 1)..]);
    }

    /// <summary>Python's int(text), or null where it is none.</summary>
    public static long? ParseWhole(string text) =>
        long.TryParse(WithoutUnderscores(text), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long n)
            ? n
            : null;

    /// <summary>Python's float(text), or null where it is none.</summary>
    public static double? ParseFloat(string text)
    {
        string trimmed = JinjaText.Strip(text, null, left: true, right: true);
        switch (trimmed.TrimStart('+', '-').ToLowerInvariant())
        {
            case "inf" or "infinity":
                return trimmed[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
            case "nan":
                return double.NaN;
        }

        const NumberStyles Styles =
            NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(WithoutUnderscores(text), Styles, CultureInfo.InvariantCulture, out double number)
            ? number
            : null;
    }

    public static object Truncate(double number) => Math.Abs(number) < long.MaxValue
        ? (object)(long)number
        : throw new ChatTemplateException(ChatTemplateError.TooLarge, "A whole number leaves 64 bits.");

    public static double Float(object? number) => Of(number) switch
    {
        long whole => whole,
        double fraction => fraction,
        _ => throw JinjaValue.Wrong("arithmetic", number),
    };

    // Underscores stand between digits only.
    private static string WithoutUnderscores(string text)
    {
        string trimmed = JinjaText.Strip(text, null, left: true, right: true);
        for (int i = 0; i < trimmed.Length; i++)
        {
            bool isBetween = i > 0 && i + 1 < trimmed.Length
                && char.IsAsciiDigit(trimmed[i - 1]) && char.IsAsciiDigit(trimmed[i + 1]);
            if (trimmed[i] == '_' && !isBetween)
            {
                return string.Empty;
            }
        }

        return trimmed.Replace("_", null);
    }

    // Division rounds down and the remainder has the divisor's sign, as in Python.
    private static long Whole(string text, long x, long y) => text switch
    {
        "+" => checked(x + y),
        "-" => checked(x - y),
        "*" => checked(x * y),
        "//" => y == -1 ? checked(-x) : (x / y) - (x % y != 0 && (x ^ y) < 0 ? 1 : 0),
        _ => y == -1 ? 0L : (x % y) + (x % y != 0 && (x ^ y) < 0 ? y : 0),
    };

    private static double Fraction(string text, double x, double y)
    {
        double remainder = text is "//" or "%" ? x % y : 0;
        remainder = remainder == 0 ? Math.CopySign(0, y) : remainder < 0 != y < 0 ? remainder + y : remainder;
        return text switch
        {
            "+" => x + y,
            "-" => x - y,
            "*" => x * y,
            "//" => Quotient((x - remainder) / y, x / y),
            _ => remainder,
        };
    }

    // The whole number nearest to a quotient that rounding may have moved, with the quotient's sign.
    private static double Quotient(double whole, double exact)
    {
        double floor = Math.Floor(whole);
        floor += whole - floor > 0.5 ? 1 : 0;
        return floor == 0 ? Math.CopySign(0, exact) : floor;
    }

    private static long Power(long x, long y)
    {
        long result = 1;
        for (; y > 0; y >>= 1)
        {
            result = (y & 1) == 1 ? checked(result * x) : result;
            x = y > 1 ? checked(x * x) : x;
        }

        return result;
    }
}
