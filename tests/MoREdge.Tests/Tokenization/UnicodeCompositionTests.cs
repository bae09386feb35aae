using System.Text;
using MoREdge.Tokenization;

namespace MoREdge.Tests.Tokenization;

public sealed class UnicodeCompositionTests
{
    /// <summary>Pairs worked from Unicode Standard Annex 15 and its figures.</summary>
    [Theory]
    [InlineData("e\u0301", "\u00E9")]
    [InlineData("\u212B", "\u00C5")]
    [InlineData("s\u0323\u0307", "\u1E69")]
    [InlineData("s\u0307\u0323", "\u1E69")]
    [InlineData("e\u030D\u0301", "e\u030D\u0301")]
    [InlineData("\u1E9B\u0323", "\u1E9B\u0323")]
    [InlineData("d\u0307\u0323", "\u1E0D\u0307")]
    [InlineData("\u1100\u1161\u11A8", "\uAC01")]
    [InlineData("\uAC00\u11A8", "\uAC01")]
    [InlineData("\u0958", "\u0915\u093C")]
    [InlineData("\uF900", "\u8C48")]
    [InlineData("\u03D3 \u0344", "\u03D3 \u0308\u0301")]
    [InlineData("\U0001D15E", "\U0001D157\U0001D165")]
    [InlineData("plain \u4F60\u597D \U0001F600", "plain \u4F60\u597D \U0001F600")]
    public void Compose_KnownText_IsFormC(string text, string expected) =>
        Assert.Equal(expected, UnicodeComposition.Compose(text));

    [Fact]
    public void Compose_EveryCodePoint_IsIdempotent()
    {
        for (int point = 0; point <= 0x10FFFF; point++)
        {
            if (Rune.TryCreate(point, out Rune rune))
            {
                string once = UnicodeComposition.Compose(rune.ToString());
                Assert.Equal(once, UnicodeComposition.Compose(once));
            }
        }
    }
}
