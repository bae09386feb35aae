using MoREdge.ModelFile;
using MoREdge.Tokenization;

namespace MoREdge.Inference;

/// <summary>
/// Reads the tokenizer that a model file carries: our own files, where every rule is a key (FORMAT.md), and those of
/// others, where the kind of tokenizer implies what the file leaves out.
/// </summary>
public static class TokenizerLoader
{
    /// <summary>What other programs write for "no such token": −1 as uint32.</summary>
    private const long NoId = uint.MaxValue;

    /// <summary>Tokens that end a text, a turn or a message, whichever of them the file names.</summary>
    private static readonly string[] EndTexts =
        [.. TokenizerDefinition.TurnEnds, "<|endoftext|>", "<|end_of_text|>", "<|eom_id|>"];

    /// <summary>Special tokens of Phi-3 that leave the white space behind them.</summary>
    private static readonly string[] Phi3TextsBeforeSpace = ["<s>", "<|endoftext|>"];

    /// <summary>The tokenizer of <paramref name="file"/>, which may hold a vocabulary and nothing else.</summary>
    /// <exception cref="ModelFileException">A key has the wrong type or an impossible value.</exception>
    /// <exception cref="TokenizerException">The file has no tokenizer, or one that is damaged or of an unknown
    /// kind.</exception>
    public static Tokenizer Load(GgufFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return TryLoad(file)
            ?? throw new TokenizerException(
                TokenizerError.MissingField,
                $"{file.Path}: there is no tokenizer in this file; convert the checkpoint it came from "
                + "again with CheckpointOptions.TokenizerPath.");
    }

    /// <summary>The tokenizer of <paramref name="file"/>, or null when it carries none.</summary>
    /// <exception cref="ModelFileException">A key has the wrong type or an impossible value.</exception>
    /// <exception cref="TokenizerException">The tokenizer is damaged or of an unknown kind.</exception>
    public static Tokenizer? TryLoad(GgufFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return ReadDefinition(file.Metadata) is { } definition ? new Tokenizer(definition) : null;
    }

    /// <summary>What the metadata of a file says about its tokenizer, or null when it says nothing.</summary>
    /// <exception cref="ModelFileException">A key has the wrong type or an impossible value.</exception>
    /// <exception cref="TokenizerException">The tokenizer is of an unknown kind.</exception>
    public static TokenizerDefinition? ReadDefinition(GgufMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        if (!metadata.TryGetString(MetadataKeys.TokenizerModel, out string? model)
            || !metadata.Contains(MetadataKeys.TokenizerTokens))
        {
            return null;
        }

        return model switch
        {
            "gpt2" => ReadByteLevel(metadata),
            "llama" => ReadSentencePiece(metadata),
            _ => throw new TokenizerException(
                TokenizerError.UnsupportedComponent,
                $"The tokenizer kind \"{model}\" is not supported (gpt2 and llama are)."),
        };
    }

    private static TokenizerDefinition ReadByteLevel(GgufMetadata metadata)
    {
        // Only our own files may leave text uncut: elsewhere an absent name is a mistake that would cost quality
        // silently.
        string? pre = metadata.GetString(MetadataKeys.TokenizerPre);
        bool isOurs = IsOurs(metadata);
        if (pre is null or "default" && !isOurs)
        {
            throw new TokenizerException(
                TokenizerError.UnknownPreTokenizer,
                "The file does not name the pre-tokenizer of its byte-level vocabulary.");
        }

        PreTokenizer preTokenizer = PreTokenizers.FromGgufName(pre);
        TokenizerDefinition definition = new()
        {
            Algorithm = TokenizerAlgorithm.ByteLevelBpe,
            Tokens = ReadTexts(metadata, MetadataKeys.TokenizerTokens),
            Kinds = ReadKinds(metadata),
            Merges = metadata.Contains(MetadataKeys.TokenizerMerges)
                ? ReadTexts(metadata, MetadataKeys.TokenizerMerges)
                : null,
            PreTokenizer = preTokenizer,
            BosId = ReadId(metadata, MetadataKeys.TokenizerBos, -1),
            EosId = ReadId(metadata, MetadataKeys.TokenizerEos, -1),
            UnknownId = ReadId(metadata, MetadataKeys.TokenizerUnknown, -1),
            AddBos = metadata.GetBoolean(
                MetadataKeys.TokenizerAddBos, preTokenizer is PreTokenizer.Llama3 or PreTokenizer.Tekken),
            // In files of others the key means SentencePiece alone. The name of a pre-tokenizer stands for the ids of a
            // text that begins with a line end, and says with them that no space is put before it.
            AddSpacePrefix = isOurs && metadata.GetBoolean(MetadataKeys.TokenizerAddSpacePrefix, false),
            // The tokenizer.json of Qwen and of OLMo begin with it, and GGUF has no key for it.
            NormalizeNfc = metadata.GetBoolean(
                MetadataKeys.TokenizerNormalizeNfc, preTokenizer == PreTokenizer.Qwen2 || pre == "olmo"),
            IgnoreMerges = metadata.GetBoolean(
                MetadataKeys.TokenizerIgnoreMerges, PreTokenizers.ImpliesIgnoreMerges(preTokenizer)),
        };
        return WithSharedRules(definition, metadata);
    }

    /// <summary>The fallback ids 0, 1, 2 are those that SentencePiece itself gives to unknown, begin and end.</summary>
    private static TokenizerDefinition ReadSentencePiece(GgufMetadata metadata)
    {
        bool hasScores = metadata.Contains(MetadataKeys.TokenizerScores);
        bool isOurs = IsOurs(metadata);
        TokenizerDefinition definition = new()
        {
            Algorithm = TokenizerAlgorithm.SentencePieceBpe,
            Tokens = ReadTexts(metadata, MetadataKeys.TokenizerTokens),
            Kinds = ReadKinds(metadata),
            Scores = hasScores ? metadata.GetFloat32Array(MetadataKeys.TokenizerScores) : null,
            Merges = hasScores || !metadata.Contains(MetadataKeys.TokenizerMerges)
                ? null
                : ReadTexts(metadata, MetadataKeys.TokenizerMerges),
            UnknownId = ReadId(metadata, MetadataKeys.TokenizerUnknown, isOurs ? -1 : 0),
            BosId = ReadId(metadata, MetadataKeys.TokenizerBos, isOurs ? -1 : 1),
            EosId = ReadId(metadata, MetadataKeys.TokenizerEos, isOurs ? -1 : 2),
            AddBos = metadata.GetBoolean(MetadataKeys.TokenizerAddBos, true),
            AddSpacePrefix = metadata.GetBoolean(MetadataKeys.TokenizerAddSpacePrefix, true),
            NormalizeNfc = metadata.GetBoolean(MetadataKeys.TokenizerNormalizeNfc, false),
            IgnoreMerges = metadata.GetBoolean(MetadataKeys.TokenizerIgnoreMerges, false),
        };
        return WithSharedRules(definition, metadata);
    }

    private static TokenizerDefinition WithSharedRules(TokenizerDefinition definition, GgufMetadata metadata) =>
        definition with
        {
            PaddingId = ReadId(metadata, MetadataKeys.TokenizerPadding, -1),
            EndOfTurnId = ReadEndOfTurn(definition, metadata),
            EosIds = ReadEndIds(definition, metadata),
            AddEos = metadata.GetBoolean(MetadataKeys.TokenizerAddEos, false),
            PrefixScope = ReadPrefixScope(metadata),
            PrefixOnlyIfMissing = metadata.GetBoolean(MetadataKeys.TokenizerPrefixOnlyIfMissing, false),
            RemoveExtraWhitespaces = metadata.GetBoolean(MetadataKeys.TokenizerRemoveExtraWhitespaces, false),
            FuseUnknown = metadata.GetBoolean(MetadataKeys.TokenizerFuseUnknown, true),
            LeftStripIds = metadata.GetInt32Array(MetadataKeys.TokenizerLeftStripIds),
            RightStripIds = ReadRightStripIds(definition, metadata),
            NormalizedIds = metadata.GetInt32Array(MetadataKeys.TokenizerNormalizedIds),
            // An empty template is how some programs write that there is none.
            ChatTemplate = metadata.GetString(MetadataKeys.ChatTemplate) is { Length: > 0 } template ? template : null,
        };

    /// <summary>Whether our own writer made the file: it says this of every tokenizer, and nobody else does.</summary>
    private static bool IsOurs(GgufMetadata metadata) => metadata.Contains(MetadataKeys.TokenizerFuseUnknown);

    private static TextTable ReadTexts(GgufMetadata metadata, string key)
    {
        byte[] utf8 = metadata.RequireUtf8Array(key, out int[] offsets);
        return new TextTable(utf8, offsets);
    }

    private static TokenKind[] ReadKinds(GgufMetadata metadata)
    {
        if (metadata.Contains(MetadataKeys.TokenizerTokenTypes))
        {
            return Array.ConvertAll(metadata.GetInt32Array(MetadataKeys.TokenizerTokenTypes), kind => (TokenKind)kind);
        }

        metadata.TryGetValue(MetadataKeys.TokenizerTokens, out GgufValue? tokens);
        TokenKind[] kinds = new TokenKind[tokens?.Count ?? 0];
        Array.Fill(kinds, TokenKind.Normal);
        return kinds;
    }

    private static int ReadId(GgufMetadata metadata, string key, int fallback)
    {
        if (!metadata.TryGetInt64(key, out long id))
        {
            return fallback;
        }

        return id == NoId || id == -1 ? -1 : metadata.RequireInt32(key);
    }

    private static int ReadEndOfTurn(TokenizerDefinition definition, GgufMetadata metadata)
    {
        int id = ReadId(metadata, MetadataKeys.TokenizerEot, -1);
        if (id >= 0 || IsOurs(metadata))
        {
            return id;
        }

        return definition.FindEndOfTurn();
    }

    /// <summary>
    /// Further ids that end a generation. Our files list them; those of others have a key for one or two, and leave the
    /// rest of what generation_config.json listed to the texts of the tokens.
    /// </summary>
    private static int[] ReadEndIds(TokenizerDefinition definition, GgufMetadata metadata)
    {
        SortedSet<int> ids = [.. metadata.GetInt32Array(MetadataKeys.EosIds)];
        if (IsOurs(metadata))
        {
            return [.. ids];
        }

        ids.Add(ReadId(metadata, MetadataKeys.TokenizerEom, -1));
        for (int id = 0; id < definition.Tokens.Count; id++)
        {
            if (definition.IsSpecial(id) && Array.IndexOf(EndTexts, definition.Tokens[id]) >= 0)
            {
                ids.Add(id);
            }
        }

        ids.Remove(-1);
        return [.. ids];
    }

    /// <summary>
    /// Special tokens that swallow the white space behind them. Those of others have no key for it, and Phi-3's
    /// SentencePiece vocabulary needs it: llama.cpp, too, knows them by the model.
    /// </summary>
    private static int[] ReadRightStripIds(TokenizerDefinition definition, GgufMetadata metadata)
    {
        bool isPhi3 = metadata.GetString(MetadataKeys.Architecture) == Architectures.Phi3
            && definition.Algorithm == TokenizerAlgorithm.SentencePieceBpe;
        if (!isPhi3 || IsOurs(metadata))
        {
            return metadata.GetInt32Array(MetadataKeys.TokenizerRightStripIds);
        }

        List<int> ids = [];
        for (int id = 0; id < definition.Tokens.Count; id++)
        {
            if (definition.IsSpecial(id) && id != definition.UnknownId
                && Array.IndexOf(Phi3TextsBeforeSpace, definition.Tokens[id]) < 0)
            {
                ids.Add(id);
            }
        }

        return [.. ids];
    }

    private static SpacePrefixScope ReadPrefixScope(GgufMetadata metadata)
    {
        string scope = metadata.GetString(MetadataKeys.TokenizerPrefixScope, "every");
        return scope switch
        {
            "every" => SpacePrefixScope.EverySegment,
            "first" => SpacePrefixScope.FirstSegment,
            _ => throw new TokenizerException(
                TokenizerError.InvalidField, $"The space prefix scope \"{scope}\" is neither \"every\" nor \"first\"."),
        };
    }
}
