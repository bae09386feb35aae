namespace MoREdge.Model;

/// <summary>What a token skips.</summary>
public enum SkipScope
{
    /// <summary>The whole layer.</summary>
    Block,

    /// <summary>Its attention.</summary>
    Attention,

    /// <summary>Its feed-forward network.</summary>
    FeedForward,
}

/// <summary>How a router logit z becomes the weight of what a token runs.</summary>
public enum SkipScore
{
    /// <summary>z itself.</summary>
    Raw,

    /// <summary>σ(z).</summary>
    Sigmoid,

    /// <summary>1 + scale · tanh z.</summary>
    Tanh,

    /// <summary>1.</summary>
    Binary,

    /// <summary>Softmax over the chosen tokens.</summary>
    SoftmaxOfChosen,
}

/// <summary>What the weight multiplies.</summary>
public enum SkipWeightTarget
{
    /// <summary>What the layer adds to the residual stream.</summary>
    Update,

    /// <summary>The layer's output, the residual stream in it.</summary>
    Output,

    /// <summary>What the feed-forward network adds.</summary>
    FeedForward,
}

/// <summary>Who runs a routed layer.</summary>
public enum SkipRule
{
    /// <summary>The tokens with the largest logits.</summary>
    TopK,

    /// <summary>Those above the k-th largest: one fewer.</summary>
    TopKStrict,

    /// <summary>Those whose logit reaches a threshold.</summary>
    Threshold,

    /// <summary>All or none, by the mean of the sigmoids.</summary>
    SequenceMean,

    /// <summary>Those that a network beside the router foretells.</summary>
    Predictor,

    /// <summary>All, with their weights.</summary>
    Always,

    /// <summary>All, as an ordinary layer.</summary>
    Unrouted,
}

/// <summary>What k is of a prompt.</summary>
public enum SkipCount
{
    /// <summary>Capacity · its tokens.</summary>
    Relative,

    /// <summary>Capacity · the trained context.</summary>
    Absolute,

    /// <summary>The smaller of the two.</summary>
    Smaller,
}

/// <summary>Keys and values of tokens that skip attention.</summary>
public enum SkippedKeys
{
    /// <summary>None: later tokens do not see them.</summary>
    Absent,

    /// <summary>Zeros, which later tokens do attend to.</summary>
    Zero,

    /// <summary>As if they took part.</summary>
    Written,
}

/// <summary>
/// Mixture-of-Depths (Raposo et al. 2024, arXiv:2404.02258): a router before some layers says which tokens run them.
/// Nothing of it is standard, so every difference between implementations is a value here (spec section B.3).
/// </summary>
public sealed record SkipConfig
{
    /// <summary>Share of the tokens that run each layer; 1 for layers that are not routed.</summary>
    public required double[] Capacities { get; init; }

    /// <summary>What a token skips.</summary>
    public SkipScope Scope { get; init; }

    /// <summary>Whether the router sees what the skipped part's norm makes of the stream, and not the stream.</summary>
    public bool SeesNormed { get; init; }

    /// <summary>How a logit becomes a weight.</summary>
    public SkipScore Score { get; init; }

    /// <summary>Scale of the tanh.</summary>
    public float TanhScale { get; init; } = 0.2f;

    /// <summary>What the weight multiplies.</summary>
    public SkipWeightTarget WeightTarget { get; init; }

    /// <summary>Whether the result is added to the residual stream although it contains it.</summary>
    public bool DoublesResidual { get; init; }

    /// <summary>Whether a token that skips is multiplied by its own weight.</summary>
    public bool WeighsSkipped { get; init; }

    /// <summary>Who runs a layer in training, and in a prompt that is selected as in training.</summary>
    public SkipRule Select { get; init; }

    /// <summary>What k is.</summary>
    public SkipCount Count { get; init; }

    /// <summary>Who runs a layer afterwards.</summary>
    public SkipRule Decode { get; init; } = SkipRule.Threshold;

    /// <summary>Logit from which a token runs each layer.</summary>
    public required double[] Thresholds { get; init; }

    /// <summary>Whether positions are counted among the tokens that run the layer.</summary>
    public bool CompressesPositions { get; init; }

    /// <summary>Keys and values of tokens that skip.</summary>
    public SkippedKeys SkippedKeys { get; init; }

    /// <summary>The only ids that can skip; all can when null.</summary>
    public IReadOnlySet<int>? RoutedTokens { get; init; }

    /// <summary>Whether attention is among what a token skips.</summary>
    public bool SkipsAttention => Scope != SkipScope.FeedForward;

    /// <summary>Whether the feed-forward network is among what a token skips.</summary>
    public bool SkipsFeedForward => Scope != SkipScope.Attention;

    /// <summary>Whether a network beside the router decides.</summary>
    public bool UsesPredictor => Select == SkipRule.Predictor || Decode == SkipRule.Predictor;

    /// <summary>Layers that tokens can skip.</summary>
    public int RoutedCount
    {
        get
        {
            int count = 0;
            foreach (double capacity in Capacities)
            {
                count += capacity < 1 ? 1 : 0;
            }

            return count;
        }
    }

    /// <summary>Whether tokens can skip block <paramref name="index"/>.</summary>
    public bool IsRouted(int index) => Capacities[index] < 1;

    /// <summary>What a token leaves out, on average, of both parts of a block.</summary>
    /// <param name="index">The block.</param>
    /// <param name="depth">How many routed layers the token runs; a mean of several may be fractional.</param>
    /// <param name="attention">Bytes or multiply-adds of attention.</param>
    /// <param name="feedForward">Those of the feed-forward network.</param>
    public double Skipped(int index, double depth, double attention, double feedForward) =>
        IsRouted(index)
            ? (1 - Math.Clamp(depth / RoutedCount, 0, 1))
                * ((SkipsAttention ? attention : 0) + (SkipsFeedForward ? feedForward : 0))
            : 0;
}
