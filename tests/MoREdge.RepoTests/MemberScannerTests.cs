namespace MoREdge.RepoTests;

/// <summary>The method scanner on hand-written samples: what it counts, what it leaves out.</summary>
public sealed class MemberScannerTests
{
    [Theory]
    [InlineData("class A\n{\n    void B()\n    {\n        if (x) { }\n    }\n}", "B 3 4")]
    [InlineData("namespace N;\nclass A<T> where T : class\n{\n int B<U>(U c = 3) where U : new() =>\n c;\n}", "B 4 2")]
    [InlineData("class A { A(int b) : base(b) { }\n static A operator ==(A a, A b) => a; }", "A 1 1; operator 2 1")]
    [InlineData("class A { int B { get; } = 3;\n int C => 4; int this[int i] { get { } } }", "B 1 1; C 2 1; this 2 1")]
    [InlineData("class A\n{\n    [Fact]\n    [X(\"{\")]\n    // why {\n    void B()\n    {\n    }\n}", "B 6 3")]
    [InlineData("class A { static int[] T = {\n 1,\n 2 };\n int[] U = [\n 3 ]; Func<int> F = () => { }; }", "")]
    [InlineData("class A { void B()\n{\n void Local()\n{\n}\n Run(() =>\n{\n});\n} }", "B 1 9")]
    [InlineData("record struct P(int X, int Y);\nenum E { A = 1, B }\nclass C { class D { void F() { } } }", "F 3 1")]
    [InlineData("class A {\n#if X\n#endif\n static (int, int) B() => (1, 2); event C D; delegate void E(); }", "B 4 1")]
    [InlineData("class A { string B() => $\"{(c ? \"}\" : \"{\")}\";\n void D() { } }", "B 1 1; D 2 1")]
    public void Scan_Sample_FindsMembersWithTheirLines(string text, string expected)
    {
        IEnumerable<string> found = MemberScanner.Scan(new("src/A.cs", text)).Select(member =>
            $"{member.Name} {member.FirstLine} {member.LineCount}");
        Assert.Equal(expected, string.Join("; ", found));
    }

    [Theory]
    [InlineData(TidyRules.MethodLinesMax, 0)]
    [InlineData(TidyRules.MethodLinesMax + 1, 1)]
    public void MethodSizes_AtTheLimit_FailsOneAbove(int lineCount, int violations)
    {
        string body = string.Concat(Enumerable.Repeat("        x++;\n", lineCount - 3));
        SourceFile file = new("src/A.cs", $"class A\n{{\n    void B()\n    {{\n{body}    }}\n}}\n");
        Assert.Equal(violations, TidyRules.MethodSizes(file).Count());
    }

    [Fact]
    public void MethodSizes_LongExpressionBody_IsCounted()
    {
        string arms = string.Concat(Enumerable.Repeat("        1 => 2,\n", TidyRules.MethodLinesMax));
        SourceFile file = new("src/A.cs", $"class A\n{{\n    int B(int x) => x switch\n    {{\n{arms}    }};\n}}\n");
        Assert.Single(TidyRules.MethodSizes(file));
    }

    [Fact]
    public void Scan_ThisProject_FindsThisMethod() => Assert.Contains(
        MemberScanner.Scan(Repository.Read("tests/MoREdge.RepoTests/MemberScannerTests.cs")),
        member => member.Name == nameof(Scan_ThisProject_FindsThisMethod));
}
