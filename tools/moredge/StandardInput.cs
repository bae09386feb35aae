using System.Text;
using System.Text.Unicode;
using MoREdge.Tokenization;

namespace MoREdge.Cli;

/// <summary>All of standard input.</summary>
internal static class StandardInput
{
    private const int BytesMax = TokenizerLimits.TextCharsMax * 4;

    /// <summary>Reads to the end of input.</summary>
    /// <exception cref="FailureException">There is more than any text that can be tokenized.</exception>
    public static byte[] ReadBytes()
    {
        using Stream stream = Console.OpenStandardInput();
        using MemoryStream bytes = new();
        byte[] chunk = new byte[1 << 16];
        for (int count = stream.Read(chunk); count > 0; count = stream.Read(chunk))
        {
            bytes.Write(chunk.AsSpan(0, count));
            if (bytes.Length > BytesMax)
            {
                throw new FailureException($"Standard input is longer than {BytesMax} bytes.");
            }
        }

        return bytes.ToArray();
    }

    /// <summary>
    /// Reads text. What is not UTF-8 becomes U+FFFD, the replacement character, and a warning says so.
    /// </summary>
    public static string ReadText()
    {
        byte[] bytes = ReadBytes();
        if (!Utf8.IsValid(bytes))
        {
            Faults.Warn("Standard input is not UTF-8; what is not was read as U+FFFD.");
        }

        return Encoding.UTF8.GetString(bytes);
    }
}
