using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace MoREdge.Cli;

/// <summary>
/// Results on standard output: whole ones are written at once so that a full disk is one fault and not many, the others
/// through <see cref="Open"/>.
/// </summary>
internal static class StandardOutput
{
    private const int StandardOutputNumber = 1;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Writes text.</summary>
    public static void Write(StringBuilder text) => Write(Utf8.GetBytes(text.ToString()));

    /// <summary>
    /// Writes bytes as they are. That the reader of a pipe has gone is no fault here: the work is done, and the exit
    /// code says how it went.
    /// </summary>
    /// <exception cref="FailureException">Standard output is closed.</exception>
    public static void Write(ReadOnlySpan<byte> bytes)
    {
        using CheckedStream stream = new(Console.OpenStandardOutput());
        stream.Write(bytes);
    }

    /// <summary>
    /// Standard output for what is written while it comes to be: <see cref="FailureException"/> where it is closed, and
    /// an <see cref="IOException"/> where the reader of a pipe has gone, so that nothing more is computed for nobody.
    /// </summary>
    public static Stream Open() => new CheckedStream(OpenPipe() ?? Console.OpenStandardOutput());

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

    /// <summary>
    /// The stream of the console keeps silent where a reader has gone; a file does not. It is used for nothing that has
    /// a length, because a file's stream would not share the end with other programs that write to it.
    /// </summary>
    private static PipeStream? OpenPipe()
    {
        if (OperatingSystem.IsWindows() || !Console.IsOutputRedirected)
        {
            return null;
        }

        FileStream stream = new(
            new SafeFileHandle(StandardOutputNumber, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return stream.CanSeek ? null : new PipeStream(stream);
    }

    /// <summary>A pipe whose reader may be slow, and which may be set not to block.</summary>
    private sealed class PipeStream(FileStream inner) : WriteOnlyStream
    {
        /// <summary>A write of so many bytes goes through as a whole or not at all (PIPE_BUF of Linux).</summary>
        private const int WholeBytesMax = 4096;

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            while (!buffer.IsEmpty)
            {
                ReadOnlySpan<byte> part = buffer[..Math.Min(buffer.Length, WholeBytesMax)];
                if (TryWrite(part))
                {
                    buffer = buffer[part.Length..];
                }
                else
                {
                    StandardStreams.WaitForOthers();
                }
            }
        }

        private bool TryWrite(ReadOnlySpan<byte> part)
        {
            try
            {
                inner.Write(part);
                return true;
            }
            catch (IOException fault) when (StandardStreams.WouldBlock(fault))
            {
                return false;
            }
        }
    }

    /// <summary>Standard output. Where it is closed, the null device is in its place, opened for reading.</summary>
    private sealed class CheckedStream(Stream inner) : WriteOnlyStream
    {
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            try
            {
                inner.Write(buffer);
            }
            catch (UnauthorizedAccessException)
            {
                throw new FailureException("Standard output is closed or not open for writing.");
            }
        }
    }
}
