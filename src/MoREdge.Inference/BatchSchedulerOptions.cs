using MoREdge.Model;

namespace MoREdge.Inference;

/// <summary>The limits of a <see cref="BatchScheduler"/>.</summary>
public sealed record BatchSchedulerOptions
{
    /// <summary>Sequences side by side, and prompt tokens per tick.</summary>
    public BatchOptions Limits { get; init; } = new();

    /// <summary>
    /// Most bytes of keys and values that all running requests may need together; null for no bound but the number of
    /// sequences.
    /// </summary>
    public long? KvBytesMax { get; init; }

    /// <summary>Most requests that wait for a place, at least 1: a server that falls behind says so.</summary>
    public int WaitingMax { get; init; } = 1024;
}
