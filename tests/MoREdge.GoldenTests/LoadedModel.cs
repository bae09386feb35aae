using MoREdge.Checkpoints;
using MoREdge.Kernels;
using MoREdge.Model;
using MoREdge.ModelFile;
using MoREdge.Quantization;

namespace MoREdge.GoldenTests;

/// <summary>A checkpoint taken the whole way: imported, written as a model file, mapped and loaded.</summary>
internal sealed class LoadedModel : IDisposable
{
    private readonly string _path;

    public LoadedModel(
        string checkpoint, ModelFormat format, KernelSet kernels, string? tokenizer = null, int threadCount = 2)
    {
        _path = Path.Combine(Path.GetTempPath(), $"moredge-golden-{Guid.NewGuid():N}.gguf");
        using (Checkpoint source = Checkpoint.Open(checkpoint, new CheckpointOptions { TokenizerPath = tokenizer }))
        {
            ModelQuantizer.Write(
                source.Metadata,
                source.Tensors,
                _path,
                format,
                overwrite: false,
                cancellation: TestContext.Current.CancellationToken);
        }

        File = GgufFile.Open(_path);
        Network = DecoderModel.Load(File, kernels, threadCount);
    }

    public GgufFile File { get; }

    public string FilePath => _path;

    public DecoderModel Network { get; }

    public Sequence Start(
        RoutingMode? routing = null,
        KvPolicy? kvPolicy = null,
        int? depthMax = null,
        bool hybridPositionZero = false,
        int? contextLength = null) =>
        Network.CreateSequence(new SequenceOptions
        {
            Routing = routing,
            KvPolicy = kvPolicy,
            DepthMax = depthMax,
            HybridPositionZero = hybridPositionZero,
            ContextLength = contextLength,
        });

    public void Dispose()
    {
        Network.Dispose();
        File.Dispose();
        System.IO.File.Delete(_path);
    }
}
