using MoREdge.Checkpoints;
using MoREdge.Inference;
using MoREdge.ModelFile;
using MoREdge.Tests.Tokenization;
using MoREdge.Tokenization;

namespace MoREdge.Tests.Inference;

public sealed class TokenizerLoaderTests
{
    /// <summary>Records compare arrays by reference: these are the same object in both.</summary>
    private static readonly int[] NoIds = [];

    private static readonly TextTable NoTokens = [];

    private static readonly TokenKind[] NoKinds = [];

    public static TheoryData<string> Definitions => ["byte-level", "sentence-piece", "every-field"];

    [Theory]
    [MemberData(nameof(Definitions))]
    public void ReadDefinition_WhatCheckpointsWrote_IsTheSame(string name)
    {
        TokenizerDefinition definition = name switch
        {
            "byte-level" => SmallDefinitions.ByteLevel(PreTokenizer.Qwen2) with { NormalizeNfc = false },
            "sentence-piece" => SmallDefinitions.SentencePiece(),
            _ => EveryField(),
        };
        GgufMetadata metadata = new();
        TokenizerMetadata.Write(metadata, definition);

        TokenizerDefinition read = TokenizerLoader.ReadDefinition(metadata)!;

        Assert.Equal(definition.Tokens, read.Tokens);
        Assert.Equal(definition.Kinds, read.Kinds);
        Assert.Equal(definition.Merges, read.Merges);
        Assert.Equal(definition.Scores, read.Scores);
        Assert.Equal(definition.LeftStripIds, read.LeftStripIds);
        Assert.Equal(definition.RightStripIds, read.RightStripIds);
        Assert.Equal(definition.NormalizedIds, read.NormalizedIds);
        Assert.Equal(EndIds(definition), EndIds(read));

        // What is left are scalars, which records compare.
        Assert.Equal(Scalars(definition), Scalars(read));
    }

    [Fact]
    public void ReadDefinition_NoTokenizer_IsNull() => Assert.Null(TokenizerLoader.ReadDefinition(new GgufMetadata()));

    [Fact]
    public void ReadDefinition_UnknownKind_IsRefusedByName()
    {
        GgufMetadata metadata = new();
        metadata.Set(MetadataKeys.TokenizerModel, GgufValue.FromString("bert"));
        metadata.Set(MetadataKeys.TokenizerTokens, GgufValue.FromStrings("a"));

        TokenizerException fault = Assert.Throws<TokenizerException>(() => TokenizerLoader.ReadDefinition(metadata));

        Assert.Equal(TokenizerError.UnsupportedComponent, fault.Error);
        Assert.Contains("bert", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadDefinition_ByteLevelOfOthersWithoutPreTokenizer_IsRefused()
    {
        GgufMetadata metadata = new();
        metadata.Set(MetadataKeys.TokenizerModel, GgufValue.FromString("gpt2"));
        metadata.Set(MetadataKeys.TokenizerTokens, GgufValue.FromStrings("a"));

        TokenizerException fault = Assert.Throws<TokenizerException>(() => TokenizerLoader.ReadDefinition(metadata));

        Assert.Equal(TokenizerError.UnknownPreTokenizer, fault.Error);
    }

    /// <summary>
    /// A GGUF file of others has room for one end of a text and one of a turn; llama.cpp finds the rest by their texts.
    /// </summary>
    [Fact]
    public void ReadDefinition_FileOfOthers_EndsWithEveryTokenThatIsAnEnd()
    {
        GgufMetadata metadata = new();
        metadata.Set(MetadataKeys.TokenizerModel, GgufValue.FromString("gpt2"));
        metadata.Set(MetadataKeys.TokenizerPre, GgufValue.FromString("llama-bpe"));
        metadata.Set(MetadataKeys.TokenizerTokens, GgufValue.FromStrings(
            "a", "<|end_of_text|>", "<|eot_id|>", "<|eom_id|>", "<tool>", "<|endoftext|>", "<|im_end|>"));
        metadata.Set(MetadataKeys.TokenizerTokenTypes, GgufValue.FromInt32s([1, 3, 3, 3, 3, 1, 3]));
        metadata.Set(MetadataKeys.TokenizerMerges, GgufValue.FromStrings());
        metadata.Set(MetadataKeys.TokenizerEos, GgufValue.FromUInt32(2));
        metadata.Set(MetadataKeys.TokenizerEom, GgufValue.FromUInt32(4));

        TokenizerDefinition definition = TokenizerLoader.ReadDefinition(metadata)!;

        // Text that merely reads like an end (5) is none.
        Assert.Equal([1, 2, 3, 4, 6], EndIds(definition));

        // Our own files say themselves what ends.
        metadata.Set(MetadataKeys.TokenizerFuseUnknown, GgufValue.FromBoolean(true));
        Assert.Equal([2], EndIds(TokenizerLoader.ReadDefinition(metadata)!));
    }

    [Theory]
    [InlineData("gpt-2")]
    [InlineData("llama-spm")]
    [InlineData("phi-3")]
    public void Load_PublicVocabulary_EncodesAsLlamaCpp(string name)
    {
        string path = SharedData.Require($"data/tokenizers/ggml-vocab/ggml-vocab-{name}.gguf");
        using GgufFile file = GgufFile.Open(path);
        Tokenizer tokenizer = TokenizerLoader.Load(file);
        string[] texts = File.ReadAllText(path + ".inp").Split("\n__ggml_vocab_test__\n");
        string[] expected = File.ReadAllText(path + ".out").Split('\n');
        for (int i = 0; i < texts.Length; i++)
        {
            int[] ids = tokenizer.Encode(texts[i], addSpecial: false, parseSpecial: false);
            Assert.Equal(expected[i].Trim(), string.Join(' ', ids));
        }
    }

    /// <summary>
    /// GGUF has no key for Phi-3's special tokens that swallow the white space behind them. Ids by llama.cpp.
    /// </summary>
    [Theory]
    [InlineData("<|user|>\nHi<|end|>\n<|assistant|>\n", new[] { 32010, 6324, 32007, 32001 })]
    [InlineData("//<|user|>\r\n", new[] { 849, 32010 })]
    [InlineData("<|user|>\rab<|end|>", new[] { 32010, 633, 32007 })]
    [InlineData("<s>\na", new[] { 1, 29871, 13, 29874 })]
    public void Load_Phi3FileOfOthers_SwallowsWhiteSpaceBehindSpecialTokens(string text, int[] expected)
    {
        string path = SharedData.Require("data/tokenizers/ggml-vocab/ggml-vocab-phi-3.gguf");
        using GgufFile file = GgufFile.Open(path);
        Assert.Equal(expected, TokenizerLoader.Load(file).Encode(text, addSpecial: false));
    }

    /// <summary>llama.cpp, for which these files are made, does the same.</summary>
    [Fact]
    public void ReadDefinition_ByteLevelOfOthers_PutsNoSpaceInFront()
    {
        GgufMetadata metadata = ByteLevelOfOthers("qwen2");
        metadata.Set(MetadataKeys.TokenizerAddSpacePrefix, GgufValue.FromBoolean(true));
        Assert.False(TokenizerLoader.ReadDefinition(metadata)!.AddSpacePrefix);

        metadata.Set(MetadataKeys.TokenizerFuseUnknown, GgufValue.FromBoolean(true));
        Assert.True(TokenizerLoader.ReadDefinition(metadata)!.AddSpacePrefix);
    }

    [Theory]
    [InlineData("llama-bpe", true)]
    [InlineData("tekken", true)]
    [InlineData("qwen2", false)]
    public void ReadDefinition_ByteLevelOfOthers_KnowsWhatBeginsWithoutAKey(string preTokenizer, bool expected) =>
        Assert.Equal(expected, TokenizerLoader.ReadDefinition(ByteLevelOfOthers(preTokenizer))!.AddBos);

    [Theory]
    [InlineData("qwen2", true)]
    [InlineData("olmo", true)]
    [InlineData("gpt-2", false)]
    public void ReadDefinition_ByteLevelOfOthers_KnowsWhatIsComposedWithoutAKey(string preTokenizer, bool expected) =>
        Assert.Equal(expected, TokenizerLoader.ReadDefinition(ByteLevelOfOthers(preTokenizer))!.NormalizeNfc);

    private static GgufMetadata ByteLevelOfOthers(string preTokenizer)
    {
        GgufMetadata metadata = new();
        metadata.Set(MetadataKeys.TokenizerModel, GgufValue.FromString("gpt2"));
        metadata.Set(MetadataKeys.TokenizerPre, GgufValue.FromString(preTokenizer));
        metadata.Set(MetadataKeys.TokenizerTokens, GgufValue.FromStrings("a"));
        metadata.Set(MetadataKeys.TokenizerMerges, GgufValue.FromStrings());
        return metadata;
    }

    private static TokenizerDefinition EveryField() => SmallDefinitions.SentencePiece() with
    {
        Scores = null,
        Merges = ["a b", "a a"],
        BosId = 2,
        EosId = -1,
        UnknownId = 0,
        PaddingId = 0,
        EndOfTurnId = 1,
        EosIds = [1, 260],
        AddBos = false,
        AddEos = true,
        AddSpacePrefix = false,
        PrefixScope = SpacePrefixScope.FirstSegment,
        PrefixOnlyIfMissing = true,
        RemoveExtraWhitespaces = true,
        NormalizeNfc = true,
        IgnoreMerges = true,
        FuseUnknown = false,
        LeftStripIds = [1],
        RightStripIds = [2],
        NormalizedIds = [1, 2],
        ChatTemplate = "{{ messages }}",
    };

    private static SortedSet<int> EndIds(TokenizerDefinition definition)
    {
        SortedSet<int> ids = [definition.EosId, definition.EndOfTurnId, .. definition.EosIds];
        ids.Remove(-1);
        return ids;
    }

    private static TokenizerDefinition Scalars(TokenizerDefinition definition) => definition with
    {
        Tokens = NoTokens,
        Kinds = NoKinds,
        Merges = null,
        Scores = null,
        EosIds = NoIds,
        LeftStripIds = NoIds,
        RightStripIds = NoIds,
        NormalizedIds = NoIds,
    };
}
