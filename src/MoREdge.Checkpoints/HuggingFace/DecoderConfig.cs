using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace;

/// <summary>What is normed of queries and keys, between their projection and their rotation.</summary>
internal enum HeadNorms
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Each head by itself.</summary>
    PerHead,

    /// <summary>The whole projection at once.</summary>
    Whole,
}

/// <summary>
/// The shape of a decoder as config.json states it, in the terms that all families share. A family
/// (<see cref="Families.DecoderFamily"/>) fills in what is particular about it.
/// </summary>
internal sealed class DecoderConfig
{
    /// <summary>The most layers accepted.</summary>
    public const int LayerCountMax = ModelFileLimits.BlockCountMax;

    /// <summary>The GGUF architecture of a model without recursion.</summary>
    public required string Architecture { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int ModelDim { get; init; }

    /// <summary>Width of the feed-forward network.</summary>
    public required int FfnDim { get; set; }

    /// <summary>Layers the configuration speaks of, unrolled.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Query heads.</summary>
    public required int HeadCount { get; init; }

    /// <summary>Key/value heads.</summary>
    public required int KvHeadCount { get; init; }

    /// <summary>Width of a head.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Rows of the embedding.</summary>
    public required int VocabSize { get; init; }

    /// <summary>Trained context in tokens.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Epsilon of the RMS norms.</summary>
    public required double RmsNormEpsilon { get; init; }

    /// <summary>Beginning-of-sequence id, or −1.</summary>
    public required int BosId { get; init; }

    /// <summary>Ids that end a generation.</summary>
    public required int[] EosIds { get; init; }

    /// <summary>True when the head is the embedding.</summary>
    public required bool IsHeadTied { get; init; }

    /// <summary>The rotary embedding.</summary>
    public required RopeSettings Rope { get; init; }

    /// <summary>True when query, key and value projections have biases.</summary>
    public bool HasAttentionBias { get; set; }

    /// <summary>True when queries and keys have biases that are stored together (Huginn).</summary>
    public bool HasQueryKeyBias { get; set; }

    /// <summary>True when the attention output projection has a bias.</summary>
    public bool HasAttentionOutputBias { get; set; }

    /// <summary>True when the feed-forward projections have biases.</summary>
    public bool HasFfnBias { get; set; }

    /// <summary>Norms of queries and keys.</summary>
    public HeadNorms HeadNorms { get; set; }

    /// <summary>Most recent tokens that a layer with a window sees; 0 when no layer has one.</summary>
    public int Window { get; set; }

    /// <summary>Per layer whether it has the window; null when all do.</summary>
    public bool[]? HasWindow { get; set; }

    /// <summary>Per layer whether queries and keys are rotated; null when all are.</summary>
    public bool[]? IsRotated { get; set; }

    /// <summary>Factor of the embedding's rows; null for what the architecture implies.</summary>
    public double? EmbeddingScale { get; set; }

    /// <summary>Factor of what a layer's parts add to the residual stream.</summary>
    public double? ResidualScale { get; set; }

    /// <summary>Factor of attention scores; null for 1 / √HeadDim.</summary>
    public double? AttentionScale { get; set; }

    /// <summary>What logits are divided by.</summary>
    public double? LogitDivisor { get; set; }

    /// <summary>Bound of queries, keys and values; null for none.</summary>
    public double? ProjectionBound { get; set; }

    /// <summary>Bound of attention scores; 0 for none, null for what the architecture implies.</summary>
    public double? AttentionSoftCap { get; set; }

    /// <summary>Bound of logits; 0 for none, null for what the architecture implies.</summary>
    public double? LogitSoftCap { get; set; }

    /// <summary>Retention in place of attention, or null.</summary>
    public RetentionSettings? Retention { get; init; }

    /// <summary>The mixture of experts, or null.</summary>
    public ExpertSettings? Experts { get; set; }

    /// <summary>Which tokens skip which layers, or null.</summary>
    public SkipSettings? Skips { get; set; }

    /// <summary>The loop of a looped model, or null.</summary>
    public LoopSettings? Loop { get; set; }

    /// <summary>Whether norm weights are stored without the 1 that they stand above (Gemma).</summary>
    public bool HasNormsAboveOne { get; set; }

    /// <summary>Whether a layer's feed-forward network is a mixture of experts.</summary>
    public bool HasExperts(int layer) => Experts?.IsSparse(layer) == true;

    /// <summary>Writes the keys of the shape under "{architecture}.".</summary>
    public void WriteTo(GgufMetadata metadata, string architecture, int blockCount)
    {
        metadata.Set(MetadataKeys.Architecture, GgufValue.FromString(architecture));
        SetCount(MetadataKeys.BlockCount, blockCount);
        SetCount(MetadataKeys.ContextLength, ContextLength);
        SetCount(MetadataKeys.EmbeddingLength, ModelDim);
        SetCount(MetadataKeys.FeedForwardLength, FfnDim);
        SetCount(MetadataKeys.HeadCount, HeadCount);
        SetCount(MetadataKeys.HeadCountKv, KvHeadCount);
        SetCount(MetadataKeys.KeyLength, HeadDim);
        SetCount(MetadataKeys.ValueLength, Retention?.ValueDim ?? HeadDim);
        SetCount(MetadataKeys.VocabSize, VocabSize);
        Rope.WriteTo(metadata, architecture);
        SetNumber(MetadataKeys.RmsNormEpsilon, RmsNormEpsilon);
        SetNumber(MetadataKeys.EmbeddingScale, EmbeddingScale);
        SetNumber(MetadataKeys.ResidualScale, ResidualScale);
        SetNumber(MetadataKeys.AttentionScale, AttentionScale);
        SetNumber(MetadataKeys.LogitScale, LogitDivisor);
        SetNumber(MetadataKeys.ProjectionBound, ProjectionBound);
        SetNumber(MetadataKeys.AttentionSoftCap, AttentionSoftCap);
        SetNumber(MetadataKeys.LogitSoftCap, LogitSoftCap);
        WriteLayers(metadata, architecture, blockCount);
        Experts?.WriteTo(metadata, architecture);
        Loop?.WriteTo(metadata, architecture);
        Skips?.WriteTo(metadata, architecture);
        Retention?.WriteTo(metadata, architecture);

        void SetCount(string suffix, int count) =>
            metadata.Set($"{architecture}.{suffix}", GgufValue.FromUInt32((uint)count));

        void SetNumber(string suffix, double? value)
        {
            if (value is { } number)
            {
                metadata.Set($"{architecture}.{suffix}", GgufValue.FromFloat32((float)number));
            }
        }
    }

    private void WriteLayers(GgufMetadata metadata, string architecture, int blockCount)
    {
        string windowKey = $"{architecture}.{MetadataKeys.SlidingWindow}";
        bool isListed = HasWindow is null || Array.IndexOf(HasWindow, true) >= 0;

        // A window that no text outgrows hides nothing, but its layers may have angles of their own.
        bool hasWindows = Window > 0 && isListed && (Window < ContextLength || Rope.WindowBase is not null);
        if (hasWindows || architecture == Architectures.Gemma2)
        {
            // Where the key is missing, files of Gemma 2 mean its usual window.
            int window = hasWindows ? Math.Min(Window, ContextLength) : 0;
            metadata.Set(windowKey, GgufValue.FromUInt32((uint)window));
        }

        if (hasWindows)
        {
            metadata.Set(
                $"{architecture}.{MetadataKeys.SlidingWindowPattern}",
                GgufValue.FromBooleans(WindowPattern(blockCount)));
        }

        if (IsRotated is not null)
        {
            metadata.Set($"{architecture}.{MetadataKeys.RopePattern}", GgufValue.FromBooleans(IsRotated));
        }
    }

    /// <summary>A flag per block. Layers that a configuration lists are those of a model without recursion.</summary>
    private bool[] WindowPattern(int blockCount)
    {
        if (HasWindow is { } listed)
        {
            return listed.Length == blockCount
                ? listed
                : throw new CheckpointException(
                    CheckpointError.UnsupportedOption,
                    "The configuration lists windows of unrolled layers, which layers that share their weights cannot "
                    + "have each.");
        }

        bool[] all = new bool[blockCount];
        Array.Fill(all, true);
        return all;
    }
}
