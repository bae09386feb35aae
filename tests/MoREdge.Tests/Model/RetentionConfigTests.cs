using MoREdge.Model;
using MoREdge.ModelFile;

namespace MoREdge.Tests.Model;

/// <summary>Files of RetNets whose metadata contradicts itself or asks for what is not computed are refused.</summary>
public sealed class RetentionConfigTests
{
    public static TheoryData<string> WrongFiles() => [.. Changes.Keys];

    private static Dictionary<string, (ModelFileError Error, Action<TinyModel> Change)> Changes { get; } = new()
    {
        ["no dialect"] = (ModelFileError.MissingKey, m => m.Metadata.Remove("retnet.retention.dialect")),
        ["another dialect"] = (ModelFileError.WrongValue, m => Text(m, RetentionKeys.Dialect, "xatl")),
        ["another decay"] = (ModelFileError.WrongValue, m => Text(m, RetentionKeys.Decay, "learnt")),
        ["another feature map"] = (ModelFileError.WrongValue, m => Text(m, RetentionKeys.FeatureMap, "elu")),
        ["another function"] = (ModelFileError.WrongValue, m => Text(m, RetentionKeys.FeedForwardActivation, "relu")),
        ["zero heads"] = (ModelFileError.WrongValue, m => Count(m, MetadataKeys.HeadCount, 0)),
        ["heads no multiple"] = (ModelFileError.WrongValue, m => Count(m, MetadataKeys.HeadCountKv, 3)),
        ["zero value width"] = (ModelFileError.WrongValue, m => Count(m, MetadataKeys.ValueLength, 0)),
        ["no value width"] = (ModelFileError.MissingKey, m => m.Metadata.Remove("retnet.attention.value_length")),
        ["odd key width"] = (ModelFileError.WrongValue, m => Count(m, MetadataKeys.KeyLength, 7)),
        ["a state of 16 TiB"] = (ModelFileError.WrongValue, m =>
        {
            Count(m, MetadataKeys.KeyLength, 1 << 20);
            Count(m, MetadataKeys.ValueLength, 1 << 20);
        }
        ),
        ["a window"] = (ModelFileError.WrongValue, m => Count(m, MetadataKeys.SlidingWindow, 100)),
        ["experts"] = (ModelFileError.WrongValue, m =>
        {
            Count(m, ExpertKeys.Count, 4);
            Count(m, ExpertKeys.UsedCount, 2);
        }
        ),
        ["stretched angles"] = (ModelFileError.WrongValue, m =>
            m.Set(MetadataKeys.RopeScalingFactor, GgufValue.FromFloat32(4))),
        ["half of the heads turned"] = (ModelFileError.WrongValue, m => Count(m, MetadataKeys.RopeDimensionCount, 4)),
        ["recursion"] = (ModelFileError.WrongValue, m => Count(m, MetadataKeys.RecursionCount, 3)),
        ["value width of other tensors"] = (ModelFileError.ShapeMismatch, m => Count(m, MetadataKeys.ValueLength, 16)),
        ["no gate"] = (ModelFileError.MissingTensor, m => m.Remove(TensorNames.Block(1, TensorNames.RetentionGate))),
        ["no norm"] = (ModelFileError.MissingTensor, m => m.Remove(TensorNames.Block(2, TensorNames.RetentionNorm))),
        ["a norm too many"] = (ModelFileError.UnexpectedTensor, m =>
            Text(m, RetentionKeys.Dialect, "torchscale")),
        ["frequency factors"] = (ModelFileError.UnexpectedTensor, m =>
            m.Add(TensorNames.RopeFrequencies, TinyRetNet.KeyDim / 2)),
    };

    [Theory]
    [MemberData(nameof(WrongFiles))]
    public void Load_WrongFile_IsRefused(string name)
    {
        using TinyModel model = TinyRetNet.Create("fla");
        (ModelFileError error, Action<TinyModel> change) = Changes[name];
        change(model);

        ModelFileException refusal = Assert.Throws<ModelFileException>(() => model.Load());

        Assert.Equal(error, refusal.Error);
    }

    [Fact]
    public void Speculation_WithoutARecursion_IsRefused()
    {
        using TinyModel model = TinyRetNet.Create("fla").Load();
        SequenceOptions options = new() { Speculation = SpeculationMode.On };

        Assert.Throws<ArgumentException>(() => model.Network.CreateSequence(options));
    }

    /// <summary>γ of the last of so many heads is 1 − 2⁻⁶⁸, which float64 does not know.</summary>
    [Theory]
    [InlineData(40)]
    [InlineData(47)]
    [InlineData(48)]
    [InlineData(63)]
    public void DecaySum_HeadThatHardlyForgets_CountsPositions(int head)
    {
        RetentionConfig config = new() { ValueDim = 4, Decays = RetentionConfig.PowerDecays(64), Angles = [1, 1] };

        Assert.Equal(101, config.DecaySum(head, position: 100), tolerance: 0.5);
    }

    private static void Count(TinyModel model, string key, int value) =>
        model.Set(key, GgufValue.FromUInt32((uint)value));

    private static void Text(TinyModel model, string key, string value) =>
        model.Set(key, GgufValue.FromString(value));
}
