namespace MoREdge.Model;

/// <summary>What may differ between the blocks of a model.</summary>
/// <param name="Window">Most recent tokens that a query sees, its own included; 0 for all.</param>
/// <param name="IsRotated">Whether queries and keys are rotated.</param>
/// <param name="HasExperts">Whether the feed-forward network is a mixture of experts.</param>
public readonly record struct BlockConfig(int Window, bool IsRotated, bool HasExperts)
{
    /// <summary>Sees everything, is rotated, has one feed-forward network.</summary>
    public static BlockConfig Default { get; } = new(0, IsRotated: true, HasExperts: false);
}
