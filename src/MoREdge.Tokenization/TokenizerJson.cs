using System.Text.Json;

namespace MoREdge.Tokenization;

/// <summary>Reads Hugging Face's <c>tokenizer.json</c>, with <c>tokenizer_config.json</c> beside it.</summary>
/// <remarks>Components that this library does not have are refused by name: nothing is tokenized almost
/// right.</remarks>
public static class TokenizerJson
{
    /// <summary>Reads a tokenizer from files.</summary>
    /// <param name="path">The path of tokenizer.json.</param>
    /// <param name="tokenizerConfigPath">The path of tokenizer_config.json, which names the begin and end tokens and
    /// holds
    /// the chat template; null when there is none.</param>
    /// <exception cref="TokenizerException">A file is wrong or asks for something unknown.</exception>
    public static TokenizerDefinition Load(string path, string? tokenizerConfigPath = null)
    {
        byte[]? config = tokenizerConfigPath is null ? null : BoundedFile.Read(tokenizerConfigPath);
        return Parse(BoundedFile.Read(path), config);
    }

    /// <summary>Reads a tokenizer from streams, each from its position to its end.</summary>
    /// <param name="tokenizerJson">tokenizer.json.</param>
    /// <param name="tokenizerConfigJson">tokenizer_config.json, or null.</param>
    /// <exception cref="TokenizerException">A file is wrong or asks for something unknown.</exception>
    public static TokenizerDefinition Load(Stream tokenizerJson, Stream? tokenizerConfigJson = null)
    {
        byte[]? config = tokenizerConfigJson is null ? null : BoundedFile.Read(tokenizerConfigJson);
        return Parse(BoundedFile.Read(tokenizerJson), config);
    }

    private static TokenizerDefinition Parse(byte[] json, byte[]? configJson)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(WithoutByteOrderMark(json));
            using JsonDocument config = JsonDocument.Parse(
                configJson is null ? "{}"u8.ToArray() : WithoutByteOrderMark(configJson));
            return Parse(document.RootElement, config.RootElement);
        }
        catch (JsonException fault)
        {
            throw new TokenizerException(
                TokenizerError.InvalidJson, $"The tokenizer file is not JSON: {fault.Message}", fault);
        }
        catch (InvalidOperationException fault)
        {
            // A string in JSON may hold a lone surrogate, which GetString refuses in this way.
            throw new TokenizerException(
                TokenizerError.InvalidJson, $"The tokenizer file holds no Unicode: {fault.Message}", fault);
        }
    }

    private static ReadOnlyMemory<byte> WithoutByteOrderMark(byte[] json) =>
        json.AsMemory(json.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0);

    private static TokenizerDefinition Parse(JsonElement root, JsonElement config)
    {
        JsonElement model = JsonFields.Object(root, "model");
        string type = JsonFields.OptionalString(model, "type") ?? "BPE";
        if (type != "BPE")
        {
            throw new TokenizerException(
                TokenizerError.UnsupportedComponent, $"The tokenizer model \"{type}\" is not supported, only BPE is.");
        }

        TokenizerJsonPipeline pipeline = TokenizerJsonPipeline.Parse(root);
        TokenizerJsonVocabulary vocabulary = TokenizerJsonVocabulary.Parse(root, config, pipeline.Algorithm);
        int unknownId = vocabulary.Find(JsonFields.OptionalString(model, "unk_token"));
        if (unknownId >= 0 && pipeline.Algorithm == TokenizerAlgorithm.SentencePieceBpe)
        {
            vocabulary.Kinds[unknownId] = TokenKind.Unknown;
        }

        bool byteFallback = JsonFields.OptionalBool(model, "byte_fallback") ?? false;
        if (pipeline.Algorithm == TokenizerAlgorithm.SentencePieceBpe && byteFallback)
        {
            vocabulary.MarkByteTokens();
        }

        JsonFields.RefuseNumber(model, "dropout");
        JsonFields.RefuseText(model, "continuing_subword_prefix");
        JsonFields.RefuseText(model, "end_of_word_suffix");
        int bos = pipeline.BosId >= 0 ? pipeline.BosId : vocabulary.Find(SpecialText(config, "bos_token"));
        int eos = pipeline.EosId >= 0 ? pipeline.EosId : vocabulary.Find(SpecialText(config, "eos_token"));
        TokenizerDefinition definition = new()
        {
            Algorithm = pipeline.Algorithm,
            Tokens = TextTable.Create(vocabulary.Tokens),
            Kinds = vocabulary.Kinds,
            Merges = TextTable.Create(vocabulary.Merges),
            PreTokenizer = pipeline.PreTokenizer,
            BosId = bos,
            EosId = eos,
            UnknownId = unknownId,
            PaddingId = vocabulary.Find(SpecialText(config, "pad_token")),
            AddBos = bos >= 0 && (JsonFields.OptionalBool(config, "add_bos_token") ?? pipeline.BosId >= 0),
            AddEos = eos >= 0 && (JsonFields.OptionalBool(config, "add_eos_token") ?? pipeline.EosId >= 0),
            AddSpacePrefix = pipeline.AddSpacePrefix,
            PrefixScope = pipeline.PrefixScope,
            PrefixOnlyIfMissing = pipeline.PrefixOnlyIfMissing,
            NormalizeNfc = pipeline.NormalizeNfc,
            IgnoreMerges = JsonFields.OptionalBool(model, "ignore_merges") ?? false,
            FuseUnknown = JsonFields.OptionalBool(model, "fuse_unk") ?? false,
            LeftStripIds = vocabulary.LeftStripIds,
            RightStripIds = vocabulary.RightStripIds,
            NormalizedIds = pipeline.NormalizerPrepends ? vocabulary.NormalizedIds : [],
            ChatTemplate = ChatTemplateText(config),
        };
        return definition with { EndOfTurnId = definition.FindEndOfTurn() };
    }

    // A special token is a string, or an object that holds it as "content".
    private static string? SpecialText(JsonElement config, string name) =>
        JsonFields.Optional(config, name) is { ValueKind: JsonValueKind.Object } token
            ? JsonFields.OptionalString(token, "content")
            : JsonFields.OptionalString(config, name);

    // The template is a string, or a list of named ones.
    private static string? ChatTemplateText(JsonElement config)
    {
        if (JsonFields.Optional(config, "chat_template") is not { ValueKind: JsonValueKind.Array } templates)
        {
            return JsonFields.OptionalString(config, "chat_template");
        }

        foreach (JsonElement template in templates.EnumerateArray())
        {
            if (JsonFields.OptionalString(template, "name") == "default")
            {
                return JsonFields.OptionalString(template, "template");
            }
        }

        return null;
    }
}
