using System.Text.Json;

namespace MoREdge.Tokenization;

/// <summary>What the normalizer, pre-tokenizer, post-processor and decoder of a tokenizer.json ask for.</summary>
internal sealed class TokenizerJsonPipeline
{
    private const string Llama3Pattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
        + @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Qwen2Pattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
        + @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string VisibleSpace = "▁";

    private bool _hasSpaces;
    private bool _digitsAlone;
    private bool _byteLevel;

    public TokenizerAlgorithm Algorithm =>
        _byteLevel ? TokenizerAlgorithm.ByteLevelBpe : TokenizerAlgorithm.SentencePieceBpe;

    public PreTokenizer PreTokenizer { get; private set; }

    public int BosId { get; private set; } = -1;

    public int EosId { get; private set; } = -1;

    public bool AddSpacePrefix { get; private set; }

    public SpacePrefixScope PrefixScope { get; private set; }

    public bool PrefixOnlyIfMissing { get; private set; }

    public bool NormalizeNfc { get; private set; }

    /// <summary>Reads the pipeline; whatever is unknown is refused by name.</summary>
    public static TokenizerJsonPipeline Parse(JsonElement root)
    {
        TokenizerJsonPipeline pipeline = new();
        Each(root, "normalizer", "normalizers", pipeline.ReadNormalizer);
        Each(root, "pre_tokenizer", "pretokenizers", pipeline.ReadPreTokenizer);
        Each(root, "post_processor", "processors", pipeline.ReadPostProcessor);
        Each(root, "decoder", "decoders", ReadDecoder);
        if (pipeline._byteLevel == pipeline._hasSpaces)
        {
            throw JsonFields.Unsupported("A tokenizer that is neither byte-level nor of SentencePiece's kind");
        }

        if (pipeline._digitsAlone && pipeline.PreTokenizer != PreTokenizer.Smollm)
        {
            throw JsonFields.Unsupported("The pre-tokenizer \"Digits\" without GPT-2's pattern");
        }

        return pipeline;
    }

    private static void Each(JsonElement root, string name, string listName, Action<string, JsonElement> read)
    {
        if (JsonFields.Optional(root, name) is null)
        {
            return;
        }

        JsonElement component = JsonFields.Object(root, name);
        string type = JsonFields.String(component, "type");
        if (type != "Sequence")
        {
            read(type, component);
            return;
        }

        foreach (JsonElement part in JsonFields.Array(component, listName).EnumerateArray())
        {
            read(JsonFields.String(part, "type"), part);
        }
    }

    private void ReadNormalizer(string type, JsonElement component)
    {
        if (type == "NFC")
        {
            NormalizeNfc = true;
        }
        else if (type == "Prepend" && !_hasSpaces && JsonFields.String(component, "prepend") == VisibleSpace)
        {
            AddSpacePrefix = true;
        }
        else if (type == "Replace" && IsReplace(component, " ", VisibleSpace))
        {
            _hasSpaces = true;
        }
        else
        {
            throw JsonFields.Unsupported($"The normalizer \"{type}\", or the way it is set up,");
        }
    }

    private void ReadPreTokenizer(string type, JsonElement component)
    {
        switch (type)
        {
            case "Digits" when !_byteLevel && JsonFields.OptionalBool(component, "individual_digits") == true:
                _digitsAlone = true;
                break;
            case "Split" when !_byteLevel && !_digitsAlone:
                ReadSplit(component);
                break;
            case "ByteLevel" when !_byteLevel && !_hasSpaces:
                ReadByteLevel(component);
                break;
            case "Metaspace" when !_byteLevel && !_hasSpaces:
                ReadMetaspace(component);
                break;
            default:
                throw JsonFields.Unsupported($"The pre-tokenizer \"{type}\", or the way it is set up,");
        }
    }

    private void ReadSplit(JsonElement component)
    {
        string? pattern = JsonFields.OptionalString(JsonFields.Object(component, "pattern"), "Regex");
        bool plain = JsonFields.OptionalString(component, "behavior") == "Isolated"
            && JsonFields.OptionalBool(component, "invert") != true && PreTokenizer == PreTokenizer.None;
        PreTokenizer = (plain, pattern) switch
        {
            (true, Llama3Pattern) => PreTokenizer.Llama3,
            (true, Qwen2Pattern) => PreTokenizer.Qwen2,
            _ => throw JsonFields.Unsupported($"The pre-tokenizer \"Split\" with the pattern {pattern}"),
        };
    }

    private void ReadByteLevel(JsonElement component)
    {
        _byteLevel = true;
        AddSpacePrefix = JsonFields.OptionalBool(component, "add_prefix_space") ?? true;
        PrefixOnlyIfMissing = AddSpacePrefix;
        if (!(JsonFields.OptionalBool(component, "use_regex") ?? true))
        {
            return;
        }

        if (PreTokenizer != PreTokenizer.None || (_digitsAlone && AddSpacePrefix))
        {
            throw JsonFields.Unsupported("The pre-tokenizer \"ByteLevel\" with two patterns or a prefix per digit");
        }

        PreTokenizer = _digitsAlone ? PreTokenizer.Smollm : PreTokenizer.Gpt2;
    }

    private void ReadMetaspace(JsonElement component)
    {
        string scheme = JsonFields.OptionalString(component, "prepend_scheme") ?? "always";
        bool known = scheme is "always" or "first" or "never"
            && JsonFields.OptionalString(component, "replacement") == VisibleSpace;
        if (!known || (JsonFields.OptionalBool(component, "split") ?? true))
        {
            throw JsonFields.Unsupported("The pre-tokenizer \"Metaspace\" that splits, or the way it is set up,");
        }

        _hasSpaces = true;
        AddSpacePrefix = scheme != "never";
        PrefixScope = scheme == "first" ? SpacePrefixScope.FirstSegment : SpacePrefixScope.EverySegment;
        PrefixOnlyIfMissing = true;
    }

    private void ReadPostProcessor(string type, JsonElement component)
    {
        if (type == "ByteLevel")
        {
            // It trims offsets, which this library does not report.
            return;
        }

        if (type != "TemplateProcessing")
        {
            throw JsonFields.Unsupported($"The post-processor \"{type}\"");
        }

        bool afterText = false;
        foreach (JsonElement part in JsonFields.Array(component, "single").EnumerateArray())
        {
            if (JsonFields.Optional(part, "Sequence") is not null)
            {
                afterText = true;
                continue;
            }

            int id = SpecialTokenId(component, JsonFields.String(JsonFields.Object(part, "SpecialToken"), "id"));
            if ((afterText ? EosId : BosId) >= 0)
            {
                throw JsonFields.Unsupported("A post-processor that adds more than one token on a side");
            }

            BosId = afterText ? BosId : id;
            EosId = afterText ? id : EosId;
        }
    }

    private static int SpecialTokenId(JsonElement component, string name)
    {
        JsonElement ids =
            JsonFields.Array(JsonFields.Object(JsonFields.Object(component, "special_tokens"), name), "ids");
        return ids.GetArrayLength() == 1
            ? JsonFields.TokenId(ids[0], name)
            : throw JsonFields.Unsupported($"The post-processor token \"{name}\" of several ids");
    }

    // Decoding follows from the vocabulary; a decoder that would do something else is refused.
    private static void ReadDecoder(string type, JsonElement component)
    {
        bool known = type switch
        {
            "ByteLevel" or "ByteFallback" or "Fuse" or "Metaspace" => true,
            "Replace" => IsReplace(component, VisibleSpace, " "),
            "Strip" => JsonFields.OptionalString(component, "content") == " ",
            _ => false,
        };
        if (!known)
        {
            throw JsonFields.Unsupported($"The decoder \"{type}\", or the way it is set up,");
        }
    }

    private static bool IsReplace(JsonElement component, string from, string to) =>
        JsonFields.OptionalString(JsonFields.Object(component, "pattern"), "String") == from
        && JsonFields.OptionalString(component, "content") == to;
}
