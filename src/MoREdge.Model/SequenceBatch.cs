using MoREdge.Model.Caches;
using MoREdge.Model.Speculation;
using MoREdge.Model.Threads;
using MoREdge.Model.Weights;

namespace MoREdge.Model;

/// <summary>
/// Many texts side by side, with one pass over the weights for all of them. Time goes in ticks: in each, tokens that
/// begin run the prefix layers, every token in the loop runs one recursion, whichever it is in, and tokens that are
/// done run the suffix layers and the head. Texts join and leave between ticks; whatever is beside them, they get bit
/// for bit what a <see cref="Sequence"/> would give. While they are few they may draft (see
/// <see cref="SequenceOptions.Speculation"/>). A tick allocates nothing. One call at a time changes it, whatever thread
/// makes it: one that begins while another is under way is refused, and logits are to be read between ticks. Any thread
/// may dispose of it.
/// </summary>
public sealed class SequenceBatch : IDisposable
{
    private readonly DecoderModel _model;
    private readonly Lifetime _lifetime;
    private readonly SequencePlan _plan;
    private readonly BatchOptions _limits;
    private readonly FlightRunner _runner;
    private readonly RowRegion _promptRows;
    private readonly BatchSequence?[] _sequences;
    private readonly FlightList _entering;
    private readonly FlightList _looping;
    private readonly FlightList _leaving;
    private readonly BatchSequence[] _left;
    private readonly BatchSpeculation _speculation;
    private int _leftCount;
    private int _promptFlights;

    internal SequenceBatch(DecoderModel model, ModelWeights weights, WorkerPool pool, SequencePlan plan)
    {
        _model = model;
        _lifetime = new Lifetime(this, Free, model.Lifetime);
        _plan = plan;
        _limits = plan.Batch!;
        int count = _limits.SequencesMax;
        _runner = new FlightRunner(model, weights, pool, plan, BatchSpeculation.FlightsMax(plan, model.Config));
        _speculation = new BatchSpeculation(_runner, plan, model.Config);
        _promptRows = new RowRegion(count, _limits.RowsMax(model.Config) - count);
        _sequences = new BatchSequence?[count];
        _entering = new FlightList(count);
        _looping = new FlightList(count);
        _leaving = new FlightList(count);
        _left = new BatchSequence[count];
        PromptRowsLeft = _limits.PromptRowsMax;
    }

    /// <summary>Most tokens of one sequence.</summary>
    public int ContextLength => _plan.ContextLength;

    /// <summary>Most sequences.</summary>
    public int SequencesMax => _limits.SequencesMax;

    /// <summary>Sequences in the batch.</summary>
    public int SequenceCount { get; private set; }

    /// <summary>Prompt tokens that can still be fed before the next tick.</summary>
    public int PromptRowsLeft { get; private set; }

    /// <summary>Bytes of activation buffers and rotary tables, all sequences together.</summary>
    public long WorkspaceBytes => _runner.ByteCount;

    /// <summary>Layers run so far, all rows of a pass together: what tests know shared passes by.</summary>
    internal long LayerCount => _runner.LayerCount;

    /// <summary>
    /// The sequences whose tokens left the network in the latest tick, in the order in which they were fed; behind them
    /// those that draft.
    /// </summary>
    public ReadOnlySpan<BatchSequence> Left => _left.AsSpan(0, _leftCount);

    /// <summary>
    /// Bytes of keys and values, or of states, that <see cref="Add"/> reserves for a text of
    /// <paramref name="tokensMax"/> tokens.
    /// </summary>
    public long KvBytes(int tokensMax) => _model.Config.Retention is not null
        ? RetentionCache.LiveBytesFor(_model.Config, _runner.SlotCount)
        : KvCache.BytesFor(_model.Config, _plan, _runner.SlotCount, tokensMax, isTruncated: false);

    /// <summary>Adds an empty text.</summary>
    /// <param name="tokensMax">Most tokens it will hold.</param>
    /// <param name="depthMax">Caps the recursions of its tokens; as the batch when null.</param>
    /// <exception cref="ArgumentException">More tokens than the context, or a depth the model has not.</exception>
    /// <exception cref="InvalidOperationException">The batch is full, or another call is under way.</exception>
    /// <exception cref="ObjectDisposedException">The batch has been disposed.</exception>
    /// <exception cref="OutOfMemoryException">The cache does not fit.</exception>
    public BatchSequence Add(int tokensMax, int? depthMax = null)
    {
        using Lifetime.Use use = _lifetime.OccupyAlone();
        CheckSequence(tokensMax, depthMax);
        int slot = Array.IndexOf(_sequences, null);
        if (slot < 0)
        {
            throw new InvalidOperationException($"The batch is full: it holds {SequencesMax} sequences.");
        }

        BatchSequence sequence = Memory.Take(() => Create(tokensMax, depthMax ?? _plan.DepthMax, slot));
        _sequences[slot] = sequence;
        SequenceCount++;
        return sequence;
    }

    private BatchSequence Create(int tokensMax, int depthMax, int slot)
    {
        KvCache cache = _runner.CreateCache(tokensMax, isTruncated: false);
        return new BatchSequence(
            cache, tokensMax, depthMax, slot, Math.Min(_plan.ChunkRowsMax, tokensMax), _model.Config)
        {
            KvPolicy = _plan.KvPolicy,
            Pipeline = _speculation.CreatePipeline(cache, tokensMax),
        };
    }

    /// <summary>Checks what <see cref="Add"/> would be told.</summary>
    /// <exception cref="ArgumentException">As for <see cref="Add"/>.</exception>
    public void CheckSequence(int tokensMax, int? depthMax)
    {
        if (tokensMax < 1 || tokensMax > ContextLength)
        {
            throw new ArgumentException($"A sequence of {tokensMax} tokens does not fit a context of {ContextLength}.");
        }

        if (depthMax is { } depth)
        {
            SequencePlan.CheckDepth(depth, _model.Config);
        }
    }

    /// <summary>
    /// Feeds a text: its tokens begin with the next tick. A single one always does; of several as many as this tick has
    /// room for, and the rest is to be fed again when they have left.
    /// </summary>
    /// <param name="sequence">A sequence of this batch that has nothing under way.</param>
    /// <param name="ids">Token ids, at least one.</param>
    /// <returns>
    /// How many ids were taken. When all were, the logits behind the last of them are there once they have left; a
    /// token that was drafted may have left already, and <see cref="BatchSequence.IsUnderWay"/> is false.
    /// </returns>
    /// <exception cref="ArgumentException">
    /// No ids, an id outside the vocabulary, or more than the sequence holds.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The sequence is not of this batch, or it or another call is under way.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The batch or its model has been disposed.</exception>
    public int Feed(BatchSequence sequence, ReadOnlySpan<int> ids)
    {
        using Lifetime.Use use = _lifetime.Occupy();
        CheckMember(sequence);
        _model.CheckIds(ids);
        if (sequence.IsUnderWay)
        {
            throw new InvalidOperationException("The sequence has tokens under way.");
        }

        if (ids.Length > sequence.TokensMax - sequence.Position)
        {
            throw new ArgumentException(
                $"{ids.Length} more tokens do not fit: {sequence.Position} of {sequence.TokensMax} are taken.");
        }

        if (ids.Length == 1 && _speculation.IsOn(SequenceCount))
        {
            FeedDrafting(sequence, ids[0]);
            return 1;
        }

        (int first, int count) = ids.Length == 1
            ? (sequence.Slot, 1)
            : _promptRows.Take(Math.Min(Math.Min(ids.Length, PromptRowsLeft), _plan.ChunkRowsMax));
        if (count == 0)
        {
            return 0;
        }

        if (sequence.Pipeline is { HasTokens: true } pipeline)
        {
            pipeline.Abandon(sequence.Position);
        }

        PromptRowsLeft -= ids.Length == 1 ? 0 : count;
        _promptFlights += ids.Length == 1 ? 0 : 1;
        sequence.IsLastDrafting = false;
        sequence.Rows = (first, count);
        sequence.IsUnderWay = true;
        sequence.WantsLogits = count == ids.Length;
        sequence.LogitRow = -1;
        _runner.Embed(
            sequence.Flight, ids[..count], first, sequence.Position, isPrompt: ids.Length > 1, sequence.DepthMax);
        _entering.Add(sequence);
        return count;
    }

    /// <summary>Computes: see the class. Does nothing when nothing is under way.</summary>
    /// <exception cref="InvalidOperationException">Another call is under way.</exception>
    /// <exception cref="ObjectDisposedException">The batch or its model has been disposed.</exception>
    public void Tick()
    {
        using Lifetime.Use use = _lifetime.Occupy();
        _leftCount = 0;
        PromptRowsLeft = _limits.PromptRowsMax;
        bool hasPrompts = _promptFlights > 0;
        _speculation.BeginTick(_sequences, SequenceCount);
        _runner.Observe(CancellationToken.None);
        _speculation.DraftSecond();
        _runner.Enter(_speculation.Enter(_entering.Flights));
        _looping.AddAll(_entering);
        _entering.Clear();
        _runner.Recur(_speculation.Recur(_looping.Flights));
        _leaving.Clear();
        _looping.MoveWhereDone(_leaving);
        _runner.Leave(_speculation.Leave(_leaving.Flights));
        ComputeLogits();
        foreach (BatchSequence sequence in _leaving.Sequences)
        {
            sequence.Depths.Add(sequence.LastDepths);
            sequence.Position += sequence.Flight.RowCount;
            EndFlight(sequence);
            _left[_leftCount++] = sequence;
        }

        int withoutDrafts = _leftCount;
        foreach (BatchSequence sequence in _speculation.Drafting)
        {
            if (sequence.Pipeline!.IsReady)
            {
                _speculation.Take(sequence);
                _left[_leftCount++] = sequence;
            }
        }

        _speculation.EndTick(withoutDrafts, isTimed: !hasPrompts);
        _leaving.Clear();
    }

    /// <summary>
    /// Logits (VocabSize) behind the last token of <paramref name="sequence"/>; overwritten by the next tick, and
    /// freed with the batch.
    /// </summary>
    /// <exception cref="InvalidOperationException">There are none.</exception>
    /// <exception cref="ObjectDisposedException">The batch has been disposed.</exception>
    public ReadOnlySpan<float> Logits(BatchSequence sequence)
    {
        using Lifetime.Use use = _lifetime.EnterAlone();
        CheckMember(sequence);
        return sequence.LogitRow >= 0
            ? _runner.Workspace.Logits.Row(sequence.LogitRow)
            : throw new InvalidOperationException("There are no logits behind the last token of the sequence.");
    }

    /// <summary>Takes a text out, with whatever of it is under way, and frees its keys and values.</summary>
    /// <exception cref="InvalidOperationException">
    /// The sequence is not of this batch, or another call is under way.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The batch has been disposed.</exception>
    public void Remove(BatchSequence sequence)
    {
        using Lifetime.Use use = _lifetime.OccupyAlone();
        CheckMember(sequence);
        if (sequence.IsUnderWay)
        {
            _entering.Remove(sequence);
            _looping.Remove(sequence);
            EndFlight(sequence);
        }

        _speculation.Remove(sequence);
        _sequences[sequence.Slot] = null;
        SequenceCount--;
        sequence.Cache.Dispose();
    }

    /// <summary>Frees every sequence and the buffers; if a tick is under way on another thread, when it ends.</summary>
    public void Dispose() => _lifetime.Dispose();

    private void Free()
    {
        foreach (BatchSequence? sequence in _sequences)
        {
            sequence?.Cache.Dispose();
        }

        _runner.Dispose();
    }

    /// <summary>One product with the head for all rows whose logits are wanted.</summary>
    private void ComputeLogits()
    {
        int rows = 0;
        foreach (BatchSequence? sequence in _sequences)
        {
            if (sequence is not null)
            {
                sequence.LogitRow = -1;
            }
        }

        foreach (BatchSequence sequence in _leaving.Sequences)
        {
            if (sequence.WantsLogits)
            {
                Flight flight = sequence.Flight;
                flight.Residual.Row(flight.RowCount - 1).CopyTo(_runner.Workspace.Gathered.Row(rows));
                sequence.LogitRow = rows++;
            }
        }

        _speculation.ComputeLogits(rows);
    }

    /// <summary>Feeds a token of a text that drafts: the draft that is under way, or another one.</summary>
    private void FeedDrafting(BatchSequence sequence, int id)
    {
        _speculation.TakeRows(sequence);
        sequence.IsUnderWay = true;
        sequence.LogitRow = -1;
        if (sequence.Pipeline!.Ask(id, sequence.Position, sequence.DepthMax))
        {
            _speculation.Take(sequence);
        }
    }

    private void EndFlight(BatchSequence sequence)
    {
        (int first, int count) = sequence.Rows;
        if (first >= SequencesMax)
        {
            _promptRows.Release(first, count);
            _promptFlights--;
        }

        sequence.Rows = default;
        sequence.IsUnderWay = false;
    }

    private void CheckMember(BatchSequence sequence)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        if (sequence.Slot >= _sequences.Length || _sequences[sequence.Slot] != sequence)
        {
            throw new InvalidOperationException("The sequence is not of this batch.");
        }
    }
}
