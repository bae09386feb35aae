namespace MoREdge.Checkpoints.Recursion;

/// <summary>Which physical layer an unrolled layer uses (spec section 1.2; arXiv:2507.10524, section 2.1).</summary>
internal enum SharingKind
{
    Cycle,
    Sequence,
    MiddleCycle,
    MiddleSequence,
}

/// <summary>Names and layer arithmetic of the sharing strategies.</summary>
internal static class SharingKinds
{
    /// <summary>The kind of a name.</summary>
    /// <exception cref="CheckpointException">UnknownSharing.</exception>
    public static SharingKind Parse(string name) => name switch
    {
        "cycle" => SharingKind.Cycle,
        "sequence" => SharingKind.Sequence,
        "middle_cycle" => SharingKind.MiddleCycle,
        "middle_sequence" => SharingKind.MiddleSequence,
        _ => throw new CheckpointException(
            CheckpointError.UnknownSharing,
            $"The sharing strategy {CheckpointException.Quote(name)} is none of cycle, sequence, middle_cycle, "
            + "middle_sequence."),
    };

    /// <summary>The name that configurations and model files use.</summary>
    public static string Name(this SharingKind kind) => kind switch
    {
        SharingKind.Cycle => "cycle",
        SharingKind.Sequence => "sequence",
        SharingKind.MiddleCycle => "middle_cycle",
        _ => "middle_sequence",
    };

    /// <summary>True when the first and the last layer are not shared.</summary>
    public static bool HasOwnEnds(this SharingKind kind) =>
        kind is SharingKind.MiddleCycle or SharingKind.MiddleSequence;

    /// <summary>The unrolled layer, counted inside the shared part, of layer j of the block in recursion r.</summary>
    public static int UnrolledIndex(
        this SharingKind kind, int recursion, int layer, int recursionCount, int baseDepth) =>
        kind is SharingKind.Cycle or SharingKind.MiddleCycle
            ? (recursion * baseDepth) + layer
            : (layer * recursionCount) + recursion;
}
