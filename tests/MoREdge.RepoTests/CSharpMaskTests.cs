using System.Text.RegularExpressions;

namespace MoREdge.RepoTests;

/// <summary>What the scanner sees as code and what it does not.</summary>
public sealed class CSharpMaskTests
{
    [Theory]
    [InlineData("a // b", "a ")]
    [InlineData("a /* b\nc */ d", "a \n d")]
    [InlineData("a \"b // c\" d", "a d")]
    [InlineData("a \"\\\"\" d", "a d")]
    [InlineData("a @\"\\\" d", "a d")]
    [InlineData("a @\"b\"\"c\" d", "a d")]
    [InlineData("a '\"' d", "a d")]
    [InlineData("a '\\'' d", "a d")]
    [InlineData("a '{' d", "a d")]
    [InlineData("a \"\"\"b \" c\"\"\" d", "a d")]
    [InlineData("a $\"b{c}d{{e\" f", "a c f")]
    [InlineData("a $\"{b[\"c\"]}\" d", "a b[ ] d")]
    [InlineData("a $@\"\\{b}\" d", "a b d")]
    [InlineData("# don't\nb", "# don t\nb")]
    public void Apply_CommentsAndLiterals_AreBlanked(string text, string codeWithSingleBlanks)
    {
        string code = CSharpMask.Apply(text);
        Assert.Equal(text.Length, code.Length);
        Assert.Equal(codeWithSingleBlanks, Regex.Replace(code, " +", " "));
    }

    [Fact]
    public void Apply_UnclosedLiterals_EndWithTheText()
    {
        foreach (string text in (string[])["\"a", "@\"a", "$\"a{b", "\"\"\"a", "/* a", "//", "'", "$", "@", "\"\\"])
        {
            Assert.Equal(text.Length, CSharpMask.Apply(text).Length);
        }
    }
}
