using MoREdge.Tensors;

namespace MoREdge.Model;

/// <summary>How one sequence is run. What is null follows the model file.</summary>
public sealed record SequenceOptions
{
    /// <summary>Most tokens of prompt and answer together; the trained context when null.</summary>
    public int? ContextLength { get; init; }

    /// <summary>
    /// Stored form of keys and values; F32 for float32 models, else F16, when null. A RetNet has none and refuses it.
    /// </summary>
    public KvFormat? KvFormat { get; init; }

    /// <summary>Which keys and values the recursions keep.</summary>
    public KvPolicy? KvPolicy { get; init; }

    /// <summary>
    /// How tokens are selected; <see cref="RoutingMode"/> says which models know which mode. Others are refused.
    /// </summary>
    public RoutingMode? Routing { get; init; }

    /// <summary>Caps the recursions a token may run; all N when null.</summary>
    public int? DepthMax { get; init; }

    /// <summary>
    /// Models whose loop runs on a state of its own (Huginn): seed that the state is drawn from; zero states when null.
    /// </summary>
    public ulong? StateSeed { get; init; }

    /// <summary>
    /// Whether a text drafts its next tokens. In a batch it does while the batch holds four texts or fewer; with more,
    /// they fill its passes.
    /// </summary>
    public SpeculationMode Speculation { get; init; }

    /// <summary>
    /// Hybrid caches only: a decoded token's fresh row replaces position 0, as in the released reference, and not its
    /// own.
    /// </summary>
    public bool HybridPositionZero { get; init; }

    /// <summary>Layers with a window keep what nobody will see, too: what tests compare with.</summary>
    internal bool KeepsAllTokens { get; init; }
}
