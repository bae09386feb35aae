using System.Text.Json;
using System.Text.Json.Nodes;
using MoREdge.Checkpoints;
using MoREdge.Checkpoints.HuggingFace;
using MoREdge.Checkpoints.HuggingFace.Families;

namespace MoREdge.Tests.Checkpoints.HuggingFace;

/// <summary>config.json of models that people have (tests/golden/configs): each key must be read or harmless.</summary>
public sealed class PublishedConfigTests
{
    private static readonly JsonObject Published = JsonNode.Parse(
        File.ReadAllText(SharedData.InRepository("tests/golden/configs/published.json")))!.AsObject();

    public static TheoryData<string> Names() => [.. Published.Select(model => model.Key)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Read_PublishedConfiguration_IsUnderstood(string name)
    {
        DecoderConfig config = Read(Published[name]!);

        Assert.Equal(Published[name]!["vocab_size"]!.GetValue<int>(), config.VocabSize);
    }

    [Fact]
    public void Read_OlmoeOfSeptember2024_HasTheEpsilonOfItsClass()
    {
        Assert.Equal(1e-5, Read(Published["allenai/OLMoE-1B-7B-0924"]!).RmsNormEpsilon);
    }

    [Fact]
    public void Read_ExpertsUnderTheirNewName_AreCounted()
    {
        JsonNode config = Published["Qwen/Qwen3-30B-A3B-Thinking-2507, saved by transformers 5"]!;

        Assert.Equal(128, Read(config).Experts!.Count);
    }

    /// <summary>What is accepted because it is off, or as usual, is refused where it is not.</summary>
    [Theory]
    [InlineData("microsoft/Phi-4-mini-instruct", "full_attn_mod", "2")]
    [InlineData("microsoft/Phi-4-mini-instruct", "interpolate_factor", "2")]
    [InlineData("microsoft/Phi-4-mini-instruct", "lm_head_bias", "true")]
    [InlineData("microsoft/Phi-4-mini-instruct", "mlp_bias", "true")]
    [InlineData("google/gemma-2-9b", "sliding_window_size", "2048")]
    [InlineData("google/gemma-3-270m", "use_bidirectional_attention", "true")]
    [InlineData("HuggingFaceTB/SmolLM3-3B", "use_sliding_window", "true")]
    [InlineData("Qwen/Qwen3-Coder-30B-A3B-Instruct", "use_qk_norm", "false")]
    [InlineData("Qwen/Qwen3-Coder-30B-A3B-Instruct", "qkv_bias", "true")]
    [InlineData("Qwen/Qwen3-Coder-30B-A3B-Instruct", "shared_expert_intermediate_size", "512")]
    [InlineData("Qwen/Qwen2.5-7B-Instruct", "use_mrope", "true")]
    [InlineData("ibm-research/moe-7b-1b-active-shared-experts", "position_embedding_type", "\"nope\"")]
    [InlineData("Nanbeige/Nanbeige4.2-3B, saved by its class", "enable_hyper_connection", "true")]
    [InlineData("Nanbeige/Nanbeige4.2-3B, saved by its class", "enable_depth_attention", "true")]
    [InlineData("ByteDance/Ouro-2.6B", "early_exit_step", "2")]
    [InlineData("tomg-group-umd/huginn-0125", "head_dim", "64")]
    [InlineData("tomg-group-umd/huginn-0125", "num_key_value_heads", "5")]
    [InlineData("RetNet of torchscale, all settings of its class", "moe_freq", "2")]
    [InlineData("RetNet of torchscale, all settings of its class", "xpos_rel_pos", "true")]
    [InlineData("RetNet of torchscale, all settings of its class", "use_ffn_rms_norm", "true")]
    public void Read_SettingThatIsNoLongerOff_IsRefused(string name, string key, string json)
    {
        JsonObject config = Published[name]!.DeepClone().AsObject();
        config[key] = JsonNode.Parse(json);

        CheckpointException fault = Assert.Throws<CheckpointException>(() => Read(config));

        Assert.Equal(CheckpointError.UnsupportedOption, fault.Error);
    }

    private static DecoderConfig Read(JsonNode json)
    {
        ConfigObject config = new(JsonDocument.Parse(json.ToJsonString()).RootElement, "config.json");
        return FamilyList.Of(config).Read(config);
    }
}
