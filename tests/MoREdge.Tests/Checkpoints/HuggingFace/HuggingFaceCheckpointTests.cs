using System.Text.Json.Nodes;
using MoREdge.Checkpoints;
using MoREdge.ModelFile;

namespace MoREdge.Tests.Checkpoints.HuggingFace;

public sealed class HuggingFaceCheckpointTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("F32")]
    [InlineData("F16")]
    [InlineData("BF16")]
    [InlineData("F64")]
    public void Open_Llama_ReadsEveryTensorExactly(string dtype)
    {
        SyntheticModel model = SyntheticModel.Llama(2);
        _folder.WriteConfig(SyntheticModel.Config(2));
        _folder.Write("model.safetensors", SafetensorsBuilder.File(model.Tensors, dtype));

        using Checkpoint checkpoint = Checkpoint.Open(_folder.FullPath);

        Assert.Equal(2 + (2 * 9), checkpoint.Tensors.Count);
        Assert.Equal(model.Values("model.embed_tokens.weight"), checkpoint.Tensor("token_embd.weight").ReadAll());
        Assert.Equal(
            model.Values("model.layers.1.mlp.down_proj.weight"), checkpoint.Tensor("blk.1.ffn_down.weight").ReadAll());
        Assert.Equal("llama", checkpoint.Metadata.Architecture);
        Assert.Equal(2, checkpoint.Metadata.RequireInt32("llama.block_count"));
        Assert.Equal(4, checkpoint.Metadata.RequireInt32("llama.attention.key_length"));
        Assert.Equal([0, 2], checkpoint.Metadata.RequireInt32Array(MetadataKeys.EosIds));
        Assert.Contains("tokenizer", Assert.Single(checkpoint.Warnings), StringComparison.Ordinal);
        Assert.False(checkpoint.Has("output.weight"));
    }

    [Fact]
    public void Open_Llama_PairsNeighbouringQueryRowsAsGgufDoes()
    {
        SyntheticModel model = SyntheticModel.Llama(1);
        _folder.WriteConfig(SyntheticModel.Config(1));
        _folder.Write("model.safetensors", SafetensorsBuilder.File(model.Tensors));
        using Checkpoint checkpoint = Checkpoint.Open(_folder.FullPath);
        float[] source = model.Values("model.layers.0.self_attn.q_proj.weight");

        float[] rows = checkpoint.Tensor("blk.0.attn_q.weight").ReadAll();

        // Heads of 4: half-split rows 0 1 2 3 become 0 2 1 3, worked by hand.
        int[] order = [0, 2, 1, 3, 4, 6, 5, 7];
        for (int row = 0; row < order.Length; row++)
        {
            Assert.Equal(source[(order[row] * 8)..((order[row] + 1) * 8)], rows[(row * 8)..((row + 1) * 8)]);
        }
    }

    [Fact]
    public void Open_LlamaThatRotatesAPartOfAHead_LeavesTheRestOfItWhereItIs()
    {
        SyntheticModel model = SyntheticModel.Llama(1);
        Widen("q_proj", 12, 8);
        Widen("k_proj", 6, 8);
        Widen("v_proj", 6, 8);
        Widen("o_proj", 8, 12);
        JsonObject config = SyntheticModel.Config(1);
        config["head_dim"] = 6;
        config["partial_rotary_factor"] = 0.67;
        _folder.WriteConfig(config);
        _folder.Write("model.safetensors", SafetensorsBuilder.File(model.Tensors));
        using Checkpoint checkpoint = Checkpoint.Open(_folder.FullPath);
        float[] source = model.Values("model.layers.0.self_attn.q_proj.weight");

        float[] rows = checkpoint.Tensor("blk.0.attn_q.weight").ReadAll();

        // Heads of 6 whose first 4 are rotated: 0 1 2 3 become 0 2 1 3, worked by hand.
        int[] order = [0, 2, 1, 3, 4, 5, 6, 8, 7, 9, 10, 11];
        for (int row = 0; row < order.Length; row++)
        {
            Assert.Equal(source[(order[row] * 8)..((order[row] + 1) * 8)], rows[(row * 8)..((row + 1) * 8)]);
        }

        void Widen(string name, int rowCount, int columnCount)
        {
            string full = $"model.layers.0.self_attn.{name}.weight";
            model.Tensors.RemoveAll(tensor => tensor.Name == full);
            model.Add(full, rowCount, columnCount);
        }
    }

    [Theory]
    [InlineData(1, 1, 1, 0, false)]
    [InlineData(0, 0, 0, 1, true)]
    public void Open_SmolLm3WithAListOfRotations_WarnsOfOneThatSeemsInverted(
        int first, int second, int third, int fourth, bool warns)
    {
        JsonObject config = SyntheticModel.Config(4, "SmolLM3ForCausalLM");
        config["no_rope_layers"] = new JsonArray(first, second, third, fourth);
        _folder.WriteConfig(config);
        _folder.Write("model.safetensors", SafetensorsBuilder.File(SyntheticModel.Llama(4).Tensors));
        using Checkpoint checkpoint = Checkpoint.Open(_folder.FullPath);

        Assert.Equal(warns, checkpoint.Warnings.Any(
            warning => warning.Contains("no_rope_layers", StringComparison.Ordinal)));
    }

    [Fact]
    public void Open_Qwen2_KeepsHalfSplitRowsAndReadsBiases()
    {
        SyntheticModel model = SyntheticModel.Llama(1);
        model.Add("model.layers.0.self_attn.q_proj.bias", 8);
        model.Add("model.layers.0.self_attn.k_proj.bias", 4);
        model.Add("model.layers.0.self_attn.v_proj.bias", 4);
        _folder.WriteConfig(SyntheticModel.Config(1, "Qwen2ForCausalLM"));
        _folder.Write("model.safetensors", SafetensorsBuilder.File(model.Tensors));

        using Checkpoint checkpoint = Checkpoint.Open(_folder.FullPath);

        Assert.Equal("qwen2", checkpoint.Metadata.Architecture);
        Assert.Equal(
            model.Values("model.layers.0.self_attn.q_proj.weight"), checkpoint.Tensor("blk.0.attn_q.weight").ReadAll());
        Assert.Equal(
            model.Values("model.layers.0.self_attn.k_proj.bias"), checkpoint.Tensor("blk.0.attn_k.bias").ReadAll());
    }

    [Fact]
    public void Open_LlamaWithAttentionBias_PermutesTheBiasLikeItsRows()
    {
        SyntheticModel model = SyntheticModel.Llama(1);
        foreach ((string name, int length) in new[] { ("q", 8), ("k", 4), ("v", 4), ("o", 8) })
        {
            model.Add($"model.layers.0.self_attn.{name}_proj.bias", length);
        }

        JsonObject config = SyntheticModel.Config(1);
        config["attention_bias"] = true;
        _folder.WriteConfig(config);
        _folder.Write("model.safetensors", SafetensorsBuilder.File(model.Tensors));
        using Checkpoint checkpoint = Checkpoint.Open(_folder.FullPath);
        float[] bias = model.Values("model.layers.0.self_attn.k_proj.bias");

        Assert.Equal([bias[0], bias[2], bias[1], bias[3]], checkpoint.Tensor("blk.0.attn_k.bias").ReadAll());
        Assert.True(checkpoint.Has("blk.0.attn_output.bias"));
    }

    [Fact]
    public void Open_ExpertsAndIdleChoices_ReadsABiasOfEveryChoice()
    {
        SyntheticModel model = SyntheticModel.Llama(1);
        model.Tensors.RemoveAll(tensor => tensor.Name.Contains(".mlp.", StringComparison.Ordinal));
        model.Add("model.layers.0.mlp.gate.weight", 3, 8);
        model.Add("model.layers.0.mlp.gate.bias", 3);
        model.Add("model.layers.0.mlp.gate.e_score_correction_bias", 3);
        for (int expert = 0; expert < 2; expert++)
        {
            model.Add($"model.layers.0.mlp.experts.{expert}.gate_proj.weight", 4, 8);
            model.Add($"model.layers.0.mlp.experts.{expert}.up_proj.weight", 4, 8);
            model.Add($"model.layers.0.mlp.experts.{expert}.down_proj.weight", 8, 4);
        }

        JsonObject config = SyntheticModel.Config(1, "MixtureOfExpertsForCausalLM");
        config["moe"] = new JsonObject { ["experts"] = 2, ["used"] = 1, ["hidden"] = 4, ["idle"] = 1 };
        _folder.WriteConfig(config);
        _folder.Write("model.safetensors", SafetensorsBuilder.File(model.Tensors));

        using Checkpoint checkpoint = Checkpoint.Open(_folder.FullPath);

        Assert.Equal(
            model.Values("model.layers.0.mlp.gate.bias"), checkpoint.Tensor("blk.0.ffn_gate_inp.bias").ReadAll());
        Assert.Equal(
            model.Values("model.layers.0.mlp.gate.e_score_correction_bias"),
            checkpoint.Tensor("blk.0.exp_probs_b.bias").ReadAll());
    }

    [Fact]
    public void Open_UntiedHead_IsStoredUnlessItEqualsTheEmbedding()
    {
        SyntheticModel model = SyntheticModel.Llama(1);
        JsonObject config = SyntheticModel.Config(1);
        config["tie_word_embeddings"] = false;
        _folder.WriteConfig(config);
        List<SyntheticTensor> withCopy =
            [.. model.Tensors, new("lm_head.weight", [10, 8], model.Values("model.embed_tokens.weight"))];
        _folder.Write("model.safetensors", SafetensorsBuilder.File(withCopy));
        using (Checkpoint tied = Checkpoint.Open(_folder.FullPath))
        {
            Assert.False(tied.Has("output.weight"));
        }

        model.Add("lm_head.weight", 10, 8);
        _folder.Write("model.safetensors", SafetensorsBuilder.File(model.Tensors));
        using Checkpoint untied = Checkpoint.Open(_folder.FullPath);

        Assert.Equal(model.Values("lm_head.weight"), untied.Tensor("output.weight").ReadAll());
    }

    [Fact]
    public void Open_Shards_ReadsAllOfThem()
    {
        SyntheticModel model = SyntheticModel.Llama(1);
        WriteShards(model);

        using Checkpoint checkpoint = Checkpoint.Open(_folder.FullPath);

        Assert.Equal(model.Values("model.norm.weight"), checkpoint.Tensor("output_norm.weight").ReadAll());
        Assert.Equal(11, checkpoint.Tensors.Count);
    }

    [Fact]
    public void Open_MissingShard_IsRefused()
    {
        WriteShards(SyntheticModel.Llama(1));
        File.Delete(_folder["b.safetensors"]);

        Assert.Equal(CheckpointError.ShardMissing, CheckpointReading.Refusal(_folder.FullPath));
    }

    [Fact]
    public void Open_ShardOutsideTheFolder_IsRefused()
    {
        _folder.WriteConfig(SyntheticModel.Config(1));
        _folder.Write("model.safetensors.index.json", """{"weight_map":{"a":"../a.safetensors"}}""");

        Assert.Equal(CheckpointError.JsonMalformed, CheckpointReading.Refusal(_folder.FullPath));
    }

    [Fact]
    public void Open_Llama3RopeScaling_BecomesFrequencyFactors()
    {
        JsonObject config = SyntheticModel.Config(1);
        config["rope_scaling"] = new JsonObject
        {
            ["rope_type"] = "llama3",
            ["factor"] = 8.0,
            ["low_freq_factor"] = 1.0,
            ["high_freq_factor"] = 4.0,
            ["original_max_position_embeddings"] = 64,
        };
        _folder.WriteConfig(config);
        _folder.Write("model.safetensors", SafetensorsBuilder.File(SyntheticModel.Llama(1).Tensors));

        using Checkpoint checkpoint = Checkpoint.Open(_folder.FullPath);

        // Wavelengths 2π and 200π against 64/4 = 16 and 64/1 = 64: the first is kept, the second divided by 8.
        Assert.Equal([1f, 8f], checkpoint.Tensor("rope_freqs.weight").ReadAll());
    }

    private void WriteShards(SyntheticModel model)
    {
        JsonObject map = [];
        for (int i = 0; i < model.Tensors.Count; i++)
        {
            map[model.Tensors[i].Name] = i < 5 ? "a.safetensors" : "b.safetensors";
        }

        _folder.WriteConfig(SyntheticModel.Config(1));
        _folder.Write("a.safetensors", SafetensorsBuilder.File(model.Tensors[..5]));
        _folder.Write("b.safetensors", SafetensorsBuilder.File(model.Tensors[5..]));
        _folder.Write("model.safetensors.index.json", new JsonObject { ["weight_map"] = map }.ToJsonString());
    }
}
