namespace MoREdge.Model;

/// <summary>
/// Whether a model with a loop drafts its next tokens from a shallow recursion. It changes when things are computed,
/// never what comes out: logits are the same bit for bit.
/// </summary>
public enum SpeculationMode
{
    /// <summary>One token at a time.</summary>
    Off,

    /// <summary>Always, all that the model can draft.</summary>
    On,

    /// <summary>
    /// What is fastest: no drafts, drafts, and where the model has a draft head those with its drafts behind them are
    /// timed on the text itself, and again from time to time. Off where a model cannot speculate.
    /// </summary>
    Auto,
}
