namespace MoREdge.RepoTests;

/// <summary>Fails with every violation in the message, not only the first.</summary>
internal static class Violations
{
    public static void AssertNone(IEnumerable<string> violations)
    {
        List<string> all = [.. violations];
        Assert.True(all.Count == 0, $"{all.Count} violations:\n{string.Join('\n', all)}");
    }
}
