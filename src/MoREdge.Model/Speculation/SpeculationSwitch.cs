using System.Diagnostics;

namespace MoREdge.Model.Speculation;

/// <summary>
/// Decides token by token whether to speculate. In automatic mode both ways are timed in turn on the text itself, a few
/// tokens each, and the faster one is kept until the next trial: it depends on the machine, on the model and on how
/// often drafts are right.
/// </summary>
internal sealed class SpeculationSwitch(SpeculationMode mode)
{
    /// <summary>Tokens of one turn: the first of a turn pays for what the other way has left undone.</summary>
    private const int TurnTokens = 8;

    /// <summary>Turns of a trial, off and on in alternation.</summary>
    private const int Turns = 4;

    /// <summary>Tokens between two trials; a trial in vain costs about one part in a hundred.</summary>
    private const int RestTokens = 1000;

    /// <summary>Speculation must win by so much: a tie is settled for the simpler way.</summary>
    private const double FasterBy = 0.98;

    private readonly double[] _seconds = new double[2];
    private int _token;
    private long _start;

    /// <summary>Whether the next token is decoded with drafts.</summary>
    public bool IsOn { get; private set; } = mode == SpeculationMode.On;

    /// <summary>Called before a token is decoded.</summary>
    public void Begin()
    {
        if (mode != SpeculationMode.Auto)
        {
            return;
        }

        int turn = _token / TurnTokens;
        if (turn < Turns)
        {
            IsOn = turn % 2 == 1;
        }
        else if (_token == Turns * TurnTokens)
        {
            IsOn = _seconds[1] < FasterBy * _seconds[0];
        }

        _start = Stopwatch.GetTimestamp();
    }

    /// <summary>Called when its logits are there.</summary>
    public void End() => End(Stopwatch.GetElapsedTime(_start).TotalSeconds);

    /// <summary>The same with a measured time.</summary>
    internal void End(double seconds)
    {
        if (mode != SpeculationMode.Auto)
        {
            return;
        }

        if (_token < Turns * TurnTokens)
        {
            _seconds[IsOn ? 1 : 0] += seconds;
        }

        _token++;
        if (_token == (Turns * TurnTokens) + RestTokens)
        {
            _token = 0;
            Array.Clear(_seconds);
        }
    }
}
