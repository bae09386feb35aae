using MoREdge.Model.Caches;
using MoREdge.Tensors;

namespace MoREdge.Model.Speculation;

/// <summary>
/// Drafts of the texts of a batch: which texts draft, and their flights beside the others of a tick. A batch with few
/// texts reads the weights for few rows, and drafts are more rows; with many texts there are rows enough.
/// </summary>
internal sealed class BatchSpeculation
{
    /// <summary>
    /// Most texts in a batch whose tokens draft. With more, a pass is bound by arithmetic, of which drafts are more.
    /// </summary>
    private const int DraftingMax = 4;

    /// <summary>Ticks of a turn of a trial: a token takes one for each recursion.</summary>
    private const int TurnTicks = 24;

    private readonly FlightRunner _runner;
    private readonly ModelConfig _config;
    private readonly int _firstRow;
    private readonly bool _isOff;
    private readonly SpeculationSwitch[] _switches;
    private readonly Flight[] _flights;
    private readonly BatchSequence[] _drafting;

    /// <summary>Texts that have drafted and are in the batch, each at the place of its rows.</summary>
    private readonly BatchSequence?[] _owners;
    private readonly TokenPipeline[] _pairs;
    private SpeculationSwitch? _switch;
    private bool _isDecided;
    private int _draftingCount;
    private int _tokensTaken;

    /// <summary>Takes every buffer.</summary>
    /// <param name="runner">Runs the flights of the batch.</param>
    /// <param name="plan">The options of the batch.</param>
    /// <param name="config">The model.</param>
    public BatchSpeculation(FlightRunner runner, SequencePlan plan, ModelConfig config)
    {
        BatchOptions limits = plan.Batch!;
        _runner = runner;
        _config = config;
        _isOff = plan.Speculation == SpeculationMode.Off;
        _firstRow = limits.RowsMax(config);
        _switches = new SpeculationSwitch[plan.DraftingTextsMax];
        for (int i = 0; i < _switches.Length; i++)
        {
            _switches[i] = new SpeculationSwitch(plan.Speculation, plan.DraftLevelMax(config), TurnTicks);
        }

        _drafting = new BatchSequence[_switches.Length];
        _owners = new BatchSequence?[_switches.Length];
        _pairs = new TokenPipeline[_switches.Length];
        _flights = new Flight[_isOff ? 0 : FlightsMax(plan, config)];
    }

    /// <summary>Texts that draft in this tick, in the order of their places.</summary>
    public ReadOnlySpan<BatchSequence> Drafting => _drafting.AsSpan(0, _draftingCount);

    /// <summary>Most flights of a tick, of which each may want a row of logits.</summary>
    public static int FlightsMax(SequencePlan plan, ModelConfig config) =>
        plan.Batch!.SequencesMax + (plan.DraftingTextsMax * TokenPipeline.FlightsMax(config));

    /// <summary>Most texts that draft: one by itself, a few of a batch.</summary>
    public static int DraftingTextsMax(BatchOptions? batch) =>
        batch is null ? 1 : Math.Min(batch.SequencesMax, DraftingMax);

    /// <summary>Rows of activations that drafts take.</summary>
    public static int RowsFor(BatchOptions limits, ModelConfig config) =>
        DraftingTextsMax(limits) * TokenPipeline.RowsFor(config);

    /// <summary>The tokens under way of a new text; null where none draft.</summary>
    /// <param name="cache">Keys and values of the text.</param>
    /// <param name="tokensMax">Most tokens of the text.</param>
    public TokenPipeline? CreatePipeline(KvCache cache, int tokensMax) =>
        _isOff ? null : new TokenPipeline(_runner, cache, _config, tokensMax);

    /// <summary>Gives a text that is about to draft rows of activations, its own while it is in the batch.</summary>
    public void TakeRows(BatchSequence sequence)
    {
        if (Array.IndexOf(_owners, sequence) < 0)
        {
            // Nobody drafts while there are more texts than places, so the others in the batch leave one.
            int place = Array.IndexOf(_owners, null);
            _owners[place] = sequence;
            sequence.Pipeline!.TakeRows(_firstRow + (place * TokenPipeline.RowsFor(_config)));
        }
    }

    /// <summary>A text leaves the batch.</summary>
    public void Remove(BatchSequence sequence)
    {
        int place = Array.IndexOf(_owners, sequence);
        if (place >= 0)
        {
            _owners[place] = null;
        }
    }

    /// <summary>Whether a token that is fed before the next tick drafts; texts may join while others are fed.</summary>
    /// <param name="sequences">Texts in the batch.</param>
    public bool IsOn(int sequences)
    {
        if (!_isDecided)
        {
            _isDecided = true;
            _switch = sequences > 0 && sequences <= _switches.Length ? _switches[sequences - 1] : null;
            _switch?.Begin();
        }

        return _switch is { Level: > DraftLevel.None } && sequences <= _switches.Length;
    }

    /// <summary>Begins a tick: texts that were asked for a token go on, the drafts of the others are dropped.</summary>
    /// <param name="sequences">The places of the batch.</param>
    /// <param name="sequenceCount">Texts in it.</param>
    public void BeginTick(ReadOnlySpan<BatchSequence?> sequences, int sequenceCount)
    {
        // A tick before which nobody was fed has a time of its own, too.
        IsOn(sequenceCount);
        _draftingCount = 0;
        for (int i = 0; i < sequences.Length && !_isOff; i++)
        {
            if (sequences[i] is { Pipeline.HasTokens: true } sequence)
            {
                if (sequence.IsUnderWay)
                {
                    sequence.Pipeline.DraftsSecond = _switch is { Level: DraftLevel.Second };
                    _drafting[_draftingCount++] = sequence;
                }
                else
                {
                    sequence.Pipeline.Abandon(sequence.Position);
                }
            }
        }
    }

    /// <summary>Begins tokens behind drafts where the model has a head that drafts them.</summary>
    public void DraftSecond()
    {
        if (_runner.DraftHead is not { } head)
        {
            return;
        }

        int rows = 0;
        foreach (BatchSequence sequence in Drafting)
        {
            if (sequence.Pipeline!.TakePair(head, rows))
            {
                _pairs[rows++] = sequence.Pipeline;
            }
        }

        FloatMatrix logits = rows > 0 ? _runner.SecondDraftLogits(head, rows) : default;
        for (int row = 0; row < rows; row++)
        {
            _pairs[row].DraftSecond(logits.Row(row));
        }
    }

    /// <summary>The flights that enter: <paramref name="others"/> and those of drafting texts.</summary>
    public ReadOnlySpan<Flight> Enter(ReadOnlySpan<Flight> others) =>
        Join(others, static (pipeline, flights) => pipeline.Enter(flights));

    /// <summary>Those that run a recursion, likewise.</summary>
    public ReadOnlySpan<Flight> Recur(ReadOnlySpan<Flight> others) =>
        Join(others, static (pipeline, flights) => pipeline.Recur(flights));

    /// <summary>Those that leave, likewise, for good or for a draft.</summary>
    public ReadOnlySpan<Flight> Leave(ReadOnlySpan<Flight> others) =>
        Join(others, static (pipeline, flights) => pipeline.Leave(flights));

    /// <summary>
    /// The logits of the first <paramref name="rows"/> rows that are gathered, and of those of drafting texts; begins
    /// their drafts.
    /// </summary>
    public void ComputeLogits(int rows)
    {
        FloatMatrix gathered = _runner.Workspace.Gathered;
        bool hasLeaving = rows > 0;
        foreach (BatchSequence sequence in Drafting)
        {
            rows = sequence.Pipeline!.Gather(gathered, rows);
            hasLeaving |= sequence.Pipeline.LeavingCount > 0;
        }

        if (rows == 0)
        {
            return;
        }

        int headRows = hasLeaving ? _runner.VocabSize : _runner.DraftRows;
        FloatMatrix logits = _runner.Logits(gathered.Slice(0, rows), headRows: headRows);
        foreach (BatchSequence sequence in Drafting)
        {
            sequence.Pipeline!.Draft(logits, headRows);
        }
    }

    /// <summary>Takes the token that was asked for, which has left the network.</summary>
    public void Take(BatchSequence sequence)
    {
        sequence.LogitRow = sequence.Pipeline!.Take();
        sequence.IsLastDrafting = true;
        sequence.IsUnderWay = false;
        sequence.Depths.Add(sequence.LastDepths);
        sequence.Position++;
        _tokensTaken++;
    }

    /// <summary>Ends a tick.</summary>
    /// <param name="otherTokens">Decoded tokens of texts without drafts that left in it.</param>
    /// <param name="isTimed">Whether it had no prompts, whose time says nothing about drafts.</param>
    public void EndTick(int otherTokens, bool isTimed)
    {
        if (isTimed)
        {
            _switch?.End(otherTokens + _tokensTaken);
        }

        _tokensTaken = 0;
        _isDecided = false;
    }

    private ReadOnlySpan<Flight> Join(ReadOnlySpan<Flight> others, Stage stage)
    {
        if (_draftingCount == 0)
        {
            return others;
        }

        others.CopyTo(_flights);
        int count = others.Length;
        foreach (BatchSequence sequence in Drafting)
        {
            count += stage(sequence.Pipeline!, _flights.AsSpan(count));
        }

        return _flights.AsSpan(0, count);
    }

    private delegate int Stage(TokenPipeline pipeline, Span<Flight> flights);
}
