namespace MoREdge.RepoTests;

/// <summary>Which pairs of constants clash.</summary>
public sealed class ConstantHomesTests
{
    [Theory]
    [InlineData("public const int GroupSize = 32;", "private const int GroupSize = 32;")]
    [InlineData("public const int GroupSize = 32;", "private const int GroupSize = 64;")]
    [InlineData("private const int Lanes = 8;", "const int Lanes = 8;")]
    [InlineData("const uint Magic = 0x46554747;", "const uint GgufMagic = 1179993927u;")]
    [InlineData("const int Q8BlockBytes = 34;", "const int BytesPerGroup = 34;")]
    [InlineData("const float Epsilon = 1e-5f;", "const float Epsilon = 1e-5f;")]
    [InlineData("const int A = 1, Lanes = 8;", "const int Lanes = 8;")]
    public void Clashes_OneFactTwice_IsFound(string first, string second)
    {
        string clash = Assert.Single(ConstantHomes.Clashes([new("src/A.cs", first), new("src/B.cs", second)]));
        Assert.Contains("src/A.cs:1", clash);
        Assert.Contains("src/B.cs:1", clash);
    }

    [Theory]
    [InlineData("private const int DepthMax = 64;", "private const int DepthMax = 32;")]
    [InlineData("const int HeaderBytes = 32;", "const int FooterBytes = 32;")]
    [InlineData("const int Rows = 34;", "const int Columns = 34;")]
    [InlineData("const int A = 1 << 20;", "const long B = 1 << 20;")]
    [InlineData("const string Name = \"a\";", "const string Name = \"a\";")]
    [InlineData("const int Lanes = 8;", "// const int Lanes = 8;")]
    public void Clashes_TwoFacts_AreLeftAlone(string first, string second) =>
        Assert.Empty(ConstantHomes.Clashes([new("src/A.cs", first), new("src/B.cs", second)]));
}
