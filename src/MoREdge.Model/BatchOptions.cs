namespace MoREdge.Model;

/// <summary>The limits of a <see cref="SequenceBatch"/>.</summary>
public sealed record BatchOptions
{
    /// <summary>Far beyond what a processor has use for; keeps products of sizes in range.</summary>
    private const int Ceiling = 4096;

    /// <summary>Most sequences side by side.</summary>
    public int SequencesMax { get; init; } = 8;

    /// <summary>
    /// Most prompt tokens that begin in one tick: fewer let the decoded tokens beside them come sooner, more read the
    /// weights less often. Layers work on 64 rows at a time, and a third recursion has about a third of them left.
    /// </summary>
    public int PromptRowsMax { get; init; } = 128;

    /// <summary>
    /// Rows under way at once: a token of every sequence, and prompt tokens for as many ticks as a loop may take.
    /// </summary>
    internal int RowsMax(ModelConfig config) => SequencesMax + (PromptRowsMax * config.RecursionCount);

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentException">A limit is out of range; the message is one sentence.</exception>
    internal void Validate()
    {
        if (SequencesMax is < 1 or > Ceiling)
        {
            throw new ArgumentException($"A batch holds 1 to {Ceiling} sequences.");
        }

        if (PromptRowsMax is < 1 or > Ceiling)
        {
            throw new ArgumentException($"A batch takes 1 to {Ceiling} prompt tokens at a time.");
        }
    }
}
