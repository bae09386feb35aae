using System.Text;
using System.Text.Unicode;
using MoREdge.Tokenization;

namespace MoREdge.Cli;

/// <summary>
/// Text that people give: the same bytes are the same text from a file and from standard input, and none is longer than
/// what can be tokenized, however long the file is.
/// </summary>
internal static class TextInput
{
    /// <summary>In place of a file's name: standard input.</summary>
    public const string StandardInput = "-";

    /// <summary>Most bytes of a text or a line.</summary>
    public const int BytesMax = TokenizerLimits.TextCharsMax * 4;

    private const char ByteOrderMark = '\uFEFF';

    private const string StandardInputName = "Standard input";

    /// <summary>The text in a file, or on standard input for <see cref="StandardInput"/>.</summary>
    /// <param name="path">The file, which may be a pipe.</param>
    /// <param name="bytesMax">Most bytes it may have.</param>
    /// <exception cref="FailureException">It has more.</exception>
    public static string Read(string path, int bytesMax = BytesMax)
    {
        if (path == StandardInput)
        {
            return ReadStandardInput(bytesMax);
        }

        using FileStream file = File.OpenRead(path);
        return Decode(Bytes(file, path, bytesMax), path);
    }

    /// <summary>
    /// The text of an option. A shell may have read it from a file ("$(cat FILE)"), so it loses a byte-order mark as a
    /// file does; what was not UTF-8 in it is U+FFFD already.
    /// </summary>
    public static string? FromOption(string? text) =>
        text is not null && text.StartsWith(ByteOrderMark) ? text[1..] : text;

    /// <summary>The text on standard input, to its end.</summary>
    /// <exception cref="FailureException">It is longer than <paramref name="bytesMax"/>.</exception>
    public static string ReadStandardInput(int bytesMax = BytesMax) =>
        Decode(ReadStandardInputBytes(bytesMax), StandardInputName);

    /// <summary>The bytes on standard input, to its end.</summary>
    /// <exception cref="FailureException">There are more than <paramref name="bytesMax"/>.</exception>
    public static byte[] ReadStandardInputBytes(int bytesMax = BytesMax)
    {
        using StandardInput stream = new();
        return Bytes(stream, StandardInputName, bytesMax);
    }

    /// <summary>
    /// The next line of a buffered <paramref name="stream"/> over standard input, null behind the last. Carriage
    /// returns end a line, too: the empty ones between them and line feeds are left to the caller.
    /// </summary>
    /// <exception cref="FailureException">The line is too long.</exception>
    public static string? ReadLine(BufferedStream stream)
    {
        using MemoryStream line = new();
        int value = stream.ReadByte();
        if (value < 0)
        {
            return null;
        }

        while (value >= 0 && value is not ('\n' or '\r'))
        {
            line.WriteByte((byte)value);
            if (line.Length > BytesMax)
            {
                throw new FailureException($"{StandardInputName} has a line longer than {BytesMax >> 10} KiB.");
            }

            value = stream.ReadByte();
        }

        return Decode(line.GetBuffer().AsSpan(0, (int)line.Length), StandardInputName);
    }

    private static byte[] Bytes(Stream stream, string name, int bytesMax)
    {
        using MemoryStream bytes = new();
        byte[] chunk = new byte[1 << 16];
        for (int count = stream.Read(chunk); count > 0; count = stream.Read(chunk))
        {
            bytes.Write(chunk.AsSpan(0, count));
            if (bytes.Length > bytesMax)
            {
                throw new FailureException($"{name} is longer than {bytesMax >> 10} KiB.");
            }
        }

        return bytes.ToArray();
    }

    /// <summary>
    /// UTF-8, without the mark that some editors put in front of it. What is not UTF-8 becomes U+FFFD, the replacement
    /// character, and a warning says so.
    /// </summary>
    private static string Decode(ReadOnlySpan<byte> bytes, string name)
    {
        ReadOnlySpan<byte> mark = Encoding.UTF8.Preamble;
        ReadOnlySpan<byte> text = bytes.StartsWith(mark) ? bytes[mark.Length..] : bytes;
        if (!Utf8.IsValid(text))
        {
            Faults.Warn($"{name} is not UTF-8; what is not was read as U+FFFD.");
        }

        return Encoding.UTF8.GetString(text);
    }
}
