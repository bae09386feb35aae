using System.Text;
using System.Text.Json;
using MoREdge.Inference;
using MoREdge.Kernels;
using MoREdge.Model;
using MoREdge.Tests;

namespace MoREdge.GoldenTests;

/// <summary>The int4 file in tools/moredge does what its model card says.</summary>
public sealed class ShippedModelTests
{
    /// <summary>
    /// 98.6 % were measured; kernel sets differ in the last bit of a float, which may turn a few close answers.
    /// </summary>
    private const double ExactMin = 0.975;

    [Fact]
    public void MorCommands_PhrasingsWrittenByHand_AreExact()
    {
        using LocalModel model = Open("mor-commands");
        string[] lines = File.ReadAllLines(SharedData.InRepository("tools/training/commands/test.jsonl"));
        List<string> wrong = [];
        foreach (string line in lines)
        {
            using JsonDocument json = JsonDocument.Parse(line);
            string prompt = json.RootElement.GetProperty("prompt").GetString()!;
            string expected = json.RootElement.GetProperty("answer").GetString()!;
            string answer = Answer(model, prompt, 80);
            if (answer != expected)
            {
                wrong.Add($"{prompt} -> {answer}, not {expected}");
            }
        }

        Assert.True(lines.Length >= 400, "The phrasings are not all there.");
        Assert.True(
            wrong.Count <= (1 - ExactMin) * lines.Length,
            string.Join('\n', wrong.Prepend($"{wrong.Count} are wrong:")));
    }

    private static LocalModel Open(string name) =>
        LocalModel.Open(SharedData.InRepository($"tools/moredge/{name}-q4.gguf"), KernelSelector.Best, threadCount: 2);

    /// <summary>The greedy answer of a new conversation.</summary>
    private static string Answer(LocalModel model, string question, int tokens)
    {
        SamplerOptions greedy = new() { Temperature = 0 };
        using GenerationSession session = model.StartSession(new SequenceOptions { ContextLength = 512 }, greedy);
        ChatSession chat = new(model, session, systemPrompt: null);
        StringBuilder answer = new();
        chat.Ask(
            question,
            new GenerationOptions { TokenLimit = tokens },
            piece => answer.Append(piece),
            TestContext.Current.CancellationToken);
        return answer.ToString();
    }
}
