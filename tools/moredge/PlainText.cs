using System.Text;

namespace MoREdge.Cli;

/// <summary>Words from a file, made fit for a terminal: a hostile file must not drive it.</summary>
internal static class PlainText
{
    /// <summary>Control characters become '?', and what is longer than <paramref name="charsMax"/> is cut.</summary>
    public static string Clean(string text, int charsMax = 200)
    {
        StringBuilder clean = new(Math.Min(text.Length, charsMax + 3));
        foreach (char character in text.AsSpan(0, Math.Min(text.Length, charsMax)))
        {
            clean.Append(char.IsControl(character) ? '?' : character);
        }

        return text.Length > charsMax ? clean.Append("...").ToString() : clean.ToString();
    }

    /// <summary>
    /// What a model says, which is its file's choice: on a terminal control characters other than tabs and line ends
    /// become '?', elsewhere it stays as it is.
    /// </summary>
    public static string ForStandardOutput(string text) =>
        Console.IsOutputRedirected
            ? text
            : string.Create(text.Length, text, (shown, said) =>
            {
                for (int i = 0; i < shown.Length; i++)
                {
                    shown[i] = char.IsControl(said[i]) && said[i] is not ('\n' or '\r' or '\t') ? '?' : said[i];
                }
            });

    /// <summary>
    /// Control characters and the backslash are spelled as in C, so that a piece is one line and can be read back.
    /// </summary>
    public static string Escape(string text)
    {
        StringBuilder escaped = new(text.Length);
        foreach (char character in text)
        {
            _ = character switch
            {
                '\n' => escaped.Append("\\n"),
                '\r' => escaped.Append("\\r"),
                '\t' => escaped.Append("\\t"),
                '\\' => escaped.Append("\\\\"),
                _ when char.IsControl(character) => escaped.Append($"\\u{(int)character:x4}"),
                _ => escaped.Append(character),
            };
        }

        return escaped.ToString();
    }
}
