using System.Globalization;

namespace MoREdge.Cli;

/// <summary>Sizes as people read them.</summary>
internal static class ByteText
{
    private static readonly string[] Units = ["B", "KB", "MB", "GB", "TB"];

    /// <summary>For example "2.4 MB", or "unknown"; a KB is 1,000 bytes, as on a memory card.</summary>
    public static string Format(double? known)
    {
        if (known is not { } bytes)
        {
            return "unknown";
        }

        int unit = 0;
        while (Math.Abs(bytes) >= 999.5 && unit < Units.Length - 1)
        {
            bytes /= 1000;
            unit++;
        }

        return unit == 0 || bytes >= 99.95 ? $"{bytes:F0} {Units[unit]}" : $"{bytes:F1} {Units[unit]}";
    }

    /// <summary>Reads a size of memory such as 425M; a K is 1,024 bytes, as memory is made and limited.</summary>
    /// <param name="option">The option, for the message.</param>
    /// <param name="text">What was given.</param>
    /// <exception cref="UsageException">Not such a size.</exception>
    public static long Parse(string option, string text)
    {
        int shift = text.Length == 0 ? 0 : text[^1] switch { 'K' => 10, 'M' => 20, 'G' => 30, _ => 0 };
        ReadOnlySpan<char> digits = shift == 0 ? text : text.AsSpan(0, text.Length - 1);
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long count)
            && count >= 1 && count <= long.MaxValue >> shift
            ? count << shift
            : throw new UsageException($"{option}: '{text}' is not a size such as 425M or 2G.");
    }
}
