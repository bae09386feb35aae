namespace MoREdge.Model;

/// <summary>How router logits become the weights of experts.</summary>
public enum ExpertGate
{
    /// <summary>Softmax over all experts, then the choice.</summary>
    Softmax,

    /// <summary>A sigmoid of each logit by itself.</summary>
    Sigmoid,

    /// <summary>The choice, then softmax over the chosen experts.</summary>
    SoftmaxOfChosen,
}

/// <summary>A mixture of experts in place of one feed-forward network.</summary>
public sealed record ExpertConfig
{
    /// <summary>Experts E.</summary>
    public required int Count { get; init; }

    /// <summary>Experts k that a token goes through.</summary>
    public required int UsedCount { get; init; }

    /// <summary>Width of an expert's feed-forward network.</summary>
    public required int FfnDim { get; init; }

    /// <summary>Width of the feed-forward network that every token goes through as well; 0 for none.</summary>
    public int SharedFfnDim { get; init; }

    /// <summary>How logits become weights.</summary>
    public ExpertGate Gate { get; init; }

    /// <summary>Whether the weights of the chosen experts are divided by their sum.</summary>
    public bool NormalizesWeights { get; init; }

    /// <summary>Added to that sum.</summary>
    public float SumEpsilon { get; init; }

    /// <summary>Choices of the router, behind the experts, that stand for no expert at all.</summary>
    public int IdleCount { get; init; }

    /// <summary>Whether the experts' gate is clamped (<see cref="GateActivation.Clamped"/>).</summary>
    public bool IsClamped { get; init; }

    /// <summary>Logits of the router.</summary>
    public int ChoiceCount => Count + IdleCount;

    /// <summary>Factor of the weights.</summary>
    public float WeightScale { get; init; } = 1;

    /// <summary>Groups of equally many experts, of which <see cref="GroupUsedCount"/> are chosen first.</summary>
    public int GroupCount { get; init; } = 1;

    /// <summary>Groups that are chosen.</summary>
    public int GroupUsedCount { get; init; } = 1;
}
