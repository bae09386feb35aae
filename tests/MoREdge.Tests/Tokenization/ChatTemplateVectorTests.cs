using System.Text.Json;
using MoREdge.Tokenization;

namespace MoREdge.Tests.Tokenization;

/// <summary>
/// Renderings by Jinja set up as the transformers library does; sources in tests/golden/chat-templates/PROVENANCE.md.
/// </summary>
public sealed class ChatTemplateVectorTests
{
    private static readonly DateTime Now = new(2024, 7, 26, 9, 5, 3);

    [Fact]
    public void Render_ConstructsOfPopularTemplates_EqualJinja()
    {
        using JsonDocument golden = Load("constructs.json");
        List<string> faults = [];
        int rendered = 0;
        foreach (JsonElement item in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            string name = item.GetProperty("template").GetString()!;
            string source = File.ReadAllText(
                SharedData.InRepository($"tests/golden/chat-templates/constructs/{name}.jinja"));
            rendered += Check(source, item.GetProperty("variables"), item, faults) ? 1 : 0;
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
        Assert.True(rendered >= 150, $"{rendered} rendered");
    }

    [Fact]
    public void Render_RandomTemplates_EqualJinja()
    {
        using JsonDocument golden = Load("features.json");
        JsonElement variables = golden.RootElement.GetProperty("variables");
        List<string> faults = [];
        int rendered = 0;
        foreach (JsonElement item in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            rendered += Check(item.GetProperty("template").GetString()!, variables, item, faults) ? 1 : 0;
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
        Assert.True(rendered >= 550, $"{rendered} rendered");
    }

    private static JsonDocument Load(string name) => JsonDocument.Parse(
        File.ReadAllBytes(SharedData.InRepository($"tests/golden/chat-templates/{name}")));

    /// <summary>
    /// Whether the text was rendered and is right; a refusal must be expected, and one by raise_exception must have its
    /// words.
    /// </summary>
    private static bool Check(string source, JsonElement variables, JsonElement item, List<string> faults)
    {
        string? expected = item.TryGetProperty("expected", out JsonElement text) ? text.GetString() : null;
        string? raised = item.TryGetProperty("raised", out JsonElement words) ? words.GetString() : null;
        try
        {
            string actual = ChatTemplate.Parse(source).Render(variables, Now);
            if (actual == expected)
            {
                return true;
            }

            faults.Add($"{item} gave {JsonSerializer.Serialize(actual)}");
        }
        catch (ChatTemplateException fault)
        {
            bool isRight = expected is null && fault.Error != ChatTemplateError.UnsupportedConstruct
                && (raised is null || (fault.Error == ChatTemplateError.Raised && fault.Message == raised));
            if (!isRight)
            {
                faults.Add($"{item} failed: {fault.Message}");
            }
        }

        return false;
    }
}
