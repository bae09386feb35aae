using System.Globalization;
using System.Text.Json;

namespace MoREdge.Tokenization;

/// <summary>
/// Typed access to JSON fields: a wrong type is a <see cref="TokenizerException"/> that names the field.
/// </summary>
internal static class JsonFields
{
    /// <summary>A field, or null when it is absent or JSON null.</summary>
    public static JsonElement? Optional(JsonElement parent, string name)
    {
        if (parent.ValueKind != JsonValueKind.Object)
        {
            throw Invalid(name, "stands in something that is not an object");
        }

        return parent.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;
    }

    /// <summary>A field that must be there.</summary>
    public static JsonElement Required(JsonElement parent, string name) =>
        Optional(parent, name) ?? throw new TokenizerException(
            TokenizerError.MissingField, $"The field \"{name}\" is missing.");

    /// <summary>A field that must be an object.</summary>
    public static JsonElement Object(JsonElement parent, string name) => OfKind(parent, name, JsonValueKind.Object);

    /// <summary>A field that must be a list.</summary>
    public static JsonElement Array(JsonElement parent, string name) => OfKind(parent, name, JsonValueKind.Array);

    /// <summary>A string, or null when absent.</summary>
    public static string? OptionalString(JsonElement parent, string name) => Optional(parent, name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        _ => throw Invalid(name, "is not a string"),
    };

    /// <summary>A string that must be there.</summary>
    public static string String(JsonElement parent, string name) =>
        Required(parent, name) is { ValueKind: JsonValueKind.String } value
            ? value.GetString() ?? string.Empty
            : throw Invalid(name, "is not a string");

    /// <summary>A truth value, or null when absent.</summary>
    public static bool? OptionalBool(JsonElement parent, string name) => Optional(parent, name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw Invalid(name, "is neither true nor false"),
    };

    /// <summary>A token id below <see cref="TokenizerLimits.TokensMax"/>.</summary>
    public static int TokenId(JsonElement value, string what)
    {
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt32(out int id) || id < 0)
        {
            throw new TokenizerException(TokenizerError.InvalidField, $"The id of {what} is not a token id.");
        }

        return Bounded(id, what);
    }

    /// <summary>A token id that is the name of a field.</summary>
    public static int TokenId(string name, string parent) =>
        int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
            ? Bounded(id, "an added token")
            : throw Invalid(parent, $"names \"{name}\", which is no token id");

    /// <summary>Refuses a text option that this library does not have, unless it is absent or empty.</summary>
    public static void RefuseText(JsonElement parent, string name)
    {
        if (!string.IsNullOrEmpty(OptionalString(parent, name)))
        {
            throw Unsupported($"The model option \"{name}\"");
        }
    }

    /// <summary>Refuses a number option that this library does not have, unless it is absent or 0.</summary>
    public static void RefuseNumber(JsonElement parent, string name)
    {
        JsonElement? number = Optional(parent, name);
        if (number is { } value && (value.ValueKind != JsonValueKind.Number || value.GetDouble() != 0))
        {
            throw Unsupported($"The model option \"{name}\"");
        }
    }

    /// <summary>The refusal of a component, by name.</summary>
    public static TokenizerException Unsupported(string what) =>
        new(TokenizerError.UnsupportedComponent, $"{what} is not supported.");

    /// <summary>The fault of a field.</summary>
    public static TokenizerException Invalid(string name, string fault) =>
        new(TokenizerError.InvalidField, $"The field \"{name}\" {fault}.");

    private static int Bounded(int id, string what) => id < TokenizerLimits.TokensMax
        ? id
        : throw new TokenizerException(
            TokenizerError.VocabularyTooLarge,
            $"The id {id} of {what} is beyond the limit of {TokenizerLimits.TokensMax} tokens.");

    private static JsonElement OfKind(JsonElement parent, string name, JsonValueKind kind)
    {
        JsonElement value = Required(parent, name);
        return value.ValueKind == kind
            ? value
            : throw Invalid(name, kind == JsonValueKind.Array ? "is not a list" : "is not an object");
    }
}
