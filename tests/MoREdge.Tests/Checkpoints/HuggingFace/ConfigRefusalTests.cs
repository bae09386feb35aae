using System.Text.Json.Nodes;
using MoREdge.Checkpoints;

namespace MoREdge.Tests.Checkpoints.HuggingFace;

public sealed class ConfigRefusalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("architectures", "[\"GemmaForCausalLM\"]", CheckpointError.UnsupportedArchitecture)]
    [InlineData("mod", "{}", CheckpointError.UnsupportedArchitecture)]
    [InlineData("moe", "{}", CheckpointError.UnsupportedArchitecture)]
    [InlineData("hidden_act", "\"gelu\"", CheckpointError.UnsupportedOption)]
    [InlineData("some_future_option", "true", CheckpointError.UnsupportedOption)]
    [InlineData("some_future_factor", "0.5", CheckpointError.UnsupportedOption)]
    [InlineData("rope_interleaved", "true", CheckpointError.UnsupportedOption)]
    [InlineData("quantization_config", "{}", CheckpointError.UnsupportedOption)]
    [InlineData("partial_rotary_factor", "0.001", CheckpointError.InvalidValue)]
    [InlineData("layer_types", "[\"chunked_attention\"]", CheckpointError.UnsupportedOption)]
    [InlineData("rope_scaling", "{\"type\":\"dynamic\",\"factor\":4}", CheckpointError.UnsupportedOption)]
    [InlineData("rope_scaling", "{\"type\":\"linear\",\"factor\":4,\"twist\":2}", CheckpointError.UnsupportedOption)]
    [InlineData("rope_scaling", "{\"type\":\"linear\"}", CheckpointError.MissingKey)]
    [InlineData(
        "rope_scaling",
        "{\"type\":\"llama3\",\"factor\":8,\"low_freq_factor\":4,\"high_freq_factor\":4,"
        + "\"original_max_position_embeddings\":32}",
        CheckpointError.InvalidValue)]
    [InlineData("hidden_size", "null", CheckpointError.MissingKey)]
    [InlineData("hidden_size", "-8", CheckpointError.InvalidValue)]
    [InlineData("hidden_size", "4294967296", CheckpointError.InvalidValue)]
    [InlineData("num_attention_heads", "3", CheckpointError.InvalidValue)]
    [InlineData("rms_norm_eps", "\"small\"", CheckpointError.InvalidValue)]
    [InlineData("eos_token_id", "[1.5]", CheckpointError.InvalidValue)]
    [InlineData("intermediate_size", "16", CheckpointError.ShapeMismatch)]
    [InlineData("num_hidden_layers", "2", CheckpointError.RecursionMismatch)]
    [InlineData("tie_word_embeddings", "false", CheckpointError.MissingTensor)]
    [InlineData("attention_bias", "true", CheckpointError.MissingTensor)]
    public void Open_WrongOrUnsupportedSetting_IsRefusedByName(string key, string json, CheckpointError expected)
    {
        JsonObject config = SyntheticModel.Config(1);
        config[key] = JsonNode.Parse(json);
        _folder.WriteConfig(config);
        _folder.Write("model.safetensors", SafetensorsBuilder.File(SyntheticModel.Llama(1).Tensors));

        Assert.Equal(expected, CheckpointReading.Refusal(_folder.FullPath));
    }

    [Theory]
    [InlineData("Qwen2ForCausalLM")]
    [InlineData("Qwen3ForCausalLM")]
    [InlineData("MistralForCausalLM")]
    public void Open_RecursionsOfAnotherFamilysLayers_AreRefused(string name)
    {
        JsonObject config = SyntheticModel.Config(1, name);
        config["mor"] = SyntheticModel.Mor("expert", 3, "middle_cycle");
        _folder.WriteConfig(config);
        _folder.Write("model.safetensors", SafetensorsBuilder.File(SyntheticModel.Llama(1).Tensors));

        Assert.Equal(CheckpointError.UnsupportedOption, CheckpointReading.Refusal(_folder.FullPath));
    }

    [Fact]
    public void Open_MistralThatDoesNotMentionItsWindow_HasTheFamilysWindow()
    {
        JsonObject config = SyntheticModel.Config(1, "MistralForCausalLM");
        config["max_position_embeddings"] = 32768;
        _folder.WriteConfig(config);
        _folder.Write("model.safetensors", SafetensorsBuilder.File(SyntheticModel.Llama(1).Tensors));
        using (Checkpoint checkpoint = Checkpoint.Open(_folder.FullPath))
        {
            Assert.Equal(4096u, checkpoint.Metadata.RequireUInt32("llama.attention.sliding_window"));
        }

        config["sliding_window"] = null;
        _folder.WriteConfig(config);
        using Checkpoint without = Checkpoint.Open(_folder.FullPath);

        Assert.Equal("llama", without.Metadata.Architecture);
        Assert.False(without.Metadata.Contains("llama.attention.sliding_window"));
    }

    [Theory]
    [InlineData("model.layers.0.self_attn.q_norm.weight", CheckpointError.UnexpectedTensor)]
    [InlineData("model.layers.0.recursion_encoding.weight", CheckpointError.UnsupportedOption)]
    [InlineData("model.layers.x.self_attn.q_proj.weight", CheckpointError.UnexpectedTensor)]
    public void Open_TensorWithoutAPlace_IsRefused(string name, CheckpointError expected)
    {
        SyntheticModel model = SyntheticModel.Llama(1);
        model.Add(name, 4);
        _folder.WriteConfig(SyntheticModel.Config(1));
        _folder.Write("model.safetensors", SafetensorsBuilder.File(model.Tensors));

        Assert.Equal(expected, CheckpointReading.Refusal(_folder.FullPath));
    }

    [Fact]
    public void Open_BrokenSources_AreRefusedByName()
    {
        Assert.Equal(CheckpointError.SourceNotFound, CheckpointReading.Refusal(_folder["absent.safetensors"]));
        Assert.Equal(CheckpointError.MissingConfig, CheckpointReading.Refusal(_folder.FullPath));
        Assert.Equal(CheckpointError.UnknownFormat, CheckpointReading.Refusal(_folder.Write("empty", "")));
        Assert.Equal(
            CheckpointError.UnknownFormat, CheckpointReading.Refusal(_folder.Write("text", new string('x', 999))));
        _folder.WriteConfig(SyntheticModel.Config(1));
        Assert.Equal(CheckpointError.MissingWeights, CheckpointReading.Refusal(_folder.FullPath));
        _folder.Write("config.json", "{");
        Assert.Equal(CheckpointError.JsonMalformed, CheckpointReading.Refusal(_folder.FullPath));
        byte[] tar = new byte[600];
        "ustar"u8.CopyTo(tar.AsSpan(257));
        Assert.Equal(CheckpointError.LegacyPyTorch, CheckpointReading.Refusal(_folder.Write("old.bin", tar)));
        byte[] pickle = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9];
        Assert.Equal(CheckpointError.LegacyPyTorch, CheckpointReading.Refusal(_folder.Write("older.bin", pickle)));
    }

    /// <summary>What a clone without Git LFS holds in the place of its large files.</summary>
    [Theory]
    [InlineData("config.json")]
    [InlineData("model.safetensors")]
    [InlineData("pytorch_model.bin")]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer.model")]
    [InlineData("model-q4.gguf")]
    public void Open_PointerOfGitLfs_SaysWhatFetchesTheFile(string name)
    {
        _folder.WriteConfig(SyntheticModel.Config(1));
        if (name != "pytorch_model.bin")
        {
            _folder.Write("model.safetensors", SafetensorsBuilder.File(SyntheticModel.Llama(1).Tensors));
        }

        string pointer = _folder.Write(
            name, $"version https://git-lfs.github.com/spec/v1\noid sha256:{new string('0', 64)}\nsize 4096\n");
        string source = name.EndsWith(".gguf", StringComparison.Ordinal) ? pointer : _folder.FullPath;

        CheckpointException fault = Assert.Throws<CheckpointException>(() => Checkpoint.Open(source).Dispose());

        Assert.Equal(CheckpointError.GitLfsPointer, fault.Error);
        Assert.Contains(name, fault.Message, StringComparison.Ordinal);
        Assert.Contains("git lfs pull", fault.Message, StringComparison.Ordinal);
    }
}
