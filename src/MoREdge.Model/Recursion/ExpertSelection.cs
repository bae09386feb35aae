namespace MoREdge.Model.Recursion;

/// <summary>Which candidates an expert-choice recursion keeps (spec sections 2.2 and 2.6).</summary>
internal sealed class ExpertSelection : IComparer<int>
{
    private readonly RecursionConfig _config;
    private readonly RoutingMode _mode;
    private readonly int[] _order;
    private float[] _logits = [];

    public ExpertSelection(RecursionConfig config, RoutingMode mode, int rowsMax)
    {
        _config = config;
        _mode = mode;
        _order = new int[rowsMax];
    }

    /// <summary>Added to the thresholds.</summary>
    public float Bias { get; set; }

    /// <summary>Distances of router logits from their thresholds.</summary>
    public FadingMean Distance { get; } = new();

    /// <summary>
    /// Moves the active rows that are kept, and their router logits, to the front in ascending order, and returns how
    /// many they are. Capacities count against all tokens of the flight, not the candidates.
    /// </summary>
    public int Select(Flight flight)
    {
        (int[] rows, float[] logits, int count) = (flight.Active, flight.RouterValues, flight.ActiveCount);
        bool byRank = _mode == RoutingMode.TopK || (_mode == RoutingMode.TopKThreshold && flight.IsPrompt);
        double capacity = _config.Capacities[flight.Recursion];
        if (byRank)
        {
            return KeepLargest(rows, logits, count, Math.Max(1, (int)(capacity * flight.RowCount)));
        }

        return _mode == RoutingMode.Full || capacity >= 1
            ? count
            : KeepAbove((float)_config.Thresholds[flight.Recursion], rows, logits, count);
    }

    /// <summary>Larger logits first; equal ones in order of position.</summary>
    public int Compare(int x, int y)
    {
        int byLogit = _logits[y].CompareTo(_logits[x]);
        return byLogit != 0 ? byLogit : x.CompareTo(y);
    }

    private int KeepAbove(float threshold, int[] rows, float[] logits, int count)
    {
        int kept = 0;
        for (int i = 0; i < count; i++)
        {
            Distance.Add(Math.Abs(logits[i] - threshold));
            if (logits[i] >= threshold + Bias)
            {
                rows[kept] = rows[i];
                logits[kept] = logits[i];
                kept++;
            }
        }

        return kept;
    }

    private int KeepLargest(int[] rows, float[] logits, int count, int keep)
    {
        if (keep >= count)
        {
            return count;
        }

        for (int i = 0; i < count; i++)
        {
            _order[i] = i;
        }

        _logits = logits;
        Array.Sort(_order, 0, count, this);
        Array.Sort(_order, 0, keep);
        for (int i = 0; i < keep; i++)
        {
            // Ascending order means _order[i] ≥ i, so nothing is read after it was overwritten.
            rows[i] = rows[_order[i]];
            logits[i] = logits[_order[i]];
        }

        return keep;
    }
}
