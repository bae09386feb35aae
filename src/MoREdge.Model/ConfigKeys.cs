using MoREdge.ModelFile;

namespace MoREdge.Model;

/// <summary>
/// The keys of one architecture in a file's metadata, with range checks. It remembers what was asked for, so that a key
/// nobody reads can be refused: it may change what the network computes.
/// </summary>
internal sealed class ConfigKeys(GgufMetadata metadata, string architecture)
{
    /// <summary>Keys that describe a model without changing what it computes.</summary>
    private static readonly string[] Descriptions =
    [
        MetadataKeys.VocabSize, MetadataKeys.AttentionTied, "attention.layer_norm_epsilon", "pooling_type",
        "tensor_data_layout", "rope.scaling.truncate",
    ];

    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    /// <summary>Whether the key is there.</summary>
    public bool Has(string suffix) => metadata.Contains(Full(suffix));

    /// <summary>Refuses keys of the architecture that nothing has asked for.</summary>
    /// <exception cref="ModelFileException">WrongValue, naming the key.</exception>
    public void RefuseUnread()
    {
        string prefix = $"{architecture}.";
        foreach (KeyValuePair<string, GgufValue> entry in metadata.Entries)
        {
            bool isOurs = entry.Key.StartsWith(prefix, StringComparison.Ordinal);
            if (isOurs && !_read.Contains(entry.Key) && Array.IndexOf(Descriptions, entry.Key[prefix.Length..]) < 0)
            {
                throw Wrong(
                    $"The key {ModelFileException.Quote(entry.Key)} may change what the network computes, and this "
                    + "version does not know how.");
            }
        }
    }

    /// <summary>A positive dimension; a missing <paramref name="fallback"/> makes the key required.</summary>
    public int Dimension(string suffix, int? fallback = null) => Integer(suffix, 1, fallback);

    /// <summary>A count, which may be 0.</summary>
    public int Count(string suffix, int fallback) => Integer(suffix, 0, fallback);

    /// <summary>A number; a missing <paramref name="fallback"/> makes the key required.</summary>
    public double Number(string suffix, double? fallback)
    {
        string key = Full(suffix);
        return metadata.Contains(key) || fallback is null ? metadata.RequireFloat64(key) : fallback.Value;
    }

    /// <summary>A finite number in [min, max] as float32.</summary>
    public float Number(string suffix, double fallback, double min, double max)
    {
        double value = Number(suffix, fallback);
        return value >= min && value <= max
            ? (float)value
            : throw Wrong($"The value {value} of '{Full(suffix)}' is out of range.");
    }

    /// <summary>As many numbers as the model has recursions, or blocks.</summary>
    public double[] Numbers(string suffix, int count, double? fallback)
    {
        string key = Full(suffix);
        if (!metadata.Contains(key) && fallback is not null)
        {
            double[] same = new double[count];
            Array.Fill(same, fallback.Value);
            return same;
        }

        double[] values = metadata.RequireFloat64Array(key);
        return values.Length == count
            ? values
            : throw Wrong($"'{key}' has {values.Length} values, but {count} are needed.");
    }

    /// <summary>A list of integers.</summary>
    public int[] Integers(string suffix) => metadata.RequireInt32Array(Full(suffix));

    /// <summary>
    /// A flag per block: an array of them, or a period, every so many blocks the flag being false; or
    /// <paramref name="fallbackPeriod"/>, 0 for true throughout.
    /// </summary>
    public bool[] BlockFlags(string suffix, int blockCount, int fallbackPeriod)
    {
        string key = Full(suffix);
        bool[] flags = new bool[blockCount];
        if (metadata.TryGetValue(key, out GgufValue? value) && value.Type == GgufValueType.Array)
        {
            flags = metadata.GetBooleanArray(key);
            return flags.Length == blockCount
                ? flags
                : throw Wrong($"'{key}' has {flags.Length} values, but the model has {blockCount} blocks.");
        }

        int period = Count(suffix, fallbackPeriod);
        for (int i = 0; i < blockCount; i++)
        {
            flags[i] = period == 0 || i % period != period - 1;
        }

        return flags;
    }

    /// <summary>A boolean.</summary>
    public bool Flag(string suffix, bool fallback = false) => metadata.GetBoolean(Full(suffix), fallback);

    /// <summary>A word out of a list; a missing <paramref name="fallback"/> makes the key required.</summary>
    public T Choice<T>(string suffix, string? fallback, params ReadOnlySpan<(string Name, T Value)> choices)
    {
        string key = Full(suffix);
        string name = metadata.Contains(key) || fallback is null ? metadata.RequireString(key) : fallback;
        foreach ((string Name, T Value) choice in choices)
        {
            if (choice.Name == name)
            {
                return choice.Value;
            }
        }

        throw Wrong($"The value '{name}' of '{key}' is not known.");
    }

    /// <summary>The fault of a file whose values cannot be run.</summary>
    public static ModelFileException Wrong(string sentence) => new(ModelFileError.WrongValue, sentence);

    /// <summary>Throws <see cref="Wrong"/> unless <paramref name="condition"/> holds.</summary>
    public static void Require(bool condition, string sentence)
    {
        if (!condition)
        {
            throw Wrong(sentence);
        }
    }

    private int Integer(string suffix, int min, int? fallback)
    {
        string key = Full(suffix);
        if (!metadata.TryGetInt64(key, out long value))
        {
            value = fallback
                ?? throw new ModelFileException(ModelFileError.MissingKey, $"The key '{key}' is missing.");
        }

        return value >= min && value <= ModelFileLimits.ModelDimensionMax
            ? (int)value
            : throw Wrong($"The value {value} of '{key}' is out of range.");
    }

    private string Full(string suffix)
    {
        string key = $"{architecture}.{suffix}";
        _read.Add(key);
        return key;
    }
}
