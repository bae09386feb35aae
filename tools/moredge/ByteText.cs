namespace MoREdge.Cli;

/// <summary>Sizes as people read them.</summary>
internal static class ByteText
{
    private static readonly string[] Units = ["B", "KB", "MB", "GB", "TB"];

    /// <summary>For example "2.4 MB"; a KB is 1,000 bytes, as on a memory card.</summary>
    public static string Format(double bytes)
    {
        int unit = 0;
        while (Math.Abs(bytes) >= 999.5 && unit < Units.Length - 1)
        {
            bytes /= 1000;
            unit++;
        }

        return unit == 0 || bytes >= 99.95 ? $"{bytes:F0} {Units[unit]}" : $"{bytes:F1} {Units[unit]}";
    }
}
