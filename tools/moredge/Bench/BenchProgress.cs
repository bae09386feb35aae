namespace MoREdge.Cli;

/// <summary>
/// What a benchmark says while it works: first that it warms up, then that it measures, each with its own end in sight.
/// A terminal shows it at once, so that nobody takes the first minute for a standstill.
/// </summary>
internal sealed class BenchProgress : IDisposable
{
    private ProgressLine? _line;
    private double _done;
    private double _total;

    /// <summary>Begins to warm up.</summary>
    /// <param name="total">All of it, in any unit.</param>
    public void WarmUp(double total) => Begin("Warming up", total);

    /// <summary>Begins to measure.</summary>
    /// <param name="total">All of it, in any unit.</param>
    public void Measure(double total) => Begin("Measuring", total);

    /// <summary>So much more is done.</summary>
    public void Advance(double done = 1)
    {
        _done += done;
        _line?.Report(_done, _total);
    }

    public void Dispose() => _line?.Dispose();

    private void Begin(string label, double total)
    {
        _line?.Dispose();
        _line = new ProgressLine(label, quietSeconds: 0);
        _total = total;
        _done = 0;
        Advance(0);
    }
}
