using System.Diagnostics;
using MoREdge.Model.Caches;
using MoREdge.Tensors;

namespace MoREdge.Model.Speculation;

/// <summary>
/// The tokens of one text that are under way with self-speculative decoding by early exit. As soon as a token has run
/// one recursion, the suffix layers and the head draft from it the token that follows, and that one starts at once: it
/// runs its first recursion in the same pass over the shared block as the second recursion of the one before. When the
/// draft is right, a part of the next token is already computed; when it is wrong, its keys and values are dropped and
/// nothing else has changed. A model with a draft head starts two tokens at once: the draft, and one that the head
/// drafts behind it, which is drafted anew as soon as the first of the two has run a recursion.
/// </summary>
/// <remarks>
/// A right draft has attended to exactly what it would have found later: in every recursion the token before it is a
/// recursion ahead or in the same pass, and in the suffix layers it waits for it. So logits do not depend on the
/// drafts. Compare early-exit drafting in LayerSkip (arXiv 2404.16710); here drafting and verifying share their passes,
/// which only shared weights allow. A tick asks a pipeline for its flights stage by stage (<see cref="TakePair"/>,
/// <see cref="Enter"/>, <see cref="Recur"/>, <see cref="Leave"/>, <see cref="Gather"/>, <see cref="Draft"/>).
/// </remarks>
internal sealed class TokenPipeline
{
    /// <summary>Recursions that hold tokens at once.</summary>
    private const int RecursionsMax = 4;

    /// <summary>
    /// A second draft of a smaller probability is not begun. A wrong one costs a row of one pass, a right one saves
    /// most of a pass.
    /// </summary>
    private const float SecondProbabilityMin = 0.3f;

    private readonly FlightRunner _runner;
    private readonly KvCache _cache;
    private readonly int _tokensMax;
    private readonly int _recursionsHeld;
    private readonly SpeculativeToken[] _tokens;
    private SpeculativeToken? _drafter;
    private int _count;
    private int _depthMax;
    private bool _drafts;
    private int _draftRow;
    private int _checkRow;

    /// <summary>Takes every buffer but rows of the workspace: <see cref="TakeRows"/> before the first token.</summary>
    /// <param name="runner">Runs the tokens.</param>
    /// <param name="cache">Keys and values of the text.</param>
    /// <param name="config">The model.</param>
    /// <param name="tokensMax">Most tokens of the text.</param>
    public TokenPipeline(FlightRunner runner, KvCache cache, ModelConfig config, int tokensMax)
    {
        _runner = runner;
        _cache = cache;
        _tokensMax = tokensMax;
        _recursionsHeld = RecursionsHeld(config);
        _tokens = new SpeculativeToken[FlightsMax(config)];
        for (int i = 0; i < _tokens.Length; i++)
        {
            _tokens[i] = new SpeculativeToken(cache);
        }
    }

    /// <summary>How its drafts have fared.</summary>
    public SpeculationStatistics Statistics { get; private set; }

    /// <summary>See <see cref="Sequence.DraftOverride"/>.</summary>
    public DraftOverride? DraftOverride { get; set; }

    /// <summary>Whether tokens behind drafts begin, too, where there is a draft head.</summary>
    public bool DraftsSecond { get; set; }

    /// <summary>Recursions of the latest token that was taken.</summary>
    public ReadOnlySpan<int> LastDepths => Last.Flight.Depths.AsSpan(0, 1);

    /// <summary>True while tokens are under way.</summary>
    public bool HasTokens => _count > 0;

    /// <summary>True when the logits behind the first token are there.</summary>
    public bool IsReady => _count > 0 && _tokens[0].LogitRow >= 0;

    /// <summary>Tokens that leave in this tick; known once <see cref="Leave"/> was asked.</summary>
    public int LeavingCount { get; private set; }

    /// <summary>Behind the token that was asked for, once it has left, the caller chooses.</summary>
    private bool IsCallersTurn => LeavingCount == 1 && _count == 1;

    /// <summary>The latest token that was taken: its place comes last.</summary>
    private SpeculativeToken Last => _tokens[^1];

    /// <summary>Tokens under way at once: some begin in the tick in which others leave.</summary>
    public static int FlightsMax(ModelConfig config) =>
        (RecursionsHeld(config) + 1) * BeginningMax(config.Recursion is { DraftSize: > 0 });

    /// <summary>Rows of activations that they take: each has another one to leave early.</summary>
    public static int RowsFor(ModelConfig config) => 2 * FlightsMax(config);

    private static int RecursionsHeld(ModelConfig config) => Math.Min(config.RecursionCount, RecursionsMax);

    /// <summary>Most tokens that begin in a tick; in the loop there are so many in every recursion.</summary>
    private static int BeginningMax(bool draftsSecond) => draftsSecond ? 2 : 1;

    /// <summary>Gives it rows of the workspace, <see cref="RowsFor"/> from <paramref name="first"/> on.</summary>
    public void TakeRows(int first)
    {
        for (int i = 0; i < _tokens.Length; i++)
        {
            (_tokens[i].Row, _tokens[i].ExitRow) = (first + i, first + _tokens.Length + i);
        }
    }

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
            bool isRight = _tokens[0].Id == id;
            Statistics = Statistics.And(new SpeculationStatistics(1, isRight ? 1 : 0));
            if (!isRight)
            {
                Drop(0);
            }
        }

        if (_count == 0)
        {
            // The row that the token was chosen from, where the pipeline has it.
            SpeculativeToken? drafter = Last.IsLatest && Last.Position == position - 1 ? Last : null;
            Begin(id, position);
            _drafter = drafter;
        }

        Debug.Assert(_tokens[0].Position == position, "The text went on without its drafts.");
        return IsReady;
    }

    /// <summary>Takes the first token, whose logits are there.</summary>
    /// <returns>The row of the workspace's logits behind it, which holds them until the next tick.</returns>
    public int Take()
    {
        SpeculativeToken first = _tokens[0];
        Last.IsLatest = false;
        first.IsLatest = true;
        _tokens.AsSpan(1).CopyTo(_tokens);
        _tokens[^1] = first;
        _count--;
        return first.LogitRow;
    }

    /// <summary>Drops the tokens under way, and all keys and values from <paramref name="position"/> on.</summary>
    public void Abandon(int position)
    {
        _count = 0;
        _drafter = null;
        Last.IsLatest = false;
        _cache.Truncate(position);
    }

    /// <summary>
    /// Before a tick: gives the draft head what it needs for a token behind the latest one, if there is room for it.
    /// </summary>
    /// <returns>True when it took it as row <paramref name="row"/>.</returns>
    public bool TakePair(DraftHead head, int row)
    {
        SpeculativeToken? drafter = _drafter;
        _drafter = null;
        SpeculativeToken latest = _tokens[_count - 1];
        if (drafter is null || !DraftsSecond || latest.HasEntered || !HasRoom(leaving: 0))
        {
            return false;
        }

        Flight from = drafter.HasLeft ? drafter.Flight : drafter.EarlyExit;
        head.Take(row, from.Residual.Row(0), latest.Flight.Residual.Row(0));
        return true;
    }

    /// <summary>Begins the token that the draft head drafts behind the latest one, unless it is a guess.</summary>
    /// <param name="logits">Its logits (headRows), which become probabilities.</param>
    public void DraftSecond(Span<float> logits)
    {
        int next = _tokens[_count - 1].Position + 1;
        int draft = LargestValue.Index(logits);
        if (DraftOverride is { } replace)
        {
            draft = replace(next, draft, isSecond: true);
            if ((uint)draft >= (uint)_runner.VocabSize)
            {
                return;
            }
        }
        else
        {
            _runner.Kernels.Softmax(logits);
            if (!(logits[draft] >= SecondProbabilityMin))
            {
                return;
            }
        }

        Begin(draft, next);
        _tokens[_count - 1].IsSecond = true;
    }

    /// <summary>First stage of a tick: tokens that have just begun run the prefix layers.</summary>
    /// <returns>Flights written.</returns>
    public int Enter(Span<Flight> flights)
    {
        int entering = 0;
        for (int i = 0; i < _count; i++)
        {
            if (!_tokens[i].HasEntered)
            {
                _tokens[i].HasEntered = true;
                flights[entering++] = _tokens[i].Flight;
            }
        }

        return entering;
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

        _drafts = !IsCallersTurn && (HasRoom(LeavingCount) || _tokens[_count - 1].IsSecond);
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
            _tokens[i].HasLeft = true;
            _tokens[i].LogitRow = row++;
        }

        if (_drafts)
        {
            if (_tokens[_count - 1].IsSecond)
            {
                _checkRow = GatherDrafter(_count - 2, rows, ref row);
            }

            _draftRow = GatherDrafter(_count - 1, rows, ref row);
        }

        return row;
    }

    /// <summary>
    /// Last stage: checks a second draft, and begins the draft behind the latest token, if there is to be one: the
    /// token that is likeliest by the first <paramref name="headRows"/> of the logits.
    /// </summary>
    public void Draft(in FloatMatrix logits, int headRows)
    {
        if (!_drafts)
        {
            return;
        }

        SpeculativeToken latest = _tokens[_count - 1];
        if (latest.IsSecond)
        {
            int first = FirstDraft(logits.Row(_checkRow)[..headRows], latest.Position);
            if (!Keep(latest, first))
            {
                Drop(_count - 1);
                if (!IsCallersTurn)
                {
                    BeginBehind(_tokens[_count - 1], first);
                }

                return;
            }
        }

        if (HasRoom(LeavingCount))
        {
            BeginBehind(latest, FirstDraft(logits.Row(_draftRow)[..headRows], latest.Position + 1));
        }
    }

    /// <summary>Whether a second draft is what the token before it drafts a pass later.</summary>
    private bool Keep(SpeculativeToken second, int first)
    {
        bool isRight = first == second.Id;
        second.IsSecond = false;
        Statistics = Statistics.And(
            new SpeculationStatistics(Drafted: 0, Accepted: 0, SecondDrafted: 1, SecondKept: isRight ? 1 : 0));
        return isRight;
    }

    /// <summary>The row of the logits that token <paramref name="index"/> drafts from.</summary>
    private int GatherDrafter(int index, in FloatMatrix rows, ref int row)
    {
        if (index < LeavingCount)
        {
            return _tokens[index].LogitRow;
        }

        _tokens[index].EarlyExit.Residual.Row(0).CopyTo(rows.Row(row));
        return row++;
    }

    private int FirstDraft(ReadOnlySpan<float> logits, int position)
    {
        int draft = LargestValue.Index(logits);
        int better = DraftOverride?.Invoke(position, draft, isSecond: false) ?? draft;
        return (uint)better < (uint)_runner.VocabSize ? better : draft;
    }

    /// <summary>Whether another token can begin behind those under way, of which some leave.</summary>
    private bool HasRoom(int leaving) =>
        _count < _tokens.Length && _count - leaving < _recursionsHeld * BeginningMax(DraftsSecond)
            && _tokens[_count - 1].Position + 1 < _tokensMax;

    /// <summary>What the token would leave the loop with now.</summary>
    private Flight LeaveNow(SpeculativeToken token)
    {
        FloatMatrix x = _runner.Workspace.Residual.Slice(token.ExitRow, 1);
        token.EarlyExit.Begin(x, x, token.Position, isPrompt: false, token.Flight.DepthMax);
        _runner.LeaveLoop(token.Flight, x.Row(0));
        return token.EarlyExit;
    }

    private void BeginBehind(SpeculativeToken drafter, int id)
    {
        Begin(id, drafter.Position + 1);
        _drafter = drafter;
    }

    /// <summary>Drops the tokens from the one with that index on.</summary>
    private void Drop(int index)
    {
        _cache.Truncate(_tokens[index].Position);
        _count = index;
        _drafter = null;
    }

    private void Begin(int id, int position)
    {
        SpeculativeToken token = _tokens[_count];
        token.Id = id;
        token.HasEntered = false;
        token.HasLeft = false;
        token.IsSecond = false;
        token.IsLatest = false;
        token.LogitRow = -1;
        _runner.Embed(token.Flight, new ReadOnlySpan<int>(in id), token.Row, position, isPrompt: false, _depthMax);
        _count++;
    }
}
