using System.Text.Json;

namespace MoREdge.Tokenization;

/// <summary>What the normalizer, pre-tokenizer, post-processor and decoder of a tokenizer.json ask for.</summary>
internal sealed class TokenizerJsonPipeline
{
    private const string VisibleSpace = "▁";

    private bool _hasSpaces;
    private bool _digitsAlone;
    private bool _byteLevel;
    private bool _hasDecoder;
    private bool _stripsDecoded;

    public TokenizerAlgorithm Algorithm =>
        _byteLevel ? TokenizerAlgorithm.ByteLevelBpe : TokenizerAlgorithm.SentencePieceBpe;

    public PreTokenizer PreTokenizer { get; private set; }

    public int BosId { get; private set; } = -1;

    public int EosId { get; private set; } = -1;

    public bool AddSpacePrefix { get; private set; }

    public SpacePrefixScope PrefixScope { get; private set; }

    public bool PrefixOnlyIfMissing { get; private set; }

    /// <summary>Whether the space in front is there before added tokens are looked for in normalized text.</summary>
    public bool NormalizerPrepends { get; private set; }

    public bool NormalizeNfc { get; private set; }

    /// <summary>Reads the pipeline; whatever is unknown is refused by name.</summary>
    public static TokenizerJsonPipeline Parse(JsonElement root)
    {
        TokenizerJsonPipeline pipeline = new();
        Each(root, "normalizer", "normalizers", pipeline.ReadNormalizer);
        Each(root, "pre_tokenizer", "pretokenizers", pipeline.ReadPreTokenizer);
        Each(root, "post_processor", "processors", pipeline.ReadPostProcessor);
        Each(root, "decoder", "decoders", pipeline.ReadDecoder);
        if (pipeline._byteLevel == pipeline._hasSpaces)
        {
            throw JsonFields.Unsupported("A tokenizer that is neither byte-level nor of SentencePiece's kind");
        }

        if (pipeline._digitsAlone && pipeline.PreTokenizer != PreTokenizer.Smollm)
        {
            throw JsonFields.Unsupported("The pre-tokenizer \"Digits\" without GPT-2's pattern");
        }

        if (pipeline._hasSpaces && pipeline._hasDecoder && pipeline._stripsDecoded != pipeline.AddSpacePrefix)
        {
            throw JsonFields.Unsupported("A decoder that does not undo what is put before a text");
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
        else if (type == "Prepend" && !_hasSpaces && !AddSpacePrefix
            && JsonFields.String(component, "prepend") == VisibleSpace)
        {
            AddSpacePrefix = true;
            NormalizerPrepends = true;
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
            case "ByteLevel" when !_byteLevel && !_hasSpaces && !AddSpacePrefix:
                ReadByteLevel(component);
                break;
            case "Metaspace" when !_byteLevel && !_hasSpaces && !AddSpacePrefix && PreTokenizer == PreTokenizer.None:
                ReadMetaspace(component);
                break;
            default:
                throw JsonFields.Unsupported($"The pre-tokenizer \"{type}\", or the way it is set up,");
        }
    }

    private void ReadSplit(JsonElement component)
    {
        JsonElement pattern = JsonFields.Object(component, "pattern");
        string? expression = JsonFields.OptionalString(pattern, "Regex");
        string behavior = JsonFields.OptionalString(component, "behavior") ?? string.Empty;
        bool inverted = JsonFields.OptionalBool(component, "invert") ?? false;
        if (expression is null && _hasSpaces && !inverted && JsonFields.OptionalString(pattern, "String") == " ")
        {
            // Gemma splits at spaces after its normalizer has replaced them all: at nothing.
            return;
        }

        // The expressions match every character, so keeping the matches and cutting at them is one thing. What they
        // make of a visible space is not what they make of a space.
        bool plain = !_hasSpaces && ((behavior, inverted) is ("Isolated", false) or ("Removed", true));
        PreTokenizer known = SplitPatterns.Find(expression);
        PreTokenizer = plain && known != PreTokenizer.None && PreTokenizer == PreTokenizer.None
            ? known
            : throw JsonFields.Unsupported($"The pre-tokenizer \"Split\" with the pattern {expression}");
    }

    private void ReadByteLevel(JsonElement component)
    {
        _byteLevel = true;
        AddSpacePrefix = JsonFields.OptionalBool(component, "add_prefix_space") ?? true;
        PrefixOnlyIfMissing = AddSpacePrefix;
        if (AddSpacePrefix && (PreTokenizer != PreTokenizer.None || _digitsAlone))
        {
            throw JsonFields.Unsupported("The pre-tokenizer \"ByteLevel\" with a space before every pre-token");
        }

        if (!(JsonFields.OptionalBool(component, "use_regex") ?? true))
        {
            return;
        }

        if (PreTokenizer != PreTokenizer.None)
        {
            throw JsonFields.Unsupported("The pre-tokenizer \"ByteLevel\" with two patterns");
        }

        PreTokenizer = _digitsAlone ? PreTokenizer.Smollm : PreTokenizer.Gpt2;
    }

    private void ReadMetaspace(JsonElement component)
    {
        string? scheme = PrependScheme(component);
        if (scheme is null || (JsonFields.OptionalBool(component, "split") ?? true))
        {
            throw JsonFields.Unsupported("The pre-tokenizer \"Metaspace\" that splits, or the way it is set up,");
        }

        _hasSpaces = true;
        AddSpacePrefix = scheme != "never";
        PrefixScope = scheme == "first" ? SpacePrefixScope.FirstSegment : SpacePrefixScope.EverySegment;
        PrefixOnlyIfMissing = true;
    }

    // Where Metaspace puts a space, or null where it contradicts itself or shows spaces as something else.
    private static string? PrependScheme(JsonElement component)
    {
        string scheme = JsonFields.OptionalString(component, "prepend_scheme") ?? "always";
        bool prepends = scheme != "never";
        bool known = scheme is "always" or "first" or "never"
            && JsonFields.OptionalString(component, "replacement") == VisibleSpace
            && (JsonFields.OptionalBool(component, "add_prefix_space") ?? prepends) == prepends;
        return known ? scheme : null;
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
                if (afterText)
                {
                    throw JsonFields.Unsupported("A post-processor that takes the text twice");
                }

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

        if (!afterText)
        {
            throw JsonFields.Unsupported("A post-processor that leaves the text out");
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
    private void ReadDecoder(string type, JsonElement component)
    {
        _hasDecoder = true;
        bool known = type switch
        {
            "ByteLevel" => _byteLevel,
            "ByteFallback" or "Fuse" => !_byteLevel,
            "Metaspace" => !_byteLevel && PrependScheme(component) is not null,
            "Replace" => !_byteLevel && IsReplace(component, VisibleSpace, " "),
            "Strip" => !_byteLevel && JsonFields.OptionalString(component, "content") == " "
                && IsNumber(component, "start", 1) && IsNumber(component, "stop", 0),
            _ => false,
        };
        if (!known)
        {
            throw JsonFields.Unsupported($"The decoder \"{type}\", or the way it is set up,");
        }

        _stripsDecoded |= type == "Strip"
            || (type == "Metaspace" && PrependScheme(component) != "never");
    }

    private static bool IsNumber(JsonElement component, string name, int expected) =>
        JsonFields.Optional(component, name) is { ValueKind: JsonValueKind.Number } number
        && number.TryGetInt32(out int value) && value == expected;

    private static bool IsReplace(JsonElement component, string from, string to) =>
        JsonFields.OptionalString(JsonFields.Object(component, "pattern"), "String") == from
        && JsonFields.OptionalString(component, "content") == to;
}
