using System.Xml.Linq;

namespace MoREdge.RepoTests;

/// <summary>What a project file says about its place in the layers of architecture.md, section 2.</summary>
internal sealed class ProjectGraph
{
    /// <summary>Every project with its layer. A new project starts here.</summary>
    private static readonly Dictionary<string, int> Layers = new()
    {
        ["MoREdge.Tensors"] = 0,
        ["MoREdge.Kernels"] = 1,
        ["MoREdge.ModelFile"] = 1,
        ["MoREdge.Tokenization"] = 1,
        ["MoREdge.Model"] = 2,
        ["MoREdge.Checkpoints"] = 2,
        ["MoREdge.Inference"] = 3,
        ["MoREdge.Quantization"] = 3,
        ["MoREdge.Native"] = 4,
        ["MoREdge.Onnx"] = 4,
        ["MoREdge.Extensions.AI"] = 4,
        ["moredge"] = 4,
        ["moredge-server"] = 4,
    };

    /// <summary>The layers up to this one use only <see cref="LowerLayerPackages"/>.</summary>
    private const int LowerLayerMax = 2;

    private static readonly string[] LowerLayerPackages =
        ["System.Numerics.Tensors", "System.IO.Hashing", "CommunityToolkit.HighPerformance"];

    private readonly SourceFile _file;
    private readonly XDocument _xml;

    public ProjectGraph(SourceFile file)
    {
        _file = file;
        _xml = XDocument.Parse(file.Text);
    }

    public string Name => Path.GetFileNameWithoutExtension(_file.Name);

    /// <summary>The names of the projects it references, whatever the condition.</summary>
    public IEnumerable<string> References => Included("ProjectReference").Select(Path.GetFileNameWithoutExtension)!;

    public IEnumerable<string> WrongArrows()
    {
        if (!Layers.TryGetValue(Name, out int layer))
        {
            yield return $"{_file.Path}: {Name} has no layer; give it one in ProjectGraph and in architecture.md.";
            yield break;
        }

        foreach (string reference in References)
        {
            if (!Layers.TryGetValue(reference, out int below) || below >= layer)
            {
                yield return $"{_file.Path}: {Name} (L{layer}) -> {reference}: a layer uses only layers below it.";
            }
            else if (Name == "MoREdge.Tokenization")
            {
                yield return $"{_file.Path}: Tokenization depends on nothing.";
            }
        }
    }

    public IEnumerable<string> WrongPackages()
    {
        if (!Layers.TryGetValue(Name, out int layer) || layer > LowerLayerMax)
        {
            yield break;
        }

        foreach (string package in Included("PackageReference").Concat(Included("Reference")))
        {
            bool yamlReader = package == "YamlDotNet" && Name == "MoREdge.Checkpoints";
            if (!LowerLayerPackages.Contains(package) && !yamlReader)
            {
                string allowed = string.Join(", ", LowerLayerPackages);
                yield return $"{_file.Path}: {package}: layers 0 to {LowerLayerMax} use only {allowed}.";
            }
        }
    }

    public IEnumerable<string> WrongProperties()
    {
        if (_xml.Descendants("DisableTransitiveProjectReferences").Any())
        {
            yield return $"{_file.Path}: DisableTransitiveProjectReferences is set once, in Directory.Build.props.";
        }

        bool mayBeUnsafe = _file.IsUnder("tests") || _file.IsIn(CodeRule.UnsafeProjects);
        if (_xml.Descendants("AllowUnsafeBlocks").Any(element => element.Value != "false") && !mayBeUnsafe)
        {
            string allowed = string.Join(", ", CodeRule.UnsafeProjects);
            yield return $"{_file.Path}: AllowUnsafeBlocks belongs to {allowed} alone.";
        }
    }

    private IEnumerable<string> Included(string item) =>
        from element in _xml.Descendants(item)
        let include = element.Attribute("Include")?.Value
        where include is not null
        select include.Replace('\\', '/');
}
