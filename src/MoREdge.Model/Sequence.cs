using MoREdge.Kernels;
using MoREdge.Model.Caches;
using MoREdge.Model.Layers;
using MoREdge.Model.Recursion;
using MoREdge.Model.Threads;
using MoREdge.Model.Weights;
using MoREdge.Tensors;

namespace MoREdge.Model;

/// <summary>Receives the logits of one position. The span is overwritten when the call returns.</summary>
public delegate void LogitsVisitor(int position, ReadOnlySpan<float> logits);

/// <summary>
/// One text in the making: its caches, its activation buffers and how far it has come. Everything is allocated here,
/// once; a decoded token allocates nothing. Not thread-safe.
/// </summary>
public sealed class Sequence : IDisposable
{
    private readonly DecoderModel _model;
    private readonly ModelWeights _weights;
    private readonly SequencePlan _plan;
    private readonly KvCache _cache;
    private readonly KvOverlay _overlay;
    private readonly Workspace _workspace;
    private readonly RotaryTable _rotary;
    private readonly LayerRunner _runner;
    private readonly IRecursionLoop? _loop;
    private readonly OutputHead _head;
    private readonly Chunk _chunk;
    private readonly DepthLimit _depthLimit;

    internal Sequence(DecoderModel model, ModelWeights weights, WorkerPool pool, SequencePlan plan)
    {
        _model = model;
        _weights = weights;
        _plan = plan;
        ModelConfig config = model.Config;
        LayerSchedule schedule = new(config, plan.KvPolicy);
        KvLayout layout = plan.KvLayout(config);
        _workspace = new Workspace(config, plan, pool.WorkerCount);
        _cache = new KvCache(layout, config.KvHeadCount, schedule.SlotCount);
        _overlay = new KvOverlay(layout, config.KvHeadCount, plan.OverlayRowsMax, plan.HybridPositionZero);
        _rotary = new RotaryTable(config, weights.RopeFactors, plan.ContextLength);
        TransformerLayer layer = new(model.Kernels, config, pool, _workspace, _rotary, _overlay);
        _runner = new LayerRunner(layer, weights, _cache, schedule, plan.KvPolicy);
        _depthLimit = new DepthLimit(plan.DepthMax);
        _loop = CreateLoop(model.Kernels, config.Recursion);
        _head = new OutputHead(model.Kernels, config, pool, _workspace, weights);
        _chunk = new Chunk(plan.ChunkRowsMax);
        Depths = new DepthStatistics(config.RecursionCount);
    }

    /// <summary>Tokens taken so far: the position of the next one.</summary>
    public int Position { get; private set; }

    /// <summary>Most tokens this sequence can hold.</summary>
    public int ContextLength => _plan.ContextLength;

    /// <summary>The cache policy in force.</summary>
    public KvPolicy KvPolicy => _plan.KvPolicy;

    /// <summary>The stored form of keys and values.</summary>
    public KvFormat KvFormat => _plan.KvFormat;

    /// <summary>The routing mode in force.</summary>
    public RoutingMode Routing => _plan.Routing;

    /// <summary>The cap on recursions, 1 to the model's own count; a change holds from the next token on.</summary>
    /// <exception cref="ArgumentException">The model has no recursion, or not so many.</exception>
    public int DepthMax
    {
        get => _depthLimit.Recursions;
        set
        {
            SequencePlan.CheckDepth(value, _model.Config);
            _depthLimit.Recursions = value;
        }
    }

    /// <summary>Depths of all tokens since the sequence began or the statistics were cleared.</summary>
    public DepthStatistics Depths { get; }

    /// <summary>Recursions run by each token of the latest forward pass, in order.</summary>
    public ReadOnlySpan<int> LastDepths => _chunk.Depths.AsSpan(0, _chunk.RowCount);

    /// <summary>Bytes of keys and values stored now.</summary>
    public long KvBytesUsed => _cache.BytesUsed;

    /// <summary>Address space taken for keys and values; resident is only what tokens have touched.</summary>
    public long KvBytesReserved => _cache.BytesReserved;

    /// <summary>Bytes of keys and values of a token that reaches every slot.</summary>
    public long KvBytesPerTokenMax => _cache.BytesPerTokenMax;

    /// <summary>Bytes of a token's key and value in one slot: what a layer reads per token before it.</summary>
    public long KvBytesPerSlotToken => _cache.BytesPerSlotToken;

    /// <summary>Bytes of activation buffers and rotary tables.</summary>
    public long WorkspaceBytes => _workspace.ByteCount + _rotary.ByteCount + _overlay.ByteCount;

    /// <summary>
    /// Takes a prompt, or a further part of one, and returns the logits behind its last token (VocabSize).
    /// </summary>
    /// <param name="ids">Token ids, at least one.</param>
    /// <param name="progress">Told how many of the ids are done, if not null.</param>
    /// <param name="cancellation">Stops between layers; the sequence is then as before the call.</param>
    /// <exception cref="ArgumentException">
    /// No ids, an id outside the vocabulary, or more than the context holds.
    /// </exception>
    /// <exception cref="OperationCanceledException">Stopped by <paramref name="cancellation"/>.</exception>
    public ReadOnlySpan<float> Prefill(
        ReadOnlySpan<int> ids, Action<int>? progress = null, CancellationToken cancellation = default)
    {
        CheckIds(ids);
        int start = Position;
        for (int done = 0; done < ids.Length; done += _chunk.RowCount)
        {
            ForwardOrRestore(ids.Slice(done, Math.Min(_plan.ChunkRowsMax, ids.Length - done)), start, cancellation);
            progress?.Invoke(done + _chunk.RowCount);
        }

        return _head.Logits(_workspace.Residual.Slice(_chunk.RowCount - 1, 1)).Row(0);
    }

    /// <summary>Takes one generated token and returns the logits behind it (VocabSize). Allocates nothing.</summary>
    /// <exception cref="ArgumentException">The id is outside the vocabulary, or the context is full.</exception>
    public ReadOnlySpan<float> Decode(int id)
    {
        ReadOnlySpan<int> ids = new(in id);
        CheckIds(ids);
        Forward(ids, isPrompt: false, CancellationToken.None);
        return _head.Logits(_workspace.Residual.Slice(0, 1)).Row(0);
    }

    /// <summary>Takes ids as <see cref="Prefill"/> does and shows the logits behind every one of them.</summary>
    /// <param name="ids">Token ids, at least one.</param>
    /// <param name="visitor">Called once per position, in order.</param>
    /// <param name="depths">Receives the recursions each token ran (ids.Length), unless empty.</param>
    /// <param name="cancellation">Stops between layers; the sequence is then as before the call.</param>
    /// <exception cref="ArgumentException">As for <see cref="Prefill"/>.</exception>
    public void Score(
        ReadOnlySpan<int> ids,
        LogitsVisitor visitor,
        Span<int> depths = default,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        CheckIds(ids);
        for (int done = 0; done < ids.Length; done += _chunk.RowCount)
        {
            int start = Position;
            int count = Math.Min(_plan.ChunkRowsMax, ids.Length - done);
            ForwardOrRestore(ids.Slice(done, count), start - done, cancellation);
            if (!depths.IsEmpty)
            {
                LastDepths.CopyTo(depths[done..]);
            }

            for (int row = 0; row < _chunk.RowCount; row += Workspace.LogitRows)
            {
                int rows = Math.Min(Workspace.LogitRows, _chunk.RowCount - row);
                FloatMatrix logits = _head.Logits(_workspace.Residual.Slice(row, rows));
                for (int i = 0; i < rows; i++)
                {
                    visitor(start + row + i, logits.Row(i));
                }
            }
        }
    }

    /// <summary>Forgets every token at or behind <paramref name="position"/>.</summary>
    public void Truncate(int position)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        _cache.Truncate(position);
        Position = Math.Min(Position, position);
    }

    /// <summary>Frees caches and buffers.</summary>
    public void Dispose()
    {
        _cache.Dispose();
        _overlay.Dispose();
        _workspace.Dispose();
        _rotary.Dispose();
    }

    /// <summary>
    /// A part of a prompt; when cancelled, the whole prompt is forgotten back to <paramref name="restart"/>.
    /// </summary>
    private void ForwardOrRestore(ReadOnlySpan<int> ids, int restart, CancellationToken cancellation)
    {
        try
        {
            Forward(ids, isPrompt: true, cancellation);
        }
        catch (OperationCanceledException)
        {
            Truncate(restart);
            throw;
        }
    }

    /// <summary>Prefix layers → loop → suffix layers over one chunk; the result stays in the residual stream.</summary>
    private void Forward(ReadOnlySpan<int> ids, bool isPrompt, CancellationToken cancellation)
    {
        FloatMatrix x = _workspace.Residual.Slice(0, ids.Length);
        for (int row = 0; row < ids.Length; row++)
        {
            _weights.Embedding.CopyRow(_model.Kernels, ids[row], x.Row(row));
        }

        _chunk.Begin(Position, ids.Length, isPrompt);
        _overlay.BeginChunk(Position);
        _rotary.Reach(Position + ids.Length);
        _runner.BeginPass(cancellation);
        _runner.Run(_runner.Schedule.Prefix, x, _chunk.Positions);
        if (_loop is null)
        {
            _chunk.Depths.AsSpan(0, ids.Length).Fill(1);
        }
        else
        {
            _loop.Run(_chunk);
        }

        _runner.Run(_runner.Schedule.Suffix, x, _chunk.Positions);
        Depths.Add(LastDepths);
        Position += ids.Length;
    }

    private IRecursionLoop? CreateLoop(KernelSet kernels, RecursionConfig? recursion) => recursion?.DepthRule switch
    {
        null => null,
        DepthRule.Fixed => new FixedLoop(_runner, _workspace, _depthLimit),
        DepthRule.ExpertChoice => new ExpertChoiceLoop(
            kernels, recursion, _runner, _weights.Routers, _workspace, _plan.Routing, _depthLimit),
        _ => new TokenChoiceLoop(
            kernels,
            recursion,
            _runner,
            _weights.Routers[0],
            _workspace,
            _plan.Routing == RoutingMode.Full,
            _depthLimit),
    };

    private void CheckIds(ReadOnlySpan<int> ids)
    {
        if (ids.IsEmpty)
        {
            throw new ArgumentException("There are no tokens to run.");
        }

        if (ids.Length > ContextLength - Position)
        {
            throw new ArgumentException(
                $"{ids.Length} more tokens do not fit: {Position} of {ContextLength} are taken.");
        }

        foreach (int id in ids)
        {
            if ((uint)id >= (uint)_model.Config.VocabSize)
            {
                throw new ArgumentException(
                    $"The token id {id} is outside the vocabulary of {_model.Config.VocabSize}.");
            }
        }
    }
}
