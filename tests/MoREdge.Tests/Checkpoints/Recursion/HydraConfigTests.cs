using MoREdge.Checkpoints;

namespace MoREdge.Tests.Checkpoints.Recursion;

public sealed class HydraConfigTests : IDisposable
{
    private const string Expert = """
        name: run-7          # comment
        model: smollm
        max_length: 48
        model_config:
          rope_theta: 5e4
          hidden_act: null
        recursive:
          enable: true
          base_depth: null
          num_recursion: 3
          sharing: middle_cycle
        kv_sharing: {enable: true, base_depth: null, num_recursion: null, sharing: null}
        relaxation: {enable: false, method: null}
        mor:
          enable: true
          type: expert
          capacity: null
          rand_router: false
          router_type: linear
          temp: 1.0
          expert: {router_func: sigmoid, alpha: 0.1, gating: weighted}
          token: {router_func: softmax, alpha: 7.0, balancing: loss_free, gating: additive}

        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_ShippedExpertRun_FollowsTheReaderRules()
    {
        using Checkpoint checkpoint = Open(SyntheticModel.Expert(3, 2, isMiddle: true, isAttentionTied: true), Expert);

        Assert.Equal([1.0, 2.0 / 3, 1.0 / 3], checkpoint.Metadata.RequireFloat64Array("mor.capacity"));
        Assert.Equal("sigmoid", checkpoint.Metadata.RequireString("mor.router_func"));
        Assert.Equal(0.1, checkpoint.Metadata.RequireFloat64("mor.alpha"));
        Assert.Equal("weighted", checkpoint.Metadata.RequireString("mor.gating"));
        Assert.True(checkpoint.Metadata.RequireBoolean("mor.kv_sharing"));
        Assert.False(checkpoint.Metadata.RequireBoolean("mor.update_cache"));
        Assert.Equal("topk", checkpoint.Metadata.RequireString("mor.inference_mode"));
        Assert.Equal(48, checkpoint.Metadata.RequireInt32("mor.context_length"));
        Assert.Equal(5e4, checkpoint.Metadata.RequireFloat64("mor.rope.freq_base"));
        Assert.Equal("run-7", checkpoint.Metadata.RequireString("moredge.source.name"));
    }

    [Theory]
    [InlineData("softmax", 1.0)]
    [InlineData("sigmoid", 0.1)]
    public void Open_TokenRunWithoutAlpha_HasTheDefaultOfItsFunction(string function, double alpha)
    {
        string yaml = Expert.Replace("type: expert", "type: token", StringComparison.Ordinal)
            .Replace("router_func: softmax, alpha: 7.0", $"router_func: {function}", StringComparison.Ordinal);

        using Checkpoint checkpoint = Open(SyntheticModel.Token(3, 2), yaml);

        Assert.Equal(alpha, checkpoint.Metadata.RequireFloat64("mor.alpha"));
        Assert.Equal("additive", checkpoint.Metadata.RequireString("mor.gating"));
        Assert.True(checkpoint.Has("router.balance.bias"));
    }

    [Fact]
    public void Open_TokenRunNotBalancedByBias_LeavesTheBiasOut()
    {
        string yaml = Expert.Replace("type: expert", "type: token", StringComparison.Ordinal)
            .Replace("balancing: loss_free", "balancing: loss", StringComparison.Ordinal);

        using Checkpoint checkpoint = Open(SyntheticModel.Token(3, 2), yaml);

        Assert.False(checkpoint.Has("router.balance.bias"));
    }

    [Theory]
    [InlineData("capacity: null", "capacity: \"1.0,0.5,0.25\"", null)]
    [InlineData("capacity: null", "capacity: \"1.0,0.5,0.75\"", CheckpointError.InvalidCapacity)]
    [InlineData("capacity: null", "capacity: \"1.0,half\"", CheckpointError.InvalidCapacity)]
    [InlineData("rand_router: false", "rand_router: true", CheckpointError.UnsupportedOption)]
    [InlineData(
        "relaxation: {enable: false, method: null}",
        "relaxation: {enable: true, method: lora}",
        CheckpointError.UnsupportedOption)]
    [InlineData("router_func: sigmoid, alpha: 0.1", "router_func: null", null)]
    [InlineData("alpha: 0.1, gating: weighted", "alpha: 0.1, gatting: additive", CheckpointError.UnsupportedOption)]
    [InlineData("temp: 1.0", "temperature: 2.0", CheckpointError.UnsupportedOption)]
    [InlineData("num_recursion: 3", "num_recursion: 3\n  skip: 1", CheckpointError.UnsupportedOption)]
    [InlineData("hidden_act: null", "attn_logit_softcapping: 5.0", CheckpointError.UnsupportedOption)]
    [InlineData("sharing: null}", "sharing: null, window: 3}", CheckpointError.UnsupportedOption)]
    [InlineData("alpha: 0.1, gating: weighted", "alpha: 0.1, sampling: aux_loss, coeff: 0.001", null)]
    [InlineData("router_func: sigmoid, alpha: 0.1", "alpha: 0.1", CheckpointError.MissingKey)]
    [InlineData("router_func: sigmoid, alpha: 0.1", "router_func: sigmoid", CheckpointError.MissingKey)]
    [InlineData("sharing: middle_cycle", "sharing: helix", CheckpointError.UnknownSharing)]
    [InlineData("num_recursion: null, sharing: null", "num_recursion: 2, sharing: null", CheckpointError.InvalidValue)]
    [InlineData("model: smollm", "model: [smollm", CheckpointError.YamlMalformed)]
    [InlineData("model: smollm", "model: *anchor", CheckpointError.YamlMalformed)]
    public void Open_ChangedRun_IsReadOrRefusedByName(string old, string replacement, CheckpointError? expected)
    {
        string yaml = Expert.Replace(old, replacement, StringComparison.Ordinal);
        SyntheticModel model = SyntheticModel.Expert(3, 2, isMiddle: true, isAttentionTied: true);
        if (expected is null)
        {
            Open(model, yaml).Dispose();
        }
        else
        {
            Assert.Equal(expected, Assert.Throws<CheckpointException>(() => Open(model, yaml)).Error);
        }
    }

    [Fact]
    public void Open_YamlThatIsAList_IsRefused()
    {
        SyntheticModel model = SyntheticModel.Llama(1);

        Assert.Equal(
            CheckpointError.YamlMalformed, Assert.Throws<CheckpointException>(() => Open(model, "- 1\n- 2\n")).Error);
    }

    /// <summary>Such as the config.json beside it, which is YAML, too.</summary>
    [Theory]
    [InlineData("hidden_size: 8", CheckpointError.MissingKey)]
    [InlineData("{}", CheckpointError.MissingKey)]
    [InlineData("recursive: {enable: false}", null)]
    [InlineData("model_config: null", null)]
    public void Open_YamlOfSomethingElse_IsNoVanillaRun(string yaml, CheckpointError? expected)
    {
        SyntheticModel model = SyntheticModel.Llama(8);
        if (expected is null)
        {
            Open(model, yaml).Dispose();
        }
        else
        {
            Assert.Equal(expected, Assert.Throws<CheckpointException>(() => Open(model, yaml)).Error);
        }
    }

    private Checkpoint Open(SyntheticModel model, string yaml)
    {
        _folder.WriteConfig(SyntheticModel.Config(8));
        _folder.Write("model.safetensors", SafetensorsBuilder.File(model.Tensors));
        string path = _folder.Write("run.yaml", yaml);
        return Checkpoint.Open(_folder.FullPath, new CheckpointOptions { MorConfigPath = path });
    }
}
