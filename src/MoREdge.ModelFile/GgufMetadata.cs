using System.Diagnostics.CodeAnalysis;

namespace MoREdge.ModelFile;

/// <summary>
/// The metadata of a model file: keys and values in file order, with getters that check types and ranges.
/// </summary>
/// <remarks>
/// "Require" throws <see cref="ModelFileError.MissingKey"/> for an absent key, "Get" gives the fallback (arrays: an
/// empty one). A present value of the wrong type always throws <see cref="ModelFileError.WrongValueType"/>, naming the
/// key: a wrong value is never mistaken for an absent one. Integers may have any GGUF integer type, floats may be
/// float32 or float64.
/// </remarks>
public sealed class GgufMetadata
{
    private readonly OrderedDictionary<string, GgufValue> _values = new(StringComparer.Ordinal);

    /// <summary>Number of keys.</summary>
    public int Count => _values.Count;

    /// <summary>Keys and values in file order.</summary>
    public IReadOnlyList<KeyValuePair<string, GgufValue>> Entries => _values;

    /// <summary>The model's architecture, such as "llama" or "mor".</summary>
    /// <exception cref="ModelFileException">MissingKey or WrongValueType.</exception>
    public string Architecture => RequireString(MetadataKeys.Architecture);

    /// <summary>Sets a value; a new key goes to the end, an old one keeps its place.</summary>
    public void Set(string key, GgufValue value)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        ArgumentNullException.ThrowIfNull(value);
        _values[key] = value;
    }

    /// <summary>Removes a key; false when it was absent.</summary>
    public bool Remove(string key) => _values.Remove(key);

    /// <summary>True when the key is present.</summary>
    public bool Contains(string key) => _values.ContainsKey(key);

    /// <summary>The value of a key.</summary>
    public bool TryGetValue(string key, [NotNullWhen(true)] out GgufValue? value) =>
        _values.TryGetValue(key, out value);

    /// <summary>The full key of an architecture's own setting: "{general.architecture}.{suffix}".</summary>
    /// <exception cref="ModelFileException">MissingKey or WrongValueType of general.architecture.</exception>
    public string ArchitectureKey(string suffix) => $"{Architecture}.{suffix}";

    /// <summary>A string.</summary>
    /// <exception cref="ModelFileException">MissingKey or WrongValueType.</exception>
    public string RequireString(string key) => GetString(key, fallback: null) ?? throw Missing(key);

    /// <summary>A string, or <paramref name="fallback"/> when the key is absent.</summary>
    /// <exception cref="ModelFileException">WrongValueType.</exception>
    [return: NotNullIfNotNull(nameof(fallback))]
    public string? GetString(string key, string? fallback = null)
    {
        if (!_values.TryGetValue(key, out GgufValue? value))
        {
            return fallback;
        }

        return value.TryGetString(out string? text) ? text : throw Wrong(key, value, "a string");
    }

    /// <summary>A string; false when the key is absent.</summary>
    /// <exception cref="ModelFileException">WrongValueType.</exception>
    public bool TryGetString(string key, [NotNullWhen(true)] out string? text)
    {
        text = GetString(key);
        return text is not null;
    }

    /// <summary>An integer of any width in the int32 range.</summary>
    /// <exception cref="ModelFileException">MissingKey, WrongValueType or WrongValue.</exception>
    public int RequireInt32(string key) => TryGetInt32(key, out int value) ? value : throw Missing(key);

    /// <summary>
    /// An integer of any width in the int32 range, or <paramref name="fallback"/> when the key is absent.
    /// </summary>
    /// <exception cref="ModelFileException">WrongValueType or WrongValue.</exception>
    public int GetInt32(string key, int fallback) => TryGetInt32(key, out int value) ? value : fallback;

    /// <summary>An integer of any width in the int32 range; false when the key is absent.</summary>
    /// <exception cref="ModelFileException">WrongValueType or WrongValue.</exception>
    public bool TryGetInt32(string key, out int value)
    {
        bool isPresent = TryGetInteger(key, int.MinValue, int.MaxValue, out Int128 integer);
        value = (int)integer;
        return isPresent;
    }

    /// <summary>An integer of any width in the uint32 range.</summary>
    /// <exception cref="ModelFileException">MissingKey, WrongValueType or WrongValue.</exception>
    public uint RequireUInt32(string key) => TryGetUInt32(key, out uint value) ? value : throw Missing(key);

    /// <summary>
    /// An integer of any width in the uint32 range, or <paramref name="fallback"/> when the key is absent.
    /// </summary>
    /// <exception cref="ModelFileException">WrongValueType or WrongValue.</exception>
    public uint GetUInt32(string key, uint fallback) => TryGetUInt32(key, out uint value) ? value : fallback;

    /// <summary>An integer of any width in the uint32 range; false when the key is absent.</summary>
    /// <exception cref="ModelFileException">WrongValueType or WrongValue.</exception>
    public bool TryGetUInt32(string key, out uint value)
    {
        bool isPresent = TryGetInteger(key, uint.MinValue, uint.MaxValue, out Int128 integer);
        value = (uint)integer;
        return isPresent;
    }

    /// <summary>An integer of any width in the int64 range; false when the key is absent.</summary>
    /// <exception cref="ModelFileException">WrongValueType or WrongValue.</exception>
    public bool TryGetInt64(string key, out long value)
    {
        bool isPresent = TryGetInteger(key, long.MinValue, long.MaxValue, out Int128 integer);
        value = (long)integer;
        return isPresent;
    }

    /// <summary>A float32 or float64.</summary>
    /// <exception cref="ModelFileException">MissingKey or WrongValueType.</exception>
    public double RequireFloat64(string key) => TryGetFloat64(key, out double value) ? value : throw Missing(key);

    /// <summary>A float32 or float64, or <paramref name="fallback"/> when the key is absent.</summary>
    /// <exception cref="ModelFileException">WrongValueType.</exception>
    public double GetFloat64(string key, double fallback) => TryGetFloat64(key, out double value) ? value : fallback;

    /// <summary>A float32 or float64; false when the key is absent.</summary>
    /// <exception cref="ModelFileException">WrongValueType.</exception>
    public bool TryGetFloat64(string key, out double value)
    {
        value = 0;
        if (!_values.TryGetValue(key, out GgufValue? found))
        {
            return false;
        }

        return found.TryGetFloat(out value) ? true : throw Wrong(key, found, "a float");
    }

    /// <summary>A boolean.</summary>
    /// <exception cref="ModelFileException">MissingKey or WrongValueType.</exception>
    public bool RequireBoolean(string key) => TryGetBoolean(key, out bool value) ? value : throw Missing(key);

    /// <summary>A boolean, or <paramref name="fallback"/> when the key is absent.</summary>
    /// <exception cref="ModelFileException">WrongValueType.</exception>
    public bool GetBoolean(string key, bool fallback) => TryGetBoolean(key, out bool value) ? value : fallback;

    /// <summary>A boolean; false when the key is absent.</summary>
    /// <exception cref="ModelFileException">WrongValueType.</exception>
    public bool TryGetBoolean(string key, out bool value)
    {
        value = false;
        if (!_values.TryGetValue(key, out GgufValue? found))
        {
            return false;
        }

        return found.TryGetBoolean(out value) ? true : throw Wrong(key, found, "a boolean");
    }

    /// <summary>An array of strings, decoded anew by each call.</summary>
    /// <exception cref="ModelFileException">MissingKey or WrongValueType.</exception>
    public string[] RequireStringArray(string key) => Contains(key) ? GetStringArray(key) : throw Missing(key);

    /// <summary>An array of strings, decoded anew by each call; empty when the key is absent.</summary>
    /// <exception cref="ModelFileException">WrongValueType.</exception>
    public string[] GetStringArray(string key)
    {
        if (!_values.TryGetValue(key, out GgufValue? value))
        {
            return [];
        }

        return value.TryGetStrings(out string[]? texts) ? texts : throw Wrong(key, value, "an array of strings");
    }

    /// <summary>
    /// An array of strings as one block of UTF-8, copied by each call: for vocabularies, whose strings are too many to
    /// be objects (<see cref="GgufValue.TryGetUtf8"/>).
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="offsets">Where each string starts, shape (strings + 1); the last one is the block's length.</param>
    /// <exception cref="ModelFileException">MissingKey or WrongValueType.</exception>
    public byte[] RequireUtf8Array(string key, out int[] offsets)
    {
        if (!_values.TryGetValue(key, out GgufValue? value))
        {
            throw Missing(key);
        }

        if (!value.TryGetUtf8(out byte[]? utf8, out int[]? starts))
        {
            throw Wrong(key, value, "an array of strings");
        }

        offsets = starts;
        return utf8;
    }

    /// <summary>An array of integers of any width in the int32 range.</summary>
    /// <exception cref="ModelFileException">MissingKey, WrongValueType or WrongValue.</exception>
    public int[] RequireInt32Array(string key) => Contains(key) ? GetInt32Array(key) : throw Missing(key);

    /// <summary>An array of integers of any width in the int32 range; empty when the key is absent.</summary>
    /// <exception cref="ModelFileException">WrongValueType or WrongValue.</exception>
    public int[] GetInt32Array(string key)
    {
        GgufValue? array = FindArray(key, "an array of integers");
        int[] integers = new int[array?.Count ?? 0];
        if (array is null || array.TryCopyInt32s(integers))
        {
            return integers;
        }

        for (int i = 0; i < integers.Length; i++)
        {
            if (!array.TryGetIntegerAt(i, out Int128 integer))
            {
                throw Wrong(key, array, "an array of integers");
            }

            integers[i] = (int)InRange(key, integer, int.MinValue, int.MaxValue);
        }

        return integers;
    }

    /// <summary>An array of booleans; empty when the key is absent.</summary>
    /// <exception cref="ModelFileException">WrongValueType.</exception>
    public bool[] GetBooleanArray(string key)
    {
        GgufValue? array = FindArray(key, "an array of booleans");
        if (array is null)
        {
            return [];
        }

        ReadOnlySpan<byte> items = array.ItemType == GgufValueType.Boolean
            ? array.Items
            : throw Wrong(key, array, "an array of booleans");
        bool[] flags = new bool[array.Count];
        for (int i = 0; i < flags.Length; i++)
        {
            flags[i] = items[i] != 0;
        }

        return flags;
    }

    /// <summary>An array of float32 or float64.</summary>
    /// <exception cref="ModelFileException">MissingKey or WrongValueType.</exception>
    public double[] RequireFloat64Array(string key) => Contains(key) ? GetFloat64Array(key) : throw Missing(key);

    /// <summary>An array of float32 or float64; empty when the key is absent.</summary>
    /// <exception cref="ModelFileException">WrongValueType.</exception>
    public double[] GetFloat64Array(string key)
    {
        GgufValue? array = FindArray(key, "an array of floats");
        double[] floats = new double[array?.Count ?? 0];
        for (int i = 0; i < floats.Length; i++)
        {
            if (!array!.TryGetFloatAt(i, out floats[i]))
            {
                throw Wrong(key, array, "an array of floats");
            }
        }

        return floats;
    }

    /// <summary>An array of float32 or float64, rounded to float32; empty when the key is absent.</summary>
    /// <exception cref="ModelFileException">WrongValueType.</exception>
    public float[] GetFloat32Array(string key) => Array.ConvertAll(GetFloat64Array(key), value => (float)value);

    private static ModelFileException Missing(string key) =>
        new(ModelFileError.MissingKey, $"The metadata key {ModelFileException.Quote(key)} is missing.");

    private static ModelFileException Wrong(string key, GgufValue value, string wanted)
    {
        string found = value.Type == GgufValueType.Array ? $"an array of {value.ItemType}" : $"a {value.Type}";
        return new ModelFileException(
            ModelFileError.WrongValueType,
            $"The metadata key {ModelFileException.Quote(key)} holds {found} where {wanted} is needed.");
    }

    private static Int128 InRange(string key, Int128 integer, Int128 min, Int128 max) =>
        integer >= min && integer <= max
        ? integer
        : throw new ModelFileException(
            ModelFileError.WrongValue,
            $"The metadata key {ModelFileException.Quote(key)} holds {integer}, outside {min} to {max}.");

    private bool TryGetInteger(string key, Int128 min, Int128 max, out Int128 integer)
    {
        integer = 0;
        if (!_values.TryGetValue(key, out GgufValue? value))
        {
            return false;
        }

        if (!value.TryGetInteger(out integer))
        {
            throw Wrong(key, value, "an integer");
        }

        InRange(key, integer, min, max);
        return true;
    }

    private GgufValue? FindArray(string key, string wanted)
    {
        if (!_values.TryGetValue(key, out GgufValue? value))
        {
            return null;
        }

        return value.Type == GgufValueType.Array ? value : throw Wrong(key, value, wanted);
    }
}
