using System.Diagnostics;
using MoREdge.Model.Caches;
using MoREdge.Tensors;

namespace MoREdge.Model.Speculation;

/// <summary>
/// The tokens of one text that are under way with self-speculative decoding by early exit. As soon as a token has run
/// one recursion, the suffix layers and the head draft from it the token that follows, and that one starts at once: it
/// runs its first recursion in the same pass over the shared block as the second recursion of the one before. When the
/// draft is right, a part of the next token is already computed; when it is wrong, its keys and values are dropped and
/// nothing else has changed.
/// </summary>
/// <remarks>
/// A right draft has attended to exactly what it would have found later: in every recursion the token before it is one
/// recursion ahead, and in the suffix layers it waits for it. So logits do not depend on the drafts. Compare early-exit
/// drafting in LayerSkip (arXiv 2404.16710); here drafting and verifying share their passes, which only shared weights
/// allow. A tick asks a pipeline for its flights stage by stage (<see cref="Enter"/>, <see cref="Recur"/>,
/// <see cref="Leave"/>, <see cref="Gather"/>, <see cref="Draft"/>), so that those of many texts run together.
/// </remarks>
internal sealed class TokenPipeline
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
    public const int DraftRowsMax = 1 << 13;

    private readonly FlightRunner _runner;
    private readonly KvCache _cache;
    private readonly int _tokensMax;
    private readonly int _loopingMax;
    private readonly SpeculativeToken[] _tokens;
    private long _draftedCount;
    private long _acceptedCount;
    private int _count;
    private int _depthMax;
    private bool _drafts;
    private int _draftRow;

    /// <summary>Takes every buffer.</summary>
    /// <param name="runner">Runs the tokens.</param>
    /// <param name="cache">Keys and values of the text.</param>
    /// <param name="loopingMax">Most tokens in the loop at once, at least 2.</param>
    /// <param name="tokensMax">Most tokens of the text.</param>
    /// <param name="firstRow">First of its <see cref="RowsFor"/> rows of the workspace.</param>
    public TokenPipeline(FlightRunner runner, KvCache cache, int loopingMax, int tokensMax, int firstRow)
    {
        _runner = runner;
        _cache = cache;
        _tokensMax = tokensMax;
        _loopingMax = loopingMax;
        _tokens = new SpeculativeToken[FlightsFor(loopingMax)];
        for (int i = 0; i < _tokens.Length; i++)
        {
            _tokens[i] = new SpeculativeToken(cache, firstRow + i, firstRow + _tokens.Length + i);
        }
    }

    /// <summary>How its drafts have fared.</summary>
    public SpeculationStatistics Statistics => new(_draftedCount, _acceptedCount);

    /// <summary>See <see cref="Sequence.DraftOverride"/>.</summary>
    public Func<int, int, int>? DraftOverride { get; set; }

    /// <summary>Recursions of the latest token that was taken.</summary>
    public ReadOnlySpan<int> LastDepths => Last.Flight.Depths.AsSpan(0, 1);

    /// <summary>True while tokens are under way.</summary>
    public bool HasTokens => _count > 0;

    /// <summary>True when the logits behind the first token are there.</summary>
    public bool IsReady => _count > 0 && _tokens[0].LogitRow >= 0;

    /// <summary>Tokens that leave in this tick; known once <see cref="Leave"/> was asked.</summary>
    public int LeavingCount { get; private set; }

    /// <summary>The latest token that was taken: its place comes last.</summary>
    private SpeculativeToken Last => _tokens[^1];

    /// <summary>Tokens under way at once: one begins in the tick in which another leaves.</summary>
    public static int FlightsFor(int loopingMax) => loopingMax + 1;

    /// <summary>Rows of activations that they take: each has another one to leave early.</summary>
    public static int RowsFor(int loopingMax) => 2 * FlightsFor(loopingMax);

    /// <summary>
    /// Asks for the token <paramref name="id"/> at <paramref name="position"/>: it is the draft under way, or else
    /// begins with the next tick.
    /// </summary>
    /// <returns>True when the logits behind it are there already.</returns>
    public bool Ask(int id, int position, int depthMax)
    {
        _depthMax = depthMax;
        if (_count > 0)
        {
            _draftedCount++;
            if (_tokens[0].Id == id)
            {
                _acceptedCount++;
            }
            else
            {
                Abandon(position);
            }
        }

        if (_count == 0)
        {
            Begin(id, position);
        }

        Debug.Assert(_tokens[0].Position == position, "The text went on without its drafts.");
        return IsReady;
    }

    /// <summary>Takes the first token, whose logits are there.</summary>
    /// <returns>The row of the workspace's logits behind it, which holds them until the next tick.</returns>
    public int Take()
    {
        SpeculativeToken first = _tokens[0];
        _tokens.AsSpan(1).CopyTo(_tokens);
        _tokens[^1] = first;
        _count--;
        return first.LogitRow;
    }

    /// <summary>Drops the tokens under way, and every key and value at or behind <paramref name="position"/>.</summary>
    public void Abandon(int position)
    {
        _count = 0;
        _cache.Truncate(position);
    }

    /// <summary>First stage of a tick: the latest token, if it has just begun, runs the prefix layers.</summary>
    /// <returns>Flights written, 0 or 1.</returns>
    public int Enter(Span<Flight> flights)
    {
        SpeculativeToken latest = _tokens[_count - 1];
        if (latest.HasEntered)
        {
            return 0;
        }

        latest.HasEntered = true;
        flights[0] = latest.Flight;
        return 1;
    }

    /// <summary>Second stage: those in the loop run a recursion.</summary>
    /// <returns>Flights written.</returns>
    public int Recur(Span<Flight> flights)
    {
        int looping = 0;
        for (int i = 0; i < _count; i++)
        {
            if (_tokens[i].Flight.IsInLoop)
            {
                flights[looping++] = _tokens[i].Flight;
            }
        }

        return looping;
    }

    /// <summary>
    /// Third stage: the suffix layers, for the first tokens, as many as leave, for good, and for a draft the others as
    /// if they left now.
    /// </summary>
    /// <returns>Flights written.</returns>
    public int Leave(Span<Flight> flights)
    {
        LeavingCount = 0;
        while (LeavingCount < _count && _tokens[LeavingCount].IsReady)
        {
            LeavingCount++;
        }

        int next = _tokens[_count - 1].Position + 1;
        bool hasRoom = _count < _tokens.Length && _count - LeavingCount < _loopingMax && next < _tokensMax;

        // Behind the token that was asked for, once it has left, the caller chooses.
        _drafts = hasRoom && !(LeavingCount == 1 && _count == 1);
        int passing = _drafts ? _count : LeavingCount;
        if (passing > 0)
        {
            // What earlier drafts have stored here came of fewer recursions.
            _runner.TruncateSuffix(_cache, _tokens[0].Position);
        }

        for (int i = 0; i < passing; i++)
        {
            flights[i] = i < LeavingCount ? _tokens[i].Flight : LeaveNow(_tokens[i]);
        }

        return passing;
    }

    /// <summary>
    /// Fourth stage: copies the rows whose logits are wanted to <paramref name="rows"/> from <paramref name="row"/> on.
    /// </summary>
    /// <returns>The row behind them.</returns>
    public int Gather(in FloatMatrix rows, int row)
    {
        for (int i = 0; i < LeavingCount; i++)
        {
            _tokens[i].Flight.Residual.Row(0).CopyTo(rows.Row(row));
            _tokens[i].LogitRow = row++;
        }

        // A draft behind the latest token, where that one leaves, needs no row of its own.
        _draftRow = row - 1;
        if (_drafts && LeavingCount < _count)
        {
            _tokens[_count - 1].EarlyExit.Residual.Row(0).CopyTo(rows.Row(row));
            _draftRow = row++;
        }

        return row;
    }

    /// <summary>
    /// Last stage: begins the draft, if there is one, the token that is likeliest by the first
    /// <paramref name="headRows"/> of the logits.
    /// </summary>
    public void Draft(in FloatMatrix logits, int headRows)
    {
        if (!_drafts)
        {
            return;
        }

        int next = _tokens[_count - 1].Position + 1;
        int draft = LargestValue.Index(logits.Row(_draftRow)[..headRows]);
        int better = DraftOverride?.Invoke(next, draft) ?? draft;
        Begin((uint)better < (uint)logits.Cols ? better : draft, next);
    }

    /// <summary>What the token would leave the loop with now.</summary>
    private Flight LeaveNow(SpeculativeToken token)
    {
        FloatMatrix x = _runner.Workspace.Residual.Slice(token.ExitRow, 1);
        token.EarlyExit.Begin(x, x, token.Position, isPrompt: false, token.Flight.DepthMax);
        _runner.LeaveLoop(token.Flight, x.Row(0));
        return token.EarlyExit;
    }

    private void Begin(int id, int position)
    {
        SpeculativeToken token = _tokens[_count];
        token.Id = id;
        token.HasEntered = false;
        token.LogitRow = -1;
        _runner.Embed(token.Flight, new ReadOnlySpan<int>(in id), token.Row, position, isPrompt: false, _depthMax);
        _count++;
    }
}
