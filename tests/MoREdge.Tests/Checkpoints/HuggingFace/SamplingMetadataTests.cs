using System.Text;
using MoREdge.Checkpoints;
using MoREdge.Inference;
using MoREdge.ModelFile;

namespace MoREdge.Tests.Checkpoints.HuggingFace;

/// <summary>generation_config.json recommends, the file keeps it, the sampler follows.</summary>
public sealed class SamplingMetadataTests : IDisposable
{
    private const StringComparison Ordinal = StringComparison.Ordinal;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_NoSampling_IsGreedy()
    {
        SamplerOptions options = Recommended("""{"do_sample": false, "temperature": 0.7}""");

        Assert.Equal(0, options.Temperature);
        Assert.Equal(new SamplerOptions().TopP, options.TopP);
    }

    [Fact]
    public void Open_EveryRecommendation_ReachesTheSampler()
    {
        SamplerOptions options = Recommended(
            """
            {"do_sample": true, "temperature": 0.6, "top_k": 20, "top_p": 0.9, "min_p": 0.1, "repetition_penalty": 1.2}
            """);

        SamplerOptions expected = new()
        {
            Temperature = 0.6f,
            TopK = 20,
            TopP = 0.9f,
            MinP = 0.1f,
            RepeatPenalty = 1.2f,
        };
        Assert.Equal(expected, options);
    }

    [Theory]
    [InlineData("""{"eos_token_id": 2}""", 40)]
    [InlineData("""{"top_k": -1}""", 0)]
    public void Open_OtherConfigurations_KeepTheDefaults(string generation, int topK) =>
        Assert.Equal(new SamplerOptions { TopK = topK }, Recommended(generation));

    /// <summary>A file of somebody else's may hold anything; of what it recommends well nothing is lost.</summary>
    [Fact]
    public void RecommendedBy_ValuesThatAreNone_KeepsTheDefaultsAndTellsThem()
    {
        GgufMetadata metadata = new();
        metadata.Set(MetadataKeys.SamplingTemperature, GgufValue.FromFloat32(float.NaN));
        metadata.Set(MetadataKeys.SamplingTopK, GgufValue.FromString("all"));
        metadata.Set(MetadataKeys.SamplingTopP, GgufValue.FromFloat32(2));
        metadata.Set(MetadataKeys.SamplingMinP, GgufValue.FromFloat32(0.25f));
        List<string> faults = [];

        SamplerOptions options = SamplerOptions.RecommendedBy(
            metadata, (key, reason) => faults.Add($"{key}: {reason}"));

        Assert.Equal(new SamplerOptions { MinP = 0.25f }, options);
        Assert.Equal(options, SamplerOptions.RecommendedBy(metadata));
        Assert.Collection(
            faults,
            fault => Assert.StartsWith($"{MetadataKeys.SamplingTemperature}: The temperature", fault, Ordinal),
            fault => Assert.StartsWith($"{MetadataKeys.SamplingTopK}: ", fault, Ordinal),
            fault => Assert.StartsWith($"{MetadataKeys.SamplingTopP}: Top-p", fault, Ordinal));
    }

    private SamplerOptions Recommended(string generation)
    {
        _folder.WriteConfig(SyntheticModel.Config(1));
        _folder.Write("model.safetensors", SafetensorsBuilder.File(SyntheticModel.Llama(1).Tensors));
        _folder.Write("generation_config.json", Encoding.UTF8.GetBytes(generation));
        using Checkpoint checkpoint = Checkpoint.Open(_folder.FullPath);
        return SamplerOptions.RecommendedBy(checkpoint.Metadata);
    }
}
