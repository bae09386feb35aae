using MoREdge.Kernels;
using MoREdge.Model;
using MoREdge.ModelFile;
using MoREdge.Tensors;
using MoREdge.Tests.Cli;
using MoREdge.Tests.ModelFile;

namespace MoREdge.Tests.Model;

public sealed class MemoryEstimateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, null, null, 1)]
    [InlineData(1, null, null, 3)]
    [InlineData(3, KvPolicy.RecursionWise, RoutingMode.TopK, 2)]
    [InlineData(3, KvPolicy.SharedFromFirst, RoutingMode.Threshold, 2)]
    [InlineData(3, KvPolicy.SharedHybrid, RoutingMode.Full, 2)]
    public void Numbers_OfASequence_AreThoseOfTheRealOne(
        int recursions, KvPolicy? policy, RoutingMode? routing, int threads)
    {
        string path = new ByteModel { RecursionCount = recursions }.Write(_folder.File("m.gguf"));
        using GgufFile file = GgufFile.Open(path);
        using DecoderModel model = DecoderModel.Load(file, new KernelSet(), threads);
        foreach (KvFormat format in Enum.GetValues<KvFormat>())
        {
            foreach (int context in new[] { 1, 63, 300, 9000 })
            {
                SequenceOptions options = new()
                {
                    ContextLength = context,
                    KvFormat = format,
                    KvPolicy = policy,
                    Routing = routing,
                };
                using Sequence sequence = model.CreateSequence(options);
                MemoryEstimate estimate = new(file, options, threads);
                Assert.Equal(sequence.KvBytesReserved, estimate.KvBytes);
                Assert.Equal(sequence.KvBytesPerTokenMax, estimate.KvBytesPerToken);
                Assert.Equal(sequence.WorkspaceBytes, estimate.WorkspaceBytes);
                for (double depth = 1; depth <= recursions; depth += 0.5)
                {
                    double expected = model.WeightBytesPerToken(depth, sequence.KvPolicy);
                    Assert.Equal(expected, estimate.WeightBytesPerToken(depth), 1e-6);
                }
            }
        }
    }

    /// <summary>The projections of keys and values, of two layers in two recursions.</summary>
    [Theory]
    [InlineData(KvPolicy.SharedFromFirst, 2 * 2 * 2 * ByteModel.KvDim * ByteModel.ModelDim * sizeof(float))]
    [InlineData(KvPolicy.SharedHybrid, 0)]
    public void WeightBytes_WhereKeysAreShared_LackWhatMakesThem(KvPolicy policy, int saved)
    {
        string path = new ByteModel { RecursionCount = 3 }.Write(_folder.File("m.gguf"));
        using GgufFile file = GgufFile.Open(path);
        using DecoderModel model = DecoderModel.Load(file, new KernelSet(), threadCount: 1);
        MemoryEstimate own = new(file, new SequenceOptions { KvPolicy = KvPolicy.RecursionWise }, 1);
        MemoryEstimate shared = new(file, new SequenceOptions { KvPolicy = policy }, 1);

        Assert.Equal(saved, own.WeightBytesPerToken(3) - shared.WeightBytesPerToken(3), 1e-6);
        double ofModel = model.WeightBytesPerToken(3, KvPolicy.RecursionWise) - model.WeightBytesPerToken(3, policy);
        Assert.Equal(saved, ofModel, 1e-6);
    }

    [Fact]
    public void Fit_ByAvailableMemory_HasThreeAnswers()
    {
        using GgufFile file = GgufFile.Open(new ByteModel().Write(_folder.File("m.gguf")));
        MemoryEstimate estimate = new(file, new SequenceOptions(), 1);
        Assert.Equal(MemoryFit.Fits, estimate.Fit(estimate.TotalBytes));
        Assert.Equal(MemoryFit.WillPage, estimate.Fit(estimate.TotalBytes - 1));
        Assert.Equal(MemoryFit.WillPage, estimate.Fit(estimate.TotalBytes - estimate.FileBytes));
        Assert.Equal(MemoryFit.TooLarge, estimate.Fit(estimate.TotalBytes - estimate.FileBytes - 1));
    }
}
