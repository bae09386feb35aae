namespace MoREdge.RepoTests;

/// <summary>The layering rules on project files that break them.</summary>
public sealed class ProjectGraphTests
{
    [Theory]
    [InlineData("Kernels", "Tensors", 0)]
    [InlineData("Kernels", "ModelFile", 1)]
    [InlineData("Kernels", "Model", 1)]
    [InlineData("Tokenization", "Tensors", 1)]
    [InlineData("Checkpoints", "ModelFile", 0)]
    [InlineData("Checkpoints", "Tokenization", 0)]
    [InlineData("Checkpoints", "Model", 1)]
    [InlineData("Quantization", "Model", 0)]
    [InlineData("Quantization", "Inference", 1)]
    [InlineData("Tensors", "Unknown", 1)]
    [InlineData("Unknown", "Tensors", 1)]
    public void WrongArrows_Reference_IsJudged(string from, string to, int violations)
    {
        ProjectGraph graph = Graph(from, $"<ProjectReference Include=\"..\\MoREdge.{to}\\MoREdge.{to}.csproj\" />");
        Assert.Equal(violations, graph.WrongArrows().Count());
    }

    [Theory]
    [InlineData("Model", "System.Numerics.Tensors", 0)]
    [InlineData("ModelFile", "System.IO.Hashing", 0)]
    [InlineData("Checkpoints", "YamlDotNet", 0)]
    [InlineData("Model", "YamlDotNet", 1)]
    [InlineData("Tensors", "Newtonsoft.Json", 1)]
    [InlineData("Inference", "Newtonsoft.Json", 0)]
    public void WrongPackages_Package_IsJudged(string project, string package, int violations)
    {
        Assert.Equal(violations, Graph(project, $"<PackageReference Include=\"{package}\" />").WrongPackages().Count());
        Assert.Equal(violations, Graph(project, $"<Reference Include=\"{package}\" />").WrongPackages().Count());
    }

    [Theory]
    [InlineData("Kernels", "AllowUnsafeBlocks", 0)]
    [InlineData("Model", "AllowUnsafeBlocks", 1)]
    [InlineData("Model", "DisableTransitiveProjectReferences", 1)]
    public void WrongProperties_Property_IsJudged(string project, string property, int violations) =>
        Assert.Equal(violations, Graph(project, $"<{property}>true</{property}>").WrongProperties().Count());

    private static ProjectGraph Graph(string name, string content) =>
        new(new($"src/MoREdge.{name}/MoREdge.{name}.csproj", $"<Project><X>{content}</X></Project>"));
}
