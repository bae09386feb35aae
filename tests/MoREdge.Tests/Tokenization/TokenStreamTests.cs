using MoREdge.Tokenization;

namespace MoREdge.Tests.Tokenization;

public sealed class TokenStreamTests
{
    private const int FirstByte = 3;

    [Fact]
    public void Append_BytesOfOneCharacter_PrintsItOnlyWhenWhole()
    {
        TokenStream stream = new(new Tokenizer(SmallDefinitions.SentencePiece()), startsText: false);
        Assert.Equal("", stream.Append(FirstByte + 0xF0));
        Assert.Equal("", stream.Append(FirstByte + 0x9F));
        Assert.Equal("", stream.Append(FirstByte + 0x98));
        Assert.Equal("😀", stream.Append(FirstByte + 0x80));
        Assert.Equal("", stream.Flush());
    }

    [Fact]
    public void Append_BytesThatAreNoCharacter_BecomeTheReplacementCharacter()
    {
        TokenStream stream = new(new Tokenizer(SmallDefinitions.SentencePiece()), startsText: false);
        Assert.Equal("\uFFFD", stream.Append(FirstByte + 0x80));
        Assert.Equal("", stream.Append(FirstByte + 0xE2));
        Assert.Equal("\uFFFDa", stream.Append(FirstByte + 'a'));
        Assert.Equal("", stream.Append(FirstByte + 0xC3));
        Assert.Equal("\uFFFD", stream.Flush());
        Assert.Equal("", stream.Flush());
    }

    [Fact]
    public void Append_SentencePieceSpace_IsStrippedOnceAndOnlyAtTheStart()
    {
        Tokenizer tokenizer = new(SmallDefinitions.SentencePiece());
        int twoSpaces = tokenizer.Definition.FindToken("▁▁");
        int spaceA = tokenizer.Definition.FindToken("▁a");
        TokenStream start = new(tokenizer);
        Assert.Equal("", start.Append(1));
        Assert.Equal(" ", start.Append(twoSpaces));
        Assert.Equal(" a", start.Append(spaceA));
        Assert.Equal(" a", new TokenStream(tokenizer, startsText: false).Append(spaceA));
        Assert.Equal("<s>", new TokenStream(tokenizer, skipSpecial: false).Append(1));
    }
}
