using System.Text.Json;

namespace MoREdge.Tokenization;

/// <summary>A token that a Hugging Face folder adds to its vocabulary.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Text">Its text.</param>
/// <param name="IsSpecial">Whether it controls the model.</param>
/// <param name="StripsLeft">Whether it swallows the white space before it.</param>
/// <param name="StripsRight">Whether it swallows the white space after it.</param>
/// <param name="IsNormalized">Whether it is looked for in normalized text.</param>
public readonly record struct AddedToken(
    int Id, string Text, bool IsSpecial, bool StripsLeft, bool StripsRight, bool IsNormalized)
{
    /// <summary>Where tokenizer_config.json has added tokens.</summary>
    public const string DecoderKey = "added_tokens_decoder";

    private const string ListKey = "added_tokens";

    /// <summary>The tokens in the value of <see cref="DecoderKey"/>, by ascending id.</summary>
    /// <exception cref="TokenizerException">A token is wrong or asks for something unknown.</exception>
    public static IReadOnlyList<AddedToken> ReadDecoder(JsonElement decoder)
    {
        if (decoder.ValueKind != JsonValueKind.Object)
        {
            throw JsonFields.Invalid(DecoderKey, "is not an object");
        }

        // {"32000": {"content": "<|im_start|>", "special": true, "lstrip": false, …}}
        SortedDictionary<int, AddedToken> tokens = [];
        foreach (JsonProperty token in decoder.EnumerateObject())
        {
            int id = JsonFields.TokenId(token.Name, DecoderKey);
            tokens[id] = token.Value.ValueKind == JsonValueKind.Object
                ? Read(token.Value, id)
                : throw JsonFields.Invalid(DecoderKey, $"has no object for the id {id}");
        }

        return [.. tokens.Values];
    }

    /// <summary>
    /// The added tokens of tokenizer.json and, behind them, those that only tokenizer_config.json knows. Of a token
    /// that both know, the latter says what it swallows, and it is special where either says so: so the transformers
    /// library sets up its tokenizers (PreTrainedTokenizerFast in tokenization_utils_fast.py).
    /// </summary>
    /// <param name="root">tokenizer.json.</param>
    /// <param name="config">tokenizer_config.json.</param>
    /// <param name="vocabulary">Ids by text: a text that is there, too, keeps its id.</param>
    internal static List<AddedToken> Read(JsonElement root, JsonElement config, Dictionary<string, int> vocabulary)
    {
        List<AddedToken> tokens = [];
        if (JsonFields.Optional(root, ListKey) is not null)
        {
            foreach (JsonElement token in JsonFields.Array(root, ListKey).EnumerateArray())
            {
                int stated = JsonFields.TokenId(JsonFields.Required(token, "id"), "an added token");
                tokens.Add(Place(Read(token, stated), vocabulary));
            }
        }

        if (JsonFields.Optional(config, DecoderKey) is { } decoder)
        {
            Merge(tokens, ReadDecoder(decoder), vocabulary);
        }

        return tokens;
    }

    /// <summary>The ids of those that a question is true of.</summary>
    internal static List<int> Ids(List<AddedToken> tokens, Predicate<AddedToken> question) =>
        tokens.FindAll(question).ConvertAll(token => token.Id);

    private static AddedToken Place(AddedToken token, Dictionary<string, int> vocabulary) =>
        token with { Id = vocabulary.GetValueOrDefault(token.Text, token.Id) };

    private static AddedToken Read(JsonElement token, int id)
    {
        string text = JsonFields.String(token, "content");
        bool isSpecial = JsonFields.OptionalBool(token, "special") ?? false;
        return JsonFields.OptionalBool(token, "single_word") ?? false
            ? throw JsonFields.Unsupported($"The added token \"{text}\" with \"single_word\"")
            : new AddedToken(
                id,
                text,
                isSpecial,
                JsonFields.OptionalBool(token, "lstrip") ?? false,
                JsonFields.OptionalBool(token, "rstrip") ?? false,
                JsonFields.OptionalBool(token, "normalized") ?? !isSpecial);
    }

    private static void Merge(
        List<AddedToken> tokens, IReadOnlyList<AddedToken> decoder, Dictionary<string, int> vocabulary)
    {
        HashSet<int> taken = [.. vocabulary.Values];
        Dictionary<string, int> indices = [];
        for (int i = 0; i < tokens.Count; i++)
        {
            taken.Add(tokens[i].Id);
            indices[tokens[i].Text] = i;
        }

        foreach (AddedToken stated in decoder)
        {
            AddedToken token = Place(stated, vocabulary);
            if (indices.TryGetValue(token.Text, out int index))
            {
                AddedToken known = tokens[index];
                tokens[index] = token with { Id = known.Id, IsSpecial = token.IsSpecial || known.IsSpecial };
                continue;
            }

            // The library does not look at the stated id; where tokenizer.json gives it to another text, neither do we.
            bool isVocabulary = vocabulary.ContainsKey(token.Text);
            token = isVocabulary || taken.Add(token.Id) ? token : token with { Id = FirstFree(taken) };
            taken.Add(token.Id);
            indices[token.Text] = tokens.Count;
            tokens.Add(token);
        }
    }

    /// <summary>The id behind all others.</summary>
    private static int FirstFree(HashSet<int> taken)
    {
        int id = 0;
        foreach (int other in taken)
        {
            id = Math.Max(id, other + 1);
        }

        return id;
    }
}
