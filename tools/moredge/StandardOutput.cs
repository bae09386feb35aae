using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace MoREdge.Cli;

/// <summary>
/// Results on standard output, written at once so that a full disk or a closed pipe is one fault and not many.
/// </summary>
internal static class StandardOutput
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Writes text.</summary>
    public static void Write(StringBuilder text) => Write(Utf8.GetBytes(text.ToString()));

    /// <summary>Writes bytes as they are.</summary>
    public static void Write(ReadOnlySpan<byte> bytes)
    {
        using Stream stream = Console.OpenStandardOutput();
        stream.Write(bytes);
        stream.Flush();
    }

    /// <summary>Writes one JSON object and a line end.</summary>
    /// <param name="members">Writes the members of the object.</param>
    public static void WriteJson(Action<Utf8JsonWriter> members)
    {
        using MemoryStream json = new();
        JsonWriterOptions options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (Utf8JsonWriter writer = new(json, options))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        json.WriteByte((byte)'\n');
        Write(json.GetBuffer().AsSpan(0, (int)json.Length));
    }
}
