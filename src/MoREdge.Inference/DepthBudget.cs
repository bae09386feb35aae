using MoREdge.Model;

namespace MoREdge.Inference;

/// <summary>
/// Keeps decoding at a speed by making tokens leave the loop earlier, and no earlier than that takes. Two things are
/// learned while the text is written: what a token costs, seconds ≈ fixed + depth · block, by a regression in which old
/// tokens fade; and the bias of the routers at which tokens are as deep as the budget allows, by small steps against
/// the error. Which tokens stay deep is still the routers' choice.
/// </summary>
public sealed class DepthBudget
{
    /// <summary>Factor by which a token fades with each later one: some fifty of them count.</summary>
    private const double Fading = 0.98;

    /// <summary>Step of the bias per recursion of error, in router distances.</summary>
    private const double Gain = 0.05;

    /// <summary>Largest bias in router distances; hardly a token gets past it.</summary>
    private const double BiasMax = 20;

    /// <summary>
    /// Times the mean that a token may take. One that takes more was held up from outside: the program was stopped, the
    /// machine slept, or nobody read what was written.
    /// </summary>
    private const double HeldUpFactor = 4;

    /// <summary>Less spread of the depths than this says nothing about the cost of one.</summary>
    private const double VarianceMin = 0.01;

    private readonly int _depthMax;
    private double _weight;
    private double _depth;
    private double _depthSquare;
    private double _seconds;
    private double _depthSeconds;

    /// <summary>Starts with tokens as deep as the model makes them.</summary>
    /// <param name="tokensPerSecond">The speed to keep.</param>
    /// <param name="depthMax">Most recursions of a token.</param>
    /// <exception cref="ArgumentException">The speed is not a positive number, or there is no recursion.</exception>
    public DepthBudget(double tokensPerSecond, int depthMax)
    {
        if (!(tokensPerSecond > 0) || double.IsInfinity(tokensPerSecond))
        {
            throw new ArgumentException("A budget is a positive number of tokens per second.");
        }

        if (depthMax < 1)
        {
            throw new ArgumentException("A budget is for tokens of one recursion at least.");
        }

        TokensPerSecond = tokensPerSecond;
        TargetDepth = depthMax;
        _depthMax = depthMax;
    }

    /// <summary>The speed to keep.</summary>
    public double TokensPerSecond { get; }

    /// <summary>For <see cref="Sequence.DepthBias"/>.</summary>
    public float Bias { get; private set; }

    /// <summary>Mean depth that the budget allows, as known so far: from 1 to all recursions.</summary>
    public double TargetDepth { get; private set; }

    /// <summary>Learns from a decoded token.</summary>
    /// <param name="depth">Recursions it ran.</param>
    /// <param name="seconds">
    /// Time that it took, everything included; much more than others did counts as four times their mean.
    /// </param>
    /// <param name="routerDistance"><see cref="Sequence.RouterDistance"/>.</param>
    public void Observe(int depth, double seconds, double routerDistance)
    {
        if (_weight > 0)
        {
            seconds = Math.Min(seconds, HeldUpFactor * _seconds / _weight);
        }

        _weight = (Fading * _weight) + 1;
        _depth = (Fading * _depth) + depth;
        _depthSquare = (Fading * _depthSquare) + ((double)depth * depth);
        _seconds = (Fading * _seconds) + seconds;
        _depthSeconds = (Fading * _depthSeconds) + (depth * seconds);
        (double fixedSeconds, double blockSeconds) = Costs();
        TargetDepth = Math.Clamp(((1 / TokensPerSecond) - fixedSeconds) / blockSeconds, 1, _depthMax);
        double bias = Bias + (Gain * routerDistance * (depth - TargetDepth));
        Bias = (float)Math.Clamp(bias, 0, BiasMax * routerDistance);
    }

    /// <summary>Seconds of a token without and of a recursion.</summary>
    private (double Fixed, double Block) Costs()
    {
        double depth = _depth / _weight;
        double seconds = _seconds / _weight;
        double variance = (_depthSquare / _weight) - (depth * depth);
        double covariance = (_depthSeconds / _weight) - (depth * seconds);

        // As long as all tokens are alike, or noise covers the difference: what is outside the loop costs as much as
        // one recursion.
        double block = seconds / (depth + 1);
        if (variance >= VarianceMin && covariance > 0)
        {
            block = Math.Min(covariance / variance, seconds / Math.Max(depth, 1));
        }

        return (seconds - (depth * block), block);
    }
}
