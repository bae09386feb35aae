namespace MoREdge.Model;

/// <summary>How the loop decides how deep a token goes.</summary>
public enum DepthRule
{
    /// <summary>Every token runs every recursion: plain recursive models.</summary>
    Fixed,

    /// <summary>Each recursion's own router picks the tokens that go on (spec section 2).</summary>
    ExpertChoice,

    /// <summary>One router gives each token its depth before the first recursion (spec section 3).</summary>
    TokenChoice,

    /// <summary>A gate behind each recursion says how likely a token leaves there (Ouro, arXiv:2510.25741).</summary>
    ExitGate,
}

/// <summary>Which unrolled layer uses which physical block (spec section 1.2).</summary>
public enum SharingKind
{
    /// <summary>Layer ℓ uses block ℓ mod B.</summary>
    Cycle,

    /// <summary>Layer ℓ uses block ⌊ℓ / N⌋.</summary>
    Sequence,

    /// <summary>As Cycle, between a first and a last layer of their own.</summary>
    MiddleCycle,

    /// <summary>As Sequence, between a first and a last layer of their own.</summary>
    MiddleSequence,
}

/// <summary>What squashes a router logit z into the weight of a token.</summary>
public enum RouterFunction
{
    /// <summary>The weight is z itself.</summary>
    None,

    /// <summary>α·σ(z).</summary>
    Sigmoid,

    /// <summary>α·tanh(z).</summary>
    Tanh,

    /// <summary>α·softmax(z) over the depths of a token-choice router.</summary>
    Softmax,
}

/// <summary>The form of a router (spec section 2.1).</summary>
public enum RouterKind
{
    /// <summary>z = W·x.</summary>
    Linear,

    /// <summary>z = W2·GELU(W1·x).</summary>
    Mlp,
}

/// <summary>How a block's output y joins the residual stream.</summary>
public enum GatingKind
{
    /// <summary>x + p·y, p the router weight.</summary>
    Weighted,

    /// <summary>x + y.</summary>
    Additive,
}

/// <summary>
/// Everything a model file says about its loop. N is the recursion count, B the layers of the shared block.
/// </summary>
public sealed class RecursionConfig
{
    /// <summary>How the loop decides how deep a token goes.</summary>
    public required DepthRule DepthRule { get; init; }

    /// <summary>Recursions N, at least 1.</summary>
    public required int RecursionCount { get; init; }

    /// <summary>Layers B of the shared block.</summary>
    public required int BaseDepth { get; init; }

    /// <summary>Which unrolled layer uses which physical block.</summary>
    public required SharingKind Sharing { get; init; }

    /// <summary>Expert-choice: fraction of tokens that each recursion keeps, N values that never increase.</summary>
    public double[] Capacities { get; init; } = [];

    /// <summary>Expert-choice, threshold mode: recursion r keeps a token when its logit z ≥ Thresholds[r].</summary>
    public double[] Thresholds { get; init; } = [];

    /// <summary>The form of the routers.</summary>
    public RouterKind RouterKind { get; init; }

    /// <summary>The squashing function of the routers.</summary>
    public RouterFunction RouterFunction { get; init; }

    /// <summary>Factor α of the router weight.</summary>
    public double Alpha { get; init; } = 1;

    /// <summary>The router's input is divided by this.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>How the block's output joins the residual stream.</summary>
    public GatingKind Gating { get; init; }

    /// <summary>The cache policy the model was trained with.</summary>
    public KvPolicy TrainedKvPolicy { get; init; }

    /// <summary>The routing mode the file asks for.</summary>
    public RoutingMode DefaultRouting { get; init; }

    /// <summary>True when the loop sits between a first and a last layer of their own.</summary>
    public bool HasMiddle => Sharing is SharingKind.MiddleCycle or SharingKind.MiddleSequence;

    /// <summary>Layers before the loop; null for one of a model with a middle, none of another.</summary>
    public int? OwnPrefixCount { get; init; }

    /// <summary>Layers behind the loop; null as for those before it.</summary>
    public int? OwnSuffixCount { get; init; }

    /// <summary>Whether the norm before the head also stands between two recursions (Nanbeige, Ouro).</summary>
    public bool HasNormBetween { get; init; }

    /// <summary>
    /// Whether each recursion begins with adapter·[state; input], and the state goes through the norm before the head
    /// when it leaves (Huginn, arXiv:2502.05171, section 3.1).
    /// </summary>
    public bool HasAdapter { get; init; }

    /// <summary>
    /// Exit gate: a token leaves when the probability that it has left reaches this; at 1 or above never.
    /// </summary>
    public double ExitThreshold { get; init; } = 1;

    /// <summary>
    /// Whether the recursions that a token does not run see the keys and values of its last one (looped models), and
    /// not none at all.
    /// </summary>
    public bool KeepsLatestKeys { get; init; }

    /// <summary>Width of the hidden layer of the draft head; 0 for a model without one.</summary>
    public int DraftSize { get; init; }

    /// <summary>Whether a gate decides at all.</summary>
    public bool HasExits => DepthRule == DepthRule.ExitGate && ExitThreshold < 1;

    /// <summary>Layers before the loop.</summary>
    public int PrefixCount => OwnPrefixCount ?? (HasMiddle ? 1 : 0);

    /// <summary>Layers behind the loop.</summary>
    public int SuffixCount => OwnSuffixCount ?? (HasMiddle ? 1 : 0);

    /// <summary>Physical blocks: those of the loop and those around it.</summary>
    public int BlockCount => BaseDepth + PrefixCount + SuffixCount;
}
