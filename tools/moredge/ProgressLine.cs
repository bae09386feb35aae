using System.Diagnostics;

namespace MoREdge.Cli;

/// <summary>
/// A line on standard error that says how far long work has come and when it will end. Redrawn in place on a terminal;
/// elsewhere it says nothing until the work took a while, then a line now and then, so that logs stay short.
/// </summary>
internal sealed class ProgressLine : IDisposable
{
    private const double TerminalInterval = 0.1;
    private const double LogInterval = 10;

    private readonly string _label;
    private readonly double _interval;
    private readonly double _quietSeconds;
    private readonly bool _isTerminal = !Console.IsErrorRedirected;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private double _lastSeconds;
    private int _width;

    /// <param name="label">What is being done, such as "Quantizing".</param>
    /// <param name="quietSeconds">Shorter work than this prints nothing.</param>
    public ProgressLine(string label, double quietSeconds = 0.5)
    {
        _label = label;
        _quietSeconds = quietSeconds;
        _interval = _isTerminal ? TerminalInterval : LogInterval;
    }

    /// <summary>
    /// Reports that <paramref name="done"/> of <paramref name="total"/> is done; a terminal shows a beginning at once.
    /// </summary>
    /// <param name="done">Done so far, in any unit; 0 for a beginning.</param>
    /// <param name="total">All there is.</param>
    /// <param name="detail">What is at work now.</param>
    public void Report(double done, double total, string detail = "")
    {
        double seconds = _clock.Elapsed.TotalSeconds;
        bool isBeginning = done <= 0 && _isTerminal;
        if (seconds < _quietSeconds || (seconds - _lastSeconds < _interval && !isBeginning))
        {
            return;
        }

        _lastSeconds = seconds;
        string left = done > 0 ? $", {FormatSeconds(seconds * (total - done) / done)} left" : "";
        string line = $"{_label} {100 * done / total,3:F0} %  {FormatSeconds(seconds)} elapsed{left}  {detail}";
        if (_isTerminal)
        {
            string shown = FitTerminal(line);
            Console.Error.Write($"\r{shown.PadRight(_width)}");
            _width = shown.Length;
        }
        else
        {
            Console.Error.WriteLine(line.TrimEnd());
        }
    }

    /// <summary>Clears the line.</summary>
    public void Dispose()
    {
        if (_isTerminal && _width > 0)
        {
            Console.Error.Write($"\r{new string(' ', _width)}\r");
            _width = 0;
        }
    }

    /// <summary>What fits one line of the terminal: of a line that wraps, only the end could be redrawn.</summary>
    private static string FitTerminal(string line)
    {
        // The last column stays free, because some terminals wrap there. Serial ones may not know their width.
        int columns = Console.WindowWidth - 1;
        return columns > 0 && line.Length > columns ? line[..columns] : line;
    }

    private static string FormatSeconds(double seconds) =>
        seconds < 3600
            ? $"{(int)seconds / 60}:{(int)seconds % 60:D2}"
            : $"{(int)seconds / 3600}:{(int)seconds / 60 % 60:D2}:{(int)seconds % 60:D2}";
}
