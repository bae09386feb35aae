using System.Diagnostics;
using MoREdge.Model.Caches;
using MoREdge.Tensors;

namespace MoREdge.Model.Speculation;

/// <summary>
/// Self-speculative decoding by early exit. As soon as a token has run one recursion, the suffix layers and the head
/// draft from it the token that follows, and that one starts at once: it runs its first recursion in the same pass over
/// the shared block as the second recursion of the one before. When the draft is right, a part of the next token is
/// already computed; when it is wrong, its keys and values are dropped and nothing else has changed.
/// </summary>
/// <remarks>
/// A right draft has attended to exactly what it would have found later: in every recursion the token before it is one
/// recursion ahead, and in the suffix layers it waits for it. So logits do not depend on the drafts. Compare early-exit
/// drafting in LayerSkip (arXiv 2404.16710); here drafting and verifying share their passes, which only shared weights
/// allow.
/// </remarks>
internal sealed class SpeculativeDecoder
{
    /// <summary>
    /// Most tokens in the loop at once; more than recursions there cannot be, because the first one leaves before.
    /// </summary>
    public const int LoopingMax = 4;

    /// <summary>
    /// Rows of the head that a draft with a pass of its own looks at. Ids of a byte-pair vocabulary are in order of
    /// frequency, so the first ones hold nearly all drafts worth making, and a large head is most of a small model's
    /// bytes (FR-Spec, arXiv 2502.14856).
    /// </summary>
    private const int DraftRowsMax = 1 << 13;

    private readonly FlightRunner _runner;
    private readonly KvCache _cache;
    private readonly int _contextLength;
    private readonly int _vocabSize;
    private readonly int _loopingMax;
    private readonly SpeculativeToken[] _tokens;
    private readonly Flight[] _flights;
    private int _count;

    /// <summary>Takes every buffer.</summary>
    /// <param name="runner">Runs the tokens; its workspace has <see cref="RowsFor"/> rows or more.</param>
    /// <param name="cache">Keys and values of the text.</param>
    /// <param name="loopingMax">Most tokens in the loop at once, at least 2.</param>
    /// <param name="contextLength">Most tokens of the text.</param>
    /// <param name="vocabSize">Rows of the head.</param>
    public SpeculativeDecoder(FlightRunner runner, KvCache cache, int loopingMax, int contextLength, int vocabSize)
    {
        _runner = runner;
        _cache = cache;
        _contextLength = contextLength;
        _vocabSize = vocabSize;
        _loopingMax = loopingMax;
        _flights = new Flight[FlightsFor(loopingMax)];
        _tokens = new SpeculativeToken[FlightsFor(loopingMax)];
        for (int i = 0; i < _tokens.Length; i++)
        {
            _tokens[i] = new SpeculativeToken(cache, row: i);
        }
    }

    /// <summary>Tokens that were asked for while a draft was under way.</summary>
    public long DraftedCount { get; private set; }

    /// <summary>How many of those it was.</summary>
    public long AcceptedCount { get; private set; }

    /// <summary>Recursions of the latest token that was asked for.</summary>
    public ReadOnlySpan<int> LastDepths => Last.Flight.Depths.AsSpan(0, 1);

    /// <summary>See <see cref="Sequence.DraftOverride"/>.</summary>
    public Func<int, int, int>? DraftOverride { get; set; }

    /// <summary>The latest token that was asked for: it has left, and its place comes last.</summary>
    private SpeculativeToken Last => _tokens[^1];

    /// <summary>Tokens under way at once: one begins in the tick in which another leaves.</summary>
    public static int FlightsFor(int loopingMax) => loopingMax + 1;

    /// <summary>Rows of activations that they take: each has another one to leave early.</summary>
    public static int RowsFor(int loopingMax) => 2 * FlightsFor(loopingMax);

    /// <summary>The logits behind the token <paramref name="id"/> at <paramref name="position"/> (VocabSize).</summary>
    public ReadOnlySpan<float> Decode(int id, int position, int depthMax)
    {
        if (_count > 0)
        {
            DraftedCount++;
            if (_tokens[0].Id == id)
            {
                AcceptedCount++;
            }
            else
            {
                Abandon(position);
            }
        }

        if (_count == 0)
        {
            Begin(id, position, depthMax);
        }

        SpeculativeToken first = _tokens[0];
        Debug.Assert(first.Position == position, "The text went on without its drafts.");
        while (first.LogitRow < 0)
        {
            Tick(depthMax);
        }

        _tokens.AsSpan(1).CopyTo(_tokens);
        _tokens[^1] = first;
        _count--;
        return _runner.Workspace.Logits.Row(first.LogitRow);
    }

    /// <summary>Drops the tokens under way, and every key and value at or behind <paramref name="position"/>.</summary>
    public void Abandon(int position)
    {
        _count = 0;
        _cache.Truncate(position);
    }

    /// <summary>One pass over the block for every token in the loop, and a draft behind the latest one.</summary>
    private void Tick(int depthMax)
    {
        Enter();
        Recur();
        int leaving = 0;
        while (leaving < _count && _tokens[leaving].IsReady)
        {
            leaving++;
        }

        SpeculativeToken latest = _tokens[_count - 1];
        int next = latest.Position + 1;
        bool hasRoom = _count < _tokens.Length && _count - leaving < _loopingMax && next < _contextLength;

        // Behind the token that was asked for, once it has left, the caller chooses.
        bool drafts = hasRoom && !(leaving == 1 && _count == 1);
        if (leaving == 0 && !drafts)
        {
            return;
        }

        int draft = Leave(leaving, drafts);
        if (drafts)
        {
            Begin(DraftOverride?.Invoke(next, draft) ?? draft, next, depthMax);
        }
    }

    /// <summary>Runs the prefix layers of the latest token, if it has just begun.</summary>
    private void Enter()
    {
        SpeculativeToken latest = _tokens[_count - 1];
        if (!latest.HasEntered)
        {
            _flights[0] = latest.Flight;
            _runner.Enter(_flights.AsSpan(0, 1));
            latest.HasEntered = true;
        }
    }

    private void Recur()
    {
        int looping = 0;
        for (int i = 0; i < _count; i++)
        {
            if (_tokens[i].Flight.IsInLoop)
            {
                _flights[looping++] = _tokens[i].Flight;
            }
        }

        _runner.Recur(_flights.AsSpan(0, looping));
    }

    /// <summary>
    /// One pass over the suffix layers and the head: the first tokens, as many as leave, for good, and for a draft the
    /// others as if they left now.
    /// </summary>
    /// <returns>The token that is likeliest behind the latest one; of no meaning unless asked for.</returns>
    private int Leave(int leaving, bool drafts)
    {
        // What earlier drafts have stored here came of fewer recursions.
        _runner.TruncateSuffix(_cache, _tokens[0].Position);
        int passing = drafts ? _count : leaving;
        for (int i = 0; i < passing; i++)
        {
            _flights[i] = i < leaving ? _tokens[i].Flight : LeaveNow(_tokens[i]);
        }

        _runner.Leave(_flights.AsSpan(0, passing));
        bool isEarly = passing > leaving;
        FloatMatrix rows = _runner.Workspace.Gathered.Slice(0, leaving + (isEarly ? 1 : 0));
        for (int i = 0; i < leaving; i++)
        {
            _flights[i].Residual.Row(0).CopyTo(rows.Row(i));
            _tokens[i].LogitRow = i;
        }

        if (isEarly)
        {
            _flights[passing - 1].Residual.Row(0).CopyTo(rows.Row(leaving));
        }

        int headRows = leaving > 0 ? _vocabSize : Math.Min(_vocabSize, DraftRowsMax);
        FloatMatrix logits = _runner.Logits(rows, headRows: headRows);
        return drafts ? IndexOfLargest(logits.Row(rows.Rows - 1)[..headRows]) : 0;
    }

    /// <summary>What the token would leave the loop with now.</summary>
    private Flight LeaveNow(SpeculativeToken token)
    {
        FloatMatrix x = _runner.Workspace.Residual.Slice(_tokens.Length + token.Row, 1);
        token.EarlyExit.Begin(x, x, token.Position, isPrompt: false, token.Flight.DepthMax);
        _runner.LeaveLoop(token.Flight, x.Row(0));
        return token.EarlyExit;
    }

    private void Begin(int id, int position, int depthMax)
    {
        SpeculativeToken token = _tokens[_count];
        token.Id = id;
        token.HasEntered = false;
        token.LogitRow = -1;
        _runner.Embed(token.Flight, new ReadOnlySpan<int>(in id), token.Row, position, isPrompt: false, depthMax);
        _count++;
    }

    private static int IndexOfLargest(ReadOnlySpan<float> values)
    {
        int best = 0;
        for (int i = 1; i < values.Length; i++)
        {
            best = values[i] > values[best] ? i : best;
        }

        return best;
    }
}
