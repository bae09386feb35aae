using System.Text;
using MoREdge.Inference;
using MoREdge.Kernels;
using MoREdge.Model;

namespace MoREdge.Tests.Inference;

/// <summary>The example of the README is the code that runs here.</summary>
public sealed class EmbeddingExampleTests
{
    private const string Begin = "// README.md shows from here";
    private const string End = "// to here.";

    [Fact]
    public void ReadmeExample_BuiltInModel_TellsAStory()
    {
        string path = BuiltInModel.FilePath;
        StringBuilder answer = new();

        // README.md shows from here
        using LocalModel model = LocalModel.Open(path, KernelSelector.Best, Environment.ProcessorCount);
        using GenerationSession session = model.StartSession(
            new SequenceOptions(), SamplerOptions.RecommendedBy(model.File.Metadata));
        ChatSession chat = new(model, session, systemPrompt: null);
        ChatTurn turn = chat.Ask(
            "Tell me a story about a cat.",
            new GenerationOptions { TokenLimit = 60 },
            text => answer.Append(text),
            CancellationToken.None);
        // to here.

        Assert.NotEqual("", answer.ToString().Trim());
        Assert.InRange(turn.Stats.GeneratedTokens, 1, 60);
    }

    [Fact]
    public void Readme_Example_IsTheCodeOfTheTest()
    {
        string source = SharedData.InRepository("tests/MoREdge.Tests/Inference/EmbeddingExampleTests.cs");
        List<string> code = [];
        bool isShown = false;
        foreach (string line in File.ReadLines(source))
        {
            isShown = isShown && line.Trim() != End;
            if (isShown)
            {
                // The indentation of a method's body becomes that of a block in the README.
                code.Add(line[4..]);
            }

            isShown = isShown || line.Trim() == Begin;
        }

        Assert.NotEmpty(code);
        string readme = File.ReadAllText(SharedData.InRepository("README.md"));
        Assert.Contains(string.Join('\n', code), readme, StringComparison.Ordinal);
    }
}
