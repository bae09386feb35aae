using System.Text;
using System.Text.Json;

namespace MoREdge.Tokenization;

/// <summary>The tokens, added tokens and merges of a tokenizer.json.</summary>
internal sealed class TokenizerJsonVocabulary
{
    private TokenizerJsonVocabulary(string[] tokens, TokenKind[] kinds, string[] merges)
    {
        Tokens = tokens;
        Kinds = kinds;
        Merges = merges;
    }

    /// <summary>
    /// Token texts by id; ids that the file leaves free are named like GGUF's fillers and marked unused.
    /// </summary>
    public string[] Tokens { get; }

    /// <summary>Token kinds by id.</summary>
    public TokenKind[] Kinds { get; }

    /// <summary>Merges "left right", most urgent first.</summary>
    public string[] Merges { get; }

    /// <summary>Added tokens with <c>lstrip</c>.</summary>
    public IReadOnlyList<int> LeftStripIds { get; private init; } = [];

    /// <summary>Added tokens with <c>rstrip</c>.</summary>
    public IReadOnlyList<int> RightStripIds { get; private init; } = [];

    /// <summary>Added tokens with <c>normalized</c>.</summary>
    public IReadOnlyList<int> NormalizedIds { get; private init; } = [];

    /// <summary>Reads the vocabulary.</summary>
    /// <param name="root">The file.</param>
    /// <param name="config">tokenizer_config.json, which may know more added tokens.</param>
    /// <param name="algorithm">How the vocabulary spells text.</param>
    public static TokenizerJsonVocabulary Parse(JsonElement root, JsonElement config, TokenizerAlgorithm algorithm)
    {
        JsonElement model = JsonFields.Object(root, "model");
        JsonElement vocab = JsonFields.Object(model, "vocab");
        Dictionary<string, int> ids = [];
        int count = 0;
        foreach (JsonProperty token in vocab.EnumerateObject())
        {
            int id = JsonFields.TokenId(token.Value, "a token");
            ids[token.Name] = id;
            count = Math.Max(count, id + 1);
        }

        List<AddedToken> addedTokens = AddedToken.Read(root, config, ids);
        foreach (AddedToken added in addedTokens)
        {
            bool isShared = algorithm == TokenizerAlgorithm.ByteLevelBpe && ids.ContainsKey(added.Text);
            count = isShared && SpellsOtherBytes(added.Text)
                ? throw JsonFields.Unsupported($"The added token \"{added.Text}\", which also spells bytes of text,")
                : Math.Max(count, added.Id + 1);
        }

        string?[] tokens = new string?[count];
        TokenKind[] kinds = new TokenKind[count];
        Array.Fill(kinds, TokenKind.Normal);
        foreach (JsonProperty token in vocab.EnumerateObject())
        {
            Put(tokens, JsonFields.TokenId(token.Value, "a token"), token.Name);
        }

        foreach (AddedToken added in addedTokens)
        {
            Put(tokens, added.Id, added.Text);
            kinds[added.Id] = added.IsSpecial ? TokenKind.Control : TokenKind.UserDefined;
        }

        return new TokenizerJsonVocabulary(Fill(tokens, kinds), kinds, ParseMerges(model))
        {
            LeftStripIds = AddedToken.Ids(addedTokens, added => added.StripsLeft),
            RightStripIds = AddedToken.Ids(addedTokens, added => added.StripsRight),
            NormalizedIds = AddedToken.Ids(addedTokens, added => added.IsNormalized),
        };
    }

    /// <summary>The id of a token text, or -1.</summary>
    public int Find(string? text) => text is null ? -1 : Array.IndexOf(Tokens, text);

    /// <summary>Marks the tokens spelled <c>&lt;0xAB&gt;</c> as bytes.</summary>
    public void MarkByteTokens()
    {
        for (int id = 0; id < Tokens.Length; id++)
        {
            if (Kinds[id] == TokenKind.Normal && TokenBytes.TryParseByte(Encoding.UTF8.GetBytes(Tokens[id]), out _))
            {
                Kinds[id] = TokenKind.Byte;
            }
        }
    }

    // In a byte-level vocabulary "Ġ" is a space; as an added token it would be the letter, under the same id.
    private static bool SpellsOtherBytes(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        byte[] bytes = new byte[utf8.Length];
        return ByteLevelAlphabet.TryDecode(utf8, bytes, out int count) && !bytes.AsSpan(0, count).SequenceEqual(utf8);
    }

    private static void Put(string?[] tokens, int id, string text)
    {
        if (tokens[id] is not null && tokens[id] != text)
        {
            throw new TokenizerException(
                TokenizerError.DuplicateTokenId, $"Both \"{tokens[id]}\" and \"{text}\" claim the id {id}.");
        }

        tokens[id] = text;
    }

    private static string[] Fill(string?[] tokens, TokenKind[] kinds)
    {
        string[] filled = new string[tokens.Length];
        for (int id = 0; id < filled.Length; id++)
        {
            filled[id] = tokens[id] ?? $"[PAD{id}]";
            kinds[id] = tokens[id] is null ? TokenKind.Unused : kinds[id];
        }

        return filled;
    }

    // A merge is "left right", or in newer files the list [left, right].
    private static string[] ParseMerges(JsonElement model)
    {
        JsonElement list = JsonFields.Array(model, "merges");
        string[] merges = new string[list.GetArrayLength()];
        int rank = 0;
        foreach (JsonElement merge in list.EnumerateArray())
        {
            bool isPair = merge.ValueKind == JsonValueKind.Array && merge.GetArrayLength() == 2
                && merge[0].ValueKind == JsonValueKind.String && merge[1].ValueKind == JsonValueKind.String;
            if (!isPair && merge.ValueKind != JsonValueKind.String)
            {
                throw new TokenizerException(
                    TokenizerError.MalformedMerge, $"Merge {rank} is neither a string nor a pair of strings.");
            }

            merges[rank++] =
                isPair ? $"{merge[0].GetString()} {merge[1].GetString()}" : merge.GetString() ?? string.Empty;
        }

        return merges;
    }
}
