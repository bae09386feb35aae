using System.Buffers.Binary;
using System.Text;
using MoREdge.Checkpoints;
using MoREdge.Tokenization;

namespace MoREdge.Tests.Checkpoints;

/// <summary>
/// Folders with a tokenizer.model and what lies beside it. The model has the ids 0 unknown, 1 and 2 control, 3 to 258
/// bytes, then "▁", "a", "b".
/// </summary>
public sealed class AddedTokensTests : IDisposable
{
    private const int First = 262;
    private const int Space = 259;

    private readonly TemporaryFolder _folder = new();

    public AddedTokensTests() => _folder.Write("tokenizer.model", Model());

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ForFolder_TokensOfTheConfig_AreAdded()
    {
        _folder.Write("tokenizer_config.json", """
            {"eos_token":"<|im_end|>","pad_token":{"content":"</s>"},"added_tokens_decoder":{
            "0":{"content":"<unk>","special":true},"2":{"content":"</s>","special":true},
            "263":{"content":"<|im_end|>","special":true,"rstrip":true},
            "265":{"content":"<tool>","special":false,"lstrip":true}}}
            """);

        TokenizerDefinition definition = TokenizerSource.ForFolder(_folder.FullPath, null)!;

        Assert.Equal(["[PAD262]", "<|im_end|>", "[PAD264]", "<tool>"], definition.Tokens.Skip(First));
        Assert.Equal(
            [TokenKind.Unused, TokenKind.Control, TokenKind.Unused, TokenKind.UserDefined], definition.Kinds[First..]);
        Assert.Equal((TokenKind.Unknown, TokenKind.Control), (definition.Kinds[0], definition.Kinds[2]));
        Assert.Equal((1, 263, 2), (definition.BosId, definition.EosId, definition.PaddingId));
        int[] ids = new Tokenizer(definition).Encode("a <tool>b<|im_end|>\n", addSpecial: false);
        Assert.Equal([Space, Space + 1, 265, Space + 2, 263], ids);
    }

    [Fact]
    public void ForFolder_TokensOfAnOlderFolder_AreAdded()
    {
        _folder.Write("added_tokens.json", """{"<|im_end|>":263,"<|im_start|>":262,"<tool>":264,"<s>":1}""");
        _folder.Write("special_tokens_map.json", """
            {"additional_special_tokens":["<|im_start|>"],"eos_token":{"content":"<|im_end|>"}}
            """);

        TokenizerDefinition definition = TokenizerSource.ForFolder(_folder.FullPath, null)!;

        Assert.Equal(["<|im_start|>", "<|im_end|>", "<tool>"], definition.Tokens.Skip(First));
        Assert.Equal([TokenKind.Control, TokenKind.Control, TokenKind.UserDefined], definition.Kinds[First..]);
        Assert.Equal((263, 263), (definition.EosId, definition.EndOfTurnId));
        Assert.Equal([262, 263], new Tokenizer(definition).Encode("<|im_start|><|im_end|>", addSpecial: false));
    }

    /// <summary>As a tokenizer.json with such a token does.</summary>
    [Fact]
    public void ForFolder_EndOfATurnThatNobodyNames_EndsOne()
    {
        _folder.Write("tokenizer_config.json", """
            {"eos_token":"</s>","added_tokens_decoder":{"262":{"content":"<|im_end|>","special":true}}}
            """);

        TokenizerDefinition definition = TokenizerSource.ForFolder(_folder.FullPath, null)!;

        Assert.Equal((2, 262), (definition.EosId, definition.EndOfTurnId));
    }

    /// <summary>"a&lt;/s&gt;b": LlamaTokenizer puts a space before both letters, or before the first.</summary>
    [Theory]
    [InlineData("{}", new[] { Space, Space + 1, 2, Space + 2 })]
    [InlineData("""{"tokenizer_class":"LlamaTokenizer"}""", new[] { Space, Space + 1, 2, Space, Space + 2 })]
    [InlineData("""{"tokenizer_class":"LlamaTokenizer","legacy":false}""", new[] { Space, Space + 1, 2, Space + 2 })]
    [InlineData("""{"add_prefix_space":false}""", new[] { Space + 1, 2, Space + 2 })]
    [InlineData("""{"legacy":true}""", new[] { Space, Space + 1, 2, Space, Space + 2 })]
    public void ForFolder_SpaceInFront_IsWhereTheConfigPutsIt(string config, int[] expected)
    {
        _folder.Write("tokenizer_config.json", config);

        TokenizerDefinition definition = TokenizerSource.ForFolder(_folder.FullPath, null)!;

        Assert.Equal(expected, new Tokenizer(definition).Encode("a</s>b", addSpecial: false));
    }

    [Theory]
    [InlineData("""{"262":{"content":"<x>","single_word":true}}""", "single_word")]
    [InlineData("""{"2":{"content":"<x>"}}""", "</s>")]
    [InlineData("""{"262":"<x>"}""", "262")]
    [InlineData("""{"x":{"content":"<x>"}}""", "\"x\"")]
    [InlineData("""{"9999999":{"content":"<x>"}}""", "9999999")]
    [InlineData("3", "added_tokens_decoder")]
    public void ForFolder_AddedTokenThatCannotBe_IsRefusedByName(string decoder, string name)
    {
        _folder.Write("tokenizer_config.json", $$"""{"added_tokens_decoder":{{decoder}}}""");

        CheckpointException fault = Assert.Throws<CheckpointException>(
            () => TokenizerSource.ForFolder(_folder.FullPath, null));

        Assert.Equal(CheckpointError.InvalidTokenizer, fault.Error);
        Assert.Contains(name, fault.Message, StringComparison.Ordinal);
    }

    private static byte[] Model()
    {
        List<byte> model = [];
        void Piece(string text, float score, TokenKind kind)
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(text);
            byte[] number = new byte[sizeof(float)];
            BinaryPrimitives.WriteSingleLittleEndian(number, score);
            byte[] piece = [0x0A, (byte)utf8.Length, .. utf8, 0x15, .. number, 0x18, (byte)kind];
            model.AddRange([0x0A, (byte)piece.Length, .. piece]);
        }

        Piece("<unk>", 0, TokenKind.Unknown);
        Piece("<s>", 0, TokenKind.Control);
        Piece("</s>", 0, TokenKind.Control);
        for (int value = 0; value < 256; value++)
        {
            Piece($"<0x{value:X2}>", 0, TokenKind.Byte);
        }

        Piece("▁", -1, TokenKind.Normal);
        Piece("a", -2, TokenKind.Normal);
        Piece("b", -3, TokenKind.Normal);

        // trainer_spec {model_type: BPE}, normalizer_spec {remove_extra_whitespaces: false}
        model.AddRange([0x12, 0x02, 0x18, 0x02, 0x1A, 0x02, 0x20, 0x00]);
        return [.. model];
    }
}
