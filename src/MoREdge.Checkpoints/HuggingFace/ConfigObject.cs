using System.Text.Json;

namespace MoREdge.Checkpoints.HuggingFace;

/// <summary>
/// A JSON object of settings, with getters that check types and ranges; null counts as absent. It remembers what was
/// asked for, so that a setting nobody reads can be refused: it may change what the network computes.
/// </summary>
internal readonly struct ConfigObject
{
    private static readonly Dictionary<string, JsonElement> NoOverrides = [];

    private readonly HashSet<string> _read = new(StringComparer.Ordinal);
    private readonly JsonElement _element;
    private readonly IReadOnlyDictionary<string, JsonElement>? _overrides;

    /// <summary>
    /// Reads <paramref name="element"/>, called <paramref name="name"/> in sentences; <paramref name="overrides"/> come
    /// first.
    /// </summary>
    public ConfigObject(JsonElement element, string name, IReadOnlyDictionary<string, JsonElement>? overrides = null)
    {
        _element = element;
        _overrides = overrides;
        Name = name;
    }

    /// <summary>What sentences call this object.</summary>
    public string Name { get; }

    /// <summary>The value of a key unless it is absent or null.</summary>
    public bool TryGet(string key, out JsonElement value)
    {
        _read.Add(key);
        if (_overrides is not null && _overrides.TryGetValue(key, out value))
        {
            return true;
        }

        return _element.TryGetProperty(key, out value) && value.ValueKind != JsonValueKind.Null;
    }

    /// <summary>True when the key is there, even with the value null.</summary>
    public bool Has(string key) => _element.TryGetProperty(key, out _);

    /// <summary>
    /// Refuses settings that nothing has asked for, unless they are in <paramref name="harmless"/> or say nothing:
    /// null,
    /// false, or empty.
    /// </summary>
    /// <exception cref="CheckpointException">UnsupportedOption, naming the setting.</exception>
    public void RefuseUnread(IReadOnlySet<string> harmless)
    {
        foreach (JsonProperty setting in _element.EnumerateObject())
        {
            RefuseUnread(setting.Name, setting.Value, harmless);
        }

        foreach (KeyValuePair<string, JsonElement> setting in _overrides ?? NoOverrides)
        {
            RefuseUnread(setting.Key, setting.Value, harmless);
        }
    }

    /// <summary>Refuses settings of which each changes the network, unless they say nothing or 0.</summary>
    /// <exception cref="CheckpointException">UnsupportedOption, naming the setting.</exception>
    public void RequireUnset(ReadOnlySpan<string> keys)
    {
        foreach (string key in keys)
        {
            if (TryGet(key, out JsonElement value) && !SaysNothing(value)
                && !(value.ValueKind == JsonValueKind.Number && value.GetDouble() == 0))
            {
                throw new CheckpointException(
                    CheckpointError.UnsupportedOption,
                    $"{Name} uses {CheckpointException.Quote(key)}, which this version does not compute.");
            }
        }
    }

    /// <summary>Refuses a number other than the one that is computed, which is also what a missing one means.</summary>
    /// <exception cref="CheckpointException">InvalidValue or UnsupportedOption.</exception>
    public void RequireNumber(string key, double only)
    {
        double value = GetDouble(key, only);
        if (value != only)
        {
            throw NotComputed(key, $"{value}", $"{only}");
        }
    }

    /// <summary>The same for a boolean.</summary>
    /// <exception cref="CheckpointException">InvalidValue or UnsupportedOption.</exception>
    public void RequireBoolean(string key, bool only)
    {
        if (GetBoolean(key, only) != only)
        {
            throw NotComputed(key, only ? "false" : "true", only ? "true" : "false");
        }
    }

    /// <summary>The same for a text.</summary>
    /// <exception cref="CheckpointException">InvalidValue or UnsupportedOption.</exception>
    public void RequireText(string key, string only)
    {
        string value = GetString(key) ?? only;
        if (value != only)
        {
            throw NotComputed(key, CheckpointException.Quote(value), only);
        }
    }

    /// <summary>A list of booleans or of integers 0 and 1, or null.</summary>
    public bool[]? GetFlags(string key)
    {
        if (!TryGet(key, out JsonElement value))
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            throw Invalid(key, "is not a list of flags");
        }

        bool[] flags = new bool[value.GetArrayLength()];
        for (int i = 0; i < flags.Length; i++)
        {
            flags[i] = value[i].ValueKind switch
            {
                JsonValueKind.True => true,
                JsonValueKind.False => false,
                JsonValueKind.Number when value[i].TryGetInt32(out int number) && number is 0 or 1 =>
                    value[i].GetInt32() == 1,
                _ => throw Invalid(key, "is not a list of flags"),
            };
        }

        return flags;
    }

    /// <summary>A list of strings, or null.</summary>
    public string[]? GetStrings(string key)
    {
        if (!TryGet(key, out JsonElement value))
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            throw Invalid(key, "is not a list of strings");
        }

        string[] texts = new string[value.GetArrayLength()];
        for (int i = 0; i < texts.Length; i++)
        {
            texts[i] = value[i].ValueKind == JsonValueKind.String
                ? value[i].GetString()!
                : throw Invalid(key, "is not a list of strings");
        }

        return texts;
    }

    /// <summary>A nested object, or null.</summary>
    public ConfigObject? GetObject(string key)
    {
        if (!TryGet(key, out JsonElement value))
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Object
            ? new ConfigObject(value, $"{key} of {Name}")
            : throw Invalid(key, "is not an object");
    }

    /// <summary>An integer in [min, max]; a missing <paramref name="fallback"/> makes the key required.</summary>
    public int GetInt32(string key, int min, int max, int? fallback = null)
    {
        if (!TryGet(key, out JsonElement value))
        {
            return fallback ?? throw Missing(key);
        }

        bool isInteger = value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number)
            && number >= min && number <= max;
        return isInteger ? value.GetInt32() : throw Invalid(key, $"is not an integer from {min} to {max}");
    }

    /// <summary>A finite number; a missing <paramref name="fallback"/> makes the key required.</summary>
    public double GetDouble(string key, double? fallback = null)
    {
        if (!TryGet(key, out JsonElement value))
        {
            return fallback ?? throw Missing(key);
        }

        bool isNumber = value.ValueKind == JsonValueKind.Number && double.IsFinite(value.GetDouble());
        return isNumber ? value.GetDouble() : throw Invalid(key, "is not a finite number");
    }

    /// <summary>A positive finite number.</summary>
    public double GetPositive(string key, double? fallback = null)
    {
        double value = GetDouble(key, fallback);
        return value > 0 ? value : throw Invalid(key, "is not positive");
    }

    /// <summary>A boolean.</summary>
    public bool GetBoolean(string key, bool fallback)
    {
        if (!TryGet(key, out JsonElement value))
        {
            return fallback;
        }

        return value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : throw Invalid(key, "is not true or false");
    }

    /// <summary>A string, or null.</summary>
    public string? GetString(string key)
    {
        if (!TryGet(key, out JsonElement value))
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Invalid(key, "is not a string");
    }

    /// <summary>A number or a list of numbers, or null.</summary>
    public double[]? GetDoubles(string key)
    {
        if (!TryGet(key, out JsonElement value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number)
        {
            return [value.GetDouble()];
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            throw Invalid(key, "is not a list of numbers");
        }

        double[] numbers = new double[value.GetArrayLength()];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = value[i].ValueKind == JsonValueKind.Number
                ? value[i].GetDouble()
                : throw Invalid(key, "is not a list of numbers");
        }

        return numbers;
    }

    /// <summary>The fault of a value that may not be what it is.</summary>
    public CheckpointException Invalid(string key, string what) =>
        new(CheckpointError.InvalidValue, $"{key} in {Name} {what}.");

    private void RefuseUnread(string setting, JsonElement value, IReadOnlySet<string> harmless)
    {
        if (!_read.Contains(setting) && !harmless.Contains(setting) && !SaysNothing(value))
        {
            throw new CheckpointException(
                CheckpointError.UnsupportedOption,
                $"{Name} sets {CheckpointException.Quote(setting)}, which may change what the network "
                + "computes and which this version does not know.");
        }
    }

    private static bool SaysNothing(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().MoveNext(),
        JsonValueKind.String => value.GetString()!.Length == 0,
        _ => false,
    };

    private CheckpointException NotComputed(string key, string value, string only) => new(
        CheckpointError.UnsupportedOption, $"{Name} uses {key} {value}; only {only} is computed.");

    private CheckpointException Missing(string key) => new(CheckpointError.MissingKey, $"{Name} has no {key}.");
}
