using System.Text.RegularExpressions;

namespace MoREdge.RepoTests;

/// <summary>The limits of style.md that need more than one pattern. Each returns one sentence per violation.</summary>
internal static partial class TidyRules
{
    public const int FileLinesMax = 400;
    public const int MethodLinesMax = 60;
    public const int LineColumnsMax = 120;

    public static IEnumerable<string> Sizes(SourceFile file)
    {
        string[] lines = file.Text.TrimEnd('\n').Split('\n');
        if (lines.Length > FileLinesMax)
        {
            yield return $"{file.Path}: {lines.Length} lines; {FileLinesMax} is the limit.";
        }

        for (int i = 0; i < lines.Length; i++)
        {
            // Columns are characters as an editor shows them, so a surrogate pair is one.
            int columns = lines[i].TrimEnd('\r').EnumerateRunes().Count();
            if (columns > LineColumnsMax)
            {
                yield return $"{file.Path}:{i + 1}: {columns} columns; {LineColumnsMax} is the limit.";
            }
        }
    }

    public static IEnumerable<string> MethodSizes(SourceFile file) =>
        from member in MemberScanner.Scan(file)
        where member.LineCount > MethodLinesMax
        let size = $"{member.Name} has {member.LineCount} lines"
        select $"{file.Path}:{member.FirstLine}: {size}; {MethodLinesMax} is the limit.";

    /// <summary>A file that says unsafe must say, after the word SAFETY, why it is safe.</summary>
    public static IEnumerable<string> UnsafeWithoutReason(SourceFile file)
    {
        bool unsafeCode = !file.IsUnder("tests") && UnsafeWord().IsMatch(file.Code);
        if (unsafeCode && !file.Text.Contains("SAFETY:", StringComparison.Ordinal))
        {
            yield return $"{file.Path}: unsafe code without a comment SAFETY: that says why it is safe.";
        }
    }

    public static IEnumerable<string> UnfinishedWork(SourceFile file) =>
        from Match match in UnfinishedWord().Matches(file.Text)
        select $"{file.Path}:{file.LineAt(match.Index)}: {match.Value}: finish it or write an issue.";

    public static IEnumerable<string> MachinePaths(SourceFile file) =>
        from Match match in MachinePath().Matches(file.Text)
        select $"{file.Path}:{file.LineAt(match.Index)}: a path of one machine ({match.Value}).";

    /// <summary>Links of a Markdown text must lead into the repository; the web and anchors are left out.</summary>
    public static IEnumerable<string> BrokenLinks(SourceFile file, Func<string, bool> exists)
    {
        string folder = Path.GetDirectoryName(file.Path) ?? "";
        foreach (Match match in MarkdownLink().Matches(MarkdownCode().Replace(file.Text, KeepNewlines)))
        {
            string target = match.Groups[1].Value.Split('#')[0];
            bool isWeb = target.Contains("://") || target.StartsWith("mailto:", StringComparison.Ordinal);
            string path = Path.GetFullPath(Path.Combine(folder, target), Repository.Root);
            string relative = Path.GetRelativePath(Repository.Root, path).Replace('\\', '/');
            if (target.Length > 0 && !isWeb && !exists(relative))
            {
                yield return $"{file.Path}:{file.LineAt(match.Index)}: the link to {target} leads nowhere.";
            }
        }
    }

    public static IEnumerable<string> RootEntries(IEnumerable<string> files)
    {
        string[] allowed =
        [
            "src", "tools", "tests", "firmware-samples", "publish-profiles", "MoREdge.sln",
            "README.md", "LICENSE", "CHANGELOG.md", ".ci", ".editorconfig", ".gitattributes", ".gitignore",
            "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props",
            "global.json", "nuget.config",
        ];
        return from entry in files.Select(path => path.Split('/')[0]).Distinct()
               where !allowed.Contains(entry)
               select $"{entry}: the root folder holds only what architecture.md lists.";
    }

    private static string KeepNewlines(Match match) => NotNewline().Replace(match.Value, " ");

    [GeneratedRegex(@"\bunsafe\b")]
    private static partial Regex UnsafeWord();

    [GeneratedRegex(@"\b(?:TO[D]O|HA[C]K|FIX[M]E)\b")]
    private static partial Regex UnfinishedWord();

    [GeneratedRegex(@"(?<![\w.$})/:*-])/(?:work|root|home)/\S*")]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"\[[^\]\n]*\]\(\s*<?([^)\s>]+)")]
    private static partial Regex MarkdownLink();

    [GeneratedRegex(@"^```.*?^```|`[^`\n]*`", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex MarkdownCode();

    [GeneratedRegex(@"[^\n]")]
    private static partial Regex NotNewline();
}
