using System.Text.Json;
using System.Text.Json.Nodes;
using MoREdge.Checkpoints;
using MoREdge.Checkpoints.HuggingFace;
using MoREdge.Checkpoints.HuggingFace.Families;
using MoREdge.ModelFile;

namespace MoREdge.Tests.Checkpoints.HuggingFace;

/// <summary>
/// What a config.json means that leaves settings out: the defaults of the configuration classes, read in transformers'
/// configuration_*.py, the authors' configuration_nanbeige.py, a copy of OuroConfig, and torchscale's config.py.
/// </summary>
public sealed class ConfigDefaultTests
{
    private const int Width = 256;
    private const int Heads = 4;

    [Theory]
    [InlineData("LlamaForCausalLM", 1e-6, 1e4, 2048, 64, false)]
    [InlineData("MistralForCausalLM", 1e-6, 1e4, 131072, 64, false)]
    [InlineData("MixtralForCausalLM", 1e-5, 1e6, 131072, 64, false)]
    [InlineData("Qwen2ForCausalLM", 1e-6, 1e4, 32768, 64, false)]
    [InlineData("Qwen2MoeForCausalLM", 1e-6, 1e4, 32768, 64, false)]
    [InlineData("Qwen3ForCausalLM", 1e-6, 1e4, 32768, 128, false)]
    [InlineData("Qwen3MoeForCausalLM", 1e-6, 1e4, 32768, 64, false)]
    [InlineData("Gemma2ForCausalLM", 1e-6, 1e4, 8192, 256, true)]
    [InlineData("Gemma3ForCausalLM", 1e-6, 1e6, 131072, 256, true)]
    [InlineData("Phi3ForCausalLM", 1e-5, 1e4, 4096, 64, false)]
    [InlineData("GraniteForCausalLM", 1e-6, 1e4, 2048, 64, false)]
    [InlineData("GraniteMoeForCausalLM", 1e-6, 1e4, 2048, 64, false)]
    [InlineData("Olmo2ForCausalLM", 1e-5, 1e4, 2048, 64, false)]
    [InlineData("OlmoeForCausalLM", 1e-5, 1e4, 4096, 64, false)]
    [InlineData("SmolLM3ForCausalLM", 1e-6, 2e6, 32768, 64, true)]
    [InlineData("NanbeigeForCausalLM", 1e-6, 1e4, 2048, 64, false)]
    [InlineData("OuroForCausalLM", 1e-6, 1e4, 32768, 64, false)]
    public void Read_WithoutOptionalSettings_TakesThoseOfTheClass(
        string name, double epsilon, double ropeBase, int context, int headDim, bool isTied)
    {
        DecoderConfig config = Read(Sizes(name));

        Assert.Equal(epsilon, config.RmsNormEpsilon);
        Assert.Equal(ropeBase, config.Rope.Base);
        Assert.Equal(context, config.ContextLength);
        Assert.Equal(headDim, config.HeadDim);
        Assert.Equal(isTied, config.IsHeadTied);
    }

    [Theory]
    [InlineData("MistralForCausalLM", 4096)]
    [InlineData("Gemma2ForCausalLM", 4096)]
    [InlineData("Gemma3ForCausalLM", 4096)]
    [InlineData("MixtralForCausalLM", 0)]
    [InlineData("Phi3ForCausalLM", 0)]
    public void Read_WindowThatIsNotMentioned_IsThatOfTheClass(string name, int expected)
    {
        Assert.Equal(expected, Read(Sizes(name)).Window);
    }

    [Fact]
    public void Read_NegativeWindow_IsRefused()
    {
        JsonObject json = Sizes("MistralForCausalLM");
        json["sliding_window"] = -1;

        Assert.Equal(CheckpointError.InvalidValue, Assert.Throws<CheckpointException>(() => Read(json)).Error);
    }

    /// <summary>Its class ignores the key: behind the window logits were off by 1.2 of their size.</summary>
    [Fact]
    public void Read_LlamaWithAWindow_SeesEverything()
    {
        JsonObject json = Sizes("LlamaForCausalLM");
        json["sliding_window"] = 16;
        Assert.Equal(0, Read(json).Window);

        json["layer_types"] = new JsonArray(
            "sliding_attention", "full_attention", "sliding_attention", "full_attention");
        Assert.Equal(16, Read(json).Window);
    }

    [Theory]
    [InlineData("MistralForCausalLM")]
    [InlineData("Gemma2ForCausalLM")]
    [InlineData("Qwen2ForCausalLM")]
    [InlineData("Qwen3ForCausalLM")]
    public void Read_WindowThatIsNull_IsNone(string name)
    {
        JsonObject json = Sizes(name);
        json["sliding_window"] = null;
        json["use_sliding_window"] = name.StartsWith("Qwen", StringComparison.Ordinal) ? true : null;

        Assert.Equal(0, Read(json).Window);
    }

    [Fact]
    public void Read_LayersThatDiffer_AreCountedAsTheirClassCountsThem()
    {
        JsonObject gemma = Sizes("Gemma3ForCausalLM");
        gemma["sliding_window_pattern"] = 2;
        Assert.Equal([true, false, true, false], Read(gemma).HasWindow!);

        JsonObject qwen = Sizes("Qwen2MoeForCausalLM");
        qwen["use_sliding_window"] = true;
        qwen["max_window_layers"] = 3;
        qwen["decoder_sparse_step"] = 2;
        DecoderConfig config = Read(qwen);
        Assert.Equal([true, false, true, false], config.HasWindow!);
        Assert.Equal([false, true, false, true], Experts(config));

        qwen["max_window_layers"] = 2;
        qwen["mlp_only_layers"] = new JsonArray(3);
        config = Read(qwen);
        Assert.Equal([true, false, false, false], config.HasWindow!);
        Assert.Equal([false, true, false, false], Experts(config));
        static bool[] Experts(DecoderConfig config) => [.. Enumerable.Range(0, 4).Select(config.HasExperts)];
    }

    /// <summary>√1152 is 33.94…; bfloat16 has 34 there.</summary>
    [Theory]
    [InlineData("bfloat16", 34.0)]
    [InlineData("float32", 33.941123962402344)]
    public void Read_GemmasScale_IsRoundedToTheTypeOfItsTraining(string type, double expected)
    {
        JsonObject json = Sizes("Gemma3ForCausalLM");
        json["hidden_size"] = 1152;
        json["torch_dtype"] = type;

        Assert.Equal(expected, Read(json).EmbeddingScale);
    }

    /// <summary>A file of Gemma 2 without the keys means the usual bounds, so that none has to be written.</summary>
    [Fact]
    public void Read_GemmaWithoutBounds_SaysSo()
    {
        JsonObject json = Sizes("Gemma2ForCausalLM");
        Assert.Equal((50, 30), (Read(json).AttentionSoftCap, Read(json).LogitSoftCap));

        json["attn_logit_softcapping"] = null;
        json["final_logit_softcapping"] = null;
        DecoderConfig config = Read(json);
        GgufMetadata metadata = new();
        config.WriteTo(metadata, config.Architecture, config.LayerCount);

        Assert.Equal(0, metadata.RequireFloat64("gemma2.attn_logit_softcapping"));
        Assert.Equal(0, metadata.RequireFloat64("gemma2.final_logit_softcapping"));
    }

    /// <summary>Layers with a window have a base of their own, however short the text is.</summary>
    [Theory]
    [InlineData("Gemma3ForCausalLM", 512, 512)]
    [InlineData("Gemma3ForCausalLM", 4096, 512)]
    [InlineData("Gemma3ForCausalLM", 511, 511)]
    [InlineData("MistralForCausalLM", 512, 0)]
    public void Read_WindowThatHoldsTheContext_StaysWhereItsLayersHaveTheirOwnAngles(
        string name, int window, int expected)
    {
        JsonObject json = Sizes(name);
        json["max_position_embeddings"] = 512;
        json["sliding_window"] = window;
        DecoderConfig config = Read(json);
        GgufMetadata metadata = new();
        config.WriteTo(metadata, config.Architecture, config.LayerCount);

        Assert.Equal(expected, metadata.GetInt32($"{config.Architecture}.attention.sliding_window", 0));
        Assert.Equal(expected > 0, metadata.Contains($"{config.Architecture}.attention.sliding_window_pattern"));
    }

    [Theory]
    [InlineData("rope_parameters")]
    [InlineData("rope_scaling")]
    public void Read_BaseInsideAndOutsideOfTheObject_IsThatInside(string key)
    {
        JsonObject json = Sizes("LlamaForCausalLM");
        json["rope_theta"] = 777;
        json[key] = new JsonObject { ["rope_type"] = "linear", ["factor"] = 2, ["rope_theta"] = 123 };
        Assert.Equal((123, 2), (Read(json).Rope.Base, Read(json).Rope.Factor));

        json[key]!.AsObject().Remove("rope_theta");
        Assert.Equal(777, Read(json).Rope.Base);
    }

    /// <summary>null is an ordinary head per key; a key that is not there is the number of a large model.</summary>
    [Theory]
    [InlineData("MistralForCausalLM")]
    [InlineData("MixtralForCausalLM")]
    [InlineData("Qwen2ForCausalLM")]
    [InlineData("Qwen3ForCausalLM")]
    [InlineData("SmolLM3ForCausalLM")]
    public void Read_KeyValueHeadsThatAreNull_AreAsManyAsHeads(string name)
    {
        JsonObject json = Sizes(name);
        json["num_key_value_heads"] = null;
        Assert.Equal(Heads, Read(json).KvHeadCount);

        json.Remove("num_key_value_heads");
        Assert.Equal(CheckpointError.MissingKey, Assert.Throws<CheckpointException>(() => Read(json)).Error);
    }

    [Fact]
    public void Read_PhiThatStatesNoOriginalContext_IsStretchedFromTheFamilys()
    {
        JsonArray factors = [.. Enumerable.Repeat(1.0, 32).Select(factor => JsonValue.Create(factor))];
        JsonObject json = Sizes("Phi3ForCausalLM");
        json["max_position_embeddings"] = 131072;
        json["rope_scaling"] = new JsonObject
        {
            ["type"] = "longrope",
            ["short_factor"] = factors,
            ["long_factor"] = factors.DeepClone(),
        };

        RopeSettings rope = Read(json).Rope;

        Assert.Equal(4096, rope.OriginalContext);

        // √(1 + ln 32 / ln 4096)
        Assert.Equal(1.1902380714238083, rope.Amplitude, 1e-12);
    }

    [Fact]
    public void Read_TorchscaleThatSaysNothing_NeitherScalesNorNormsInside()
    {
        JsonObject json = new()
        {
            ["model_type"] = "retnet",
            ["decoder_embed_dim"] = Width,
            ["decoder_value_embed_dim"] = 2 * Width,
            ["decoder_retention_heads"] = Heads,
            ["decoder_ffn_embed_dim"] = Width,
            ["decoder_layers"] = 1,
            ["vocab_size"] = 10,
        };

        Assert.Null(Read(json).EmbeddingScale);

        // The usual "subln" is a norm of the network without a gate.
        json["use_glu"] = false;
        Assert.Equal(
            CheckpointError.UnsupportedOption, Assert.Throws<CheckpointException>(() => Read(json)).Error);
        json["subln"] = false;
        Assert.False(Read(json).Retention!.IsFfnGated);
    }

    [Fact]
    public void Of_UnknownClass_NamesTheOthersOnceEach()
    {
        string sentence = Assert.Throws<CheckpointException>(() => Read(Sizes("OtherForCausalLM"))).Message;

        Assert.Equal(2, sentence.Split("RetNetForCausalLM").Length);
        Assert.Contains("LlamaForCausalLM", sentence, StringComparison.Ordinal);
    }

    private static JsonObject Sizes(string name) => new()
    {
        ["architectures"] = new JsonArray(name),
        ["hidden_size"] = Width,
        ["intermediate_size"] = Width,
        ["num_hidden_layers"] = 4,
        ["num_attention_heads"] = Heads,
        ["num_key_value_heads"] = Heads,
        ["vocab_size"] = 10,
    };

    private static DecoderConfig Read(JsonObject json)
    {
        ConfigObject config = new(JsonDocument.Parse(json.ToJsonString()).RootElement, "config.json");
        return FamilyList.Of(config).Read(config);
    }
}
