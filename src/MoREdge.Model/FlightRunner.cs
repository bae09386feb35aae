using MoREdge.Kernels;
using MoREdge.Model.Caches;
using MoREdge.Model.Layers;
using MoREdge.Model.Recursion;
using MoREdge.Model.Threads;
using MoREdge.Model.Weights;
using MoREdge.Tensors;

namespace MoREdge.Model;

/// <summary>
/// Takes flights through the network: prefix layers → loop → suffix layers → head. It holds what belongs to no text:
/// activation buffers, rotary angles, the works of a layer. Flights that enter, recur or leave in one call share each
/// pass over the weights, whatever their texts and recursions; every row gets the bits it would get alone.
/// </summary>
internal sealed class FlightRunner : IDisposable
{
    private readonly KernelSet _kernels;
    private readonly ModelConfig _config;
    private readonly ModelWeights _weights;
    private readonly WorkerPool _pool;
    private readonly SequencePlan _plan;
    private readonly LayerSchedule _schedule;
    private readonly KvOverlay _overlay;
    private readonly RotaryTables _rotary;
    private readonly RetentionAngles? _angles;
    private readonly LayerRunner _layers;
    private readonly LayerPass _pass;
    private readonly IRecursionLoop? _loop;
    private readonly OutputHead _head;
    private readonly Flight[] _passing;
    private readonly int[] _weightGroups;
    private readonly bool _hasNormBetween;
    private readonly bool _countsLayers;
    private readonly LoopAdapter? _adapter;
    private readonly LatestKeys? _latestKeys;

    /// <summary>Takes every buffer.</summary>
    /// <param name="model">The model.</param>
    /// <param name="weights">Its weights.</param>
    /// <param name="pool">Its workers.</param>
    /// <param name="plan">The options, which hold for every text.</param>
    /// <param name="flightsMax">Most flights in a call.</param>
    public FlightRunner(DecoderModel model, ModelWeights weights, WorkerPool pool, SequencePlan plan, int flightsMax)
    {
        ModelConfig config = model.Config;
        KvLayout layout = plan.KvLayout(config);
        _kernels = model.Kernels;
        _config = config;
        _pool = pool;
        _plan = plan;
        _countsLayers = config.Skips is not null;
        _hasNormBetween = config.Recursion?.HasNormBetween == true;
        _weights = weights;
        _schedule = new LayerSchedule(config, plan.KvPolicy);
        Workspace = new Workspace(config, plan, pool.WorkerCount);
        _overlay = new KvOverlay(layout, config.KvHeadCount, plan.OverlayRowsMax, plan.HybridPositionZero);
        _rotary = new RotaryTables(config, weights.RotaryFactors, plan.RotaryLength(config));
        _angles = config.Retention is { } retention ? new RetentionAngles(retention, plan.RowsMax(config)) : null;
        _layers = new LayerRunner(
            new TransformerLayer(_kernels, config, pool, Workspace, _rotary, _angles, _overlay),
            config.Skips is null
                ? null
                : new SkippableLayer(_kernels, config, plan, Workspace, plan.RowsMax(config), flightsMax),
            weights);
        _pass = new LayerPass(plan.KvPolicy, plan.RowsMax(config), flightsMax);
        _loop = CreateLoop(config, plan);
        _adapter = weights.LoopAdapter is { } adapter
            ? new LoopAdapter(_kernels, pool, Workspace, adapter, config.ModelDim)
            : null;
        _latestKeys = config.Recursion?.KeepsLatestKeys == true && plan.KvPolicy == KvPolicy.RecursionWise
            ? new LatestKeys(_schedule.Loop, KvSlot.TokenBytes(layout, config.KvHeadCount))
            : null;
        _head = new OutputHead(_kernels, config, pool, Workspace, weights);
        DraftHead = weights.DraftHead is { } draftHead && plan.HasDraftHead(config)
            ? new DraftHead(_kernels, config, pool, Workspace, draftHead)
            : null;
        _passing = new Flight[flightsMax];
        _weightGroups = weights.GroupRecursions(_schedule.Loop);
    }

    /// <summary>The activation buffers.</summary>
    public Workspace Workspace { get; }

    /// <summary>The kernel set.</summary>
    public KernelSet Kernels => _kernels;

    /// <summary>Rows of the head.</summary>
    public int VocabSize => _config.VocabSize;

    /// <summary>Rows of the head that drafts look at.</summary>
    public int DraftRows => Math.Min(VocabSize, DraftHead.VocabRowsMax);

    /// <summary>Drafts tokens behind drafts; null for a model without a head for it.</summary>
    public DraftHead? DraftHead { get; }

    /// <summary>Cache slots that a text needs.</summary>
    public int SlotCount => _schedule.SlotCount;

    /// <summary>Bytes of activation buffers and rotary tables.</summary>
    public long ByteCount =>
        Workspace.ByteCount + _rotary.ByteCount + (_angles?.ByteCount ?? 0) + _overlay.ByteCount;

    /// <summary>Layers run so far, all rows of a pass together.</summary>
    public long LayerCount => _layers.LayerCount;

    /// <summary>See <see cref="Sequence.DepthBias"/>; 0 where there is no loop.</summary>
    public float DepthBias
    {
        get => _loop?.DepthBias ?? 0;
        set => _loop!.DepthBias = value;
    }

    /// <summary>How far router logits lie from what decides about them, on average.</summary>
    public float LogitDistance => _loop?.LogitDistance ?? 0;

    /// <summary>Layers check <paramref name="cancellation"/> before they run.</summary>
    public void Observe(CancellationToken cancellation) => _layers.Observe(cancellation);

    /// <summary>An empty cache for a text of at most <paramref name="tokensMax"/> tokens.</summary>
    /// <param name="tokensMax">Most tokens.</param>
    /// <param name="isTruncated">Whether tokens will ever be taken back.</param>
    /// <exception cref="OutOfMemoryException">The cache does not fit.</exception>
    public KvCache CreateCache(int tokensMax, bool isTruncated) => _config.Retention is null
        ? new KvCache(_config, _plan, SlotCount, tokensMax, isTruncated)
        : new KvCache(new RetentionCache(_config, SlotCount, isTruncated, _kernels, _pool));

    /// <summary>Starts a flight: the embeddings of its tokens, and room for their keys and values.</summary>
    /// <param name="flight">A flight that is not under way.</param>
    /// <param name="ids">Token ids (T).</param>
    /// <param name="firstRow">First of its T rows of the workspace, which are its own until it has left.</param>
    /// <param name="position">Position of the first token.</param>
    /// <param name="isPrompt">Whether the tokens are of a prompt.</param>
    /// <param name="depthMax">Most recursions of these tokens.</param>
    public void Embed(
        Flight flight, ReadOnlySpan<int> ids, int firstRow, int position, bool isPrompt, int depthMax)
    {
        FloatMatrix x = Workspace.Residual.Slice(firstRow, ids.Length);
        bool hasState = _loop?.HasState == true;
        flight.Begin(x, hasState ? Workspace.State.Slice(firstRow, ids.Length) : x, position, isPrompt, depthMax);
        for (int row = 0; row < ids.Length; row++)
        {
            flight.Ids[row] = ids[row];
            _weights.Embedding.CopyRow(_kernels, ids[row], x.Row(row));
            if (_config.EmbeddingScale != 1)
            {
                _kernels.Scale(x.Row(row), _config.EmbeddingScale);
            }

            if (_weights.EmbeddingNorm is { } norm)
            {
                _kernels.RmsNorm(x.Row(row), norm, _config.RmsNormEpsilon, x.Row(row));
            }
        }

        flight.Cache.MakeRoom(position, ids.Length);
        _overlay.BeginChunk(position);
        _rotary.Reach(Math.Min(position + ids.Length, _plan.RotaryLength(_config)));
    }

    /// <summary>Runs the prefix layers and decides who enters the loop.</summary>
    public void Enter(ReadOnlySpan<Flight> flights)
    {
        RunAll(flights, _schedule.Prefix);
        foreach (Flight flight in flights)
        {
            if (_loop is null)
            {
                // Layers that can be skipped have counted who ran them.
                if (!_countsLayers)
                {
                    flight.Depths.AsSpan(0, flight.RowCount).Fill(1);
                }

                continue;
            }

            _loop.Begin(flight);
            flight.IsInLoop = _loop.Select(flight);
        }
    }

    /// <summary>
    /// Runs the next recursion of every flight in the loop: one pass over the shared block, whichever recursion each is
    /// in. Where recursions have weights of their own, a pass for each, and a flight goes on from one to the next.
    /// </summary>
    public void Recur(ReadOnlySpan<Flight> flights)
    {
        for (int first = 0; first < _weightGroups.Length; first++)
        {
            if (_weightGroups[first] == first)
            {
                RecurGroup(flights, first);
            }
        }
    }

    /// <summary>Runs the suffix layers.</summary>
    public void Leave(ReadOnlySpan<Flight> flights)
    {
        for (int i = 0; _adapter is not null && i < flights.Length; i++)
        {
            for (int row = 0; row < flights[i].RowCount; row++)
            {
                Norm(flights[i].State.Row(row), flights[i].Residual.Row(row));
            }
        }

        RunAll(flights, _schedule.Suffix);
    }

    /// <summary>Writes what a token would leave the loop with if it left now (ModelDim).</summary>
    public void LeaveLoop(Flight flight, Span<float> x) => _loop!.Leave(flight, x);

    /// <summary>Forgets what the suffix layers have stored at or behind <paramref name="position"/>.</summary>
    public void TruncateSuffix(KvCache cache, int position)
    {
        foreach (LayerCall call in _schedule.Suffix)
        {
            cache[call.Slot].Truncate(position);
        }
    }

    /// <summary>
    /// Logits (rows, VocabSize) of <paramref name="x"/> (rows, ModelDim), in rows of the workspace's logits from
    /// <paramref name="firstRow"/> on.
    /// </summary>
    /// <param name="x">Rows of the residual stream behind the suffix layers.</param>
    /// <param name="firstRow">First row written.</param>
    /// <param name="headRows">Only so many of the first logits are computed; all when null.</param>
    public FloatMatrix Logits(in FloatMatrix x, int firstRow = 0, int? headRows = null) =>
        _head.Logits(x, firstRow, headRows ?? _weights.Head.Rows);

    /// <summary>
    /// Logits (rows, <see cref="DraftRows"/>) of what <paramref name="head"/> has taken, in the first rows of the
    /// workspace's logits.
    /// </summary>
    public FloatMatrix SecondDraftLogits(DraftHead head, int rows) =>
        Logits(head.Run(rows), headRows: DraftRows).Columns(0, DraftRows);

    public void Dispose()
    {
        Workspace.Dispose();
        _overlay.Dispose();
        _rotary.Dispose();
        _angles?.Dispose();
    }

    private IRecursionLoop? CreateLoop(ModelConfig config, SequencePlan plan)
    {
        if (config.Recursion is not { } recursion)
        {
            return null;
        }

        if (recursion.HasAdapter)
        {
            return new AdapterLoop(config.ModelDim, plan.StateSeed);
        }

        TokenRouter router = new(_kernels, recursion, Workspace.RouterHidden);
        return recursion.DepthRule switch
        {
            DepthRule.ExitGate when recursion.HasExits => new ExitGateLoop(
                _kernels, config, _weights.ExitGate!, _weights.OutputNorm,
                runsAll: plan.Routing != RoutingMode.Threshold),
            DepthRule.Fixed or DepthRule.ExitGate => new FixedLoop(),
            DepthRule.ExpertChoice => new ExpertChoiceLoop(
                _kernels, recursion, _weights.Routers, router,
                new ExpertSelection(recursion, plan.Routing, plan.ChunkRowsMax),
                sharesCache: plan.KvPolicy != KvPolicy.RecursionWise),
            _ => new TokenChoiceLoop(
                _kernels, recursion, _weights.Routers[0], router, full: plan.Routing == RoutingMode.Full),
        };
    }

    private void RunAll(ReadOnlySpan<Flight> flights, LayerCall[] calls)
    {
        if (calls.Length == 0 || flights.IsEmpty)
        {
            return;
        }

        _pass.Clear();
        foreach (Flight flight in flights)
        {
            _pass.AddAll(flight, calls);
        }

        _angles?.Compute(_pass.Positions.AsSpan(0, _pass.RowCount));
        if (flights.Length == 1)
        {
            _layers.Run(_pass, flights[0].Residual);
            return;
        }

        int row = 0;
        foreach (Flight flight in flights)
        {
            flight.Residual.CopyTo(Workspace.Gathered.Slice(row, flight.RowCount));
            row += flight.RowCount;
        }

        _layers.Run(_pass, Workspace.Gathered.Slice(0, row));
        row = 0;
        foreach (Flight flight in flights)
        {
            Workspace.Gathered.Slice(row, flight.RowCount).CopyTo(flight.Residual);
            row += flight.RowCount;
        }
    }

    /// <summary>A pass of the flights whose next recursion has the weights of <paramref name="first"/>.</summary>
    private void RecurGroup(ReadOnlySpan<Flight> flights, int first)
    {
        int count = 0;
        _pass.Clear();

        // The first recursion stores the keys and values that later ones may only read: it comes first in the pass.
        for (int r = first; r < _weightGroups.Length; r++)
        {
            for (int i = 0; i < flights.Length && _weightGroups[r] == first; i++)
            {
                if (flights[i].IsInLoop && flights[i].Recursion == r)
                {
                    Gather(flights[i], r);
                    _passing[count++] = flights[i];
                }
            }
        }

        if (count == 0)
        {
            return;
        }

        _adapter?.Run(Workspace.Gathered.Slice(0, _pass.RowCount));
        _layers.Run(_pass, Workspace.Gathered.Slice(0, _pass.RowCount));
        int row = 0;
        for (int i = 0; i < count; i++)
        {
            Flight flight = _passing[i];
            int rows = flight.RunningCount;
            _loop!.Join(flight, Workspace.Gathered.Slice(row, rows));
            row += rows;
            flight.Recursion++;
            flight.IsInLoop = flight.Recursion < flight.DepthMax && _loop.Select(flight);
            if (!flight.IsInLoop)
            {
                _latestKeys?.SpreadToRest(flight);
            }
        }
    }

    /// <summary>Puts the rows that a flight's next recursion runs behind those already in the pass.</summary>
    private void Gather(Flight flight, int recursion)
    {
        FloatMatrix input = _loop!.Input(flight);
        int count = flight.RunningCount;
        for (int i = 0; i < count; i++)
        {
            Span<float> x = input.Row(flight.RunningRow(i));
            Span<float> gathered = Workspace.Gathered.Row(_pass.RowCount + i);
            if (_hasNormBetween && recursion > 0)
            {
                Norm(x, gathered);
            }
            else
            {
                x.CopyTo(gathered);
            }

            _adapter?.Take(_pass.RowCount + i, flight.Residual.Row(flight.RunningRow(i)));
        }

        _latestKeys?.Spread(flight, recursion);
        _pass.AddRunning(flight, _schedule.Loop[recursion]);
    }

    /// <summary>y = the norm before the head of x.</summary>
    private void Norm(Span<float> x, Span<float> y) =>
        _kernels.RmsNorm(x, _weights.OutputNorm, _config.RmsNormEpsilon, y);
}
