using System.Text;
using MoREdge.Tokenization;

namespace MoREdge.Tests.Tokenization;

/// <summary>
/// What a tokenizer.json may ask for and this library does not have is refused by name, never ignored.
/// </summary>
public sealed class TokenizerRefusalTests
{
    private const string Model = """{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}""";
    private const string Bytes = """{"type":"ByteLevel","add_prefix_space":false}""";
    private const string Spaces = """{"type":"Replace","pattern":{"String":" "},"content":"▁"}""";
    private const string Visible = """{"type":"Metaspace","replacement":"▁","prepend_scheme":"never","split":false}""";
    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
    private const string Cut = $$"""{"type":"Split","pattern":{"Regex":"{{Gpt2}}"},"behavior":"Isolated"}""";

    [Theory]
    [InlineData("""{"type":"Lowercase"}""", "Lowercase")]
    [InlineData("""{"type":"NFKC"}""", "NFKC")]
    [InlineData("""{"type":"NFD"}""", "NFD")]
    [InlineData("""{"type":"Strip","strip_left":true,"strip_right":false}""", "Strip")]
    [InlineData("""{"type":"StripAccents"}""", "StripAccents")]
    [InlineData("""{"type":"BertNormalizer"}""", "BertNormalizer")]
    [InlineData("""{"type":"Precompiled","precompiled_charsmap":""}""", "Precompiled")]
    [InlineData("""{"type":"Nmt"}""", "Nmt")]
    [InlineData("""{"type":"ByteLevel"}""", "ByteLevel")]
    [InlineData("""{"type":"Prepend","prepend":"x"}""", "Prepend")]
    [InlineData("""{"type":"Prepend","prepend":"▁"}""", "ByteLevel")]
    [InlineData(
        """{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Prepend","prepend":"▁"}]}""",
        "Prepend")]
    [InlineData("""{"type":"Replace","pattern":{"Regex":" +"},"content":"▁"}""", "Replace")]
    [InlineData("""{"type":"Replace","pattern":{"String":"a"},"content":"b"}""", "Replace")]
    [InlineData("""{"type":"Sequence","normalizers":[{"type":"Sequence","normalizers":[]}]}""", "Sequence")]
    public void Load_NormalizerThatIsLacking_IsRefusedByName(string normalizer, string name) =>
        Refused($$"""{"model":{{Model}},"normalizer":{{normalizer}},"pre_tokenizer":{{Bytes}}}""", name);

    [Theory]
    [InlineData("""{"type":"Whitespace"}""", "Whitespace")]
    [InlineData("""{"type":"WhitespaceSplit"}""", "WhitespaceSplit")]
    [InlineData("""{"type":"Punctuation","behavior":"Isolated"}""", "Punctuation")]
    [InlineData("""{"type":"BertPreTokenizer"}""", "BertPreTokenizer")]
    [InlineData("""{"type":"UnicodeScripts"}""", "UnicodeScripts")]
    [InlineData("""{"type":"CharDelimiterSplit","delimiter":"-"}""", "CharDelimiterSplit")]
    [InlineData("""{"type":"FixedLength","length":3}""", "FixedLength")]
    [InlineData("""{"type":"Digits","individual_digits":false}""", "Digits")]
    [InlineData("""{"type":"Digits","individual_digits":true}""", "Digits")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"first"}""", "Metaspace")]
    [InlineData("""{"type":"Metaspace","replacement":"_","split":false}""", "Metaspace")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","split":false,"add_prefix_space":false}""", "Metaspace")]
    [InlineData("""{"type":"Split","pattern":{"Regex":"\\d+"},"behavior":"Isolated"}""", "Split")]
    [InlineData("""{"type":"Split","pattern":{"Regex":"PATTERN"},"behavior":"Removed","invert":false}""", "Split")]
    [InlineData("""{"type":"Split","pattern":{"Regex":"PATTERN"},"behavior":"Isolated","invert":true}""", "Split")]
    [InlineData("""{"type":"Split","pattern":{"String":" "},"behavior":"MergedWithPrevious"}""", "Split")]
    public void Load_PreTokenizerThatIsLacking_IsRefusedByName(string component, string name)
    {
        string first = component.Replace("PATTERN", Gpt2);
        Refused(
            $$"""
            {"model":{{Model}},"pre_tokenizer":{"type":"Sequence","pretokenizers":[{{first}},
            {"type":"ByteLevel","add_prefix_space":false,"use_regex":false}] } }
            """,
            name);
    }

    /// <summary>Each would be tokenized otherwise than the parts say one after the other.</summary>
    [Theory]
    [InlineData(Spaces, Cut, "Split")]
    [InlineData("", Cut + "," + Visible, "Metaspace")]
    [InlineData("", Visible + "," + Cut, "Split")]
    [InlineData("""{"type":"Prepend","prepend":"▁"}""", Visible, "Metaspace")]
    public void Load_SpacesMadeVisibleBesideOtherParts_AreRefusedByName(
        string normalizer, string preTokenizers, string name) => Refused(
        $$"""
        {"model":{{Model}},"normalizer":{"type":"Sequence","normalizers":[{{normalizer}}]},
        "pre_tokenizer":{"type":"Sequence","pretokenizers":[{{preTokenizers}}]} }
        """,
        name);

    [Theory]
    [InlineData("""{"SpecialToken":{"id":"a","type_id":0}}""", "leaves the text out")]
    [InlineData(
        """{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"A","type_id":0}}""", "takes the text twice")]
    public void Load_TemplateWithoutOneText_IsRefusedByName(string parts, string fault) => Refused(
        $$"""
        {"model":{{Model}},"pre_tokenizer":{{Bytes}},"post_processor":{"type":"TemplateProcessing",
        "single":[{{parts}}],"special_tokens":{"a":{"id":"a","ids":[0],"tokens":["a"]} } } }
        """,
        fault);

    [Fact]
    public void Load_SpaceBeforeEveryPreToken_IsRefusedByName() => Refused(
        $$"""
        {"model":{{Model}},"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Digits",
        "individual_digits":true},{"type":"ByteLevel","add_prefix_space":true}] } }
        """,
        "ByteLevel");

    [Theory]
    [InlineData("""{"type":"WordPiece"}""", "WordPiece")]
    [InlineData("""{"type":"BPEDecoder"}""", "BPEDecoder")]
    [InlineData("""{"type":"CTC"}""", "CTC")]
    [InlineData("""{"type":"ByteLevel"}""", "ByteLevel")]
    [InlineData("""{"type":"Strip","content":" ","start":0,"stop":1}""", "Strip")]
    [InlineData("""{"type":"Strip","content":"x","start":1,"stop":0}""", "Strip")]
    [InlineData("""{"type":"Strip","content":" ","start":1,"stop":0}""", "decoder")]
    [InlineData("""{"type":"Replace","pattern":{"String":"▁"},"content":"_"}""", "Replace")]
    [InlineData("""{"type":"Metaspace","replacement":"_","prepend_scheme":"never"}""", "Metaspace")]
    public void Load_DecoderThatIsLacking_IsRefusedByName(string decoder, string name) =>
        Refused($$"""{"model":{{Model}},"normalizer":{{Spaces}},"decoder":{{decoder}}}""", name);

    [Theory]
    [InlineData("""{"type":"BertProcessing","sep":["a",0],"cls":["b",1]}""", "BertProcessing")]
    [InlineData("""{"type":"RobertaProcessing","sep":["a",0],"cls":["b",1]}""", "RobertaProcessing")]
    public void Load_PostProcessorThatIsLacking_IsRefusedByName(string processor, string name) =>
        Refused($$"""{"model":{{Model}},"pre_tokenizer":{{Bytes}},"post_processor":{{processor}}}""", name);

    [Theory]
    [InlineData("\"type\":\"Unigram\"", "Unigram")]
    [InlineData("\"type\":\"WordPiece\"", "WordPiece")]
    [InlineData("\"type\":\"WordLevel\"", "WordLevel")]
    [InlineData("\"dropout\":0.1", "dropout")]
    [InlineData("\"continuing_subword_prefix\":\"##\"", "continuing_subword_prefix")]
    [InlineData("\"end_of_word_suffix\":\"</w>\"", "end_of_word_suffix")]
    public void Load_ModelOptionThatIsLacking_IsRefusedByName(string option, string name) =>
        Refused($$"""{"model":{"vocab":{"a":0},"merges":[],{{option}}},"pre_tokenizer":{{Bytes}}}""", name);

    [Fact]
    public void Load_SingleWordToken_IsRefusedByName() => Refused(
        $$"""
        {"model":{{Model}},"pre_tokenizer":{{Bytes}},
        "added_tokens":[{"id":3,"content":"<w>","special":true,"single_word":true}]}
        """,
        "single_word");

    [Fact]
    public void Load_AddedTokenThatSpellsBytesOfText_IsRefusedByName() => Refused(
        $$"""
        {"model":{"vocab":{"a":0,"Ġ":1},"merges":[]},"pre_tokenizer":{{Bytes}},
        "added_tokens":[{"id":1,"content":"Ġ","special":false}]}
        """,
        "Ġ");

    private static void Refused(string json, string name)
    {
        TokenizerException fault = Assert.Throws<TokenizerException>(
            () => TokenizerJson.Load(new MemoryStream(Encoding.UTF8.GetBytes(json))));
        Assert.Equal(TokenizerError.UnsupportedComponent, fault.Error);
        Assert.Contains(name, fault.Message);
    }
}
