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

    /// <summary>Physical blocks: B, or B + 2 with a first and a last layer.</summary>
    public int BlockCount => BaseDepth + (HasMiddle ? 2 : 0);
}
