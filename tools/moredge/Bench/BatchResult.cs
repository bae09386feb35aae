using MoREdge.Model;

namespace MoREdge.Cli;

/// <summary>Speed of several sequences side by side.</summary>
/// <param name="threads">Threads.</param>
/// <param name="kvPolicy">The KV policy; null as trained.</param>
/// <param name="sequences">Sequences.</param>
/// <param name="drafts">How drafts are made.</param>
internal sealed class BatchResult(int threads, KvPolicy? kvPolicy, int sequences, DraftMode drafts)
{
    /// <summary>Threads.</summary>
    public int Threads { get; } = threads;

    /// <summary>The KV policy; null as trained.</summary>
    public KvPolicy? KvPolicy { get; } = kvPolicy;

    /// <summary>Sequences.</summary>
    public int Sequences { get; } = sequences;

    /// <summary>How drafts are made.</summary>
    public DraftMode Drafts { get; } = drafts;

    /// <summary>
    /// Generated tokens per second of all sequences together, from the first submission to the last token.
    /// </summary>
    public Samples Speed { get; } = new();

    /// <summary>
    /// Generated tokens per second while all sequences decode: from the last prompt's end to the first answer's. Empty
    /// where that never was.
    /// </summary>
    public Samples DecodeSpeed { get; } = new();

    /// <summary>
    /// Speed over that of the first number of sequences in the same repetition; empty in its own row.
    /// </summary>
    public Samples AgainstFirstSequences { get; } = new();

    /// <summary>Speed over that with the first KV policy, likewise.</summary>
    public Samples AgainstFirstPolicy { get; } = new();

    /// <summary>Speed over that without drafts, likewise.</summary>
    public Samples AgainstOff { get; } = new();

    /// <summary>How the drafts of the latest repetition fared.</summary>
    public SpeculationStatistics Fared { get; set; }

    /// <summary>Mean recursions of the decoded tokens.</summary>
    public double MeanDepth { get; set; }

    /// <summary>Most bytes of keys and values reserved at once.</summary>
    public long KvBytes { get; set; }
}
