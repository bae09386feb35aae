using System.Text.RegularExpressions;

namespace MoREdge.RepoTests;

/// <summary>One pattern that code must not show, what to write in its place, and the files it is asked of.</summary>
/// <param name="Name">How a failure names the rule.</param>
/// <param name="Pattern">Searched in code whose comments and strings are blanked.</param>
/// <param name="Instead">What to write in its place.</param>
/// <param name="Applies">Whether the rule speaks about a file.</param>
internal sealed record CodeRule(string Name, Regex Pattern, string Instead, Func<SourceFile, bool> Applies)
{
    private const string InstructionSets =
        @"(?:X86Base|Sse\w*|Ssse3|Avx\w*|Fma|Bmi\d|Popcnt|Lzcnt|AdvSimd|ArmBase|Dp|Rdm|Sve\d?|Aes|Vector\d*(?:<\w+>)?)";

    /// <summary>Every rule of this kind, in the order of style.md.</summary>
    public static IReadOnlyList<CodeRule> All { get; } =
    [
        new(
            "Vector<T>",
            new(@"\bVector<"),
            "Vector128<T> or another fixed width: the width of Vector<T> is a build setting",
            Everywhere),
        new(
            "TensorPrimitives.SoftMax",
            new(@"\bTensorPrimitives\.SoftMax\b"),
            "the softmax of KernelSet, which subtracts the maximum",
            Everywhere),
        new("LINQ", new(@"\bSystem\.Linq\b|\bEnumerable\.\w"), "a loop", InLowerLayers),
        new(
            "async",
            new(@"\basync\b|\bawait\b|\bSystem\.Threading\.Tasks\b"),
            "a plain call; threads belong to Model/Threads",
            InLowerLayers),
        new(
            "reflection",
            new(@"\bSystem\.Reflection\b|\bActivator\.|\bGetType\(\)\s*\.Get|\btypeof\([^)]*\)\s*\.(?:Get|Assembly)"),
            "a switch over what is known at compile time",
            InLowerLayers),
        new(
            "#region",
            new(@"^[ \t]*#[ \t]*region\b", RegexOptions.Multiline),
            "a file that answers one question",
            Everywhere),
        new(
            "partial",
            new(@"\bpartial\s+(?:class|struct|record|interface)\b"),
            "a type that fits its file",
            file => InLowerLayers(file) && !file.IsIn("Kernels")),
        // A filter that begins with `is` names its types, which is what the rule is after.
        new(
            "catch everything",
            new(@"\bcatch\s*(?:\{|when\b|\(\s*(?:System\.)?Exception\b(?!\s+(\w+)\s*\)\s*when\s*\(\s*\1\s+is\b))"),
            "the exception types that can come, by name",
            // The one carries exceptions from one thread to another, the other those of foreign code to whoever waits.
            file => file.Name is not ("WorkerPool.cs" or "Receiver.cs")),
        // Only what runs per token is hot; a converter or a tile packer reads its scales once.
        new(
            "(float)Half",
            new(
                @"\(float\)\s*[(*]*"
                + @"(?:Half\*?\)|Half\.|BitConverter\.\w*ToHalf|BinaryPrimitives\.ReadHalf|\w*[hH]alf\b)"),
            "the exponent-shift conversion, which is 16 times faster",
            file => file.IsIn("Kernels", "Model") && !file.Name.Contains("Reference")),
        new(
            "IsSupported",
            new($@"\b{InstructionSets}(?:\.\w+)?\.(?:IsSupported|IsHardwareAccelerated)\b"),
            "a kernel set that KernelSelector picks",
            file => !file.IsUnder("tests") && file.Name != "KernelSelector.cs"),
        new(
            "unsafe outside its places",
            new(@"\bunsafe\b|\bUnsafe\."),
            "spans",
            file => !file.IsUnder("tests") && !file.IsIn(UnsafeProjects)),
        new(
            "vague type name",
            new(@"\b(?:class|struct|interface|record)\s+\w*(?:Utils?|Helpers?|Common|Core|Manager|Context)(?![a-z])"),
            "what the type is",
            file => !file.IsUnder("tests")),
    ];

    /// <summary>The projects under src that may hold unsafe code, without their prefix.</summary>
    public static string[] UnsafeProjects { get; } = ["Tensors", "Kernels", "ModelFile", "Native"];

    public IEnumerable<string> Violations(SourceFile file)
    {
        if (!Applies(file))
        {
            yield break;
        }

        foreach (Match match in Pattern.Matches(file.Code))
        {
            yield return $"{file.Path}:{file.LineAt(match.Index)}: {Name} is banned here; write {Instead}.";
        }
    }

    private static bool Everywhere(SourceFile file) => true;

    private static bool InLowerLayers(SourceFile file) =>
        file.IsIn("Tensors", "Kernels", "ModelFile", "Tokenization", "Model", "Checkpoints");
}
