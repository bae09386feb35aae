using System.Text.Json.Nodes;
using MoREdge.Checkpoints;
using MoREdge.ModelFile;

namespace MoREdge.Tests.Checkpoints.HuggingFace;

/// <summary>Both dialects of RetNet, width 8, 2 heads of 4 key and 8 value columns, and what is refused.</summary>
public sealed class RetNetCheckpointTests : IDisposable
{
    private const int Width = 8;
    private const int FfnDim = 12;
    private const int VocabSize = 10;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Fla_WithTheSettingsOfThePublishedModels_IsRead()
    {
        JsonObject config = Fla();
        config["attn_mode"] = "chunk";
        config["attn"] = null;
        config["conv_size"] = 4;
        config["elementwise_affine"] = true;
        config["feature_map"] = null;
        config["fuse_cross_entropy"] = true;
        config["fuse_norm"] = true;
        config["hidden_ratio"] = 2;
        config["max_position_embeddings"] = 2048;
        config["num_kv_heads"] = null;
        config["use_output_gate"] = true;
        config["use_short_conv"] = false;

        using Checkpoint checkpoint = Open(config, FlaLayer(isFused: false));

        Assert.Equal("retnet", checkpoint.Metadata.Architecture);
        Assert.Equal("fla", checkpoint.Metadata.RequireString("retnet.retention.dialect"));
        Assert.Equal(4u, checkpoint.Metadata.RequireUInt32("retnet.attention.key_length"));
        Assert.Equal(8u, checkpoint.Metadata.RequireUInt32("retnet.attention.value_length"));
        Assert.Equal(2048u, checkpoint.Metadata.RequireUInt32("retnet.context_length"));
        Assert.True(checkpoint.Has(TensorNames.Output));
        Assert.True(checkpoint.Has(TensorNames.Block(0, TensorNames.RetentionNorm)));
        Assert.True(checkpoint.Has(TensorNames.Block(0, TensorNames.RetentionGate)));
    }

    [Fact]
    public void Fla_WithoutAFeedForwardWidth_HasTheRulesOwn()
    {
        JsonObject config = Fla();
        config["intermediate_size"] = null;
        config["hidden_size"] = 2048;
        config["num_heads"] = 8;

        // The widths of the tensors are others, and the first one says so.
        Assert.Equal(CheckpointError.ShapeMismatch, Refusal(config, FlaLayer(isFused: false)));

        SyntheticModel wide = new();
        wide.Add("model.embeddings.weight", VocabSize, Width);
        wide.Add("model.norm.weight", Width);
        wide.Add("lm_head.weight", VocabSize, Width);
        AddFlaLayer(wide, ffnDim: 256, isFused: false);
        JsonObject narrow = Fla();
        narrow["intermediate_size"] = null;
        using Checkpoint checkpoint = Open(narrow, wide);
        Assert.Equal(256u, checkpoint.Metadata.RequireUInt32("retnet.feed_forward_length"));
    }

    [Fact]
    public void Fla_GateAndUpProjectionInOne_AreTakenApart()
    {
        SyntheticModel model = FlaLayer(isFused: true);
        float[] both = model.Values("model.layers.0.mlp.gate_proj.weight");

        using Checkpoint checkpoint = Open(Fla(), model);

        float[] gate = checkpoint.Tensor(TensorNames.Block(0, TensorNames.FfnGate)).ReadAll();
        float[] up = checkpoint.Tensor(TensorNames.Block(0, TensorNames.FfnUp)).ReadAll();
        Assert.Equal(both[..gate.Length], gate);
        Assert.Equal(both[gate.Length..], up);
    }

    [Fact]
    public void Torchscale_FirstProjection_IsTheGate()
    {
        SyntheticModel model = TorchscaleLayer();
        model.Add("model.retnet_rel_pos.angle", 4);
        model.Add("model.retnet_rel_pos.decay", 2);

        JsonObject config = Torchscale();
        config["no_scale_embedding"] = false;

        using Checkpoint checkpoint = Open(config, model);

        Assert.Equal("torchscale", checkpoint.Metadata.RequireString("retnet.retention.dialect"));
        Assert.Equal(Math.Sqrt(Width), checkpoint.Metadata.RequireFloat64("retnet.embedding_scale"), 1e-6);
        Assert.Equal(
            model.Values("model.layers.0.ffn.fc1.weight"),
            checkpoint.Tensor(TensorNames.Block(0, TensorNames.FfnGate)).ReadAll());
        Assert.Equal(
            model.Values("model.layers.0.ffn.gate.weight"),
            checkpoint.Tensor(TensorNames.Block(0, TensorNames.FfnUp)).ReadAll());
    }

    [Theory]
    [InlineData("num_heads", "0", CheckpointError.InvalidValue)]
    [InlineData("num_heads", "3", CheckpointError.InvalidValue)]
    [InlineData("num_kv_heads", "3", CheckpointError.InvalidValue)]
    [InlineData("expand_v", "0.3", CheckpointError.InvalidValue)]
    [InlineData("expand_v", "1e300", CheckpointError.InvalidValue)]
    [InlineData("expand_v", "3", CheckpointError.ShapeMismatch)]
    [InlineData("expand_k", "0.25", CheckpointError.InvalidValue)]
    [InlineData("expand_k", "-1", CheckpointError.InvalidValue)]
    [InlineData("hidden_size", "null", CheckpointError.MissingKey)]
    [InlineData("hidden_act", "\"gelu\"", CheckpointError.UnsupportedOption)]
    [InlineData("feature_map", "\"elu\"", CheckpointError.UnsupportedOption)]
    [InlineData("use_short_conv", "true", CheckpointError.UnsupportedOption)]
    [InlineData("elementwise_affine", "false", CheckpointError.UnsupportedOption)]
    [InlineData("attn", "{\"layers\":[1]}", CheckpointError.UnsupportedOption)]
    [InlineData("attnres_block_size", "4", CheckpointError.UnsupportedOption)]
    [InlineData("mor", "{}", CheckpointError.UnsupportedOption)]
    [InlineData("use_output_gate", "false", CheckpointError.UnexpectedTensor)]
    [InlineData("some_future_option", "1", CheckpointError.UnsupportedOption)]
    public void Fla_WrongOrUnsupportedSetting_IsRefusedByName(string key, string json, CheckpointError expected)
    {
        JsonObject config = Fla();
        config[key] = JsonNode.Parse(json);

        Assert.Equal(expected, Refusal(config, FlaLayer(isFused: false)));
    }

    [Theory]
    [InlineData("hybrid_attention_layers", "[]", CheckpointError.UnsupportedOption)]
    [InlineData("retnet_stability_update", "false", CheckpointError.UnsupportedOption)]
    [InlineData("rotary_percentage", "1.0", CheckpointError.UnsupportedOption)]
    [InlineData("deepnorm", "true", CheckpointError.UnsupportedOption)]
    [InlineData("decoder_normalize_before", "false", CheckpointError.UnsupportedOption)]
    [InlineData("activation_fn", "\"relu\"", CheckpointError.UnsupportedOption)]
    [InlineData("decoder_value_embed_dim", "15", CheckpointError.InvalidValue)]
    [InlineData("decoder_retention_heads", "8", CheckpointError.InvalidValue)]
    [InlineData("layernorm_embedding", "true", CheckpointError.MissingTensor)]
    [InlineData("use_glu", "false", CheckpointError.UnsupportedOption)]
    [InlineData("moe_freq", "2", CheckpointError.UnsupportedOption)]
    public void Torchscale_WrongOrUnsupportedSetting_IsRefusedByName(
        string key, string json, CheckpointError expected)
    {
        JsonObject config = Torchscale();
        config[key] = JsonNode.Parse(json);

        Assert.Equal(expected, Refusal(config, TorchscaleLayer()));
    }

    [Fact]
    public void Torchscale_SublayerNormOfAnUngatedNetwork_IsRefused()
    {
        JsonObject config = Torchscale();
        config["subln"] = true;
        Open(config, TorchscaleLayer()).Dispose();
        config["use_glu"] = false;

        Assert.Equal(CheckpointError.UnsupportedOption, Refusal(config, TorchscaleLayer()));
        config["subln"] = false;
        Assert.Equal(CheckpointError.UnexpectedTensor, Refusal(config, TorchscaleLayer()));
    }

    [Fact]
    public void Torchscale_OfTheEraOfBiases_IsRefused()
    {
        SyntheticModel model = TorchscaleLayer();
        model.Add("model.layers.0.retention.q_proj.bias", Width);

        Assert.Equal(CheckpointError.UnsupportedOption, Refusal(Torchscale(), model));
    }

    private static JsonObject Fla() => new()
    {
        ["architectures"] = new JsonArray("RetNetForCausalLM"),
        ["model_type"] = "retnet",
        ["hidden_size"] = Width,
        ["num_hidden_layers"] = 1,
        ["num_heads"] = 2,
        ["expand_k"] = 1,
        ["expand_v"] = 2,
        ["intermediate_size"] = FfnDim,
        ["vocab_size"] = VocabSize,
        ["hidden_act"] = "swish",
    };

    /// <summary>torchscale's own checkpoints have no "model.", and fairseq's "decoder." before every name.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("decoder.")]
    public void Torchscale_OwnNames_AreThoseOfThePort(string prefix)
    {
        SyntheticModel model = TorchscaleLayer(prefix);
        model.Add(prefix + "output_projection.weight", VocabSize, Width);
        model.Add(prefix + "retnet_rel_pos.angle", 4);
        JsonObject config = Torchscale();
        config["tie_word_embeddings"] = false;

        using Checkpoint checkpoint = Open(config, model);

        Assert.Equal(
            model.Values(prefix + "output_projection.weight"), checkpoint.Tensor(TensorNames.Output).ReadAll());
        Assert.Equal(
            model.Values(prefix + "layers.0.ffn.fc1.weight"),
            checkpoint.Tensor(TensorNames.Block(0, TensorNames.FfnGate)).ReadAll());
    }

    [Fact]
    public void Torchscale_TwoNamesOfOneTensor_AreRefused()
    {
        SyntheticModel model = TorchscaleLayer();
        model.Add("decoder.layer_norm.weight", Width);
        Assert.Equal(CheckpointError.DuplicateTensor, Refusal(Torchscale(), model));
    }

    private static JsonObject Torchscale() => new()
    {
        ["model_type"] = "retnet",
        ["decoder_embed_dim"] = Width,
        ["decoder_value_embed_dim"] = 2 * Width,
        ["decoder_retention_heads"] = 2,
        ["decoder_ffn_embed_dim"] = FfnDim,
        ["decoder_layers"] = 1,
        ["activation_fn"] = "swish",
        ["vocab_size"] = VocabSize,
        ["tie_word_embeddings"] = true,
    };

    private static SyntheticModel FlaLayer(bool isFused)
    {
        SyntheticModel model = new();
        model.Add("model.embeddings.weight", VocabSize, Width);
        model.Add("model.norm.weight", Width);
        model.Add("lm_head.weight", VocabSize, Width);
        AddFlaLayer(model, FfnDim, isFused);
        return model;
    }

    private static void AddFlaLayer(SyntheticModel model, int ffnDim, bool isFused)
    {
        Add("attn_norm.weight", Width);
        Add("attn.q_proj.weight", Width, Width);
        Add("attn.k_proj.weight", Width, Width);
        Add("attn.v_proj.weight", 2 * Width, Width);
        Add("attn.g_proj.weight", 2 * Width, Width);
        Add("attn.o_proj.weight", Width, 2 * Width);
        Add("attn.g_norm_swish_gate.weight", Width);
        Add("mlp_norm.weight", Width);
        Add("mlp.gate_proj.weight", isFused ? 2 * ffnDim : ffnDim, Width);
        if (!isFused)
        {
            Add("mlp.up_proj.weight", ffnDim, Width);
        }

        Add("mlp.down_proj.weight", Width, ffnDim);

        void Add(string suffix, params int[] shape) => model.Add("model.layers.0." + suffix, shape);
    }

    private static SyntheticModel TorchscaleLayer(string prefix = "model.")
    {
        SyntheticModel model = new();
        model.Add(prefix + "embed_tokens.weight", VocabSize, Width);
        model.Add(prefix + "layer_norm.weight", Width);
        Add("retention_layer_norm.weight", Width);
        Add("retention.q_proj.weight", Width, Width);
        Add("retention.k_proj.weight", Width, Width);
        Add("retention.v_proj.weight", 2 * Width, Width);
        Add("retention.g_proj.weight", 2 * Width, Width);
        Add("retention.out_proj.weight", Width, 2 * Width);
        Add("final_layer_norm.weight", Width);
        Add("ffn.fc1.weight", FfnDim, Width);
        Add("ffn.gate.weight", FfnDim, Width);
        Add("ffn.fc2.weight", Width, FfnDim);
        return model;

        void Add(string suffix, params int[] shape) => model.Add(prefix + "layers.0." + suffix, shape);
    }

    private Checkpoint Open(JsonObject config, SyntheticModel model)
    {
        Write(config, model);
        return Checkpoint.Open(_folder.FullPath);
    }

    private CheckpointError Refusal(JsonObject config, SyntheticModel model)
    {
        Write(config, model);
        return CheckpointReading.Refusal(_folder.FullPath);
    }

    private void Write(JsonObject config, SyntheticModel model)
    {
        _folder.WriteConfig(config);
        _folder.Write("model.safetensors", SafetensorsBuilder.File(model.Tensors));
    }
}
