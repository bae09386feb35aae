using System.Text.Json;

namespace MoREdge.Cli;

/// <summary>
/// One JSON value on standard output, streamed, because the logits of a text may be gigabytes. Short values go through
/// <see cref="StandardOutput"/>.
/// </summary>
internal sealed class JsonOutput : IDisposable
{
    private const int PendingBytesMax = 1 << 16;

    private readonly Stream _stream = StandardOutput.Open();

    /// <summary>Starts the value.</summary>
    public JsonOutput() => Writer = new Utf8JsonWriter(_stream);

    /// <summary>Where the value is written to.</summary>
    public Utf8JsonWriter Writer { get; }

    /// <summary>
    /// A float in its shortest form that reads back as the same float; null where JSON has no number for it.
    /// </summary>
    public void WriteFloat(float value)
    {
        if (float.IsFinite(value))
        {
            Writer.WriteNumberValue(value);
        }
        else
        {
            Writer.WriteNullValue();
        }

        FlushIfLong();
    }

    /// <summary>A named number; null where JSON has no number for it.</summary>
    public static void WriteNumber(Utf8JsonWriter writer, string name, double value)
    {
        writer.WritePropertyName(name);
        WriteNumberValue(writer, value);
    }

    /// <summary>A number; null where JSON has no number for it.</summary>
    public static void WriteNumberValue(Utf8JsonWriter writer, double value)
    {
        if (double.IsFinite(value))
        {
            writer.WriteNumberValue(value);
        }
        else
        {
            writer.WriteNullValue();
        }
    }

    /// <summary>A named array of integers.</summary>
    public void WriteArray(string name, ReadOnlySpan<int> values)
    {
        Writer.WriteStartArray(name);
        foreach (int value in values)
        {
            Writer.WriteNumberValue(value);
        }

        Writer.WriteEndArray();
        FlushIfLong();
    }

    /// <summary>Ends the value with a line end, so that the shell prompt starts on a line of its own.</summary>
    public void Finish()
    {
        Writer.Flush();
        _stream.Write("\n"u8);
        _stream.Flush();
    }

    public void Dispose()
    {
        // Not disposing the writer: after a fault, half a JSON value must not reach standard output.
        _stream.Dispose();
    }

    private void FlushIfLong()
    {
        if (Writer.BytesPending > PendingBytesMax)
        {
            Writer.Flush();
        }
    }
}
