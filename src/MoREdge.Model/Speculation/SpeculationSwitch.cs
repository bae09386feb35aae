using System.Diagnostics;

namespace MoREdge.Model.Speculation;

/// <summary>
/// Decides step by step, a step being a token or a tick, what to draft. In automatic mode all levels are timed in turn
/// on the text itself, a few steps each, and the fastest one is kept until the next trial: it depends on the machine,
/// on the model and on how often drafts of either kind are right.
/// </summary>
/// <param name="mode">Always, never, or where it is faster.</param>
/// <param name="most">All that the model can draft.</param>
/// <param name="turnSteps">Steps of one turn: the first of a turn pays for what the other way has left undone.</param>
internal sealed class SpeculationSwitch(SpeculationMode mode, DraftLevel most, int turnSteps)
{
    /// <summary>Turns that a trial gives each level.</summary>
    private const int TurnsOfEach = 2;

    /// <summary>
    /// Turns between two trials, for each turn of a trial; a trial in vain costs about one part in a hundred.
    /// </summary>
    private const int RestTurnsPerTurn = 31;

    /// <summary>A level must win by so much over those below: a tie is settled for the simpler way.</summary>
    private const double FasterBy = 0.98;

    private readonly int _levels = (int)most + 1;
    private readonly double[] _seconds = new double[(int)most + 1];
    private readonly long[] _tokens = new long[(int)most + 1];
    private int _step;
    private long _start;

    /// <summary>What the next step drafts.</summary>
    public DraftLevel Level { get; private set; } = mode == SpeculationMode.On ? most : DraftLevel.None;

    private int TrialSteps => TurnsOfEach * _levels * turnSteps;

    /// <summary>Called before a step.</summary>
    public void Begin()
    {
        if (mode != SpeculationMode.Auto)
        {
            return;
        }

        if (_step < TrialSteps)
        {
            Level = LevelOf(_step / turnSteps);
        }
        else if (_step == TrialSteps)
        {
            Level = Fastest();
        }

        _start = Stopwatch.GetTimestamp();
    }

    /// <summary>Called when a step is done.</summary>
    /// <param name="tokens">Tokens that came out of it.</param>
    /// <exception cref="InvalidOperationException">It did not begin: its time would be that of several.</exception>
    public void End(int tokens)
    {
        if (mode != SpeculationMode.Auto)
        {
            return;
        }

        long start = _start != 0 ? _start : throw new InvalidOperationException("The step did not begin.");
        _start = 0;
        End(Stopwatch.GetElapsedTime(start).TotalSeconds, tokens);
    }

    /// <summary>The same with a measured time.</summary>
    internal void End(double seconds, int tokens)
    {
        if (mode != SpeculationMode.Auto)
        {
            return;
        }

        if (_step < TrialSteps)
        {
            _seconds[(int)Level] += seconds;
            _tokens[(int)Level] += tokens;
        }

        _step++;
        if (_step == TrialSteps * (1 + RestTurnsPerTurn))
        {
            _step = 0;
            Array.Clear(_seconds);
            Array.Clear(_tokens);
        }
    }

    /// <summary>
    /// Up in one round and, behind a turn without drafts, down in the next: the first turn of drafts behind one without
    /// any has nothing under way yet, and so each level pays for that once.
    /// </summary>
    private DraftLevel LevelOf(int turn)
    {
        int place = turn % _levels;
        return (DraftLevel)(turn < _levels || place == 0 ? place : _levels - place);
    }

    private DraftLevel Fastest()
    {
        int best = 0;
        for (int level = 1; level < _levels; level++)
        {
            if (_seconds[level] * _tokens[best] < FasterBy * _seconds[best] * _tokens[level])
            {
                best = level;
            }
        }

        return (DraftLevel)best;
    }
}
