namespace MoREdge.Model;

/// <summary>
/// Whether a model with a loop drafts its next tokens from a shallow recursion. It changes when things are computed,
/// never what comes out: logits are the same bit for bit.
/// </summary>
public enum SpeculationMode
{
    /// <summary>One token at a time.</summary>
    Off,

    /// <summary>Always.</summary>
    On,

    /// <summary>
    /// Where it is faster: both ways are timed on the text itself, and again from time to time. Off where a model
    /// cannot speculate.
    /// </summary>
    Auto,
}
