using MoREdge.Kernels;
using MoREdge.Model.Threads;
using MoREdge.Model.Weights;
using MoREdge.ModelFile;
using MoREdge.Tensors;

namespace MoREdge.Model;

/// <summary>
/// A decoder model whose weights are views of an open file: an ordinary decoder, or one with a loop, experts, layers
/// that tokens skip or retention. It owns the worker threads. Each of its sequences and batches may run on a thread of
/// its own: they take turns at the workers.
/// </summary>
public sealed class DecoderModel : IDisposable
{
    private readonly ModelWeights _weights;
    private readonly WeightTraffic _traffic;
    private readonly WorkerPool _pool;
    private readonly IDisposable _map;
    private readonly CancellationTokenSource _disposed = new();

    private DecoderModel(
        GgufFile file, ModelConfig config, ModelWeights weights, KernelSet kernels, int threadCount)
    {
        Config = config;
        _weights = weights;
        _traffic = new WeightTraffic(file, config);
        Kernels = kernels;
        Disposed = _disposed.Token;
        Lifetime = new Lifetime(this, Free);
        _pool = new WorkerPool(threadCount);
        _map = file.HoldMap();
    }

    /// <summary>The dimensions of the model.</summary>
    public ModelConfig Config { get; }

    /// <summary>The kernel set it runs on.</summary>
    public KernelSet Kernels { get; }

    /// <summary>Worker threads, the caller's included.</summary>
    public int ThreadCount => _pool.WorkerCount;

    /// <summary>Cancelled once the model has been disposed, for those who wait for something else.</summary>
    public CancellationToken Disposed { get; }

    /// <summary>
    /// Entered by whatever reads weights or sets workers to work: once the file is closed, reading would end the
    /// process.
    /// </summary>
    internal Lifetime Lifetime { get; }

    /// <summary>True when the projections are float32, so that the cache must be too for exact parity.</summary>
    public bool IsFloat32 { get; private init; }

    /// <summary>Most threads that a model computes with; more than any machine with one memory can feed.</summary>
    public const int ThreadsMax = 256;

    /// <summary>Checks the file against its own configuration and views its weights; reads no weight byte.</summary>
    /// <param name="file">An open model file; its map stays until the model has been disposed.</param>
    /// <param name="kernels">The kernel set to run on.</param>
    /// <param name="threadCount">
    /// Worker threads, the caller's included, at most <see cref="ThreadsMax"/>.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">Fewer threads than one, or more than there may be.</exception>
    /// <exception cref="ModelFileException">The file does not hold a model this version runs.</exception>
    /// <exception cref="InsufficientMemoryException">The system does not start so many threads.</exception>
    public static DecoderModel Load(GgufFile file, KernelSet kernels, int threadCount)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        ModelConfig config = ModelConfigReader.Read(file);
        ModelWeights weights = new(file, config, kernels);
        return new DecoderModel(file, config, weights, kernels, threadCount)
        {
            IsFloat32 = HasFloat32Projections(file, config),
        };
    }

    /// <summary>Starts an empty sequence.</summary>
    /// <exception cref="ArgumentException">An option does not fit the model.</exception>
    /// <exception cref="OutOfMemoryException">The caches do not fit.</exception>
    /// <exception cref="ObjectDisposedException">The model has been disposed.</exception>
    public Sequence CreateSequence(SequenceOptions options)
    {
        using Lifetime.Use use = Lifetime.Enter();
        ArgumentNullException.ThrowIfNull(options);
        SequencePlan plan = Plan(options);
        return Memory.Take(() => new Sequence(this, _weights, _pool, plan) { Options = options });
    }

    private SequencePlan Plan(SequenceOptions options)
    {
        SequencePlan plan = SequencePlan.Resolve(Config, IsFloat32, options);
        if (plan.Speculation != SpeculationMode.Off && !HasOneBlock())
        {
            plan = plan.Speculation == SpeculationMode.Auto
                ? plan with { Speculation = SpeculationMode.Off }
                : throw new ArgumentException(
                    "The recursions of this model have weights of their own, so a draft has no pass to share: it "
                    + "cannot speculate.");
        }

        return plan;
    }

    /// <summary>Starts an empty batch, whose sequences share every pass over the weights.</summary>
    /// <param name="options">How its sequences are run.</param>
    /// <param name="batch">Its limits.</param>
    /// <exception cref="ArgumentException">
    /// An option does not fit the model or is not for batches, or a limit is out of range.
    /// </exception>
    /// <exception cref="OutOfMemoryException">The buffers do not fit.</exception>
    /// <exception cref="ObjectDisposedException">The model has been disposed.</exception>
    public SequenceBatch CreateBatch(SequenceOptions options, BatchOptions batch)
    {
        using Lifetime.Use use = Lifetime.Enter();
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(batch);
        SequencePlan plan = Plan(options).ForBatch(batch);
        return Memory.Take(() => new SequenceBatch(this, _weights, _pool, plan));
    }

    /// <summary>The routers by themselves, for measurements; null where no router decides a depth.</summary>
    public RouterPass? CreateRouterPass() =>
        _weights.Routers.Length > 0 ? new RouterPass(this, Config.Recursion!, _weights.Routers) : null;

    /// <summary>Checks that there are ids and that the vocabulary has them all.</summary>
    /// <exception cref="ArgumentException">No ids, or an id outside the vocabulary.</exception>
    /// <exception cref="ObjectDisposedException">The model has been disposed.</exception>
    public void CheckIds(ReadOnlySpan<int> ids)
    {
        Lifetime.ThrowIfDisposed();
        if (ids.IsEmpty)
        {
            throw new ArgumentException("There are no tokens to run.");
        }

        foreach (int id in ids)
        {
            if ((uint)id >= (uint)Config.VocabSize)
            {
                throw new ArgumentException($"The token id {id} is outside the vocabulary of {Config.VocabSize}.");
            }
        }
    }

    /// <summary>
    /// Weight bytes that one decoded token reads when it runs <paramref name="depth"/> recursions, or so many of the
    /// layers that it can skip (a mean may be fractional).
    /// </summary>
    /// <param name="depth">Recursions, or layers that are not skipped.</param>
    /// <param name="policy">Recursions that read shared keys and values do not read the weights of theirs.</param>
    public double WeightBytesPerToken(double depth, KvPolicy policy) => _traffic.BytesPerToken(depth, policy);

    /// <summary>
    /// Multiply-adds of the projections of a prompt of <paramref name="tokenCount"/> tokens whose last one is answered
    /// with logits: what a prefill computes beside attention.
    /// </summary>
    /// <param name="tokenCount">Tokens of the prompt.</param>
    /// <param name="depth">Mean recursions of its tokens, or layers that they did not skip.</param>
    /// <param name="policy">Recursions that read shared keys and values do not compute them.</param>
    public double PrefillMultiplyAdds(int tokenCount, double depth, KvPolicy policy)
    {
        LayerSchedule schedule = new(Config, policy);
        double perToken = MultiplyAdds(schedule.Prefix, policy, depth) + MultiplyAdds(schedule.Suffix, policy, depth);
        double adapter = Config.Recursion?.HasAdapter == true ? 2.0 * Config.ModelDim * Config.ModelDim : 0;
        for (int r = 0; r < schedule.Loop.Length; r++)
        {
            perToken += (adapter + MultiplyAdds(schedule.Loop[r], policy, depth)) * Math.Clamp(depth - r, 0, 1);
        }

        return (tokenCount * perToken) + ((double)Config.VocabSize * Config.ModelDim);
    }

    /// <summary>
    /// Stops the worker threads and lets go of the file's map, behind the passes that are under way on other threads.
    /// Sequences and batches of the model cannot go on: their next pass is refused.
    /// </summary>
    public void Dispose()
    {
        Lifetime.Dispose();
        _disposed.Cancel();
    }

    private void Free()
    {
        _pool.Dispose();
        _map.Dispose();
    }

    /// <summary>Looks at an output projection, shared or of the first recursion, as an example of all.</summary>
    internal static bool HasFloat32Projections(GgufFile file, ModelConfig config)
    {
        int block = config.BlockCount - 1;
        string shared = TensorNames.Block(block, TensorNames.AttentionOutput);
        string name = file.TryGetTensor(shared, out _)
            ? shared
            : TensorNames.BlockRecursion(block, 0, TensorNames.AttentionOutput);
        return file.RequireTensor(name).Type == ElementType.F32;
    }

    /// <summary>Whether every recursion runs through the same weights.</summary>
    private bool HasOneBlock()
    {
        LayerSchedule schedule = new(Config, KvPolicy.RecursionWise);
        return Array.TrueForAll(_weights.GroupRecursions(schedule.Loop), first => first == 0);
    }

    /// <summary>Width of the feed-forward networks that a token goes through in a block.</summary>
    private int FfnWidth(int block) => Config.Experts is { } experts && Config.Block(block).HasExperts
        ? (experts.UsedCount * experts.FfnDim) + experts.SharedFfnDim
        : Config.FfnDim;

    private double MultiplyAdds(LayerCall[] calls, KvPolicy policy, double depth)
    {
        double sum = 0;
        foreach (LayerCall call in calls)
        {
            double attention = Config.QueryDim
                + ((Config.Retention?.HasGate == true ? 2.0 : 1.0) * Config.MixedDim)
                + (call.ComputesKeys(policy) ? Config.KvDim + Config.KvValueDim : 0);
            double feedForward = (Config.IsFfnGated ? 3.0 : 2.0) * FfnWidth(call.Block);
            double skipped = Config.Skips?.Skipped(call.Block, depth, attention, feedForward) ?? 0;
            sum += (attention + feedForward - skipped) * Config.ModelDim;
        }

        return sum;
    }
}
