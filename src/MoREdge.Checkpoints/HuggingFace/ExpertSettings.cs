using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace;

/// <summary>The mixture of experts as a configuration states it, in the terms of GGUF.</summary>
internal sealed record ExpertSettings
{
    /// <summary>Experts.</summary>
    public required int Count { get; init; }

    /// <summary>Experts that a token goes through.</summary>
    public required int UsedCount { get; init; }

    /// <summary>Width of an expert's feed-forward network.</summary>
    public required int FfnDim { get; init; }

    /// <summary>Width of the feed-forward network that every token goes through as well; 0 for none.</summary>
    public int SharedFfnDim { get; init; }

    /// <summary>How logits become weights, a value of <see cref="ExpertKeys.GatingFunction"/>.</summary>
    public int Gate { get; init; } = ExpertKeys.Softmax;

    /// <summary>Whether the weights of the chosen experts are divided by their sum.</summary>
    public bool NormalizesWeights { get; init; }

    /// <summary>What is added to that sum.</summary>
    public double SumEpsilon { get; init; }

    /// <summary>Factor of the weights.</summary>
    public double WeightScale { get; init; } = 1;

    /// <summary>Groups of experts of which some are chosen first.</summary>
    public int GroupCount { get; init; } = 1;

    /// <summary>Groups that are chosen.</summary>
    public int GroupUsedCount { get; init; } = 1;

    /// <summary>Choices of the router that stand for no expert at all.</summary>
    public int IdleCount { get; init; }

    /// <summary>Logits of the router.</summary>
    public int ChoiceCount => Count + IdleCount;

    /// <summary>Whether the experts' gate is the clamped one.</summary>
    public bool IsClamped { get; init; }

    /// <summary>Which layers have experts.</summary>
    public Func<int, bool> IsSparse { get; init; } = _ => true;

    /// <summary>Writes the keys under "{architecture}.".</summary>
    public void WriteTo(GgufMetadata metadata, string architecture)
    {
        SetCount(ExpertKeys.Count, Count);
        SetCount(ExpertKeys.UsedCount, UsedCount);
        SetCount(ExpertKeys.FeedForwardLength, FfnDim);
        SetCount(ExpertKeys.GatingFunction, Gate);
        Set(ExpertKeys.WeightsNorm, GgufValue.FromBoolean(NormalizesWeights));
        if (SharedFfnDim > 0)
        {
            SetCount(ExpertKeys.SharedFeedForwardLength, SharedFfnDim);
        }

        if (WeightScale != 1)
        {
            Set(ExpertKeys.WeightsScale, GgufValue.FromFloat32((float)WeightScale));
        }

        if (SumEpsilon != 0)
        {
            Set(ExpertKeys.SumEpsilon, GgufValue.FromFloat32((float)SumEpsilon));
        }

        if (GroupCount > 1)
        {
            SetCount(ExpertKeys.GroupCount, GroupCount);
            SetCount(ExpertKeys.GroupUsedCount, GroupUsedCount);
        }

        if (IdleCount > 0)
        {
            SetCount(ExpertKeys.IdleCount, IdleCount);
        }

        if (IsClamped)
        {
            Set(ExpertKeys.Clamped, GgufValue.FromBoolean(true));
        }

        void SetCount(string suffix, int count) => Set(suffix, GgufValue.FromUInt32((uint)count));

        void Set(string suffix, GgufValue value) => metadata.Set($"{architecture}.{suffix}", value);
    }
}
