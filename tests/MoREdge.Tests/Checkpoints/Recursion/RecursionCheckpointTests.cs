using System.Text.Json.Nodes;
using MoREdge.Checkpoints;
using MoREdge.ModelFile;

namespace MoREdge.Tests.Checkpoints.Recursion;

public sealed class RecursionCheckpointTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_ExpertWithTiedAttention_StoresEachSharedTensorOnce()
    {
        SyntheticModel model = SyntheticModel.Expert(3, 2, isMiddle: true, isAttentionTied: true);
        Write(model, 8, SyntheticModel.Mor("expert", 3, "middle_cycle"));

        using Checkpoint checkpoint = Checkpoint.Open(_folder.FullPath);

        // Two ends, four physical blocks of nine, three routers.
        Assert.Equal(2 + (4 * 9) + 3, checkpoint.Tensors.Count);
        Assert.Equal("MoR expert-choice middle_cycle N=3 B=2, attention tied: yes", checkpoint.Description);
        GgufMetadata metadata = checkpoint.Metadata;
        Assert.Equal("mor", metadata.Architecture);
        Assert.Equal(4, metadata.RequireInt32("mor.block_count"));
        Assert.Equal(2, metadata.RequireInt32("mor.base_depth"));
        Assert.Equal([1.0, 2.0 / 3, 1.0 / 3], metadata.RequireFloat64Array("mor.capacity"));
        Assert.Equal([0.0, 0.0, 0.0], metadata.RequireFloat64Array("mor.thresholds"));
        Assert.Equal("topk", metadata.RequireString("mor.inference_mode"));
        Assert.Equal("linear", metadata.RequireString("mor.router_type"));
        Assert.True(metadata.RequireBoolean("mor.attention_tied"));
        Assert.Equal(
            model.Values("model.layers.1.block.1.self_attn.q_proj.weight"),
            checkpoint.Tensor("blk.2.attn_q.weight").ReadAll());
        Assert.Equal(
            model.Values("model.layers.4.mlp.up_proj.weight"), checkpoint.Tensor("blk.3.ffn_up.weight").ReadAll());
        Assert.Equal(
            model.Values("model.layers.3.mor_router.router.weight"),
            checkpoint.Tensor("recursion.2.router.weight").ReadAll());
    }

    [Fact]
    public void Open_DraftHead_IsNamedAndCounted()
    {
        SyntheticModel model = SyntheticModel.Expert(3, 2, isMiddle: true, isAttentionTied: true);
        model.Add("model.draft_head.hidden_norm.weight", SyntheticModel.ModelDim);
        model.Add("model.draft_head.embedding_norm.weight", SyntheticModel.ModelDim);
        model.Add("model.draft_head.up_proj.weight", 6, 2 * SyntheticModel.ModelDim);
        model.Add("model.draft_head.down_proj.weight", SyntheticModel.ModelDim, 6);
        JsonObject mor = SyntheticModel.Mor("expert", 3, "middle_cycle");
        mor["draft_size"] = 6;
        Write(model, 8, mor);

        using Checkpoint checkpoint = Checkpoint.Open(_folder.FullPath);

        Assert.Equal(6, checkpoint.Metadata.RequireInt32("mor.draft_size"));
        foreach ((string source, string name) in new[]
            {
                ("hidden_norm", "hidden_norm"), ("embedding_norm", "embedding_norm"), ("up_proj", "up"),
                ("down_proj", "down"),
            })
        {
            Assert.Equal(
                model.Values($"model.draft_head.{source}.weight"),
                checkpoint.Tensor($"draft_head.{name}.weight").ReadAll());
        }
    }

    /// <summary>A head that the configuration does not tell of, and one that is not there.</summary>
    [Theory]
    [InlineData(true, null, CheckpointError.UnexpectedTensor)]
    [InlineData(false, 6, CheckpointError.MissingTensor)]
    [InlineData(false, 0, CheckpointError.InvalidValue)]
    public void Open_DraftHeadThatDisagrees_IsRefused(bool hasTensor, int? size, CheckpointError expected)
    {
        SyntheticModel model = SyntheticModel.Expert(3, 2, isMiddle: true, isAttentionTied: true);
        if (hasTensor)
        {
            model.Add("model.draft_head.hidden_norm.weight", SyntheticModel.ModelDim);
        }

        JsonObject mor = SyntheticModel.Mor("expert", 3, "middle_cycle");
        if (size is { } stated)
        {
            mor["draft_size"] = stated;
        }

        Write(model, 8, mor);

        CheckpointException error = Assert.Throws<CheckpointException>(() => Checkpoint.Open(_folder.FullPath));
        Assert.Equal(expected, error.Error);
    }

    [Fact]
    public void Open_ExpertWithUntiedAttention_StoresAttentionPerRecursion()
    {
        SyntheticModel model = SyntheticModel.Expert(2, 2, isMiddle: false, isAttentionTied: false);
        Write(model, 4, SyntheticModel.Mor("expert", 2, "cycle"));

        using Checkpoint checkpoint = Checkpoint.Open(_folder.FullPath);

        Assert.False(checkpoint.Metadata.RequireBoolean("mor.attention_tied"));
        Assert.Equal("MoR expert-choice cycle N=2 B=2, attention tied: no", checkpoint.Description);
        Assert.Equal(
            model.Values("model.layers.1.block.0.self_attn.q_proj.weight"),
            checkpoint.Tensor("blk.0.recursion.1.attn_q.weight").ReadAll());
        Assert.True(checkpoint.Has("blk.1.ffn_up.weight"));
        Assert.False(checkpoint.Has("blk.0.attn_q.weight"));
    }

    [Fact]
    public void Open_TokenChoice_ReadsRouterAndBalanceBias()
    {
        SyntheticModel model = SyntheticModel.Token(3, 2);
        Write(model, 8, SyntheticModel.Mor("token", 3, "middle_cycle"));

        using Checkpoint checkpoint = Checkpoint.Open(_folder.FullPath);

        Assert.Equal("MoR token-choice middle_cycle N=3 B=2, attention tied: yes", checkpoint.Description);
        Assert.Equal(
            model.Values("model.layers.1.mor_router.router.weight"), checkpoint.Tensor("router.weight").ReadAll());
        Assert.Equal(model.Values("model.layers.1.router_bias"), checkpoint.Tensor("router.balance.bias").ReadAll());
        Assert.Equal(
            model.Values("model.layers.1.block_list.0.1.mlp.up_proj.weight"),
            checkpoint.Tensor("blk.2.ffn_up.weight").ReadAll());
    }

    [Theory]
    [InlineData("cycle", 3, 2, new[] { 0, 1, 0, 1, 0, 1 }, new[] { 0, 1 })]
    [InlineData("sequence", 3, 2, new[] { 0, 0, 0, 3, 3, 3 }, new[] { 0, 3 })]
    [InlineData("middle_cycle", 3, 4, new[] { 0, 1, 2, 1, 2, 1, 2, 7 }, new[] { 0, 1, 2, 7 })]
    [InlineData("middle_sequence", 3, 4, new[] { 0, 1, 1, 1, 4, 4, 4, 7 }, new[] { 0, 1, 4, 7 })]
    public void Open_PlainRecursive_FindsThePhysicalLayers(
        string sharing, int recursions, int blocks, int[] layers, int[] physical)
    {
        SyntheticModel model = SyntheticModel.Recursive(layers);
        Write(model, layers.Length, SyntheticModel.Mor("none", recursions, sharing));

        using Checkpoint checkpoint = Checkpoint.Open(_folder.FullPath);

        Assert.Equal(blocks, checkpoint.Metadata.RequireInt32("mor.block_count"));
        Assert.Equal(2 + (blocks * 9), checkpoint.Tensors.Count);
        for (int block = 0; block < blocks; block++)
        {
            float[] expected = model.Values($"model.layers.{physical[block]}.mlp.gate_proj.weight");
            Assert.Equal(expected, checkpoint.Tensor($"blk.{block}.ffn_gate.weight").ReadAll());
        }
    }

    [Fact]
    public void Open_SharedKeysOfAMiddleSequence_AreRefused()
    {
        JsonObject mor = SyntheticModel.Mor("none", 3, "middle_sequence");
        mor["kv_sharing"] = true;
        Write(SyntheticModel.Recursive([0, 1, 1, 1, 4, 4, 4, 7]), 8, mor);

        Assert.Equal(CheckpointError.UnsupportedOption, CheckpointReading.Refusal(_folder.FullPath));
    }

    [Fact]
    public void Open_TrainingRouter_IsLeftOutWithAWarning()
    {
        SyntheticModel model = SyntheticModel.Expert(2, 1, isMiddle: true, isAttentionTied: true);
        model.Add("model.layers.1.mlp_router.router.weight", 1, SyntheticModel.ModelDim);
        Write(model, 4, SyntheticModel.Mor("expert", 2, "middle_cycle"));

        using Checkpoint checkpoint = Checkpoint.Open(_folder.FullPath);

        Assert.Contains(checkpoint.Warnings, warning => warning.Contains("mlp_router", StringComparison.Ordinal));
    }

    [Fact]
    public void Open_MlpRouter_IsFoundInTheTensors()
    {
        SyntheticModel model = SyntheticModel.Expert(2, 1, isMiddle: true, isAttentionTied: true);
        model.Tensors.RemoveAll(tensor => tensor.Name.Contains("mor_router", StringComparison.Ordinal));
        for (int layer = 1; layer <= 2; layer++)
        {
            model.Add($"model.layers.{layer}.mor_router.router.0.weight", 16, 8);
            model.Add($"model.layers.{layer}.mor_router.router.2.weight", 1, 16);
        }

        Write(model, 4, SyntheticModel.Mor("expert", 2, "middle_cycle"));

        using Checkpoint checkpoint = Checkpoint.Open(_folder.FullPath);

        Assert.Equal("mlp", checkpoint.Metadata.RequireString("mor.router_type"));
        Assert.True(checkpoint.Has("recursion.1.router.hidden.weight"));
        Assert.True(checkpoint.Has("recursion.1.router.output.weight"));
    }

    [Fact]
    public void Open_ThinnedLayers_AreAcceptedWithAWarning()
    {
        SyntheticModel model = SyntheticModel.Expert(3, 2, isMiddle: true, isAttentionTied: true);
        Write(model, 9, SyntheticModel.Mor("expert", 3, "middle_cycle"));

        using Checkpoint checkpoint = Checkpoint.Open(_folder.FullPath);

        Assert.Contains(checkpoint.Warnings, warning => warning.Contains("thinned", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("sharing", "\"spiral\"", CheckpointError.UnknownSharing)]
    [InlineData("sharing", "\"cycle\"", CheckpointError.RecursionMismatch)]
    [InlineData("sharing", "\"sequence\"", CheckpointError.UnsupportedOption)]
    [InlineData("num_recursion", "2", CheckpointError.RecursionMismatch)]
    [InlineData("base_depth", "3", CheckpointError.RecursionMismatch)]
    [InlineData("type", "\"token\"", CheckpointError.RecursionMismatch)]
    [InlineData("type", "\"none\"", CheckpointError.RecursionMismatch)]
    [InlineData("capacity", "[1, 0.5]", CheckpointError.InvalidCapacity)]
    [InlineData("capacity", "[0.5, 0.6, 0.3]", CheckpointError.InvalidCapacity)]
    [InlineData("capacity", "[1, 0, 0]", CheckpointError.InvalidCapacity)]
    [InlineData("router_func", "null", CheckpointError.MissingKey)]
    [InlineData("router_func", "\"relu\"", CheckpointError.InvalidValue)]
    [InlineData("router_type", "\"mlp\"", CheckpointError.RecursionMismatch)]
    [InlineData("rand_router", "true", CheckpointError.UnsupportedOption)]
    [InlineData("inference_mode", "\"greedy\"", CheckpointError.InvalidValue)]
    [InlineData("thresholds", "[0]", CheckpointError.InvalidValue)]
    [InlineData("gatting", "\"additive\"", CheckpointError.UnsupportedOption)]
    [InlineData("capacities", "[1, 0.5, 0.25]", CheckpointError.UnsupportedOption)]
    public void Open_WrongMorObject_IsRefusedByName(string key, string json, CheckpointError expected)
    {
        JsonObject mor = SyntheticModel.Mor("expert", 3, "middle_cycle");
        mor[key] = JsonNode.Parse(json);
        Write(SyntheticModel.Expert(3, 2, isMiddle: true, isAttentionTied: true), 8, mor);

        Assert.Equal(expected, CheckpointReading.Refusal(_folder.FullPath));
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("loss_free", true)]
    [InlineData("loss", false)]
    public void Open_TokenChoiceWithABias_TakesItWhereItBalances(string? balancing, bool isTaken)
    {
        JsonObject mor = SyntheticModel.Mor("token", 3, "middle_cycle");
        mor["balancing"] = balancing;
        Write(SyntheticModel.Token(3, 2), 8, mor);
        using Checkpoint checkpoint = Checkpoint.Open(_folder.FullPath);

        Assert.Equal(isTaken, checkpoint.Has("router.balance.bias"));
    }

    [Fact]
    public void Open_RecursiveModelWithAWindow_SeesEverythingUnlessItsLayersAreListed()
    {
        JsonObject config = SyntheticModel.Config(8);
        config["sliding_window"] = 16;
        config["mor"] = SyntheticModel.Mor("expert", 3, "middle_cycle");
        _folder.WriteConfig(config);
        SyntheticModel model = SyntheticModel.Expert(3, 2, isMiddle: true, isAttentionTied: true);
        _folder.Write("model.safetensors", SafetensorsBuilder.File(model.Tensors));
        using (Checkpoint checkpoint = Checkpoint.Open(_folder.FullPath))
        {
            Assert.False(checkpoint.Metadata.Contains("mor.attention.sliding_window"));
            Assert.False(checkpoint.Metadata.Contains("mor.attention.sliding_window_pattern"));
        }

        config["layer_types"] = new JsonArray(
            [.. Enumerable.Range(0, 8).Select(layer => JsonValue.Create(
                layer % 2 == 0 ? "sliding_attention" : "full_attention"))]);
        _folder.WriteConfig(config);
        Assert.Equal(CheckpointError.UnsupportedOption, CheckpointReading.Refusal(_folder.FullPath));
    }

    /// <summary>What the reader of the authors' files and tools/training write beside what is computed.</summary>
    [Theory]
    [InlineData("expert")]
    [InlineData("none")]
    public void Open_MorObjectThatDescribesTheTraining_IsRead(string type)
    {
        JsonObject mor = SyntheticModel.Mor(type, 3, "middle_cycle");
        mor["attention_tied"] = true;
        mor["sampling"] = "aux_loss";
        mor["coeff"] = 0.001;
        mor["z_loss"] = true;
        mor["inference_mode"] = "threshold";
        bool isRouted = type == "expert";
        Write(
            isRouted
                ? SyntheticModel.Expert(3, 2, isMiddle: true, isAttentionTied: true)
                : SyntheticModel.Recursive(0, 1, 2, 1, 2, 1, 2, 7),
            8, mor);
        using Checkpoint checkpoint = Checkpoint.Open(_folder.FullPath);

        Assert.Equal(type, checkpoint.Metadata.RequireString("mor.type"));
    }

    [Fact]
    public void Open_RecursiveNamesWithoutConfiguration_AreRefused()
    {
        Write(SyntheticModel.Expert(3, 2, isMiddle: true, isAttentionTied: true), 8, null);

        Assert.Equal(CheckpointError.MissingRecursionConfig, CheckpointReading.Refusal(_folder.FullPath));
    }

    /// <summary>Two numbers in two names would make a layer for each pair of smaller ones.</summary>
    [Theory]
    [InlineData("1.block_list.4095.0", "1.block_list.0.4095", 2)]
    [InlineData("1.block_list.64.0", "1.block_list.0.1", 2)]
    [InlineData("1.block_list.63.0", "1.block_list.0.64", 2)]
    [InlineData("1.block.0", "2.block.4095", 3)]
    public void Open_NamesThatSpeakOfTooManyLayers_AreRefusedBeforeTheyAreMade(string first, string second, int last)
    {
        SyntheticModel model = new();
        model.AddLayer("model.layers.0.");
        model.Add($"model.layers.{first}.x", 1);
        model.Add($"model.layers.{second}.x", 1);
        model.AddLayer($"model.layers.{last}.");
        Write(model, 4, null);

        Assert.Equal(CheckpointError.RecursionMismatch, CheckpointReading.Refusal(_folder.FullPath));
    }

    private void Write(SyntheticModel model, int layers, JsonObject? mor)
    {
        JsonObject config = SyntheticModel.Config(layers, "MoRLlamaForCausalLM");
        if (mor is not null)
        {
            config["mor"] = mor;
        }

        _folder.WriteConfig(config);
        _folder.Write("model.safetensors", SafetensorsBuilder.File(model.Tensors));
    }
}
