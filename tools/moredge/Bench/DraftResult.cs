using MoREdge.Model;

namespace MoREdge.Cli;

/// <summary>Speed of decoding without drafts or with them.</summary>
/// <param name="threads">Threads.</param>
/// <param name="drafts">How drafts are made.</param>
internal sealed class DraftResult(int threads, DraftMode drafts)
{
    /// <summary>Threads.</summary>
    public int Threads { get; } = threads;

    /// <summary>How drafts are made.</summary>
    public DraftMode Drafts { get; } = drafts;

    /// <summary>Decoded tokens per second.</summary>
    public Samples Speed { get; } = new();

    /// <summary>Speed over that without drafts in the same repetition; empty in its own row.</summary>
    public Samples AgainstOff { get; } = new();

    /// <summary>How the drafts of the latest repetition fared.</summary>
    public SpeculationStatistics Fared { get; set; }

    /// <summary>Mean recursions of the decoded tokens.</summary>
    public double MeanDepth { get; set; }
}
