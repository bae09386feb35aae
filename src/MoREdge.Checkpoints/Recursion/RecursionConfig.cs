using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.Recursion;

/// <summary>How tokens are routed through the recursions.</summary>
internal enum RecursionType
{
    /// <summary>A plain recursive model: every token takes every recursion.</summary>
    None,

    /// <summary>Expert-choice: each recursion selects tokens.</summary>
    Expert,

    /// <summary>Token-choice: each token selects its depth.</summary>
    Token,
}

/// <summary>What a "mor" object or a Hydra file says about recursion; nulls are found in the tensor names.</summary>
internal sealed record RecursionConfig
{
    /// <summary>How tokens are routed.</summary>
    public required RecursionType Type { get; init; }

    /// <summary>Recursions N.</summary>
    public required int RecursionCount { get; init; }

    /// <summary>Layers B of the shared block.</summary>
    public int? BaseDepth { get; init; }

    /// <summary>The sharing strategy.</summary>
    public required SharingKind Sharing { get; init; }

    /// <summary>Capacity per recursion of expert-choice; (N − i) / N where the configuration has none.</summary>
    public double[] Capacity { get; init; } = [];

    /// <summary>"linear" or "mlp", or null for "as the tensors say".</summary>
    public string? RouterType { get; init; }

    /// <summary>"sigmoid", "tanh", "softmax" or "none".</summary>
    public string RouterFunction { get; init; } = "none";

    /// <summary>Factor of the router weight.</summary>
    public double Alpha { get; init; } = 1;

    /// <summary>Divisor of the router input.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>"weighted" or "additive".</summary>
    public string Gating { get; init; } = "weighted";

    /// <summary>Recursive KV sharing.</summary>
    public bool KvSharing { get; init; }

    /// <summary>Hybrid sharing.</summary>
    public bool UpdateCache { get; init; }

    /// <summary>topk, threshold, topk-threshold or full.</summary>
    public string InferenceMode { get; init; } = "topk";

    /// <summary>Selection threshold per recursion in logit space.</summary>
    public double[] Thresholds { get; init; } = [];

    /// <summary>Whether a token router's balancing bias moves the choice; null for "when the file has one".</summary>
    public bool? IsLossFree { get; init; }

    /// <summary>Width of the hidden layer of the draft head; 0 without one.</summary>
    public int DraftSize { get; init; }

    /// <summary>Where the weights came from, in words.</summary>
    public string? SourceName { get; init; }

    /// <summary>Refuses combinations that have no meaning (spec sections 1.2, 3.3, 4.2, 4.3 and 9).</summary>
    /// <exception cref="CheckpointException">UnsupportedOption or InvalidCapacity.</exception>
    public void Check()
    {
        bool isCycle = Sharing is SharingKind.Cycle or SharingKind.MiddleCycle;
        if (Type == RecursionType.Expert && !isCycle)
        {
            throw Unsupported($"Expert-choice routing is not defined for the sharing strategy {Sharing.Name()}.");
        }

        if (Type == RecursionType.Token && Sharing != SharingKind.MiddleCycle)
        {
            throw Unsupported($"Token-choice routing works with middle_cycle only, not with {Sharing.Name()}.");
        }

        if (KvSharing && Sharing == SharingKind.MiddleSequence)
        {
            throw Unsupported("Recursive KV sharing is not defined for middle_sequence.");
        }

        if (UpdateCache && (Type != RecursionType.Expert || Sharing != SharingKind.MiddleCycle))
        {
            throw Unsupported("update_cache is defined for expert-choice routing with middle_cycle only.");
        }

        if (Type == RecursionType.Expert)
        {
            Capacities.Check(Capacity, RecursionCount);
        }
    }

    /// <summary>Writes the keys of section 5.7 under "mor.".</summary>
    /// <param name="metadata">Where to write.</param>
    /// <param name="baseDepth">B as the tensors have it.</param>
    /// <param name="routerType">The form the router tensors have.</param>
    /// <param name="isAttentionTied">What comparing the tensors found.</param>
    public void WriteTo(GgufMetadata metadata, int baseDepth, string? routerType, bool isAttentionTied)
    {
        SetText(MetadataKeys.RecursionType, Type switch
        {
            RecursionType.Expert => "expert",
            RecursionType.Token => "token",
            _ => "none",
        });
        Set(MetadataKeys.RecursionCount, GgufValue.FromUInt32((uint)RecursionCount));
        Set(MetadataKeys.BaseDepth, GgufValue.FromUInt32((uint)baseDepth));
        SetText(MetadataKeys.Sharing, Sharing.Name());
        if (Type == RecursionType.Expert)
        {
            Set(MetadataKeys.Capacity, GgufValue.FromFloat64s(Capacity));
            Set(MetadataKeys.Thresholds, GgufValue.FromFloat64s(Thresholds));
            SetText(MetadataKeys.InferenceMode, InferenceMode);
        }

        if (routerType is not null)
        {
            SetText(MetadataKeys.RouterType, routerType);
            SetText(MetadataKeys.RouterFunction, RouterFunction);
            Set(MetadataKeys.Alpha, GgufValue.FromFloat64(Alpha));
            Set(MetadataKeys.Temperature, GgufValue.FromFloat64(Temperature));
            SetText(MetadataKeys.Gating, Gating);
        }

        Set(MetadataKeys.KvSharing, GgufValue.FromBoolean(KvSharing));
        Set(MetadataKeys.UpdateCache, GgufValue.FromBoolean(UpdateCache));
        Set(MetadataKeys.AttentionTied, GgufValue.FromBoolean(isAttentionTied));
        if (DraftSize > 0)
        {
            Set(MetadataKeys.DraftSize, GgufValue.FromUInt32((uint)DraftSize));
        }

        void Set(string suffix, GgufValue value) => metadata.Set($"mor.{suffix}", value);
        void SetText(string suffix, string text) => Set(suffix, GgufValue.FromString(text));
    }

    private static CheckpointException Unsupported(string sentence) => new(CheckpointError.UnsupportedOption, sentence);
}
