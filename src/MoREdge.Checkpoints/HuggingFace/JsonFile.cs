using System.Text.Json;
using System.Text.Unicode;

namespace MoREdge.Checkpoints.HuggingFace;

/// <summary>Loads a JSON object from a file, with a limit on its size and one sentence for what is wrong.</summary>
internal static class JsonFile
{
    /// <summary>The largest configuration or shard index read, in bytes.</summary>
    public const int JsonBytesMax = 64 << 20;

    /// <summary>The object in <paramref name="path"/>.</summary>
    /// <exception cref="CheckpointException">Unreadable, too large, malformed, or not an object.</exception>
    public static JsonElement Load(string path)
    {
        using WeightFile file = WeightFile.Open(path);
        if (file.Length > JsonBytesMax)
        {
            throw new CheckpointException(
                CheckpointError.HeaderTooLarge, $"{file.Name} has {file.Length} bytes, more than {JsonBytesMax}.");
        }

        byte[] bytes = new byte[file.Length];
        file.Read(0, bytes);
        return Parse(bytes, file.Name);
    }

    /// <summary>The object in <paramref name="bytes"/> of the file <paramref name="name"/>.</summary>
    /// <exception cref="CheckpointException">Malformed, or not an object.</exception>
    public static JsonElement Parse(ReadOnlySpan<byte> bytes, string name)
    {
        ReadOnlySpan<byte> byteOrderMark = [0xEF, 0xBB, 0xBF];
        bytes = bytes.StartsWith(byteOrderMark) ? bytes[byteOrderMark.Length..] : bytes;
        try
        {
            CheckText(bytes);
            Utf8JsonReader reader = new(bytes);
            JsonElement root = JsonElement.ParseValue(ref reader);
            if (root.ValueKind == JsonValueKind.Object)
            {
                return root;
            }
        }
        catch (JsonException fault)
        {
            throw new CheckpointException(
                CheckpointError.JsonMalformed, $"{name} is not valid JSON at line {fault.LineNumber + 1}.", fault);
        }

        catch (InvalidOperationException fault)
        {
            throw new CheckpointException(CheckpointError.JsonMalformed, $"{name} holds text that is no Unicode.", fault);
        }

        throw new CheckpointException(CheckpointError.JsonMalformed, $"{name} does not hold a JSON object.");
    }

    /// <summary>
    /// Reads the document to its end. A string may hold invalid UTF-8 or half of a surrogate pair, which the parser
    /// notices only when the string is asked for: here, at the door, and not in the middle of a conversion.
    /// </summary>
    private static void CheckText(ReadOnlySpan<byte> bytes)
    {
        if (!Utf8.IsValid(bytes))
        {
            throw new InvalidOperationException("The bytes are not UTF-8.");
        }

        Utf8JsonReader reader = new(bytes);
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
            {
                reader.GetString();
            }
        }
    }
}
