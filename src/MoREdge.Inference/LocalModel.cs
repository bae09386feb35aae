using MoREdge.Kernels;
using MoREdge.Model;
using MoREdge.ModelFile;
using MoREdge.Tokenization;

namespace MoREdge.Inference;

/// <summary>
/// A model file opened for use: the mapped file, the network over it and its tokenizer. The composition root of the
/// runtime. Each of its sessions and batches may run on a thread of its own: they take turns at the workers.
/// </summary>
public sealed class LocalModel : IDisposable
{
    private readonly Tokenizer? _tokenizer;

    private LocalModel(GgufFile file, DecoderModel network, Tokenizer? tokenizer, IntegrityCheck integrity)
    {
        File = file;
        Network = network;
        _tokenizer = tokenizer;
        Integrity = integrity;
    }

    /// <summary>The mapped file.</summary>
    public GgufFile File { get; }

    /// <summary>The network.</summary>
    public DecoderModel Network { get; }

    /// <summary>The background verification of the file.</summary>
    public IntegrityCheck Integrity { get; }

    /// <summary>True when the file brings a tokenizer.</summary>
    public bool HasTokenizer => _tokenizer is not null;

    /// <summary>The tokenizer.</summary>
    /// <exception cref="InferenceException">The file has none.</exception>
    public Tokenizer Tokenizer => _tokenizer
        ?? throw new InferenceException(
            InferenceError.NoTokenizer, $"The model '{File.Path}' has no tokenizer, so it cannot read text.");

    /// <summary>Opens and checks a model file; weights are mapped, not read.</summary>
    /// <param name="path">A GGUF file.</param>
    /// <param name="kernels">The kernel set to run on.</param>
    /// <param name="threadCount">
    /// Worker threads, the caller's included, at most <see cref="DecoderModel.ThreadsMax"/>.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">Fewer threads than one, or more than there may be.</exception>
    /// <exception cref="ModelFileException">The file is damaged or not a model this version runs.</exception>
    /// <exception cref="TokenizerException">The tokenizer in the file is damaged.</exception>
    /// <exception cref="InferenceException">The tokenizer does not fit the network.</exception>
    /// <exception cref="InsufficientMemoryException">The system does not start so many threads.</exception>
    public static LocalModel Open(string path, KernelSet kernels, int threadCount)
    {
        GgufFile file = GgufFile.Open(path);
        DecoderModel? network = null;
        IntegrityCheck? integrity = null;
        bool isOpen = false;
        try
        {
            integrity = new IntegrityCheck(file);
            network = DecoderModel.Load(file, kernels, threadCount);
            Tokenizer? tokenizer = TokenizerLoader.TryLoad(file);
            if (tokenizer is not null && tokenizer.VocabSize > network.Config.VocabSize)
            {
                throw new InferenceException(
                    InferenceError.TokenizerMismatch,
                    $"The tokenizer has {tokenizer.VocabSize} tokens, but the model's embedding only "
                    + $"{network.Config.VocabSize} rows.");
            }

            isOpen = true;
            return new LocalModel(file, network, tokenizer, integrity);
        }
        finally
        {
            if (!isOpen)
            {
                network?.Dispose();
                integrity?.Dispose();
                file.Dispose();
            }
        }
    }

    /// <summary>Starts an empty session.</summary>
    /// <exception cref="ArgumentException">An option does not fit the model.</exception>
    /// <exception cref="OutOfMemoryException">Its caches do not fit.</exception>
    /// <exception cref="ObjectDisposedException">The model has been disposed.</exception>
    public GenerationSession StartSession(SequenceOptions sequence, SamplerOptions sampler) =>
        new(this, Network.CreateSequence(sequence), sampler);

    /// <summary>Starts an empty batch, for many texts side by side.</summary>
    /// <exception cref="ArgumentException">An option does not fit the model or is not for batches.</exception>
    /// <exception cref="OutOfMemoryException">Its buffers do not fit.</exception>
    /// <exception cref="ObjectDisposedException">The model has been disposed.</exception>
    public BatchScheduler StartBatch(SequenceOptions sequence, BatchSchedulerOptions options) =>
        new(Network, _tokenizer, Integrity, sequence, options);

    /// <summary>
    /// Stops the worker threads and closes the file. Any thread may call it: an answer under way on another one ends
    /// with an <see cref="ObjectDisposedException"/> behind the pass that it is in, and the file is unmapped then.
    /// </summary>
    public void Dispose()
    {
        Integrity.Dispose();
        Network.Dispose();
        File.Dispose();
    }
}
