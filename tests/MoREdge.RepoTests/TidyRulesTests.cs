namespace MoREdge.RepoTests;

/// <summary>Each rule finds a sample that breaks it and passes one that does not.</summary>
public sealed class TidyRulesTests
{
    // Split, so that this file does not break the rules it tests.
    private const string Unfinished = "TO" + "DO";
    private const string HomeFolder = "/ho" + "me/";

    [Theory]
    [InlineData(TidyRules.FileLinesMax, 10, 0)]
    [InlineData(TidyRules.FileLinesMax + 1, 10, 1)]
    [InlineData(1, TidyRules.LineColumnsMax, 0)]
    [InlineData(1, TidyRules.LineColumnsMax + 1, 1)]
    public void Sizes_AtTheLimit_FailsOneAbove(int lines, int columns, int violations)
    {
        string text = string.Concat(Enumerable.Repeat(new string('é', columns) + "\n", lines));
        Assert.Equal(violations, TidyRules.Sizes(new("src/A.cs", text)).Count());
    }

    [Theory]
    [InlineData("src/A.cs", "unsafe class A;", 1)]
    [InlineData("src/A.cs", "// SAFETY: the buffer is pinned.\nunsafe class A;", 0)]
    [InlineData("src/A.cs", "// unsafe is a word here\nclass A;", 0)]
    [InlineData("tests/A.cs", "unsafe class A;", 0)]
    public void UnsafeWithoutReason_Sample_IsFound(string path, string text, int violations) =>
        Assert.Equal(violations, TidyRules.UnsafeWithoutReason(new(path, text)).Count());

    [Fact]
    public void UnfinishedWork_Sample_IsFound()
    {
        Assert.Equal(["src/A.cs:2: " + Unfinished + ": finish it or write an issue."],
            TidyRules.UnfinishedWork(new("src/A.cs", $"a\n// {Unfinished} b\nMASTODON")));
    }

    [Theory]
    [InlineData("cd " + HomeFolder + "me/x", 1)]
    [InlineData("\"" + HomeFolder + "me\"", 1)]
    [InlineData("https://example.org" + HomeFolder + "page", 0)]
    [InlineData("docs" + HomeFolder + "page", 0)]
    public void MachinePaths_Sample_IsFound(string text, int violations) =>
        Assert.Equal(violations, TidyRules.MachinePaths(new("README.md", text)).Count());

    [Theory]
    [InlineData("src/README.md", "[a](Model/A.cs)", "src/Model/A.cs")]
    [InlineData("src/README.md", "[a](../README.md#part)", "README.md")]
    [InlineData("README.md", "[a](missing.md)\n`[b](c.md)` [d](https://x) [e](#f)\n```\n[g](h.md)\n```", "missing.md")]
    [InlineData("README.md", "[a](../shared/x.md)", "../shared/x.md")]
    public void BrokenLinks_LinkToNoFile_IsFound(string path, string text, string asked)
    {
        Assert.Single(TidyRules.BrokenLinks(new(path, text), _ => false));
        Assert.Empty(TidyRules.BrokenLinks(new(path, text), link => link == asked));
    }

    [Fact]
    public void RootEntries_Stranger_IsFound()
    {
        Assert.Empty(TidyRules.RootEntries(["src/A.cs", "README.md", ".ci/run"]));
        Assert.Single(TidyRules.RootEntries(["src/A.cs", "docs/A.md", "docs/B.md"]));
    }

    [Fact]
    public void Files_WithoutGit_AreFoundByWalking()
    {
        Assert.Null(Repository.TrackedFiles(Path.GetTempPath()));
        List<string> walked = Repository.WalkedFiles(Repository.Root);
        Assert.Contains("tests/MoREdge.RepoTests/TidyTests.cs", walked);
        Assert.DoesNotContain(walked, path => path.Contains("/obj/"));
        Assert.Empty(Repository.Files.Except(walked));
    }
}
