using System.Diagnostics;

namespace MoREdge.Model.Speculation;

/// <summary>
/// Decides step by step, a step being a token or a tick, whether to speculate. In automatic mode both ways are timed in
/// turn on the text itself, a few steps each, and the faster one is kept until the next trial: it depends on the
/// machine, on the model and on how often drafts are right.
/// </summary>
/// <param name="mode">Always, never, or where it is faster.</param>
/// <param name="turnSteps">Steps of one turn: the first of a turn pays for what the other way has left undone.</param>
internal sealed class SpeculationSwitch(SpeculationMode mode, int turnSteps)
{
    /// <summary>Turns of a trial, off and on in alternation.</summary>
    private const int Turns = 4;

    /// <summary>Turns between two trials; a trial in vain costs about one part in a hundred.</summary>
    private const int RestTurns = 125;

    /// <summary>Speculation must win by so much: a tie is settled for the simpler way.</summary>
    private const double FasterBy = 0.98;

    private readonly double[] _seconds = new double[2];
    private readonly long[] _tokens = new long[2];
    private int _step;
    private long _start;

    /// <summary>Whether the next step is made with drafts.</summary>
    public bool IsOn { get; private set; } = mode == SpeculationMode.On;

    /// <summary>Called before a step.</summary>
    public void Begin()
    {
        if (mode != SpeculationMode.Auto)
        {
            return;
        }

        int turn = _step / turnSteps;
        if (turn < Turns)
        {
            IsOn = turn % 2 == 1;
        }
        else if (_step == Turns * turnSteps)
        {
            IsOn = _seconds[1] * _tokens[0] < FasterBy * _seconds[0] * _tokens[1];
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

        if (_step < Turns * turnSteps)
        {
            _seconds[IsOn ? 1 : 0] += seconds;
            _tokens[IsOn ? 1 : 0] += tokens;
        }

        _step++;
        if (_step == (Turns + RestTurns) * turnSteps)
        {
            _step = 0;
            Array.Clear(_seconds);
            Array.Clear(_tokens);
        }
    }
}
