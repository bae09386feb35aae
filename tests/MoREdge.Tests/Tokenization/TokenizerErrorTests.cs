using System.Text;
using MoREdge.Tokenization;

namespace MoREdge.Tests.Tokenization;

/// <summary>One way or more to provoke each value of <see cref="TokenizerError"/>.</summary>
public sealed class TokenizerErrorTests
{
    private const string Model = """{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}""";
    private const string ByteLevel = """{"type":"ByteLevel","add_prefix_space":false}""";

    [Fact]
    public void Load_SmallTokenizerJson_Works()
    {
        TokenizerDefinition definition = Json($$"""
            {"model":{{Model}},"pre_tokenizer":{{ByteLevel}},
            "added_tokens":[{"id":4,"content":"<|im_end|>","special":true}]}
            """);
        Assert.Equal(["a", "b", "ab", "[PAD3]", "<|im_end|>"], definition.Tokens);
        Assert.Equal((4, TokenKind.Unused), (definition.EndOfTurnId, definition.Kinds[3]));
        Assert.Equal([2, 4], new Tokenizer(definition).Encode("ab<|im_end|>"));
    }

    /// <summary>An added token that the vocabulary has under another id; the Rust library gives these ids.</summary>
    [Fact]
    public void Load_AddedTokenOfTheVocabulary_KeepsItsId()
    {
        TokenizerDefinition definition = Json($$"""
            {"model":{{Model}},"pre_tokenizer":{{ByteLevel}},"added_tokens":[
            {"id":3,"content":"<x>","special":true},{"id":4,"content":"b","special":true,"rstrip":true}]}
            """);
        Assert.Equal([0, 1, 0, 3], new Tokenizer(definition).Encode("ab \na<x>"));
        Assert.Equal(["a", "b", "ab", "<x>"], definition.Tokens);
        Assert.Equal(TokenKind.Control, definition.Kinds[1]);
    }

    /// <summary>
    /// What the transformers library makes of these two files: more tokens, white space swallowed as the second says,
    /// and no id twice.
    /// </summary>
    [Fact]
    public void Load_TokensThatOnlyTheConfigKnows_AreAdded()
    {
        TokenizerDefinition definition = Json(
            $$"""
            {"model":{{Model}},"pre_tokenizer":{{ByteLevel}},"added_tokens":[
            {"id":3,"content":"<s>","special":true},{"id":4,"content":"<|tool|>","special":true}]}
            """,
            """
            {"eos_token":"<|im_end|>","added_tokens_decoder":{
            "6":{"content":"<|im_end|>","special":true},"4":{"content":"<|user|>"},
            "3":{"content":"<s>","special":false,"rstrip":true}, "1":{"content":"b","special":true,"lstrip":true}}}
            """);

        Assert.Equal(["a", "b", "ab", "<s>", "<|tool|>", "<|user|>", "<|im_end|>"], definition.Tokens);
        Assert.Equal((6, 6), (definition.EosId, definition.EndOfTurnId));
        Assert.Equal(
            [TokenKind.Control, TokenKind.Control, TokenKind.UserDefined, TokenKind.Control],
            [definition.Kinds[1], definition.Kinds[3], definition.Kinds[5], definition.Kinds[6]]);
        Assert.Equal([3, 0, 1, 6, 5], new Tokenizer(definition).Encode("<s> a b<|im_end|><|user|>"));
    }

    [Theory]
    [InlineData("3", TokenizerError.InvalidField, "added_tokens_decoder")]
    [InlineData("""{"x":{"content":"<s>"}}""", TokenizerError.InvalidField, "\"x\"")]
    [InlineData("""{"9999999":{"content":"<s>"}}""", TokenizerError.VocabularyTooLarge, "9999999")]
    [InlineData("""{"3":{"content":"<s>","single_word":true}}""", TokenizerError.UnsupportedComponent, "single_word")]
    public void Load_WrongTokensInTheConfig_NamesTheFault(string decoder, TokenizerError error, string named)
    {
        TokenizerException fault = Assert.Throws<TokenizerException>(
            () => Json(
                $$"""{"model":{{Model}},"pre_tokenizer":{{ByteLevel}}}""",
                $$"""{"added_tokens_decoder":{{decoder}}}"""));

        Assert.Equal(error, fault.Error);
        Assert.Contains(named, fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", TokenizerError.InvalidJson, "JSON")]
    [InlineData("{}", TokenizerError.MissingField, "model")]
    [InlineData("""{"model":{"vocab":3},"pre_tokenizer":BYTES}""", TokenizerError.InvalidField, "vocab")]
    [InlineData("""{"model":{"type":"Unigram"}}""", TokenizerError.UnsupportedComponent, "Unigram")]
    [InlineData("""{"model":{"vocab":{"a":9999999}},"pre_tokenizer":BYTES}""", TokenizerError.VocabularyTooLarge,
        "9999999")]
    [InlineData("""{"model":{"vocab":{"a":0,"b":0}},"pre_tokenizer":BYTES}""", TokenizerError.DuplicateTokenId, "0")]
    [InlineData("""{"model":{"vocab":{"a":-1}},"pre_tokenizer":BYTES}""", TokenizerError.InvalidField, "id")]
    [InlineData("""{"model":{"vocab":{"a":0},"merges":[1]},"pre_tokenizer":BYTES}""", TokenizerError.MalformedMerge,
        "0")]
    [InlineData("""{"model":MODEL,"normalizer":{"type":"Lowercase"}}""", TokenizerError.UnsupportedComponent,
        "Lowercase")]
    [InlineData("""{"model":MODEL,"pre_tokenizer":{"type":"Whitespace"}}""", TokenizerError.UnsupportedComponent,
        "Whitespace")]
    [InlineData("""{"model":MODEL,"post_processor":{"type":"BertProcessing"}}""", TokenizerError.UnsupportedComponent,
        "Bert")]
    [InlineData("""{"model":MODEL,"decoder":{"type":"WordPiece"}}""", TokenizerError.UnsupportedComponent, "WordPiece")]
    [InlineData("""{"model":MODEL,"pre_tokenizer":{"type":"Split","pattern":{"Regex":"x"}}}""",
        TokenizerError.UnsupportedComponent, "Split")]
    public void Load_WrongTokenizerJson_NamesTheFault(string json, TokenizerError error, string named)
    {
        TokenizerException fault = Assert.Throws<TokenizerException>(
            () => Json(json.Replace("MODEL", Model).Replace("BYTES", ByteLevel)));
        Assert.Equal(error, fault.Error);
        Assert.Contains(named, fault.Message);
    }

    [Theory]
    [InlineData(new byte[] { 0x0A, 0x05, 0x01 }, TokenizerError.Truncated)]
    [InlineData(new byte[] { 0x0B }, TokenizerError.InvalidProtobuf)]
    [InlineData(new byte[] { 0x00 }, TokenizerError.InvalidProtobuf)]
    [InlineData(new byte[] { 0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01 },
        TokenizerError.InvalidProtobuf)]
    [InlineData(new byte[] { 0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F }, TokenizerError.Truncated)]
    [InlineData(new byte[] { 0x0A, 0x02, 0x18, 0x09 }, TokenizerError.InvalidField)]
    [InlineData(new byte[0], TokenizerError.UnsupportedComponent)]
    public void Load_WrongSentencePieceModel_NamesTheFault(byte[] model, TokenizerError error) =>
        Expect(error, () => SentencePieceModel.Load(new MemoryStream(model)));

    [Fact]
    public void Load_WrongLlama2cFile_NamesTheFault()
    {
        Expect(TokenizerError.Truncated, () => Llama2cTokenizer.Load(new MemoryStream([1, 0])));
        Expect(TokenizerError.Truncated, () =>
            Llama2cTokenizer.Load(new MemoryStream([1, 0, 0, 0, 0, 0, 0, 0, 9, 9, 9, 127])));
        Expect(TokenizerError.MissingField, () => Llama2cTokenizer.Load(new MemoryStream([1, 0, 0, 0])));
        Expect(TokenizerError.VocabularyTooLarge, () =>
            Llama2cTokenizer.Load(new MemoryStream([1, 0, 0, 0]), int.MaxValue));
    }

    [Fact]
    public void Load_FileBeyondTheLimit_IsTooLarge()
    {
        using ClaimedLength claimed = new(TokenizerLimits.FileBytesMax + 1L);
        Expect(TokenizerError.FileTooLarge, () => TokenizerJson.Load(claimed));
    }

    [Fact]
    public void Construct_WrongDefinition_NamesTheFault()
    {
        TokenizerDefinition bytes = SmallDefinitions.ByteLevel();
        TokenizerDefinition pieces = SmallDefinitions.SentencePiece();
        void ExpectBuild(TokenizerError error, TokenizerDefinition definition) =>
            Expect(error, () => new Tokenizer(definition));
        ExpectBuild(TokenizerError.EmptyVocabulary, bytes with { Tokens = [], Kinds = [] });
        ExpectBuild(TokenizerError.VocabularyTooLarge, bytes with
        {
            Tokens = new TextTable([], new int[TokenizerLimits.TokensMax + 2]),
        });
        ExpectBuild(TokenizerError.LengthMismatch, bytes with { Kinds = [TokenKind.Normal] });
        ExpectBuild(TokenizerError.LengthMismatch, pieces with { Scores = [1] });
        ExpectBuild(TokenizerError.TokenOutOfRange, bytes with { BosId = 5000 });
        ExpectBuild(TokenizerError.MalformedMerge, bytes with { Merges = ["ab"] });
        ExpectBuild(TokenizerError.MalformedMerge, bytes with { Merges = [""] });
        ExpectBuild(TokenizerError.MergeOutOfVocabulary, bytes with { Merges = ["a q"] });
        ExpectBuild(TokenizerError.MissingMergesOrScores, bytes with { Merges = null });
        float[] scores = [.. pieces.Scores!];
        scores[5] = float.NaN;
        ExpectBuild(TokenizerError.InvalidScore, pieces with { Scores = scores });
        pieces.Kinds[10] = TokenKind.Normal;
        ExpectBuild(TokenizerError.MissingFallback, pieces with { UnknownId = -1 });
        pieces.Kinds[10] = (TokenKind)77;
        ExpectBuild(TokenizerError.InvalidField, pieces);
        string tooLong = new('x', TokenizerLimits.TokenBytesMax + 1);
        ExpectBuild(TokenizerError.TokenTooLong, bytes.WithToken(0, tooLong));
        ExpectBuild(TokenizerError.TokenTooLong, bytes with { Merges = [$"{tooLong} {tooLong}"] });
    }

    /// <summary>Special tokens are looked for at every place of a text, so their length bounds the work.</summary>
    [Fact]
    public void Build_LongSpecialTokens_AreRefused()
    {
        TokenizerDefinition bytes = SmallDefinitions.ByteLevel();
        string longest = new('x', TokenizerLimits.SpecialTokenBytesMax);
        Tokenizer tokenizer = new(bytes.WithToken(0, longest).WithToken(3 + 'q', longest + "y"));
        Assert.Equal([0], tokenizer.Encode(longest, addSpecial: false));
        Expect(TokenizerError.TokenTooLong, () => new Tokenizer(bytes.WithToken(0, longest + "y")));
        Expect(TokenizerError.TokenTooLong, () => new Tokenizer(bytes.WithToken(2, longest + "y")));
    }

    [Fact]
    public void Build_SpecialTokensOfManyBytes_AreRefused()
    {
        List<string> tokens = [];
        for (int i = 0; i < 20_000; i++)
        {
            tokens.Add($"{i:D8}{new string('x', 240)}");
        }

        TokenizerDefinition definition = SmallDefinitions.ByteLevel().WithControlTokens([.. tokens]);
        Expect(TokenizerError.VocabularyTooLarge, () => new Tokenizer(definition));
    }

    [Fact]
    public void Use_WrongInput_NamesTheFault()
    {
        Tokenizer tokenizer = new(SmallDefinitions.ByteLevel());
        Expect(TokenizerError.TokenOutOfRange, () => tokenizer.Decode([-1]));
        Expect(TokenizerError.TokenOutOfRange, () => tokenizer.TokenText(tokenizer.VocabSize));
        Expect(TokenizerError.TextTooLong, () => tokenizer.Encode(new char[TokenizerLimits.TextCharsMax + 1]));
        Expect(TokenizerError.UnknownPreTokenizer, () => PreTokenizers.FromGgufName("nobody"));
    }

    private static TokenizerDefinition Json(string json, string? config = null) => TokenizerJson.Load(
        new MemoryStream(Encoding.UTF8.GetBytes(json)),
        config is null ? null : new MemoryStream(Encoding.UTF8.GetBytes(config)));

    private static void Expect(TokenizerError error, Func<object?> act) =>
        Assert.Equal(error, Assert.Throws<TokenizerException>(act).Error);

    /// <summary>A stream that claims to be long and holds nothing.</summary>
    private sealed class ClaimedLength(long length) : MemoryStream
    {
        public override long Length => length;
    }
}
