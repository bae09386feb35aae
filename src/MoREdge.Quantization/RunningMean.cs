namespace MoREdge.Quantization;

/// <summary>Mean and standard error of a stream of values.</summary>
/// <remarks>Source: Welford 1962, Technometrics 4(3). The standard error takes the values as independent.</remarks>
public sealed class RunningMean
{
    private double _squares;

    /// <summary>Values seen.</summary>
    public long Count { get; private set; }

    /// <summary>Their mean; 0 before the first.</summary>
    public double Mean { get; private set; }

    /// <summary>
    /// Standard error of the mean: √(sample variance / count); not a number for fewer than two values, which do
    /// not tell.
    /// </summary>
    public double StandardError => Count < 2 ? double.NaN : Math.Sqrt(_squares / (Count - 1) / Count);

    /// <summary>Takes one value.</summary>
    public void Add(double value)
    {
        Count++;
        double difference = value - Mean;
        Mean += difference / Count;
        _squares += difference * (value - Mean);
    }
}
