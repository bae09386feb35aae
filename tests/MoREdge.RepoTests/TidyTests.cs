namespace MoREdge.RepoTests;

/// <summary>The limits of style.md, asked of every file of the repository.</summary>
public sealed class TidyTests
{
    private const int FileBytesMax = 4 * 1024 * 1024;

    /// <summary>What the models beside the binary may take together.</summary>
    private const long ModelBytesMax = 20_000_000;

    /// <summary>Text is read up to this size only: larger files are data.</summary>
    private const int TextBytesMax = 512 * 1024;

    public static TheoryData<string> CodeRuleNames => [.. CodeRule.All.Select(rule => rule.Name)];

    [Fact]
    public void Repository_CSharpFiles_AreFound() =>
        Assert.Contains(Repository.CSharpFiles, file => file.Path == "tests/MoREdge.RepoTests/TidyTests.cs");

    [Fact]
    public void CSharpFiles_LinesAndColumns_AreWithinLimits() =>
        Violations.AssertNone(Repository.CSharpFiles.SelectMany(TidyRules.Sizes));

    [Fact]
    public void CSharpFiles_Methods_AreWithinLimits() =>
        Violations.AssertNone(Repository.CSharpFiles.SelectMany(TidyRules.MethodSizes));

    [Theory]
    [MemberData(nameof(CodeRuleNames))]
    public void CSharpFiles_BannedPatterns_AreAbsent(string name)
    {
        CodeRule rule = CodeRule.All.Single(rule => rule.Name == name);
        Violations.AssertNone(Repository.CSharpFiles.SelectMany(rule.Violations));
    }

    [Fact]
    public void CSharpFiles_UnsafeCode_SaysWhyItIsSafe() =>
        Violations.AssertNone(Repository.CSharpFiles.SelectMany(TidyRules.UnsafeWithoutReason));

    [Fact]
    public void CSharpFiles_UnfinishedWork_IsAbsent() =>
        Violations.AssertNone(Repository.CSharpFiles.SelectMany(TidyRules.UnfinishedWork));

    [Fact]
    public void Source_NumericConstants_HaveOneHome() =>
        Violations.AssertNone(ConstantHomes.Clashes(Repository.CSharpFiles.Where(file => file.IsUnder("src"))));

    [Fact]
    public void Files_Size_IsWithinLimit() => Violations.AssertNone(
        from path in Repository.Files
        let bytes = new FileInfo(Repository.FullPath(path)).Length
        where bytes > FileBytesMax && !IsModel(path)
        select $"{path}: {bytes} bytes; {FileBytesMax} is the limit.");

    [Fact]
    public void Models_BesideTheBinary_AreWithinTheirLimitTogether()
    {
        List<string> models = [.. Repository.Files.Where(IsModel)];
        Assert.NotEmpty(models);
        Assert.InRange(models.Sum(path => new FileInfo(Repository.FullPath(path)).Length), 1, ModelBytesMax);
    }

    [Fact]
    public void TextFiles_PathsOfOneMachine_AreAbsent() => Violations.AssertNone(
        from path in Repository.Files
        where new FileInfo(Repository.FullPath(path)).Length <= TextBytesMax
        let file = Repository.Read(path)
        where !file.Text.Contains('\0')
        from violation in TidyRules.MachinePaths(file)
        select violation);

    [Fact]
    public void Markdown_Links_LeadToFiles()
    {
        HashSet<string> targets = [.. Repository.Files, .. Repository.Files.SelectMany(FoldersOf)];
        Violations.AssertNone(
            from path in Repository.Files
            where path.EndsWith(".md", StringComparison.Ordinal)
            from violation in TidyRules.BrokenLinks(Repository.Read(path), link => targets.Contains(link.TrimEnd('/')))
            select violation);
    }

    [Fact]
    public void Root_Entries_AreTheAgreedOnes() => Violations.AssertNone(TidyRules.RootEntries(Repository.Files));

    private static bool IsModel(string path) =>
        path.StartsWith("tools/moredge/", StringComparison.Ordinal)
        && path.EndsWith(".gguf", StringComparison.Ordinal);

    private static IEnumerable<string> FoldersOf(string path)
    {
        for (int slash = path.IndexOf('/'); slash >= 0; slash = path.IndexOf('/', slash + 1))
        {
            yield return path[..slash];
        }
    }
}
