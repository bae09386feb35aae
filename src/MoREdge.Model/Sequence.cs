using MoREdge.Model.Caches;
using MoREdge.Model.Speculation;
using MoREdge.Model.Threads;
using MoREdge.Model.Weights;
using MoREdge.Tensors;

namespace MoREdge.Model;

/// <summary>
/// One text in the making, by itself: its caches, its activation buffers and how far it has come. Everything is
/// allocated here, once; a decoded token allocates nothing. One call at a time computes or changes it, whatever thread
/// makes it: one that begins while another is under way is refused. Any thread may dispose of it. For many texts side
/// by side: <see cref="SequenceBatch"/>.
/// </summary>
/// <remarks>
/// Logits lie in the sequence's own memory: the next call overwrites them, and <see cref="Dispose"/> frees them, as the
/// garbage collector does once nobody refers to the sequence. Look before that, or within a <see cref="Hold"/>.
/// </remarks>
public sealed class Sequence : IDisposable
{
    /// <summary>Tokens of a turn when drafts are tried.</summary>
    private const int TurnTokens = 8;

    private readonly DecoderModel _model;
    private readonly SequencePlan _plan;
    private readonly KvCache _cache;
    private readonly FlightRunner _runner;
    private readonly Flight _flight;
    private readonly Flight[] _flights;
    private readonly SpeculativeDecoder? _speculation;
    private readonly SpeculationSwitch _switch;
    private readonly Lifetime _lifetime;
    private int _depthMax;
    private bool _latestIsSpeculative;

    internal Sequence(DecoderModel model, ModelWeights weights, WorkerPool pool, SequencePlan plan)
    {
        _model = model;
        _plan = plan;
        _lifetime = new Lifetime(this, Free, model.Lifetime);
        _depthMax = plan.DepthMax;
        bool drafts = plan.Speculation != SpeculationMode.Off;
        _runner = new FlightRunner(
            model, weights, pool, plan, flightsMax: drafts ? TokenPipeline.FlightsMax(model.Config) : 1);
        _cache = _runner.CreateCache(plan.ContextLength, isTruncated: true);
        _flight = new Flight(_cache, plan.ChunkRowsMax);
        _flights = [_flight];
        _switch = new SpeculationSwitch(plan.Speculation, plan.DraftLevelMax(model.Config), TurnTokens);
        _speculation = drafts
            ? new SpeculativeDecoder(_runner, _cache, plan.ContextLength, model.Config)
            : null;
        Depths = new DepthStatistics(model.Config.DepthCount);
    }

    /// <summary>The options it was made with.</summary>
    public required SequenceOptions Options { get; init; }

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

    /// <summary>
    /// Whether the tokens of a prompt compete, so that a text depends on where its prompts began (top-k routing).
    /// </summary>
    public bool IsRanked => _plan.IsRanked;

    /// <summary>The cap on recursions, 1 to the model's own count; a change holds from the next token on.</summary>
    /// <exception cref="ArgumentException">The model has no recursion, or not so many.</exception>
    /// <exception cref="InvalidOperationException">Another call is under way.</exception>
    public int DepthMax
    {
        get => _depthMax;
        set
        {
            SequencePlan.CheckDepth(value, _model.Config);
            using Lifetime.Use use = _lifetime.Occupy();
            _depthMax = value;
            _speculation?.Pipeline.Abandon(Position);
        }
    }

    /// <summary>
    /// Makes tokens leave the loop earlier: added to the router thresholds of an expert-choice model, taken per
    /// recursion from the router weights of a token-choice model. 0 is what the model was trained for. Finite.
    /// </summary>
    /// <exception cref="ArgumentException">Not finite, or no router decides about the depth of this model.</exception>
    /// <exception cref="InvalidOperationException">Another call is under way.</exception>
    public float DepthBias
    {
        get => _runner.DepthBias;
        set
        {
            _plan.CheckDepthBias(value, _model.Config);
            if (value != _runner.DepthBias)
            {
                using Lifetime.Use use = _lifetime.Occupy();
                _runner.DepthBias = value;
                _speculation?.Pipeline.Abandon(Position);
            }
        }
    }

    /// <summary>
    /// How far the routers' values have lain from what decides about them, on average: a scale for
    /// <see cref="DepthBias"/>.
    /// </summary>
    public float RouterDistance => _runner.LogitDistance;

    /// <summary>Depths of all tokens since the sequence began or the statistics were cleared.</summary>
    public DepthStatistics Depths { get; }

    /// <summary>Recursions run by each token of the latest forward pass, in order.</summary>
    public ReadOnlySpan<int> LastDepths =>
        _latestIsSpeculative ? _speculation!.Pipeline.LastDepths : _flight.Depths.AsSpan(0, _flight.RowCount);

    /// <summary>How drafts fared; zeros where nothing was drafted.</summary>
    public SpeculationStatistics Speculation => _speculation?.Pipeline.Statistics ?? default;

    /// <summary>
    /// Replaces drafts by what the caller knows better: a benchmark over random weights, for which a rate of right
    /// drafts is given. Null: none is replaced.
    /// </summary>
    public DraftOverride? DraftOverride
    {
        set
        {
            if (_speculation is not null)
            {
                _speculation.Pipeline.DraftOverride = value;
            }
        }
    }

    /// <summary>Layers run so far, all rows of a pass together: what tests know shared passes by.</summary>
    internal long LayerCount => _runner.LayerCount;

    /// <summary>Bytes of the states of retention, the same for every text; 0 where the model attends.</summary>
    public long StateBytes => _cache.Retention?.LiveBytes ?? 0;

    /// <summary>Bytes of what it takes to take tokens back from the states, without a mark.</summary>
    public long StateHistoryBytes => _cache.Retention?.HistoryBytes ?? 0;

    /// <summary>
    /// Bytes of keys and values stored now, those of tokens that were drafted included; with retention
    /// <see cref="StateBytes"/>.
    /// </summary>
    public long KvBytesUsed => _cache.BytesUsed;

    /// <summary>Address space taken for keys and values; resident is only what tokens have touched.</summary>
    public long KvBytesReserved => _cache.BytesReserved;

    /// <summary>Bytes of keys and values of a token that reaches every slot.</summary>
    public long KvBytesPerTokenMax => _cache.BytesPerTokenMax;

    /// <summary>Bytes of a token's key and value in one slot: what a layer reads per token before it.</summary>
    public long KvBytesPerSlotToken => _cache.BytesPerSlotToken;

    /// <summary>Bytes of activation buffers and rotary tables.</summary>
    public long WorkspaceBytes => _runner.ByteCount;

    /// <summary>
    /// Takes a prompt, or a further part of one, and returns the logits behind its last token (VocabSize).
    /// </summary>
    /// <param name="ids">Token ids, at least one.</param>
    /// <param name="progress">Told how many of the ids are done, if not null.</param>
    /// <param name="cancellation">
    /// Stops between layers; the sequence is then as before the call, unless layers with a window have dropped what a
    /// token there would see: then it keeps the ids that were done, and <see cref="Position"/> says how many.
    /// </param>
    /// <exception cref="ArgumentException">
    /// No ids, an id outside the vocabulary, or more than the context holds.
    /// </exception>
    /// <exception cref="InvalidOperationException">A receiver called it, or another call is under way.</exception>
    /// <exception cref="ObjectDisposedException">The sequence or its model is disposed, perhaps meanwhile.</exception>
    /// <exception cref="OperationCanceledException">Stopped by <paramref name="cancellation"/>.</exception>
    public ReadOnlySpan<float> Prefill(
        ReadOnlySpan<int> ids, Action<int>? progress = null, CancellationToken cancellation = default)
    {
        using Lifetime.Use use = _lifetime.Occupy();
        CheckIds(ids);
        _speculation?.Pipeline.Abandon(Position);
        _cache.Retention?.Hold();
        int start = Position;
        for (int done = 0; done < ids.Length; done += _flight.RowCount)
        {
            ForwardOrRestore(ids.Slice(done, Math.Min(_plan.ChunkRowsMax, ids.Length - done)), start, cancellation);
            progress?.Invoke(done + _flight.RowCount);
            // Which may have disposed of the sequence.
            _lifetime.ThrowIfDisposed();
        }

        return _runner.Logits(_flight.Residual.Slice(_flight.RowCount - 1, 1)).Row(0);
    }

    /// <summary>Takes one generated token and returns the logits behind it (VocabSize). Allocates nothing.</summary>
    /// <exception cref="ArgumentException">The id is outside the vocabulary, or the context is full.</exception>
    /// <exception cref="InvalidOperationException">Another call is under way.</exception>
    /// <exception cref="ObjectDisposedException">The sequence or its model has been disposed.</exception>
    public ReadOnlySpan<float> Decode(int id)
    {
        using Lifetime.Use use = _lifetime.Occupy();
        ReadOnlySpan<int> ids = new(in id);
        CheckIds(ids);
        if (_speculation is not null)
        {
            return DecodeTimed(id);
        }

        _cache.Retention?.Hold();
        Forward(ids, isPrompt: false, CancellationToken.None);
        return _runner.Logits(_flight.Residual).Row(0);
    }

    /// <summary>Takes ids as <see cref="Prefill"/> does and shows the logits behind every one of them.</summary>
    /// <param name="ids">Token ids, at least one.</param>
    /// <param name="visitor">Called once per position, in order.</param>
    /// <param name="depths">Receives the recursions each token ran (ids.Length), unless empty.</param>
    /// <param name="cancellation">Stops between layers; the sequence then holds what it would after
    /// <see cref="Prefill"/>.</param>
    /// <exception cref="ArgumentException">As for <see cref="Prefill"/>, or too little room for the depths.</exception>
    /// <exception cref="InvalidOperationException">A receiver called it, or another call is under way.</exception>
    public void Score(
        ReadOnlySpan<int> ids,
        LogitsVisitor visitor,
        Span<int> depths = default,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        using Lifetime.Use use = _lifetime.Occupy();
        CheckIds(ids);
        if (!depths.IsEmpty && depths.Length < ids.Length)
        {
            throw new ArgumentException($"There is room for {depths.Length} depths of {ids.Length} tokens.");
        }

        _speculation?.Pipeline.Abandon(Position);
        _cache.Retention?.Hold();
        for (int done = 0; done < ids.Length; done += _flight.RowCount)
        {
            int start = Position;
            int count = Math.Min(_plan.ChunkRowsMax, ids.Length - done);
            ForwardOrRestore(ids.Slice(done, count), start - done, cancellation);
            if (!depths.IsEmpty)
            {
                LastDepths.CopyTo(depths[done..]);
            }

            for (int row = 0; row < _flight.RowCount; row += Workspace.LogitRows)
            {
                int rows = Math.Min(Workspace.LogitRows, _flight.RowCount - row);
                FloatMatrix logits = _runner.Logits(_flight.Residual.Slice(row, rows));
                for (int i = 0; i < rows; i++)
                {
                    visitor(start + row + i, logits.Row(i));
                    _lifetime.ThrowIfDisposed();
                }
            }
        }
    }

    /// <summary>
    /// Forgets every token at or behind <paramref name="position"/>. A state of retention cannot be taken apart: it can
    /// go back to the beginning, to a mark (<see cref="Mark"/>), to where the latest prompt began or ended, and over
    /// the latest 32 decoded tokens, and goes to the last of these that lies at or before the position. Layers with a
    /// window drop what no later token sees: a text longer than the window can go back to the beginning, to a mark and
    /// over at least the latest 64 tokens.
    /// </summary>
    /// <returns>Tokens left: <paramref name="position"/>, or with retention or windows perhaps fewer.</returns>
    /// <exception cref="InvalidOperationException">Another call is under way.</exception>
    /// <exception cref="ObjectDisposedException">The sequence or its model has been disposed.</exception>
    public int Truncate(int position)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        using Lifetime.Use use = _lifetime.Occupy();
        return GoBack(position);
    }

    /// <summary>
    /// Makes sure that <see cref="Truncate"/> can come back to the present position, until the next mark. With
    /// retention that takes another copy of the states, with windows one of what their layers keep, otherwise nothing.
    /// </summary>
    /// <exception cref="InvalidOperationException">Another call is under way.</exception>
    /// <exception cref="ObjectDisposedException">The sequence has been disposed.</exception>
    /// <exception cref="OutOfMemoryException">There is no room for the copy.</exception>
    public void Mark()
    {
        using Lifetime.Use use = _lifetime.Occupy();
        _cache.Mark(Position);
    }

    /// <summary>Keeps the sequence's memory, logits with it, until what this returns is disposed of.</summary>
    /// <exception cref="ObjectDisposedException">The sequence has been disposed.</exception>
    public IDisposable Hold() => _lifetime.Hold();

    /// <summary>Frees caches and buffers; if a call is under way, perhaps on another thread, when it ends.</summary>
    public void Dispose() => _lifetime.Dispose();

    private void Free()
    {
        _cache.Dispose();
        _runner.Dispose();
    }

    /// <summary>Decodes with drafts or without, whichever is to be.</summary>
    private ReadOnlySpan<float> DecodeTimed(int id)
    {
        bool wasDrafting = _switch.Level != DraftLevel.None;
        _switch.Begin();
        ReadOnlySpan<float> logits;
        if (_switch.Level != DraftLevel.None)
        {
            _runner.Observe(CancellationToken.None);
            logits = _speculation!.Decode(id, Position, _depthMax, _switch.Level);
            _latestIsSpeculative = true;
            Depths.Add(LastDepths);
            Position++;
        }
        else
        {
            if (wasDrafting)
            {
                _speculation!.Pipeline.Abandon(Position);
            }

            Forward(new ReadOnlySpan<int>(in id), isPrompt: false, CancellationToken.None);
            logits = _runner.Logits(_flight.Residual).Row(0);
        }

        _switch.End(tokens: 1);
        return logits;
    }

    /// <summary>
    /// A part of a prompt; when cancelled, the whole prompt is forgotten back to <paramref name="restart"/>, or, where
    /// that is out of reach, this part alone.
    /// </summary>
    private void ForwardOrRestore(ReadOnlySpan<int> ids, int restart, CancellationToken cancellation)
    {
        try
        {
            Forward(ids, isPrompt: true, cancellation);
        }
        catch (OperationCanceledException)
        {
            GoBack(_cache.Reaches(restart) ? restart : Position);
            throw;
        }
    }

    private int GoBack(int position)
    {
        Position = Math.Min(Position, position);
        _speculation?.Pipeline.Abandon(Position);
        return Position = _cache.Truncate(Position);
    }

    /// <summary>
    /// Prefix layers → loop → suffix layers over one flight; the result stays in its residual stream.
    /// </summary>
    private void Forward(ReadOnlySpan<int> ids, bool isPrompt, CancellationToken cancellation)
    {
        _runner.Observe(cancellation);
        _runner.Embed(_flight, ids, firstRow: 0, Position, isPrompt, _depthMax);
        _runner.Enter(_flights);
        while (_flight.IsInLoop)
        {
            _runner.Recur(_flights);
        }

        _runner.Leave(_flights);
        _latestIsSpeculative = false;
        Depths.Add(LastDepths);
        Position += ids.Length;
    }

    private void CheckIds(ReadOnlySpan<int> ids)
    {
        if (ids.Length > ContextLength - Position)
        {
            throw new ArgumentException(
                $"{ids.Length} more tokens do not fit: {Position} of {ContextLength} are taken.");
        }

        _model.CheckIds(ids);
    }
}
