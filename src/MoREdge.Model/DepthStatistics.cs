namespace MoREdge.Model;

/// <summary>How deep tokens went: a count per number of recursions run.</summary>
public sealed class DepthStatistics
{
    private readonly long[] _histogram;

    internal DepthStatistics(int recursionCount) => _histogram = new long[recursionCount + 1];

    /// <summary>Tokens by recursions run, index 0 … N.</summary>
    public ReadOnlySpan<long> Histogram => _histogram;

    /// <summary>Tokens counted.</summary>
    public long TokenCount
    {
        get
        {
            long count = 0;
            foreach (long tokens in _histogram)
            {
                count += tokens;
            }

            return count;
        }
    }

    /// <summary>Mean recursions per token; 0 before the first token.</summary>
    public double Mean
    {
        get
        {
            long recursions = 0;
            for (int depth = 0; depth < _histogram.Length; depth++)
            {
                recursions += depth * _histogram[depth];
            }

            long count = TokenCount;
            return count == 0 ? 0 : (double)recursions / count;
        }
    }

    /// <summary>Share of the tokens that ran at least so many recursions; 0 before the first token.</summary>
    public double ShareReaching(int depth)
    {
        long reached = 0;
        foreach (long tokens in Histogram[depth..])
        {
            reached += tokens;
        }

        long count = TokenCount;
        return count == 0 ? 0 : (double)reached / count;
    }

    /// <summary>Starts counting anew.</summary>
    public void Clear() => Array.Clear(_histogram);

    internal void Add(ReadOnlySpan<int> depths)
    {
        foreach (int depth in depths)
        {
            _histogram[depth]++;
        }
    }
}
