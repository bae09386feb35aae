using System.Text.Json;
using MoREdge.Checkpoints.HuggingFace;
using MoREdge.Tokenization;

namespace MoREdge.Checkpoints;

/// <summary>
/// The tokens that a folder adds to its tokenizer.model: in <c>added_tokens_decoder</c> of tokenizer_config.json or, in
/// older folders, in added_tokens.json, which knows their texts and ids only.
/// </summary>
internal static class AddedTokens
{
    private const string FileName = "added_tokens.json";
    private const string MapName = "special_tokens_map.json";
    private const string MoreSpecialKey = "additional_special_tokens";
    private const string BosKey = "bos_token";
    private const string EosKey = "eos_token";
    private const string PaddingKey = "pad_token";

    /// <summary><paramref name="model"/> with these tokens; begin, end and padding as they are named.</summary>
    /// <param name="model">The SentencePiece model.</param>
    /// <param name="folder">Where it lies.</param>
    /// <param name="config">tokenizer_config.json, or null.</param>
    /// <exception cref="TokenizerException">A token contradicts the model, or asks for something unknown.</exception>
    /// <exception cref="CheckpointException">A file is broken.</exception>
    public static TokenizerDefinition Apply(TokenizerDefinition model, string folder, ConfigObject? config)
    {
        SortedDictionary<int, AddedToken> added = [];
        ConfigObject? map = Open(folder, MapName);
        ReadFile(folder, config, map, added);
        if (config is { } settings && settings.TryGet(AddedToken.DecoderKey, out JsonElement decoder))
        {
            foreach (AddedToken token in AddedToken.ReadDecoder(decoder))
            {
                added[token.Id] = token;
            }
        }

        TokenizerDefinition tokenizer = added.Count > 0 ? With(model, added) : model;
        return tokenizer with
        {
            BosId = Find(tokenizer, Named(BosKey, config, map), tokenizer.BosId),
            EosId = Find(tokenizer, Named(EosKey, config, map), tokenizer.EosId),
            PaddingId = Find(tokenizer, Named(PaddingKey, config, map), tokenizer.PaddingId),
            EndOfTurnId = tokenizer.FindEndOfTurn(),
        };
    }

    private static ConfigObject? Open(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        return File.Exists(path) ? new ConfigObject(JsonFile.Load(path), name) : null;
    }

    // {"<|im_start|>": 32000}; which of them are special stands elsewhere.
    private static void ReadFile(
        string folder, ConfigObject? config, ConfigObject? map, SortedDictionary<int, AddedToken> added)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            return;
        }

        HashSet<string?> special =
            [Named(BosKey, config, map), Named(EosKey, config, map), Named(PaddingKey, config, map)];
        foreach (ConfigObject? source in (ReadOnlySpan<ConfigObject?>)[config, map])
        {
            if (source is { } settings && settings.TryGet(MoreSpecialKey, out JsonElement list)
                && list.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement text in list.EnumerateArray())
                {
                    special.Add(TextOf(text));
                }
            }
        }

        foreach (JsonProperty token in JsonFile.Load(path).EnumerateObject())
        {
            bool isNumber = token.Value.ValueKind == JsonValueKind.Number && token.Value.TryGetInt32(out _);
            int id = isNumber ? token.Value.GetInt32() : -1;
            bool isSpecial = special.Contains(token.Name);
            added[CheckId(id, token.Name)] = new AddedToken(id, token.Name, isSpecial, false, false, false);
        }
    }

    private static TokenizerDefinition With(TokenizerDefinition model, SortedDictionary<int, AddedToken> added)
    {
        List<string> texts = [.. model.Tokens];
        List<TokenKind> kinds = [.. model.Kinds];
        List<int> leftStripIds = [];
        List<int> rightStripIds = [];
        foreach ((int id, AddedToken token) in added)
        {
            // Ids that nobody has are named like GGUF's fillers.
            for (; texts.Count < id; kinds.Add(TokenKind.Unused))
            {
                texts.Add($"[PAD{texts.Count}]");
            }

            if (id == texts.Count)
            {
                texts.Add(token.Text);
                kinds.Add(TokenKind.Normal);
            }

            if (texts[id] != token.Text)
            {
                throw new TokenizerException(
                    TokenizerError.DuplicateTokenId, $"Both \"{texts[id]}\" and \"{token.Text}\" claim the id {id}.");
            }

            kinds[id] = kinds[id] == TokenKind.Unknown ? TokenKind.Unknown
                : token.IsSpecial ? TokenKind.Control : TokenKind.UserDefined;
            leftStripIds.AddRange(token.StripsLeft ? [id] : []);
            rightStripIds.AddRange(token.StripsRight ? [id] : []);
        }

        // No merge makes them: they are cut out of a text before it is merged.
        float[] scores = new float[texts.Count];
        Array.Fill(scores, float.MinValue);
        model.Scores.AsSpan().CopyTo(scores);
        return model with
        {
            Tokens = [.. texts],
            Kinds = [.. kinds],
            Scores = scores,
            LeftStripIds = leftStripIds,
            RightStripIds = rightStripIds,
        };
    }

    private static int CheckId(int id, string text) => id is >= 0 and < TokenizerLimits.TokensMax
        ? id
        : throw new TokenizerException(
            TokenizerError.InvalidField, $"The id of the added token \"{text}\" is not a token id.");

    private static string? Named(string key, ConfigObject? config, ConfigObject? map) =>
        Named(key, config) ?? Named(key, map);

    private static string? Named(string key, ConfigObject? source) =>
        source is { } settings && settings.TryGet(key, out JsonElement token) ? TextOf(token) : null;

    // A token is a string, or an object that holds it as "content".
    private static string? TextOf(JsonElement token) => token.ValueKind switch
    {
        JsonValueKind.String => token.GetString(),
        JsonValueKind.Object => token.TryGetProperty("content", out JsonElement text)
            && text.ValueKind == JsonValueKind.String ? text.GetString() : null,
        _ => null,
    };

    private static int Find(TokenizerDefinition tokenizer, string? text, int otherwise)
    {
        int id = tokenizer.FindToken(text);
        return id >= 0 ? id : otherwise;
    }
}
