using System.Text.Json.Nodes;
using MoREdge.Checkpoints;
using MoREdge.ModelFile;

namespace MoREdge.Tests.Checkpoints;

/// <summary>Checkpoints that other programs made, where ../shared has them.</summary>
public sealed class RealCheckpointTests
{
    [Fact]
    public void Open_MorStories_FindsTheSharingAndTheTokenizer()
    {
        using Checkpoint checkpoint = Checkpoint.Open(SharedData.Require("data/checkpoints/mor-stories"));

        long parameters = 0;
        foreach (CheckpointTensor tensor in checkpoint.Tensors)
        {
            parameters += tensor.Shape.ElementCount;
        }

        // Embedding 4096·256, four blocks of 196,608 + 589,824 + 512, final norm 256, three routers of 256.
        Assert.Equal((4096 * 256) + (4 * (196_608 + 589_824 + 512)) + (4 * 256), parameters);
        Assert.Equal("MoR expert-choice middle_cycle N=3 B=2, attention tied: yes", checkpoint.Description);
        Assert.Empty(checkpoint.Warnings);
        GgufMetadata metadata = checkpoint.Metadata;
        Assert.Equal("threshold", metadata.RequireString("mor.inference_mode"));
        Assert.Equal("gpt2", metadata.RequireString(MetadataKeys.TokenizerModel));
        Assert.Equal("smollm", metadata.RequireString(MetadataKeys.TokenizerPre));
        Assert.Equal(4096, metadata.RequireStringArray(MetadataKeys.TokenizerTokens).Length);
        Assert.Equal([0, 2], metadata.RequireInt32Array(MetadataKeys.EosIds));
        Assert.Contains("im_start", metadata.RequireString(MetadataKeys.ChatTemplate), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_TinyStories656K_IsALlamaWithMergesByRank()
    {
        using Checkpoint checkpoint = Checkpoint.Open(SharedData.Require("data/checkpoints/tinystories656K-hf"));

        Assert.Equal("llama", checkpoint.Metadata.Architecture);
        Assert.Equal(2 + (2 * 9), checkpoint.Tensors.Count);
        Assert.Equal("llama", checkpoint.Metadata.RequireString(MetadataKeys.TokenizerModel));
        Assert.NotEmpty(checkpoint.Metadata.RequireStringArray(MetadataKeys.TokenizerMerges));
        Assert.Equal([2], checkpoint.Metadata.RequireInt32Array(MetadataKeys.EosIds));
        Assert.True(checkpoint.Metadata.RequireBoolean(MetadataKeys.TokenizerAddBos));
    }

    [Theory]
    [InlineData("expert_midcycle_n3", false)]
    [InlineData("expert_midcycle_n2", false)]
    [InlineData("expert_cycle_n3", false)]
    [InlineData("expert_midcycle_n3_tanh_mlp", false)]
    [InlineData("expert_midcycle_n3_kvshare", false)]
    [InlineData("expert_midcycle_n3_kvshare_update", false)]
    [InlineData("token_midcycle_n3_softmax", true)]
    [InlineData("token_midcycle_n3_sigmoid_lossfree", true)]
    [InlineData("token_midcycle_n3_kvshare", true)]
    public void Open_GoldenModel_FindsItsStructure(string name, bool isAttentionTied)
    {
        string path = SharedData.Require($"golden/mor/{name}.safetensors");
        JsonNode golden = JsonNode.Parse(File.ReadAllText(Path.ChangeExtension(path, ".json")))!["config"]!;
        using TemporaryFolder folder = new();
        File.Copy(path, folder["model.safetensors"]);
        folder.WriteConfig(GoldenConfig(golden));

        using Checkpoint checkpoint = Checkpoint.Open(folder.FullPath);

        GgufMetadata metadata = checkpoint.Metadata;
        Assert.Equal(isAttentionTied, metadata.RequireBoolean("mor.attention_tied"));
        Assert.Equal((int)golden["base_depth"]!, metadata.RequireInt32("mor.base_depth"));
        Assert.Equal((int)golden["num_recursion"]!, metadata.RequireInt32("mor.num_recursion"));
        Assert.Equal((string)golden["sharing"]!, metadata.RequireString("mor.sharing"));
        Assert.Equal((bool)golden["loss_free"]!, checkpoint.Has("router.balance.bias"));
        Assert.Equal(
            name.EndsWith("mlp", StringComparison.Ordinal), checkpoint.Has("recursion.2.router.hidden.weight"));
    }

    private static JsonObject GoldenConfig(JsonNode golden)
    {
        bool isMiddle = (string)golden["sharing"]! == "middle_cycle";
        int layers = ((int)golden["base_depth"]! * (int)golden["num_recursion"]!) + (isMiddle ? 2 : 0);
        JsonObject mor = [];
        string[] morKeys =
        [
            "num_recursion", "base_depth", "sharing", "capacity", "router_func", "alpha", "temp", "gating",
            "kv_sharing", "update_cache",
        ];
        foreach (string key in morKeys)
        {
            mor[key] = golden[key]?.DeepClone();
        }

        mor["type"] = (string)golden["mor_type"]!;
        JsonObject config = new()
        {
            ["architectures"] = new JsonArray("MoRLlamaForCausalLM"),
            ["intermediate_size"] = 64,
            ["num_hidden_layers"] = layers,
            ["tie_word_embeddings"] = true,
            ["mor"] = mor,
        };
        foreach (string key in new[]
        {
            "hidden_size", "vocab_size", "num_attention_heads", "num_key_value_heads", "rms_norm_eps", "rope_theta",
        })
        {
            config[key] = golden[key]!.DeepClone();
        }

        return config;
    }
}
