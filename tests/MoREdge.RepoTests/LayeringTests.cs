namespace MoREdge.RepoTests;

/// <summary>The arrows of architecture.md, section 2, as the project files draw them.</summary>
public sealed class LayeringTests
{
    private static IEnumerable<ProjectGraph> Products =>
        Repository.ProjectFiles.Where(file => !file.IsUnder("tests")).Select(file => new ProjectGraph(file));

    [Fact]
    public void Projects_AllReferences_PointDown() =>
        Violations.AssertNone(Products.SelectMany(project => project.WrongArrows()));

    [Fact]
    public void Projects_LowerLayers_UseOnlyTheirPackages() =>
        Violations.AssertNone(Products.SelectMany(project => project.WrongPackages()));

    [Fact]
    public void Projects_Properties_StayInTheirPlaces() =>
        Violations.AssertNone(Repository.ProjectFiles.SelectMany(file => new ProjectGraph(file).WrongProperties()));

    [Fact]
    public void BuildProps_TransitiveReferences_AreDisabled() => Assert.Contains(
        "<DisableTransitiveProjectReferences>true</DisableTransitiveProjectReferences>",
        Repository.Read("Directory.Build.props").Text);

    [Fact]
    public void BuildProps_UnsafeCode_IsNotAllowedForAllOfSrc()
    {
        Assert.DoesNotContain("AllowUnsafeBlocks", Repository.Read("Directory.Build.props").Text);
        Assert.DoesNotContain("AllowUnsafeBlocks", Repository.Read("src/Directory.Build.props").Text);
    }

    [Fact]
    public void Projects_AllOfThem_AreInTheSolution()
    {
        string solution = Repository.Read("MoREdge.sln").Text.Replace('\\', '/');
        Violations.AssertNone(
            from file in Repository.ProjectFiles
            where !solution.Contains($"\"{file.Path}\"", StringComparison.Ordinal)
            select $"{file.Path} is not in MoREdge.sln.");
    }

    [Fact]
    public void Projects_AllOfThem_HaveALockFile() => Violations.AssertNone(
        from file in Repository.ProjectFiles
        let lockFile = $"{Path.GetDirectoryName(file.Path)}/packages.lock.json"
        where !Repository.Files.Contains(lockFile)
        select $"{file.Path}: {lockFile} is not in the repository.");
}
