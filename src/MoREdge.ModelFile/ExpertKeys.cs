namespace MoREdge.ModelFile;

/// <summary>
/// Keys of mixtures of experts behind "{architecture}.", beside those of <see cref="MetadataKeys"/>, and their values.
/// </summary>
public static class ExpertKeys
{
    /// <summary>uint32: experts of a block; 0 for none.</summary>
    public const string Count = "expert_count";

    /// <summary>uint32: experts that a token goes through.</summary>
    public const string UsedCount = "expert_used_count";

    /// <summary>
    /// uint32: width of an expert's feed-forward network; when absent that of its tensors, or feed_forward_length.
    /// </summary>
    public const string FeedForwardLength = "expert_feed_forward_length";

    /// <summary>
    /// uint32: width of the feed-forward network that every token goes through, beside the experts; when absent that of
    /// its tensors, or 0.
    /// </summary>
    public const string SharedFeedForwardLength = "expert_shared_feed_forward_length";

    /// <summary>bool: the weights of the chosen experts are divided by their sum.</summary>
    public const string WeightsNorm = "expert_weights_norm";

    /// <summary>float32: factor of the experts' weights; 1 when 0 or absent.</summary>
    public const string WeightsScale = "expert_weights_scale";

    /// <summary>uint32: 1 softmax, 2 sigmoid, 3 softmax of the chosen.</summary>
    public const string GatingFunction = "expert_gating_func";

    /// <summary>float32, ours: added to the sum of the weights before they are divided by it; 0 when absent.</summary>
    public const string SumEpsilon = "expert_weights_epsilon";

    /// <summary>uint32, ours: choices of the router, behind the experts, that stand for none; 0 when absent.</summary>
    public const string IdleCount = "expert_idle_count";

    /// <summary>bool, ours: gate and up projection of the experts are clamped (gpt-oss); false when absent.</summary>
    public const string Clamped = "expert_clamped";

    /// <summary>uint32: groups of experts of which some are chosen first.</summary>
    public const string GroupCount = "expert_group_count";

    /// <summary>uint32: groups that are chosen.</summary>
    public const string GroupUsedCount = "expert_group_used_count";

    /// <summary>A value of <see cref="GatingFunction"/>: softmax over all experts; 0 means the same.</summary>
    public const int Softmax = 1;

    /// <summary>A value of <see cref="GatingFunction"/>: a sigmoid of each logit.</summary>
    public const int Sigmoid = 2;

    /// <summary>A value of <see cref="GatingFunction"/>: softmax over the chosen experts.</summary>
    public const int SoftmaxOfChosen = 3;
}
