namespace MoREdge.Inference;

/// <summary>Why a generation ended.</summary>
public enum StopReason
{
    /// <summary>The model produced an end token.</summary>
    EndOfSequence,

    /// <summary>The token budget is used up.</summary>
    TokenLimit,

    /// <summary>A stop string appeared.</summary>
    StopString,

    /// <summary>The context is full.</summary>
    ContextFull,

    /// <summary>The caller cancelled.</summary>
    Cancelled,
}
