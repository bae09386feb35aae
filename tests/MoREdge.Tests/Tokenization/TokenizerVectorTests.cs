using System.Diagnostics;
using System.Text;
using System.Text.Json;
using MoREdge.Tokenization;

namespace MoREdge.Tests.Tokenization;

/// <summary>
/// Ids that other implementations gave for the same vocabularies; sources in tests/golden/tokenizers/PROVENANCE.md.
/// </summary>
public sealed class TokenizerVectorTests
{
    private const string CaseSeparator = "\n__ggml_vocab_test__\n";

    [Theory]
    [InlineData("gpt-2")]
    [InlineData("llama-spm")]
    [InlineData("phi-3")]
    public void Encode_GgmlVocabularyVectors_EqualLlamaCpp(string name)
    {
        Tokenizer tokenizer = PublicTokenizers.Get(name);
        string path = SharedData.Require($"data/tokenizers/ggml-vocab/ggml-vocab-{name}.gguf.inp");
        string[] texts = File.ReadAllText(path).Split(CaseSeparator);
        string[] expected = File.ReadAllText(Path.ChangeExtension(path, ".out")).Split('\n');
        Assert.True(texts.Length > 40);
        for (int i = 0; i < texts.Length; i++)
        {
            int[] ids = tokenizer.Encode(texts[i], addSpecial: false, parseSpecial: false);
            Assert.Equal(expected[i].Trim(), string.Join(' ', ids));
            Assert.Equal(texts[i], tokenizer.Decode(ids));
        }
    }

    [Theory]
    [InlineData("mor-stories")]
    [InlineData("smollm2")]
    [InlineData("tinystories656k")]
    public void EncodeDecode_HuggingFaceVectors_Equal(string name) => Check(PublicTokenizers.Get(name), name);

    /// <summary>One small tokenizer for each way that the families of models put theirs together.</summary>
    [Theory]
    [InlineData("gemma")]
    [InlineData("gpt2")]
    [InlineData("gpt2-prefix")]
    [InlineData("granite")]
    [InlineData("llama2")]
    [InlineData("llama2-normalized")]
    [InlineData("llama3")]
    [InlineData("mistral")]
    [InlineData("olmo")]
    [InlineData("olmo2")]
    [InlineData("phi3")]
    [InlineData("phi4mini")]
    [InlineData("qwen")]
    [InlineData("smollm")]
    [InlineData("spm-unk")]
    [InlineData("spm-unk-each")]
    [InlineData("tekken")]
    public void EncodeDecode_FamilyVectors_Equal(string name)
    {
        string path = SharedData.InRepository($"tests/golden/tokenizers/families/{name}.tokenizer.json");
        Check(new Tokenizer(TokenizerJson.Load(path)), $"families/{name}");
    }

    [Fact]
    public void Encode_Smollm2ReferencePrompts_Equal()
    {
        Tokenizer tokenizer = PublicTokenizers.Get("smollm2");
        using JsonDocument reference = JsonDocument.Parse(
            File.ReadAllBytes(SharedData.Require("data/tokenizers/smollm2/smollm2_135m_reference.json")));
        foreach (JsonElement prompt in reference.RootElement.GetProperty("prompts").EnumerateArray())
        {
            string text = prompt.GetProperty("text").GetString()!;
            Assert.Equal(Ids(prompt.GetProperty("input_ids")), tokenizer.Encode(text));
        }
    }

    [Fact]
    public void EncodeDecode_MorStoriesReference_Equal()
    {
        Tokenizer tokenizer = PublicTokenizers.Get("mor-stories");
        using JsonDocument reference = JsonDocument.Parse(
            File.ReadAllBytes(SharedData.Require("data/checkpoints/mor-stories/reference.json")));
        foreach (JsonElement prompt in reference.RootElement.GetProperty("references").EnumerateArray())
        {
            string text = prompt.GetProperty("prompt").GetString()!;
            Assert.Equal(Ids(prompt.GetProperty("prompt_ids")), tokenizer.Encode(text));
        }
    }

    [Fact]
    public void Load_Tok8192Model_EqualsItsVocabularyListing()
    {
        TokenizerDefinition definition = PublicTokenizers.Load("tok8192");
        string[] lines = File.ReadAllLines(SharedData.Require("data/tokenizers/tinystories-spm8192/tok8192.vocab"));
        Assert.Equal(lines.Length, definition.Tokens.Count);
        for (int id = 0; id < lines.Length; id++)
        {
            string[] parts = lines[id].Split('\t');
            Assert.Equal(parts[0], definition.Tokens[id]);
            Assert.Equal(float.Parse(parts[1]), definition.Scores![id]);
        }

        Assert.True(definition.RemoveExtraWhitespaces && definition.AddSpacePrefix);
    }

    [Fact]
    public void EncodeDecode_Tok512GoldenStory_IsLossless()
    {
        Tokenizer tokenizer = PublicTokenizers.Get("tok512");
        string story = File.ReadAllText(SharedData.Require("data/checkpoints/stories260K/golden_greedy_runc_256.txt"));
        int[] ids = tokenizer.Encode(story);
        Assert.Equal((512, 1, 2), (tokenizer.VocabSize, ids[0], tokenizer.Definition.EosId));
        Assert.Equal(story, tokenizer.Decode(ids));
        Assert.True(ids.Length < story.Length / 2, "Pieces, not characters.");
    }

    [Fact]
    public void Load_Vocabulary49152_IsQuick()
    {
        PublicTokenizers.Get("smollm2");
        Stopwatch clock = Stopwatch.StartNew();
        _ = new Tokenizer(PublicTokenizers.Load("smollm2"));
        TestContext.Current.SendDiagnosticMessage($"49,152 tokens in {clock.ElapsedMilliseconds} ms");
        Assert.True(
            clock.ElapsedMilliseconds < 10_000, $"took {clock.ElapsedMilliseconds} ms on a machine that may be busy");
    }

    private static void Check(Tokenizer tokenizer, string name)
    {
        using JsonDocument vectors = JsonDocument.Parse(
            File.ReadAllBytes(SharedData.InRepository($"tests/golden/tokenizers/{name}.json")));
        List<string> faults = [];
        foreach (JsonElement vector in vectors.RootElement.EnumerateArray())
        {
            string text = vector.GetProperty("text").GetString()!;
            int[] expected = Ids(vector.GetProperty("ids"));
            int[] ids = tokenizer.Encode(text, addSpecial: false);
            int prefix = tokenizer.Encode(text).Length - ids.Length;
            string decoded = tokenizer.Decode(expected, skipSpecial: false);
            string fromBytes = Encoding.UTF8.GetString(tokenizer.DecodeBytes(expected, skipSpecial: false));
            if (!ids.AsSpan().SequenceEqual(expected) || prefix != vector.GetProperty("prefix").GetInt32()
                || decoded != vector.GetProperty("decoded").GetString() || fromBytes != decoded)
            {
                faults.Add($"{vector} gave {string.Join(',', ids)} and {JsonSerializer.Serialize(decoded)}");
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    private static int[] Ids(JsonElement list)
    {
        int[] ids = new int[list.GetArrayLength()];
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = list[i].GetInt32();
        }

        return ids;
    }
}
