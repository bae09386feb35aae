using System.Text.Json;

namespace MoREdge.Checkpoints.HuggingFace;

/// <summary>Loads a JSON object from a file, with a limit on its size and one sentence for what is wrong.</summary>
internal static class JsonFile
{
    /// <summary>The largest configuration or shard index read, in bytes.</summary>
    public const int FileBytesMax = 64 << 20;

    /// <summary>The object in <paramref name="path"/>.</summary>
    /// <exception cref="CheckpointException">Unreadable, too large, malformed, or not an object.</exception>
    public static JsonElement Load(string path)
    {
        using WeightFile file = WeightFile.Open(path);
        if (file.Length > FileBytesMax)
        {
            throw new CheckpointException(
                CheckpointError.HeaderTooLarge, $"{file.Name} has {file.Length} bytes, more than {FileBytesMax}.");
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
        Utf8JsonReader reader = new(bytes.StartsWith(byteOrderMark) ? bytes[byteOrderMark.Length..] : bytes);
        try
        {
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

        throw new CheckpointException(CheckpointError.JsonMalformed, $"{name} does not hold a JSON object.");
    }
}
