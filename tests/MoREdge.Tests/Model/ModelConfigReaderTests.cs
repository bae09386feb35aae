using MoREdge.Model;
using MoREdge.ModelFile;
using MoREdge.Tensors;

namespace MoREdge.Tests.Model;

/// <summary>
/// Files whose metadata contradicts itself are refused with the right fault, before any weight is touched.
/// </summary>
public sealed class ModelConfigReaderTests
{
    public static TheoryData<string> WrongMetadata()
    {
        TheoryData<string> data = [];
        foreach (string name in Mutations.Keys)
        {
            data.Add(name);
        }

        return data;
    }

    private static Dictionary<string, (ModelFileError Error, Action<TinyModel> Change)> Mutations { get; } = new()
    {
        ["unknown architecture"] = (ModelFileError.WrongValue, m => m.Metadata.Set(
            MetadataKeys.Architecture, GgufValue.FromString("gpt2"))),
        ["missing width"] = (ModelFileError.MissingKey, m => m.Metadata.Remove("mor.embedding_length")),
        ["zero heads"] = (ModelFileError.WrongValue, m => m.Set("attention.head_count", GgufValue.FromUInt32(0))),
        ["heads not a multiple"] = (ModelFileError.WrongValue, m => m.Set(
            "attention.head_count_kv", GgufValue.FromUInt32(3))),
        ["heads wider than an integer"] = (ModelFileError.WrongValue, m => WidenHeads(m, 65_537, 65_536)),
        ["heads wider than the limit"] = (ModelFileError.WrongValue, m => WidenHeads(m, 1 << 11, 1 << 12)),
        ["odd head width"] = (ModelFileError.WrongValue, m => m.Set("attention.key_length", GgufValue.FromUInt32(7))),
        ["value width differs"] = (ModelFileError.WrongValue, m => m.Set(
            "attention.value_length", GgufValue.FromUInt32(16))),
        ["odd rotary"] = (ModelFileError.WrongValue, m => m.Set("rope.dimension_count", GgufValue.FromUInt32(3))),
        ["wide rotary"] = (ModelFileError.WrongValue, m => m.Set("rope.dimension_count", GgufValue.FromUInt32(64))),
        ["unknown key"] = (ModelFileError.WrongValue, m => m.Set("attention.mystery", GgufValue.FromUInt32(1))),
        ["unknown scaling"] = (ModelFileError.WrongValue, m => m.Set(
            "rope.scaling.type", GgufValue.FromString("dynamic"))),
        ["partial YaRN"] = (ModelFileError.WrongValue, m =>
        {
            m.Set("rope.scaling.type", GgufValue.FromString("yarn"));
            m.Set("rope.scaling.yarn_ext_factor", GgufValue.FromFloat32(0.5f));
        }
        ),
        ["window pattern of another length"] = (ModelFileError.WrongValue, m => m.Set(
            "attention.sliding_window_pattern", GgufValue.FromBooleans(true))),
        ["more experts used than there are"] = (ModelFileError.WrongValue, m =>
        {
            m.Set("expert_count", GgufValue.FromUInt32(2));
            m.Set("expert_used_count", GgufValue.FromUInt32(3));
        }
        ),
        ["experts wider than an integer"] = (ModelFileError.WrongValue, m =>
        {
            m.Set("expert_count", GgufValue.FromUInt32(1 << 11));
            m.Set("expert_used_count", GgufValue.FromUInt32(1 << 11));
            m.Set("expert_feed_forward_length", GgufValue.FromUInt32(1 << 21));
        }
        ),
        ["logits divided by zero"] = (ModelFileError.WrongValue, m => m.Set(
            "logit_scale", GgufValue.FromFloat32(0))),
        ["rotary base zero"] = (ModelFileError.WrongValue, m => m.Set("rope.freq_base", GgufValue.FromFloat32(0))),
        ["epsilon not a number"] = (ModelFileError.WrongValue, m => m.Set(
            MetadataKeys.RmsNormEpsilon, GgufValue.FromFloat32(float.NaN))),
        ["width as text"] = (ModelFileError.WrongValueType, m => m.Set("embedding_length", GgufValue.FromString("32"))),
        ["block count off"] = (ModelFileError.WrongValue, m => m.Set("block_count", GgufValue.FromUInt32(5))),
        ["too many blocks"] = (ModelFileError.WrongValue, m =>
        {
            m.Set("block_count", GgufValue.FromUInt32(4097));
            m.Set("base_depth", GgufValue.FromUInt32(4095));
        }
        ),
        ["unknown type"] = (ModelFileError.WrongValue, m => m.Set("type", GgufValue.FromString("psychic"))),
        ["unknown sharing"] = (ModelFileError.WrongValue, m => m.Set("sharing", GgufValue.FromString("spiral"))),
        ["routed sequence"] = (ModelFileError.WrongValue, m => m.Set(
            "sharing", GgufValue.FromString("middle_sequence"))),
        ["too many recursions"] = (ModelFileError.WrongValue, m => m.Set("num_recursion", GgufValue.FromUInt32(65))),
        ["capacities too few"] = (ModelFileError.WrongValue, m => m.Set(
            "capacity", GgufValue.FromFloat64s([1.0, 0.5]))),
        ["capacities increase"] = (ModelFileError.WrongValue, m => m.Set(
            "capacity", GgufValue.FromFloat64s([0.5, 1.0, 0.5]))),
        ["capacity above one"] = (ModelFileError.WrongValue, m => m.Set(
            "capacity", GgufValue.FromFloat64s([2.0, 1.0, 0.5]))),
        ["expert softmax"] = (ModelFileError.WrongValue, m => m.Set("router_func", GgufValue.FromString("softmax"))),
        ["temperature zero"] = (ModelFileError.WrongValue, m => m.Set("temp", GgufValue.FromFloat64(0))),
        ["hybrid without sharing"] = (ModelFileError.WrongValue, m => m.Set(
            "update_cache", GgufValue.FromBoolean(true))),
        ["missing router"] = (ModelFileError.MissingTensor, m => m.Remove(
            TensorNames.ExpertRouter(1, TensorNames.RouterLinear))),
        ["missing projection"] = (ModelFileError.MissingTensor, m => m.Remove(TensorNames.Block(2, TensorNames.FfnUp))),
        ["missing embedding"] = (ModelFileError.MissingTensor, m => m.Remove(TensorNames.TokenEmbedding)),
        ["wrong shape"] = (ModelFileError.ShapeMismatch, ShortenOutputNorm),
    };

    [Theory]
    [MemberData(nameof(WrongMetadata))]
    public void Load_WrongMetadata_IsRefusedWithItsFault(string name)
    {
        (ModelFileError error, Action<TinyModel> change) = Mutations[name];
        using TinyModel model = TinyModel.Recursive("expert", "middle_cycle", 3, 2);
        change(model);

        ModelFileException fault = Assert.Throws<ModelFileException>(() => model.Load());

        Assert.Equal(error, fault.Error);
        Assert.EndsWith(".", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("threshold", RoutingMode.Threshold)]
    [InlineData("topk", RoutingMode.TopK)]
    [InlineData("topk-threshold", RoutingMode.TopKThreshold)]
    [InlineData("full", RoutingMode.Full)]
    public void InferenceMode_InFile_IsTheSequencesDefault(string name, RoutingMode expected)
    {
        using TinyModel model = TinyModel.Recursive("expert", "middle_cycle", 3, 2);
        model.Set("inference_mode", GgufValue.FromString(name));
        using Sequence sequence = model.Load().Network.CreateSequence(new SequenceOptions());
        Assert.Equal(expected, sequence.Routing);
    }

    [Fact]
    public void Architectures_OfTheFormat_AreThoseThatTheNetworkWires()
    {
        Assert.Equal(Architectures.All, [.. Architecture.All.Select(architecture => architecture.Name)]);
    }

    [Fact]
    public void Thresholds_InFile_MoveTheSelection()
    {
        using TinyModel model = TinyModel.Recursive("expert", "middle_cycle", 3, 2);
        model.Set("thresholds", GgufValue.FromFloat64s([0, 1e9, 0]));
        int[] depths = new int[20];
        model.Load().Score(TinyModel.RandomIds(20, seed: 1), depths: depths);
        Assert.All(depths, depth => Assert.Equal(1, depth));
    }

    [Theory]
    [InlineData("gemma2", 2)]
    [InlineData("gemma3", 6)]
    public void Windows_FileWithoutAPattern_LeaveTheLastOfEveryPeriodWithoutOne(string family, int period)
    {
        using TinyModel model = TinyFamilies.Create(family);
        ModelConfig config = model.Load().Network.Config;

        for (int block = 0; block < config.BlockCount; block++)
        {
            Assert.Equal((block + 1) % period != 0, config.Block(block).Window > 0);
        }
    }

    /// <summary>Early files of Gemma 2 lack the keys; llama.cpp runs them with 50 and 30.</summary>
    [Theory]
    [InlineData("gemma2", 50, 30)]
    [InlineData("gemma3", 0, 0)]
    public void SoftCaps_FileDoesNotName_AreThoseOfTheArchitecture(string family, float attention, float logits)
    {
        using TinyModel model = TinyFamilies.Create(family);
        model.Metadata.Remove($"{family}.{MetadataKeys.AttentionSoftCap}");
        model.Metadata.Remove($"{family}.{MetadataKeys.LogitSoftCap}");
        ModelConfig config = model.Load().Network.Config;

        Assert.Equal(attention, config.AttentionSoftCap);
        Assert.Equal(logits, config.LogitSoftCap);
    }

    /// <summary>Converters write OLMo 3's attention_factor, which is what its factor 8 gives: 0.1·ln 8 + 1.</summary>
    [Theory]
    [InlineData(1.2079441f, true)]
    [InlineData(1f, false)]
    [InlineData(0.5f, false)]
    public void YarnAmplitude_InFile_IsReadWhereItFollowsFromTheFactor(float amplitude, bool isRead)
    {
        using TinyModel model = TinyFamilies.Create("olmo2");
        model.Set(MetadataKeys.RopeScalingType, GgufValue.FromString("yarn"));
        model.Set(MetadataKeys.RopeScalingFactor, GgufValue.FromFloat32(8));
        model.Set(MetadataKeys.YarnAmplitude, GgufValue.FromFloat32(amplitude));

        if (isRead)
        {
            Assert.Equal(amplitude, model.Load().Network.Config.Rotary.Amplitude, 1e-6f);
        }
        else
        {
            Assert.Equal(ModelFileError.WrongValue, Assert.Throws<ModelFileException>(() => model.Load()).Error);
        }
    }

    /// <summary>The key says how a model was trained; Granite alone uses it to switch rotations off.</summary>
    [Theory]
    [InlineData("granitemoe", false)]
    [InlineData("qwen3moe", true)]
    [InlineData("gemma3", true)]
    public void RopeFinetuned_False_StopsTheRotationsOfGraniteAlone(string family, bool isRotated)
    {
        using TinyModel model = TinyFamilies.Create(family);
        model.Set(MetadataKeys.RopeFinetuned, GgufValue.FromBoolean(false));

        Assert.All(model.Load().Network.Config.Blocks, block => Assert.Equal(isRotated, block.IsRotated));
    }

    [Fact]
    public void SequenceOptions_ThatDoNotFit_AreRefused()
    {
        using TinyModel decoder = TinyModel.Decoder("llama", 2, tied: false).Load();
        using TinyModel token = TinyModel.Recursive("token", "middle_cycle", 3, 2).Load();
        AssertRefused(decoder, new SequenceOptions { DepthMax = 1 });
        AssertRefused(decoder, new SequenceOptions { KvPolicy = KvPolicy.SharedFromFirst });
        AssertRefused(decoder, new SequenceOptions { Routing = RoutingMode.Full });
        AssertRefused(decoder, new SequenceOptions { ContextLength = 0 });
        AssertRefused(token, new SequenceOptions { Routing = RoutingMode.TopK });
        AssertRefused(token, new SequenceOptions { DepthMax = 4 });
        AssertRefused(token, new SequenceOptions { DepthMax = 0 });
        AssertRefused(token, new SequenceOptions { KvPolicy = KvPolicy.SharedHybrid });
        AssertRefused(token, new SequenceOptions { HybridPositionZero = true });
    }

    /// <summary>A number of a configuration file may stand for none of the values.</summary>
    [Fact]
    public void Options_ThatAreNoValues_AreRefused()
    {
        using TinyModel expert = TinyModel.Recursive("expert", "middle_cycle", 3, 2).Load();
        AssertRefused(expert, new SequenceOptions { KvPolicy = (KvPolicy)4 });
        AssertRefused(expert, new SequenceOptions { Routing = (RoutingMode)4 });
        AssertRefused(expert, new SequenceOptions { KvFormat = (KvFormat)3 });
        AssertRefused(expert, new SequenceOptions { Speculation = (SpeculationMode)3 });
    }

    [Fact]
    public void Ids_ThatDoNotFit_AreRefused()
    {
        using TinyModel model = TinyModel.Decoder("llama", 2, tied: false).Load();
        using Sequence sequence = model.Network.CreateSequence(new SequenceOptions { ContextLength = 4 });
        Assert.Throws<ArgumentException>(() => sequence.Prefill([]));
        Assert.Throws<ArgumentException>(() => sequence.Prefill([TinyModel.VocabSize]));
        Assert.Throws<ArgumentException>(() => sequence.Prefill([-1]));
        Assert.Throws<ArgumentException>(() => sequence.Prefill([1, 2, 3, 4, 5]));
        Assert.Throws<ArgumentException>(() => sequence.Score([1, 2], (_, _) => { }, new int[1]));
        Assert.Equal(0, sequence.Position);
        sequence.Prefill([1, 2, 3, 4]);
        Assert.Throws<ArgumentException>(() => sequence.Decode(1));
    }

    /// <summary>The first files of Qwen2-MoE: all experts in stacks, and neither width in a key.</summary>
    [Fact]
    public void Experts_WithoutKeysOfTheirWidths_AreAsWideAsTheirTensors()
    {
        int[] ids = TinyModel.RandomIds(20, seed: 4);
        using TinyModel model = TinyFamilies.Create("qwen2moe").Load();
        using TinyModel early = TinyFamilies.Create("qwen2moe");
        early.Metadata.Remove(early.Metadata.ArchitectureKey(ExpertKeys.FeedForwardLength));
        early.Metadata.Remove(early.Metadata.ArchitectureKey(ExpertKeys.SharedFeedForwardLength));
        ExpertConfig experts = model.Network.Config.Experts!;
        int width = model.Network.Config.ModelDim;
        Stack(early, TensorNames.FfnGate, TensorNames.ExpertsGate, experts.FfnDim, width);
        Stack(early, TensorNames.FfnUp, TensorNames.ExpertsUp, experts.FfnDim, width);
        Stack(early, TensorNames.FfnDown, TensorNames.ExpertsDown, width, experts.FfnDim);
        early.Load();

        Assert.Equal(experts, early.Network.Config.Experts);
        Assert.NotEqual(experts.FfnDim, experts.SharedFfnDim);
        Assert.Equal(model.Score(ids), early.Score(ids));
    }

    /// <summary>Makes one tensor of the experts' matrices (rows, cols) of the second block.</summary>
    private static void Stack(TinyModel model, string matrix, string stack, int rows, int cols)
    {
        List<float> values = [];
        for (int i = 0; i < TinyFamilies.ExpertCount; i++)
        {
            string name = TensorNames.Block(1, TensorNames.Expert(matrix, i));
            values.AddRange(model.Values(name));
            model.Remove(name);
        }

        model.Add(TensorNames.Block(1, stack), TinyFamilies.ExpertCount, rows, cols);
        values.CopyTo(model.Values(TensorNames.Block(1, stack)));
    }

    private static void AssertRefused(TinyModel model, SequenceOptions options)
    {
        ArgumentException fault = Assert.Throws<ArgumentException>(() => model.Network.CreateSequence(options));
        Assert.Null(fault.ParamName);
        Assert.EndsWith(".", fault.Message, StringComparison.Ordinal);
    }

    /// <summary>As many as make products that have wrapped around fit the tensors, if nothing looks at them.</summary>
    private static void WidenHeads(TinyModel model, uint count, uint width)
    {
        model.Set("attention.head_count", GgufValue.FromUInt32(count));
        model.Set("attention.head_count_kv", GgufValue.FromUInt32(1));
        model.Set("attention.key_length", GgufValue.FromUInt32(width));
        model.Set("rope.dimension_count", GgufValue.FromUInt32(2));
    }

    private static void ShortenOutputNorm(TinyModel model)
    {
        model.Remove(TensorNames.OutputNorm);
        model.Add(TensorNames.OutputNorm, 31);
    }
}
