using System.Text;
using System.Text.Json;
using MoREdge.Checkpoints.HuggingFace;
using MoREdge.Tokenization;

namespace MoREdge.Checkpoints;

/// <summary>Finds and loads the tokenizer that belongs to a source of weights.</summary>
internal static class TokenizerSource
{
    /// <summary>The largest chat template read, in bytes.</summary>
    public const int TemplateBytesMax = 1 << 20;

    /// <summary>Published embeddings are padded by up to 2 % (Phi-2: 51,200 rows, 50,295 tokens).</summary>
    private const int PaddingShare = 16;

    private const string JsonName = "tokenizer.json";
    private const string ConfigName = "tokenizer_config.json";
    private const string ModelName = "tokenizer.model";
    private const string TemplateName = "chat_template.jinja";

    /// <summary>
    /// The tokenizer of a Hugging Face folder, or the one named by the user; null when there is none.
    /// </summary>
    /// <exception cref="CheckpointException">
    /// InvalidTokenizer, SourceNotFound, or a broken tokenizer_config.json.
    /// </exception>
    public static TokenizerDefinition? ForFolder(string folder, string? named)
    {
        if (named is not null && !Directory.Exists(named))
        {
            return LoadFile(named, null);
        }

        folder = named ?? folder;
        TokenizerDefinition? tokenizer = null;
        foreach (string name in (ReadOnlySpan<string>)[JsonName, ModelName])
        {
            if (tokenizer is null && File.Exists(Path.Combine(folder, name)))
            {
                tokenizer = LoadFile(Path.Combine(folder, name), null);
            }
        }

        return tokenizer ?? (named is null ? null : throw new CheckpointException(
            CheckpointError.InvalidTokenizer, $"{named} holds neither {JsonName} nor {ModelName}."));
    }

    /// <summary>The tokenizer beside a llama2.c file, or the one named by the user; null when there is none.</summary>
    /// <exception cref="CheckpointException">InvalidTokenizer: several candidates, or a broken file.</exception>
    public static TokenizerDefinition? ForLlama2c(string weightsPath, string? named, int vocabSize)
    {
        if (named is not null)
        {
            return Directory.Exists(named) ? ForFolder(named, named) : LoadFile(named, vocabSize);
        }

        string folder = Path.GetDirectoryName(Path.GetFullPath(weightsPath))!;
        List<string> candidates = [];
        foreach (string path in Directory.GetFiles(folder, "tok*.bin"))
        {
            if (Path.GetFullPath(path) != Path.GetFullPath(weightsPath))
            {
                candidates.Add(path);
            }
        }

        return candidates.Count switch
        {
            0 => null,
            1 => LoadFile(candidates[0], vocabSize),
            _ => throw new CheckpointException(
                CheckpointError.InvalidTokenizer,
                $"{folder} holds {candidates.Count} tokenizers for llama2.c; name the right one."),
        };
    }

    /// <summary>
    /// A tokenizer may have fewer tokens than the embedding has rows (padding), never more; many fewer are a warning.
    /// </summary>
    /// <exception cref="CheckpointException">InvalidTokenizer.</exception>
    public static void CheckSize(TokenizerDefinition tokenizer, int vocabSize, List<string> warnings)
    {
        int count = tokenizer.Tokens.Count;
        if (count > vocabSize)
        {
            throw TooLarge(tokenizer, vocabSize);
        }

        if (vocabSize - count > vocabSize / PaddingShare)
        {
            warnings.Add(
                $"The tokenizer has {count} tokens, the embedding {vocabSize} rows, which is more than padding: it may "
                + "be the tokenizer of another model.");
        }
    }

    /// <summary>
    /// Leaves out special tokens that were added behind the vocabulary and have no row in the embedding, so that the
    /// model never saw them: Gemma 3's small models share the tokenizer of those that see images.
    /// </summary>
    /// <exception cref="CheckpointException">
    /// InvalidTokenizer: a token of the vocabulary, or one that generation needs, has no row.
    /// </exception>
    public static TokenizerDefinition Fit(TokenizerDefinition tokenizer, int vocabSize, List<string> warnings)
    {
        int count = tokenizer.Tokens.Count;
        if (count <= vocabSize)
        {
            CheckSize(tokenizer, vocabSize, warnings);
            return tokenizer;
        }

        // An id that the file leaves free is unused.
        bool isAdded = Array.TrueForAll(
            tokenizer.Kinds[vocabSize..],
            kind => kind is TokenKind.Control or TokenKind.UserDefined or TokenKind.Unused);
        int[] needed =
            [tokenizer.BosId, tokenizer.EosId, tokenizer.UnknownId, tokenizer.EndOfTurnId, .. tokenizer.EosIds];
        if (!isAdded || Array.Exists(needed, id => id >= vocabSize))
        {
            throw TooLarge(tokenizer, vocabSize);
        }

        warnings.Add(
            $"Of the tokenizer's {count} tokens, those from {CheckpointException.Quote(tokenizer.Tokens[vocabSize])} "
            + $"on are left out: the embedding has {vocabSize} rows.");
        return tokenizer with
        {
            Tokens = tokenizer.Tokens.Start(vocabSize),
            Kinds = tokenizer.Kinds[..vocabSize],
            Scores = tokenizer.Scores?[..vocabSize],
            PaddingId = tokenizer.PaddingId < vocabSize ? tokenizer.PaddingId : -1,
            LeftStripIds = Below(tokenizer.LeftStripIds, vocabSize),
            RightStripIds = Below(tokenizer.RightStripIds, vocabSize),
            NormalizedIds = Below(tokenizer.NormalizedIds, vocabSize),
        };
    }

    private static CheckpointException TooLarge(TokenizerDefinition tokenizer, int vocabSize) => new(
        CheckpointError.InvalidTokenizer,
        $"The tokenizer has {tokenizer.Tokens.Count} tokens, but the embedding has {vocabSize} rows.");

    private static List<int> Below(IReadOnlyList<int> ids, int end)
    {
        List<int> kept = [.. ids];
        kept.RemoveAll(id => id >= end);
        return kept;
    }

    /// <summary>Loads a file by its content: JSON, llama2.c, or else a SentencePiece model.</summary>
    private static TokenizerDefinition LoadFile(string path, int? vocabSize)
    {
        byte[] start = SourceKinds.ReadStart(path, out long length);
        if (length == 0)
        {
            throw new CheckpointException(
                CheckpointError.InvalidTokenizer, $"{Path.GetFileName(path)} is empty, so it is no tokenizer.");
        }

        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        string configPath = Path.Combine(folder, ConfigName);
        try
        {
            if (IsJson(start))
            {
                TokenizerDefinition tokenizer = TokenizerJson.Load(path, File.Exists(configPath) ? configPath : null);
                return WithTemplate(tokenizer, folder);
            }

            // A SentencePiece model begins with field 1, a message: byte 0x0A. llama2.c begins with a token length,
            // whose third and fourth bytes are zero.
            bool isLlama2c = start.Length > 4 && start[2] == 0 && start[3] == 0;
            return isLlama2c ? Llama2cTokenizer.Load(path, vocabSize) : FromModel(path, folder);
        }
        catch (TokenizerException fault)
        {
            throw new CheckpointException(
                CheckpointError.InvalidTokenizer,
                $"{Path.GetFileName(path)} is not a usable tokenizer: {fault.Message}", fault);
        }
        catch (IOException fault)
        {
            throw new CheckpointException(
                CheckpointError.SourceUnreadable, $"{path} cannot be read: {fault.Message}", fault);
        }
    }

    private static bool IsJson(ReadOnlySpan<byte> start)
    {
        ReadOnlySpan<byte> text = start.StartsWith("\uFEFF"u8) ? start[3..] : start;
        return text.TrimStart(" \t\r\n"u8).StartsWith("{"u8);
    }

    /// <summary>
    /// tokenizer.model says nothing of begin tokens, added ones and templates; the files beside it do.
    /// </summary>
    private static TokenizerDefinition FromModel(string path, string folder)
    {
        ConfigObject? settings = ReadConfig(folder);
        TokenizerDefinition tokenizer = AddedTokens.Apply(SentencePieceModel.Load(path), folder, settings);
        if (settings is { } config)
        {
            tokenizer = WithSpaces(tokenizer, config) with
            {
                AddBos = config.GetBoolean("add_bos_token", tokenizer.AddBos),
                AddEos = config.GetBoolean("add_eos_token", tokenizer.AddEos),
            };
        }

        return WithTemplate(tokenizer, folder);
    }

    /// <summary>
    /// Where the transformers library puts a space in front: LlamaTokenizer does so behind every special token, too,
    /// unless "legacy" is false (LlamaConverter in its convert_slow_tokenizer.py).
    /// </summary>
    private static TokenizerDefinition WithSpaces(TokenizerDefinition tokenizer, ConfigObject config)
    {
        bool isLlama = config.GetString("tokenizer_class") is "LlamaTokenizer" or "LlamaTokenizerFast";
        return tokenizer with
        {
            AddSpacePrefix = tokenizer.AddSpacePrefix && config.GetBoolean("add_prefix_space", true),
            PrefixScope = config.GetBoolean("legacy", isLlama) ? SpacePrefixScope.EverySegment : tokenizer.PrefixScope,
        };
    }

    /// <summary>
    /// chat_template.jinja comes before the key of tokenizer_config.json, which may hold one text or a named list.
    /// </summary>
    private static TokenizerDefinition WithTemplate(TokenizerDefinition tokenizer, string folder)
    {
        string path = Path.Combine(folder, TemplateName);
        if (File.Exists(path))
        {
            using WeightFile file = WeightFile.Open(path);
            if (file.Length > TemplateBytesMax)
            {
                throw new CheckpointException(
                    CheckpointError.HeaderTooLarge,
                    $"{file.Name} has {file.Length} bytes, more than {TemplateBytesMax}.");
            }

            byte[] bytes = new byte[file.Length];
            file.Read(0, bytes);
            return tokenizer with { ChatTemplate = Encoding.UTF8.GetString(bytes) };
        }

        return tokenizer.ChatTemplate is null && ReadConfig(folder) is { } config
            ? tokenizer with { ChatTemplate = ReadTemplate(config) }
            : tokenizer;
    }

    private static ConfigObject? ReadConfig(string folder)
    {
        string path = Path.Combine(folder, ConfigName);
        return File.Exists(path) ? new ConfigObject(JsonFile.Load(path), ConfigName) : null;
    }

    private static string? ReadTemplate(ConfigObject config)
    {
        if (!config.TryGet("chat_template", out JsonElement value) || value.ValueKind != JsonValueKind.Array)
        {
            return config.GetString("chat_template");
        }

        foreach (JsonElement entry in value.EnumerateArray())
        {
            bool isDefault = entry.ValueKind == JsonValueKind.Object
                && entry.TryGetProperty("name", out JsonElement name) && name.ValueKind == JsonValueKind.String
                && name.ValueEquals("default")
                && entry.TryGetProperty("template", out JsonElement text) && text.ValueKind == JsonValueKind.String;
            if (isDefault)
            {
                return entry.GetProperty("template").GetString();
            }
        }

        return null;
    }
}
